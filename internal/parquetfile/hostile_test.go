package parquetfile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/outside"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// badFiles are the files of testdata/parquet-testing, each with what becomes
// of it: how many rows are read, and what the damage is.
var badFiles = map[string]struct {
	rows   int
	damage string
}{
	"PARQUET-1481":                           {0, "which there is not"},                         // a corrupted type in the schema
	"ARROW-RS-GH-6229-DICTHEADER":            {0, "page header"},                                // a negative number of values in a dictionary
	"ARROW-RS-GH-6229-LEVELS":                {0, "pages with 21 values"},                       // too few of them
	"ARROW-GH-41321":                         {0, "levels"},                                     // fewer of them than values
	"ARROW-GH-41317":                         {0, "definition levels"},                          // columns of different sizes
	"ARROW-GH-43605":                         {21186, ""},                                       // indexes of no bits: all values are the first of the dictionary
	"ARROW-GH-45185":                         {0, "its first row goes on with a row before it"}, // repetition levels that begin with 1
	"ARROW-GH-47662":                         {0, "a page of 364 bytes with 100 values"},        // nothing for the nulls of a required column
	"nation.dict-malformed":                  {0, "a page ends outside its column"},             // a dictionary page of a wrong size
	"rle-dict-uncompressed-corrupt-checksum": {0, "crc32"},
}

func badFile(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// everyColumn maps fields to the columns of a file, as far as they reach.
func everyColumn(file []byte) *rows.Mapping {
	p := &profile.Profile{Fields: map[record.Field][]profile.Place{}}
	var fields []record.Field
	if f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file))); err == nil {
		for i, c := range f.Root().Columns() {
			if record.Field(i) < record.NumFields {
				p.Fields[record.Field(i)] = profile.At(c.Name())
				fields = append(fields, record.Field(i))
			}
		}
	}
	return rows.NewMapping(p, fields, &defaults)
}

