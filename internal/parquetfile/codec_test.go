package parquetfile

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/outside"
	"cdrmend/internal/record"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// A ratio is how many times a page gets smaller by LZ4, and the share of random
// bytes in values that makes it so.
type ratio struct{ times, random float64 }

var ratios = []ratio{{1.01, 1}, {2, 0.42}, {3, 0.25}, {10, 0.016}, {255, 0}}

// values returns values of 64 bytes, random ones and then the same ones again
// and again. Each 13th value is empty, unless nothing is random.
func (r ratio) values(n int) [][]byte {
	rng := rand.New(rand.NewPCG(14, uint64(r.times)))
	var values [][]byte
	random := 0.0
	for i := range n {
		if r.random > 0 && i%13 == 5 {
			values = append(values, nil)
			continue
		}
		v := bytes.Repeat([]byte{'a'}, 64)
		for random += 64 * r.random; random >= 1; random-- {
			v[int(random)-1] = byte(rng.Uint32())
		}
		values = append(values, v)
	}
	return values
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// arrowFiles returns the files that Arrow writes of values, by what they are:
// the name of the values, codec, encoding, page version and repetition.
func arrowFiles(t *testing.T, values map[string][][]byte) map[string][]byte {
	t.Helper()
	program := outside.Tool(t, "bin/arrowwrite")
	dir := t.TempDir()
	for name, list := range values {
		var b bytes.Buffer
		for _, v := range list {
			fmt.Fprintln(&b, hex.EncodeToString(v))
		}
		if err := os.WriteFile(filepath.Join(dir, name+".values"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, program, dir)
	return filesIn(t, dir)
}

func filesIn(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(path), ".parquet")] = b
	}
	return files
}

// shown returns values as valuesOf shows those of a file.
func shown(values [][]byte, numbers, optional bool) []string {
	var all []string
	for _, v := range values {
		switch {
		case len(v) == 0 && optional:
			all = append(all, fmt.Sprint(jsonscan.Null, " "))
		case numbers:
			var b [8]byte
			copy(b[:], v)
			all = append(all, fmt.Sprint(jsonscan.Number, " ", int64(binary.LittleEndian.Uint64(b[:]))))
		default:
			all = append(all, fmt.Sprint(jsonscan.Cell, " ", string(v)))
		}
	}
	return all
}

func ofNumbers(encoding string) bool {
	return encoding == "PLAIN_INT64" || encoding == "DELTA_BINARY_PACKED" || encoding == "BYTE_STREAM_SPLIT"
}

func TestWhatArrowWritesInAnyCodecAndEncodingReadsBackEqual(t *testing.T) {
	values := map[string][][]byte{}
	for _, ratio := range ratios {
		values[fmt.Sprint(ratio.times)] = ratio.values(1500)
	}
	files := arrowFiles(t, values)
	if want := 5 * 6 * 7 * 2 * 2; len(files) != want {
		t.Fatalf("%d files, want %d", len(files), want)
	}
	failed := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		kind := strings.Split(name, ",") // ratio, codec, encoding, version, repetition
		got, reading := valuesOf(t, fieldAt("/x"), files[name])
		want := shown(values[kind[0]], ofNumbers(kind[2]), kind[4] == "optional")
		if reading.Damage != nil || !slices.Equal(got, want) {
			failed++
			t.Errorf("%s: %d rows of %d, damage %v", name, len(got), len(want), reading.Damage)
		}
		if kind[1] == "LZ4_RAW" && kind[2] == "PLAIN" && kind[4] == "required" {
			checkRatio(t, name, kind[0], files[name])
		}
	}
	if failed > 0 {
		t.Errorf("%d of %d files are not read as they were written", failed, len(files))
	}
}

// checkRatio makes sure that pages are as large as the test wants them.
func checkRatio(t *testing.T, name, want string, file []byte) {
	t.Helper()
	var times float64
	if _, err := fmt.Sscan(want, &times); err != nil {
		t.Fatal(err)
	}
	smallest := math.Inf(1)
	for _, page := range pagesOf(t, file) {
		smallest = min(smallest, float64(page.header.UncompressedPageSize)/float64(page.header.CompressedPageSize))
	}
	if smallest < 0.7*times || smallest > 1.3*times {
		t.Errorf("%s: pages get %.2f times smaller", name, smallest)
	}
}

