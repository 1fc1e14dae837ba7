package table

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"cdrmend/internal/outside"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// extended returns a history that is written with its findings, and takes their
// pages from them.
func extended(t *testing.T, findings Rows) []byte {
	t.Helper()
	var below, history bytes.Buffer
	w := NewWriter(Findings, nil, &below)
	x := w.Extended(History, nil, &history)
	err := Drain(x.Passing(Merge(Empty, Empty, w.Passing(findings), 1)))
	if err := errors.Join(err, x.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	return history.Bytes()
}

func TestIndexesSayWhatPagesHold(t *testing.T) {
	rows := rowsPerGroup + 9000
	if testing.Short() {
		rows = rowsPerPage + 900
	}
	tables := map[string][]byte{
		"history with its findings": extended(t, nasty(Findings, rows)),
	}
	for _, s := range schemas {
		_, tables[s.Name] = written(t, s, nasty(s, 700))
	}
	_, tables["many calls"] = written(t, Calls, newNight(rows).calls())
	_, tables["dictionary outgrown"] = written(t, Repairs, manyValues(rows))

	for name, file := range tables {
		f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, group := range f.RowGroups() {
			for j, chunk := range group.ColumnChunks() {
				meta := &f.Metadata().RowGroups[i].Columns[j].MetaData
				if err := checkChunk(chunk, meta, group.NumRows()); err != nil {
					t.Errorf("%s, row group %d, column %s: %v", name, i, meta.PathInSchema[0], err)
				}
			}
		}
	}
}

// checkChunk holds the indexes and the filter of a chunk to its values. It reads
// each page at the place that the offset index names.
func checkChunk(chunk parquet.ColumnChunk, meta *format.ColumnMetaData, rows int64) error {
	offsets, err := chunk.OffsetIndex()
	if err != nil {
		return err
	}
	index, err := chunk.ColumnIndex()
	if err != nil {
		return err
	}
	if index.NumPages() != offsets.NumPages() {
		return errors.New("the two indexes have different numbers of pages")
	}

	if err := checkPlaces(offsets, meta); err != nil {
		return err
	}

	pages := chunk.Pages()
	defer pages.Close()
	var low, high []parquet.Value
	for n := range offsets.NumPages() {
		first, end := offsets.FirstRowIndex(n), rows
		if n+1 < offsets.NumPages() {
			end = offsets.FirstRowIndex(n + 1)
		}
		if end-first > rowsPerPage {
			return errors.New("a page is too long")
		}

		values, err := pageValues(pages, first)
		if err != nil {
			return err
		}
		if int64(len(values)) != end-first {
			return errors.New("a page has other rows than the offset index says")
		}
		if err := checkPage(chunk, index, n, values); err != nil {
			return err
		}
		if !index.NullPage(n) {
			low, high = append(low, index.MinValue(n)), append(high, index.MaxValue(n))
		}
	}

	compare := chunk.Type().Compare
	for want, is := range map[bool]bool{
		index.IsAscending():  slices.IsSortedFunc(low, compare) && slices.IsSortedFunc(high, compare),
		index.IsDescending(): len(low) > 1 && slices.IsSortedFunc(low, func(a, b parquet.Value) int { return compare(b, a) }),
	} {
		if want && !is {
			return errors.New("the bounds have another order than the index says")
		}
	}
	if min := meta.Statistics.MinValue; min != nil && chunk.Type().Kind() == parquet.ByteArray {
		if want := slices.MinFunc(low, compare); string(min) != want.String() {
			return errors.New("the statistics have another minimum than the pages")
		}
	}
	return nil
}

// checkPlaces checks that the pages lie one after another and fill their chunk.
func checkPlaces(offsets parquet.OffsetIndex, meta *format.ColumnMetaData) error {
	at, begin := meta.DataPageOffset, meta.DataPageOffset
	if meta.DictionaryPageOffset > 0 {
		begin = meta.DictionaryPageOffset
	}
	for n := range offsets.NumPages() {
		if offsets.Offset(n) != at {
			return errors.New("a page does not begin where the one before ends")
		}
		at += offsets.CompressedPageSize(n)
	}
	if at != begin+meta.TotalCompressedSize {
		return errors.New("the last page does not end with its chunk")
	}
	return nil
}

func pageValues(pages parquet.Pages, row int64) ([]parquet.Value, error) {
	if err := pages.SeekToRow(row); err != nil {
		return nil, err
	}
	page, err := pages.ReadPage()
	if err != nil {
		return nil, err
	}
	defer parquet.Release(page)

	values := make([]parquet.Value, page.NumValues())
	n, _ := page.Values().ReadValues(values)
	for i := range values[:n] {
		values[i] = values[i].Clone()
	}
	return values[:n], nil
}

// checkPage checks what is known of one page.
func checkPage(chunk parquet.ColumnChunk, index parquet.ColumnIndex, n int, values []parquet.Value) error {
	compare, filter := chunk.Type().Compare, chunk.BloomFilter()
	low, high := index.MinValue(n), index.MaxValue(n)

	var nulls int64
	var met [2]bool // the bounds, among the values
	for _, v := range values {
		if v.IsNull() {
			nulls++
			continue
		}
		if compare(v, low) < 0 || compare(v, high) > 0 {
			return errors.New("a value is out of the bounds of its page")
		}
		met[0], met[1] = met[0] || compare(v, low) == 0, met[1] || compare(v, high) == 0
		if filter != nil {
			if has, err := filter.Check(v); err != nil || !has {
				return errors.Join(errors.New("the filter lacks a value"), err)
			}
		}
	}

	switch {
	case nulls != index.NullCount(n):
		return errors.New("a page has another number of missing values than the index says")
	case index.NullPage(n) != (nulls == int64(len(values))):
		return errors.New("the index is wrong about whether a page has values")
	case nulls == int64(len(values)):
		return nil
	case chunk.Type().Kind() == parquet.ByteArray && !utf8.ValidString(low.String()+high.String()):
		return errors.New("a bound is no text")
	case !met[0] && len(low.ByteArray()) < maxBound-utf8.UTFMax, !met[1] && len(high.ByteArray()) < maxBound-utf8.UTFMax:
		return errors.New("a short bound is no value of its page")
	}
	return nil
}

func TestOnlyIDsHaveFilters(t *testing.T) {
	for _, s := range schemas {
		_, file := written(t, s, nasty(s, 100))
		f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		for i, chunk := range f.RowGroups()[0].ColumnChunks() {
			name := s.Columns[i].Name
			want := slices.Contains([]string{"finding_id", "outage_id", "conversation_id", "recording_id", "leg_id", "media_sha256"}, name)
			if got := chunk.BloomFilter() != nil; got != want {
				t.Errorf("%s: column %s has a filter: %v, want %v", s.Name, name, got, want)
			}
		}
	}
}

// Ids that a row group lacks are excluded nearly always, and the filters take
// about ten bits for each value that it has.
func TestFiltersExcludeWhatIsNotThere(t *testing.T) {
	const rows = 8000
	_, file := written(t, Calls, newNight(rows).calls())
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}

	leg := Calls.Index("leg_id")
	chunk := f.RowGroups()[0].ColumnChunks()[leg]
	taken := 0
	for i := range rows {
		if has, err := chunk.BloomFilter().Check(parquet.ValueOf(string(binary.BigEndian.AppendUint64([]byte("absent "), uint64(i))))); err != nil {
			t.Fatal(err)
		} else if has {
			taken++
		}
	}
	if taken > rows*2/100 {
		t.Errorf("%d of %d ids that are not there pass the filter", taken, rows)
	}
	if size := f.Metadata().RowGroups[0].Columns[leg].MetaData.BloomFilterLength; size > rows*bitsPerValue/8+100 {
		t.Errorf("the filter of %d ids has %d bytes", rows, size)
	}
}