// allOf reads all rows of a file as texts of all their values.
func allOf(t *testing.T, m *rows.Mapping, file []byte) ([]string, rows.Reading) {
	t.Helper()
	var found []string
	reading, err := Read(m, bytes.NewReader(file), int64(len(file)), rows.Visitor{Row: func(r *rows.Row) error {
		var b strings.Builder
		for f := range record.NumFields {
			v := r.Value(f)
			fmt.Fprintf(&b, "%d %s|", v.Kind, v.Raw)
		}
		found = append(found, b.String())
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return found, reading
}

func TestBadFilesOfParquetTestingAreDamage(t *testing.T) {
	paths, err := filepath.Glob("testdata/parquet-testing/*.gz")
	if err != nil || len(paths) != len(badFiles) {
		t.Fatalf("%d bad files, want %d, %v", len(paths), len(badFiles), err)
	}
	for _, path := range paths {
		file := badFile(t, path)
		want, ok := badFiles[strings.TrimSuffix(filepath.Base(path), ".parquet.gz")]
		if !ok {
			t.Errorf("what becomes of %s?", path)
		}
		rows, reading := allOf(t, everyColumn(file), file)
		damage := fmt.Sprint(reading.Damage)
		if len(rows) != want.rows || (want.damage == "") != (reading.Damage == nil) || !strings.Contains(damage, want.damage) {
			t.Errorf("%s: %d rows, damage %v, want %d rows, damage %q", path, len(rows), damage, want.rows, want.damage)
		}
	}
}

// patched writes a file of one column again, with the header of its data page
// and its footer changed.
func patched(t testing.TB, file []byte, page func(*format.PageHeader), footer func(*format.FileMetaData)) []byte {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	meta := *f.Metadata()
	chunk := &meta.RowGroups[0].Columns[0]
	at, end := chunk.MetaData.DataPageOffset, chunkEnd(f)
	var h format.PageHeader
	length, err := decodeThrift(file[at:end], &h)
	if err != nil {
		t.Fatal(err)
	}
	page(&h)
	header, err := thrift.Marshal(new(thrift.CompactProtocol), &h)
	if err != nil {
		t.Fatal(err)
	}
	chunk.MetaData.TotalCompressedSize += int64(len(header) - length)
	chunk.ColumnIndexOffset, chunk.OffsetIndexOffset = 0, 0
	footer(&meta)
	tail, err := encodeFooter(&meta)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(file[:at], header, file[at+int64(length):end], tail)
}

func setValues(h *format.PageHeader, n int32) {
	if h.Type == format.DataPageV2 {
		h.DataPageHeaderV2.V.NumValues, h.DataPageHeaderV2.V.NumRows = n, n
	} else {
		h.DataPageHeader.V.NumValues = n
	}
}

// For values that are not there the library makes some up, of what lies
// around in memory.
func TestNoValueIsMadeUpForAWrongCount(t *testing.T) {
	nodes := map[string]parquet.Node{
		"plain": parquet.Encoded(parquet.Int(64), &parquet.Plain), "split": parquet.Encoded(parquet.Int(64), &parquet.ByteStreamSplit),
		"zstd": parquet.Compressed(parquet.Encoded(parquet.Int(64), &parquet.Plain), &parquet.Zstd), "optional": parquet.Optional(parquet.Encoded(parquet.Int(64), &parquet.Plain)),
		"dictionary": parquet.Encoded(parquet.Int(64), &parquet.RLEDictionary), "delta": parquet.Encoded(parquet.Int(64), &parquet.DeltaBinaryPacked),
	}
	for name, node := range nodes {
		var values []parquet.Value
		var want []string
		for i := range 10 {
			values = append(values, parquet.Int64Value(int64(1000+i)))
			want = append(want, fmt.Sprint("3 ", 1000+i))
		}
		file := oneColumn(t, node, values...)
		for _, n := range []int32{0, 1, 9, 11, 12, 30, 5000} {
			header := func(h *format.PageHeader) { setValues(h, n) }
			for what, footer := range map[string]func(*format.FileMetaData){
				"header":           func(*format.FileMetaData) {},
				"header and chunk": func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.NumValues = int64(n) },
				"header and rows":  func(m *format.FileMetaData) { m.RowGroups[0].NumRows = int64(n) },
				"all": func(m *format.FileMetaData) {
					m.NumRows, m.RowGroups[0].NumRows, m.RowGroups[0].Columns[0].MetaData.NumValues = int64(n), int64(n), int64(n)
				},
			} {
				if what == "all" && (name == "dictionary" || name == "delta" || n < 10) {
					continue // a forger who says so everywhere is believed
				}
				got, reading := valuesOf(t, fieldAt("/x"), patched(t, file, header, footer))
				if reading.Damage == nil || len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
					t.Errorf("%s, %d values by its %s: got %q, damage %v", name, n, what, got, reading.Damage)
				}
			}
		}
	}
}

// TestHostileParquetTakesLittleMemory has files of some hundred bytes that ask
// for gigabytes. All that is allocated counts, also what is given up again.
func TestHostileParquetTakesLittleMemory(t *testing.T) {
	text := oneColumn(t, parquet.Encoded(parquet.String(), &parquet.Plain), parquet.ByteArrayValue([]byte("a")))
	list := oneColumn(t, parquet.Compressed(parquet.Encoded(parquet.Int(64), &parquet.Plain), &parquet.Zstd), parquet.Int64Value(1))
	keep := func(*format.FileMetaData) {}
	many := func(m *format.FileMetaData) {
		m.NumRows, m.RowGroups[0].NumRows, m.RowGroups[0].Columns[0].MetaData.NumValues = 1<<20, 1<<20, 1<<20
	}
	files := map[string][]byte{
		"a page of 2 GB":          patched(t, list, func(h *format.PageHeader) { h.UncompressedPageSize = 1<<31 - 1 }, keep),
		"a page of 500 MB":        patched(t, list, func(h *format.PageHeader) { h.UncompressedPageSize = 500 << 20 }, keep),
		"a page of 10 MB":         patched(t, list, func(h *format.PageHeader) { h.UncompressedPageSize = 10 << 20 }, keep),
		"2^31 values":             patched(t, text, func(h *format.PageHeader) { setValues(h, 1<<31-1) }, keep),
		"2^31 values and rows":    patched(t, text, func(h *format.PageHeader) { setValues(h, 1<<31-1) }, func(m *format.FileMetaData) { m.RowGroups[0].NumRows = 1<<31 - 1 }),
		"2^20 values and rows":    patched(t, text, func(h *format.PageHeader) { setValues(h, 1<<20) }, many),
		"less than no values":     patched(t, text, func(h *format.PageHeader) { setValues(h, -1) }, keep),
		"a footer of empty parts": footerOf(slices.Concat([]byte{0x29, 0xfc, 0x80, 0x80, 0x40}, make([]byte, 1<<20))),
		"a footer of row groups":  footerOf(slices.Concat([]byte{0x49, 0xfc, 0x80, 0x80, 0x40}, make([]byte, 1<<20))),
	}
	for path := range badFiles {
		files[path] = badFile(t, "testdata/parquet-testing/"+path+".parquet.gz")
	}
	for name, file := range files {
		m := fieldAt("/x")
		if !strings.Contains(name, " ") {
			m = everyColumn(file)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		reading, err := Read(m, bytes.NewReader(file), int64(len(file)), rows.Visitor{Row: func(*rows.Row) error { return nil }})
		runtime.ReadMemStats(&after)
		allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%s: %d bytes, %d rows, %d MB allocated, damage %v", name, len(file), reading.Rows, allocated, reading.Damage)
		if err != nil || allocated > 64 || reading.Damage == nil && badFiles[name].damage != "" || reading.Damage == nil && strings.Contains(name, " ") && name != "a page of 10 MB" {
			t.Errorf("%s: %d MB allocated, damage %v, %v", name, allocated, reading.Damage, err)
		}
	}
}

// footerOf makes a file of nothing but a footer.
func footerOf(b []byte) []byte {
	return slices.Concat([]byte("PAR1"), b, binary.LittleEndian.AppendUint32(nil, uint32(len(b))), []byte("PAR1"))
}

// Pages have checksums: what is read of a file whose pages were struck is the
// beginning of what it was, and nothing else.
func TestOfStruckParquetPagesOnlyTrueRowsAreRead(t *testing.T) {
	file := manyTypes(t, 120)
	m := rows.NewMapping(manyFields, []record.Field{record.RecordingID, record.TrunkID, record.StartTime, record.EndTime, record.DurationMS, record.ConversationID}, &defaults)
	want, reading := allOf(t, m, file)
	if reading.Damage != nil || len(want) != 120 {
		t.Fatalf("%d rows, %v", len(want), reading.Damage)
	}
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	groups := f.Metadata().RowGroups
	last := groups[len(groups)-1].Columns
	pages := int(chunkStart(&last[len(last)-1].MetaData) + last[len(last)-1].MetaData.TotalCompressedSize)
	rng := rand.New(rand.NewPCG(3, 5))
	damaged := 0
	rounds := outside.Pick(150, 1500)
	for round := range rounds {
		b := bytes.Clone(file)
		at := 4 + rng.IntN(pages-4)
		switch round % 3 {
		case 0:
			b[at] ^= 1 << rng.IntN(8)
		case 1:
			b = slices.Delete(b, at, at+1)
		default:
			b = slices.Insert(b, at, byte(rng.Uint32()))
		}
		got, reading := allOf(t, m, b)
		if len(got) > len(want) || !slices.Equal(got, want[:len(got)]) || reading.Damage == nil && len(got) != len(want) {
			t.Fatalf("byte %d, way %d: %d rows, damage %v, the last: %s", at, round%3, len(got), reading.Damage, got[len(got)-1])
		}
		if reading.Damage != nil {
			damaged++
		}
	}
	if damaged < rounds/3 {
		t.Errorf("only %d times damage", damaged)
	}
}

// FuzzParquet: reading never fails; without damage there are as many rows as
// the footer says, in order; and what is JSON by its kind is valid JSON.
func FuzzParquet(f *testing.F) {
	f.Add(footerOf([]byte{0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0}))
	for path := range badFiles {
		if b := badFile(f, "testdata/parquet-testing/"+path+".parquet.gz"); len(b) < 1000 {
			f.Add(b)
		}
	}
	f.Add(manyTypes(f, 3))
	fields := []record.Field{record.RecordingID, record.TrunkID, record.StartTime, record.EndTime, record.DurationMS, record.ConversationID}
	m := rows.NewMapping(&profile.Profile{Fields: map[record.Field][]profile.Place{
		record.RecordingID: profile.At("/x", "/id"), record.TrunkID: profile.At("/trunk", "/outer"), record.StartTime: profile.At("/start"), record.EndTime: profile.At("/epoch"), record.DurationMS: profile.At("/n", "/f"), record.ConversationID: profile.At("/list", "/group"),
	}}, fields, &defaults)
	f.Fuzz(func(t *testing.T, file []byte) {
		next := uint32(0)
		reading, err := Read(m, bytes.NewReader(file), int64(len(file)), rows.Visitor{Row: func(r *rows.Row) error {
			if r.Index != next {
				t.Fatalf("row %d has number %d", next, r.Index)
			}
			next++
			for _, field := range fields {
				switch v := r.Value(field); v.Kind {
				case jsonscan.List, jsonscan.Object, jsonscan.Number, jsonscan.Bool:
					if !json.Valid(v.Raw) {
						t.Fatalf("%s is %q", field, v.Raw)
					}
				}
			}
			return nil
		}})
		if err != nil {
			t.Fatalf("%v is a failure to read", err)
		}
		if p, err := openParquet(bytes.NewReader(file), int64(len(file)), &defaults); err == nil && reading.Damage == nil && p.meta.NumRows != int64(next) {
			t.Fatalf("%d rows, the footer says %d", next, p.meta.NumRows)
		}
	})
}