func TestWhatDuckDBWritesInAnyCodecReadsBackEqual(t *testing.T) {
	modules := outside.DuckDB(t)
	dir := t.TempDir()
	run(t, "node", "testdata/duckdbwrite.mjs", modules, dir)
	files := filesIn(t, dir)
	if want := 6 * 2 * len(ratios); len(files) != want {
		t.Fatalf("%d files, want %d", len(files), want)
	}
	for name, file := range files {
		var ratio, rows int
		kind := strings.Split(name, ",") // codec, version, ratio, rows
		if _, err := fmt.Sscan(kind[2]+" "+kind[3], &ratio, &rows); err != nil {
			t.Fatal(err)
		}
		var values [][]byte
		for i := range rows {
			sum := md5.Sum([]byte(fmt.Sprint(i)))
			v := append([]byte(hex.EncodeToString(sum[:])), bytes.Repeat([]byte{'a'}, 32*(ratio-1))...)
			if i%7 == 0 {
				v = nil
			}
			values = append(values, v)
		}
		got, reading := valuesOf(t, fieldAt("/x"), file)
		if reading.Damage != nil || !slices.Equal(got, shown(values, false, true)) {
			t.Errorf("%s: %d rows of %d, damage %v", name, len(got), rows, reading.Damage)
		}
	}
}

