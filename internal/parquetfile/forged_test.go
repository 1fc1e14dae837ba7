package parquetfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/stream"
)

// page is a page that a test writes down by hand.
type page struct {
	header format.PageHeader
	stored []byte
}

// plainPage is a page of version 1 with plain values.
func plainPage(values int32, content int, stored []byte) page {
	v1 := format.DataPageHeader{NumValues: values, Encoding: format.Plain, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE}
	return page{format.PageHeader{
		Type: format.DataPage, UncompressedPageSize: int32(content), CompressedPageSize: int32(len(stored)), DataPageHeader: thrift.New(v1),
	}, stored}
}

// forged returns a file of one column x and one row group with the given pages.
// The footer states what it is told to.
func forged(t *testing.T, node parquet.Node, codec format.CompressionCodec, rows, values int64, pages ...page) []byte {
	t.Helper()
	var sample bytes.Buffer
	if err := parquet.NewWriter(&sample, parquet.NewSchema("t", parquet.Group{"x": node})).Close(); err != nil {
		t.Fatal(err)
	}
	p, err := openParquet(bytes.NewReader(sample.Bytes()), int64(sample.Len()), &defaults)
	if err != nil {
		t.Fatal(err)
	}

	file := []byte(magic)
	for _, page := range pages {
		header, err := thrift.Marshal(new(thrift.CompactProtocol), &page.header)
		if err != nil {
			t.Fatal(err)
		}
		file = append(append(file, header...), page.stored...)
	}
	p.meta.NumRows = rows
	p.meta.RowGroups = []format.RowGroup{{NumRows: rows, Columns: []format.ColumnChunk{{MetaData: format.ColumnMetaData{
		Type: p.meta.Schema[1].Type.V, PathInSchema: []string{"x"}, Codec: codec, NumValues: values, Encoding: []format.Encoding{format.Plain},
		DataPageOffset: int64(len(magic)), TotalCompressedSize: int64(len(file) - len(magic)),
	}}}}}
	end, err := encodeFooter(&p.meta)
	if err != nil {
		t.Fatal(err)
	}
	return append(file, end...)
}

func TestAnEmptyPageOfHadoopIsRead(t *testing.T) {
	written, err := appendHadoopLZ4(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, stored := range [][]byte{written, {0}, make([]byte, 4), make([]byte, 8), nil} {
		if err := decompressPage(format.Lz4, nil, stored); err != nil {
			t.Errorf("% x: %v", stored, err)
		}
	}
}

// The library fills up what is missing with the first entry of the dictionary.
func TestAPageWithFewerIndexesThanValuesIsDamage(t *testing.T) {
	dictionary := page{format.PageHeader{
		Type: format.DictionaryPage, UncompressedPageSize: 24, CompressedPageSize: 24,
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: 3, Encoding: format.Plain}),
	}, []byte("AAAAAAAABBBBBBBBCCCCCCCC")}
	for name, test := range map[string]struct {
		indexes []byte // after their width, 2 bits
		sound   bool
	}{
		"ten of a run":          {[]byte{2, 20, 1}, true},
		"eight and two packed":  {[]byte{2, 16, 1, 3, 0x04, 0}, true},
		"sixteen packed of ten": {[]byte{2, 5, 0, 0, 0, 0}, true},
		"three of a run":        {[]byte{2, 6, 1}, false},
		"eight packed":          {[]byte{2, 3, 0, 0}, false},
		"no run":                {[]byte{2}, false},
		"nothing":               {nil, false},
	} {
		data := plainPage(10, len(test.indexes), test.indexes)
		data.header.DataPageHeader.V.Encoding = format.RLEDictionary
		got, reading := valuesOf(t, fieldAt("/x"), forged(t, parquet.Leaf(parquet.Int64Type), format.Uncompressed, 10, 10, dictionary, data))
		if sound := reading.Damage == nil && len(got) == 10; sound != test.sound || !sound && len(got) > 0 {
			t.Errorf("%s: %d rows, damage %v", name, len(got), reading.Damage)
		}
	}
}

// list returns a page of a list: each value has a repetition level, and none is
// missing. Values are 8 bytes each.
func list(levels byte, values string) page {
	n := int32(len(values) / 8)
	repetition := []byte{3, levels} // eight levels of one bit
	definition := []byte{byte(n) << 1, 1}
	content := binary.LittleEndian.AppendUint32(nil, 2)
	content = binary.LittleEndian.AppendUint32(append(content, repetition...), 2)
	content = append(append(content, definition...), values...)
	return plainPage(n, len(content), content)
}

func TestAListDoesNotLoseItsEnd(t *testing.T) {
	node := parquet.Repeated(parquet.Leaf(parquet.Int64Type))
	first, second := list(0b00, "AAAAAAAABBBBBBBB"), list(0b11, "CCCCCCCCDDDDDDDD")
	for name, test := range map[string]struct {
		rows, values int64
		pages        []page
		damage       string
	}{
		"whole":               {2, 4, []page{first, second}, "<nil>"},
		"a page is missing":   {2, 4, []page{first}, "pages with 2 values, where there are 4"},
		"fewer rows than are": {1, 4, []page{first, second}, "values behind the 1 rows"},
	} {
		got, reading := valuesOf(t, fieldAt("/x"), forged(t, node, format.Uncompressed, test.rows, test.values, test.pages...))
		if damage := fmt.Sprint(reading.Damage); !strings.Contains(damage, test.damage) {
			t.Errorf("%s: %q, damage %v, want %s", name, got, damage, test.damage)
		}
	}
}

// A few bytes that become many are bounded for the file, not only for each page.
func TestManyPagesOfAFewBytesAreBeyondALimit(t *testing.T) {
	var b bytes.Buffer
	w := brotli.NewWriter(&b)
	if _, err := w.Write(make([]byte, 8<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	pages := slices.Repeat([]page{plainPage(1, 8<<20, b.Bytes())}, 50)
	got, reading := valuesOf(t, fieldAt("/x"), forged(t, parquet.Leaf(parquet.Int64Type), format.Brotli, 50, 50, pages...))
	var limit *stream.LimitError
	if len(got) != 2 || !errors.As(reading.Damage, &limit) || limit.Limit != "unpacked_ratio" {
		t.Errorf("%d rows, damage %v, want 2 rows and the limit unpacked_ratio", len(got), reading.Damage)
	}
}

// An order of a column that is newer than the library cannot be written again.
func TestAFileWithAnUnknownColumnOrderIsReadAgainAfterAnEdit(t *testing.T) {
	values := ratios[2].values(20)
	file := patched(t, sampleOf(t, format.Zstd, values), func(*format.PageHeader) {}, func(m *format.FileMetaData) {
		m.ColumnOrders = slices.Repeat([]format.ColumnOrder{{Value: new(format.TypeDefinedOrder)}}, 40)
	})
	known, unknown := bytes.Repeat([]byte{0x1c, 0, 0}, 40), bytes.Repeat([]byte{0x2c, 0, 0}, 40)
	file = bytes.Replace(file, known, unknown, 1)
	p := fieldAt("/x").Profile
	got, reading := valuesOf(t, fieldAt("/x"), rewritten(t, p, file, Edit{Row: 7, Field: 0, Value: "mended"}))
	if reading.Damage != nil || len(got) != 20 || got[7] != fmt.Sprint(jsonscan.Cell, " mended") {
		t.Errorf("%q, damage %v", got, reading.Damage)
	}
}