func TestLongBoundsAreCut(t *testing.T) {
	long := strings.Repeat("k", maxBound)
	last := string(utf8.MaxRune)
	for _, c := range []struct{ name, value, low, high string }{
		{"short", "abc", "abc", "abc"},
		{"as long as allowed", long, long, long},
		{"too long", long + "b", long, long[1:] + "l"},
		{"cut inside a character", long[1:] + "ü", long[1:], long[2:] + "l"},
		{"last character before a cut has no next one", long[4:] + last + "b", long[4:] + last, long[5:] + "l"},
		{"next character is not a surrogate", long[3:] + "\uD7FF" + "b", long[3:] + "\uD7FF", long[3:] + "\uE000"},
		{"next character is longer", long[1:] + "\x7f" + "b", long[1:] + "\x7f", long[2:] + "l"},
		{"no next character", strings.Repeat(last, 20), strings.Repeat(last, 16), strings.Repeat(last, 20)},
	} {
		low, high := lowerBound([]byte(c.value)), upperBound([]byte(c.value))
		if string(low) != c.low || string(high) != c.high {
			t.Errorf("%s: %q and %q, want %q and %q", c.name, low, high, c.low, c.high)
		}
		if string(low) > c.value || string(high) < c.value {
			t.Errorf("%s: %q is not between %q and %q", c.name, c.value, low, high)
		}
	}
}

// The files in testdata/unindexed were written before tables had indexes.
func TestTablesWithoutIndexesAreRead(t *testing.T) {
	file, csv := unindexed(t)
	want := allRows(t, ReadCSV(bytes.NewReader(csv), Outages))
	if len(want) == 0 {
		t.Fatal("no rows")
	}
	if diff := cmp.Diff(want, allRows(t, ReadParquet(bytes.NewReader(file), int64(len(file)), Outages))); diff != "" {
		t.Errorf("(-CSV +Parquet):\n%s", diff)
	}
}

func unindexed(t *testing.T) (parquet, csv []byte) {
	t.Helper()
	dir := filepath.Join("testdata", "unindexed", "outages")
	parquet, err := os.ReadFile(dir + ".parquet")
	csv, err2 := os.ReadFile(dir + ".csv")
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return parquet, csv
}

// DuckDB uses the filters: it finds a leg even if all row groups that its filter
// excludes are overwritten, which it would notice if it read them.
func TestDuckDBSkipsRowGroupsWithoutTheID(t *testing.T) {
	modules := outside.DuckDB(t)
	const groups = 3
	rows := newNight(groups * rowsPerGroup).calls()
	_, file := written(t, Calls, rows)
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var id string
	for r := range rows {
		id = r.Cell("leg_id") // that of the last row
	}
	clear(file[len(parquetMagic):f.Metadata().RowGroups[groups-1].FileOffset])

	path := filepath.Join(t.TempDir(), "calls.parquet")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "duckdb_lookup.mjs"), modules, path, "leg_id", id)
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}

	type looked struct {
		Excluded, Left, Found int
		Whole                 bool
	}
	var got looked
	if err := json.Unmarshal(stdout, &got); err != nil {
		t.Fatal(err)
	}
	if want := (looked{Excluded: groups - 1, Left: 1, Found: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