// sampleOf returns a file of one plain column, as our own library writes it.
func sampleOf(t testing.TB, codec format.CompressionCodec, values [][]byte, options ...parquet.WriterOption) []byte {
	t.Helper()
	node := parquet.Encoded(parquet.Leaf(parquet.ByteArrayType), &parquet.Plain)
	if codec != format.Uncompressed {
		node = parquet.Compressed(node, codecOf(codec))
	}
	var b bytes.Buffer
	w := parquet.NewWriter(&b, append(options, parquet.NewSchema("t", parquet.Group{"x": node}), parquet.PageBufferSize(16<<10))...)
	for _, v := range values {
		if _, err := w.WriteRows([]parquet.Row{{parquet.ByteArrayValue(v).Level(0, 0, 0)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var compressing = []format.CompressionCodec{format.Snappy, format.Gzip, format.Brotli, format.Zstd, format.Lz4Raw, format.Lz4}

// A page whose bytes are damaged is damage, or the same number of other values
// where nothing tells; it is never a page of zeros, and takes little memory.
func TestDamagedPagesOfAnyCodecAreDamage(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	values := ratios[2].values(1000)
	want := shown(values, false, false)
	for _, codec := range compressing {
		for version := 1; version <= 2; version++ {
			file := sampleOf(t, codec, values, parquet.DataPageVersion(version))
			for what, strike := range strikes(t, file) {
				b := bytes.Clone(file)
				strike(b)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				got, reading := valuesOf(t, fieldAt("/x"), b)
				runtime.ReadMemStats(&after)
				if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 64 {
					t.Errorf("%s, version %d, %s: %d MB allocated", codec, version, what, mb)
				}
				whole := reading.Damage == nil && len(got) == len(want)
				begun := reading.Damage != nil && len(got) < len(want) && slices.Equal(got, want[:len(got)])
				if !begun && (!whole || strings.HasPrefix(what, "zeros")) {
					t.Errorf("%s, version %d, %s: %d rows of %d, damage %v", codec, version, what, len(got), len(want), reading.Damage)
				}
			}
		}
	}
}

// strikes returns ways to damage the pages of a file of one column, which
// keep all sizes. The checksums of pages are removed by all of them.
func strikes(t testing.TB, file []byte) map[string]func([]byte) {
	ways := map[string]func([]byte){}
	pages := pagesOf(t, file)
	for i, page := range pages {
		ways[fmt.Sprintf("zeros in page %d", i)] = func(b []byte) { clear(b[page.from:page.to]) }
	}
	rng := rand.New(rand.NewPCG(14, 15))
	for round := range 150 {
		page := pages[rng.IntN(len(pages))]
		at, bit := page.from+rng.IntN(page.to-page.from), rng.IntN(8)
		ways[fmt.Sprintf("round %d, bit %d of byte %d", round, bit, at)] = func(b []byte) { b[at] ^= 1 << bit }
	}
	return ways
}

type placedPage struct {
	header   *format.PageHeader
	from, to int // without the header
}

// pagesOf returns the pages of a file of one column.
func pagesOf(t testing.TB, file []byte) (pages []placedPage) {
	t.Helper()
	p, err := openParquet(bytes.NewReader(file), int64(len(file)), &defaults)
	if err != nil {
		t.Fatal(err)
	}
	l := newLeafReader(p, leavesOf(nil, p.file.Root())[0])
	for group := range p.meta.RowGroups {
		if err := l.begin(group); err != nil {
			t.Fatal(err)
		}
		for l.at < l.end {
			h, length, err := l.header()
			if err != nil {
				t.Fatal(err)
			}
			from := int(l.at) + length
			l.at = int64(from) + int64(h.CompressedPageSize)
			pages = append(pages, placedPage{h, from, int(l.at)})
		}
	}
	return pages
}

func TestAPageHasExactlyItsStatedSize(t *testing.T) {
	content := bytes.Join(ratios[2].values(100), nil)
	for _, codec := range append(compressing, format.Uncompressed) {
		packed := content
		if codec != format.Uncompressed {
			b, err := codecOf(codec).Encode(nil, content)
			if err != nil {
				t.Fatal(err)
			}
			packed = b
		}
		for _, size := range []int{0, 1, len(content) - 1, len(content), len(content) + 1, 2 * len(content), 1 << 20} {
			dst := make([]byte, size)
			err := decompressPage(codec, dst, packed)
			if size == len(content) && (err != nil || !bytes.Equal(dst, content)) {
				t.Errorf("%s: %v, equal %t", codec, err, bytes.Equal(dst, content))
			}
			if size != len(content) && err == nil {
				t.Errorf("%s: %d bytes as if they were %d", codec, len(content), size)
			}
		}
		if err := decompressPage(codec, nil, nil); err != nil {
			t.Errorf("%s: nothing, which is not compressed: %v", codec, err)
		}
	}
}

// lz4Block returns content as one block of LZ4.
func lz4Block(t *testing.T, content []byte) []byte {
	t.Helper()
	b := make([]byte, lz4.CompressBlockBound(len(content)))
	n, err := new(lz4.Compressor).CompressBlock(content, b)
	if err != nil {
		t.Fatal(err)
	}
	return b[:n]
}

func TestTheOldLZ4IsReadWithAndWithoutBlocksOfHadoop(t *testing.T) {
	content := bytes.Join(ratios[1].values(300), nil)
	half := len(content) / 2
	size := func(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
	first, second := lz4Block(t, content[:half]), lz4Block(t, content[half:])
	for name, packed := range map[string][]byte{
		"a block of Hadoop":              slices.Concat(size(len(content)), size(len(lz4Block(t, content))), lz4Block(t, content)),
		"two blocks":                     slices.Concat(size(half), size(len(first)), first, size(len(content)-half), size(len(second)), second),
		"one block of two":               slices.Concat(size(len(content)), size(len(first)), first, size(len(second)), second),
		"no block, as parquet-cpp wrote": lz4Block(t, content),
	} {
		dst := make([]byte, len(content))
		if err := decompressPage(format.Lz4, dst, packed); err != nil || !bytes.Equal(dst, content) {
			t.Errorf("%s: %v", name, err)
		}
		for cut := range packed {
			if decompressPage(format.Lz4, dst, packed[:cut]) == nil {
				t.Errorf("%s: cut to %d bytes, and no error", name, cut)
			}
		}
	}
}

// Edits write a column chunk in the codec that it had.
func TestARewrittenChunkOfAnyCodecReadsBackEqual(t *testing.T) {
	for _, codec := range append(compressing, format.Uncompressed) {
		for _, ratio := range ratios {
			values := ratio.values(400)
			file := sampleOf(t, codec, values)
			fixed := rewritten(t, fieldAt("/x").Profile, file, Edit{Row: 7, Field: record.RecordingID, Value: "mended"})
			values[7] = []byte("mended")
			got, reading := valuesOf(t, fieldAt("/x"), fixed)
			if reading.Damage != nil || !slices.Equal(got, shown(values, false, false)) {
				t.Errorf("%s, ratio %v: damage %v", codec, ratio.times, reading.Damage)
			}
			p, err := openParquet(bytes.NewReader(fixed), int64(len(fixed)), &defaults)
			if err != nil || p.meta.RowGroups[0].Columns[0].MetaData.Codec != codec {
				t.Errorf("%s, ratio %v: rewritten in another codec, %v", codec, ratio.times, err)
			}
		}
	}
}

// Row groups of one column may have different codecs.
func TestEachRowGroupHasItsOwnCodec(t *testing.T) {
	values := ratios[1].values(200)
	var b bytes.Buffer
	b.WriteString(magic)
	var meta format.FileMetaData
	for _, codec := range compressing {
		file := sampleOf(t, codec, values)
		p, err := openParquet(bytes.NewReader(file), int64(len(file)), &defaults)
		if err != nil {
			t.Fatal(err)
		}
		group := p.meta.RowGroups[0]
		chunk := &group.Columns[0]
		from, to := chunkStart(&chunk.MetaData), int64(b.Len())
		b.Write(file[from:][:chunk.MetaData.TotalCompressedSize])
		move(chunk, to-from)
		chunk.ColumnIndexOffset, chunk.OffsetIndexOffset = 0, 0
		groups := append(meta.RowGroups, group)
		meta, meta.RowGroups = p.meta, groups
	}
	meta.NumRows = int64(len(compressing) * len(values))
	end, err := encodeFooter(&meta)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(end)
	got, reading := valuesOf(t, fieldAt("/x"), b.Bytes())
	var want []string
	for range compressing {
		want = append(want, shown(values, false, false)...)
	}
	if reading.Damage != nil || !slices.Equal(got, want) {
		t.Errorf("%d rows of %d, damage %v", len(got), len(want), reading.Damage)
	}
}

// onePage returns a file of one optional column of integers, compressed by
// Snappy, that consists of one page.
func onePage(t *testing.T, header *format.PageHeader, content []byte, rows int64) []byte {
	t.Helper()
	file := oneColumn(t, parquet.Optional(parquet.Compressed(parquet.Int(64), &parquet.Snappy)), parquet.NullValue())
	p, err := openParquet(bytes.NewReader(file), int64(len(file)), &defaults)
	if err != nil {
		t.Fatal(err)
	}
	page, err := thrift.Marshal(new(thrift.CompactProtocol), header)
	if err != nil {
		t.Fatal(err)
	}
	meta, chunk := &p.meta, &p.meta.RowGroups[0].Columns[0]
	meta.NumRows, meta.RowGroups[0].NumRows, chunk.MetaData.NumValues = rows, rows, rows
	chunk.MetaData.DictionaryPageOffset, chunk.MetaData.DataPageOffset = 0, int64(len(magic))
	chunk.MetaData.TotalCompressedSize = int64(len(page) + len(content))
	chunk.ColumnIndexOffset, chunk.OffsetIndexOffset = 0, 0
	end, err := encodeFooter(meta)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat([]byte(magic), page, content, end)
}

func TestAPageThatIsNotCompressedBecauseItIsEmptyIsRead(t *testing.T) {
	for _, rows := range []int32{0, 1} {
		var levels []byte
		v2 := format.DataPageHeaderV2{NumValues: rows, NumNulls: rows, NumRows: rows}
		if rows > 0 {
			levels = []byte{2, 0} // one level, 0
			v2.DefinitionLevelsByteLength = int32(len(levels))
		}
		size := int32(len(levels))
		header := format.PageHeader{Type: format.DataPageV2, UncompressedPageSize: size, CompressedPageSize: size, DataPageHeaderV2: thrift.New(v2)}
		got, reading := valuesOf(t, fieldAt("/x"), onePage(t, &header, levels, int64(rows)))
		if reading.Damage != nil || len(got) != int(rows) || rows > 0 && got[0] != fmt.Sprint(jsonscan.Null, " ") {
			t.Errorf("%d nulls: got %q, damage %v", rows, got, reading.Damage)
		}
	}
}

func TestAKeyInTheFooterNeedsNoValue(t *testing.T) {
	values := ratios[2].values(10)
	file := sampleOf(t, format.Zstd, values)
	p, err := openParquet(bytes.NewReader(file), int64(len(file)), &defaults)
	if err != nil {
		t.Fatal(err)
	}
	pairs := []format.KeyValue{{Key: "k", Value: "v"}, {Key: "l", Value: "w"}}
	p.meta.KeyValueMetadata, p.meta.RowGroups[0].Columns[0].MetaData.KeyValueMetadata = pairs, pairs
	end, err := encodeFooter(&p.meta)
	if err != nil {
		t.Fatal(err)
	}
	length := binary.LittleEndian.Uint32(file[len(file)-8:])
	end = end[:len(end)-8]
	end = bytes.ReplaceAll(end, []byte("\x18\x01k\x18\x01v\x00"), []byte("\x18\x01k\x00"))
	file = slices.Concat(file[:len(file)-8-int(length)], footerOf(end)[len(magic):])
	got, reading := valuesOf(t, fieldAt("/x"), file)
	if reading.Damage != nil || !slices.Equal(got, shown(values, false, false)) {
		t.Fatalf("%d rows of %d, damage %v", len(got), len(values), reading.Damage)
	}
	fixed := rewritten(t, fieldAt("/x").Profile, file, Edit{Row: 7, Field: record.RecordingID, Value: "mended"})
	if p, err = openParquet(bytes.NewReader(fixed), int64(len(fixed)), &defaults); err != nil {
		t.Fatal(err)
	}
	want := []format.KeyValue{{Key: "k"}, {Key: "l", Value: "w"}}
	if chunk := p.meta.RowGroups[0].Columns[0].MetaData.KeyValueMetadata; !slices.Equal(p.meta.KeyValueMetadata, want) || !slices.Equal(chunk, want) {
		t.Errorf("rewritten, the file says %v and the chunk %v, want %v", p.meta.KeyValueMetadata, chunk, want)
	}
}

func TestPartsThatAreElsewhereOrSecretAreNamed(t *testing.T) {
	values := ratios[2].values(10)
	for want, change := range map[string]func(*format.FileMetaData){
		"in another file": func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].FilePath = "b.parquet" },
		"is encrypted": func(m *format.FileMetaData) {
			m.RowGroups[0].Columns[0].CryptoMetadata.Value = new(format.EncryptionWithFooterKey)
		},
		"LZO cannot be read": func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].MetaData.Codec = format.LZO },
	} {
		file := patched(t, sampleOf(t, format.Zstd, values), func(*format.PageHeader) {}, change)
		if got, reading := valuesOf(t, fieldAt("/x"), file); len(got) > 0 || !strings.Contains(fmt.Sprint(reading.Damage), want) {
			t.Errorf("%d rows, damage %v, want it to say %q", len(got), reading.Damage, want)
		}
	}
}

// When this fails, the library can decompress pages again: then
// decompressPage, pageSource and openUncompressed can go.
func TestTheLibraryReadsSoundLZ4PagesAsZeros(t *testing.T) {
	values := ratios[1].values(100)
	file := sampleOf(t, format.Lz4Raw, values)
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	rows := f.RowGroups()[0].Rows()
	defer rows.Close()
	first := make([]parquet.Row, 1)
	if n, err := rows.ReadRows(first); n == 1 && bytes.Equal(first[0][0].ByteArray(), values[0]) {
		t.Errorf("it reads them as they are, %v", err)
	}
}
