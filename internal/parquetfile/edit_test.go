package parquetfile

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

func rewritten(t *testing.T, p *profile.Profile, file []byte, edits ...Edit) []byte {
	t.Helper()
	var b bytes.Buffer
	m := rows.NewMapping(p, record.EntryFields, &defaults)
	if err := Rewrite(m, &b, bytes.NewReader(file), int64(len(file)), edits); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// allValues returns the values of every row with their levels, as the library
// itself reads them, and everything of the footer that has to stay.
func allValues(t *testing.T, file []byte) (rows [][]string, footer []string) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	footer = append(footer, f.Schema().String())
	for _, kv := range f.Metadata().KeyValueMetadata {
		footer = append(footer, kv.Key+"="+kv.Value)
	}
	for i, g := range f.RowGroups() {
		meta := f.Metadata().RowGroups[i]
		footer = append(footer, fmt.Sprint("group of ", g.NumRows()))
		sum := int64(0)
		for k, c := range meta.Columns {
			footer = append(footer, fmt.Sprint(c.MetaData.PathInSchema, c.MetaData.Codec, c.MetaData.Encoding, c.MetaData.NumValues))
			for _, stats := range c.MetaData.EncodingStats {
				footer = append(footer, fmt.Sprint(stats.PageType, stats.Encoding))
			}
			sum += c.MetaData.TotalUncompressedSize
			checkPageIndex(t, file, &c, f.OffsetIndexes()[i*len(meta.Columns)+k])
		}
		if meta.TotalByteSize != sum {
			t.Errorf("row group %d has %d bytes, its columns %d", i, meta.TotalByteSize, sum)
		}
		rows = append(rows, groupValues(t, g)...)
	}
	return rows, footer
}

func groupValues(t *testing.T, g parquet.RowGroup) [][]string {
	var all [][]string
	rows := g.Rows()
	defer rows.Close()
	buf := make([]parquet.Row, 8)
	for {
		n, err := rows.ReadRows(buf)
		for _, row := range buf[:n] {
			var values []string
			for _, v := range row {
				values = append(values, fmt.Sprintf("%+v", v))
			}
			all = append(all, values)
		}
		if err != nil || n == 0 {
			if int64(len(all)) != g.NumRows() {
				t.Fatalf("%d rows of %d: %v", len(all), g.NumRows(), err)
			}
			return all
		}
	}
}

// checkPageIndex looks whether pages begin where the page index says.
func checkPageIndex(t *testing.T, file []byte, chunk *format.ColumnChunk, pages format.OffsetIndex) {
	t.Helper()
	meta := &chunk.MetaData
	at := meta.DataPageOffset
	for _, page := range pages.PageLocations {
		var h format.PageHeader
		n, err := decodeThrift(file[page.Offset:], &h)
		if err != nil || page.Offset != at || n+int(h.CompressedPageSize) != int(page.CompressedPageSize) {
			t.Fatalf("%v: a page at %d, the index says %+v, error %v", meta.PathInSchema, at, page, err)
		}
		at += int64(page.CompressedPageSize)
	}
	if end := chunkStart(meta) + meta.TotalCompressedSize; at != end {
		t.Errorf("%v: the pages end at %d, the chunk at %d", meta.PathInSchema, at, end)
	}
}

func TestRewritingWithoutEditsKeepsEverything(t *testing.T) {
	for _, n := range []int{0, 1, 36, 150, 151} {
		file := manyTypes(t, n)
		again := rewritten(t, manyFields, file)
		wantRows, wantFooter := allValues(t, file)
		rows, footer := allValues(t, again)
		if diff := cmp.Diff(wantRows, rows) + cmp.Diff(wantFooter, footer); diff != "" {
			t.Fatalf("%d rows (-want +got):\n%s", n, diff)
		}
		if !bytes.Equal(again, rewritten(t, manyFields, again)) {
			t.Errorf("%d rows: rewriting a rewritten file changes its bytes", n)
		}
	}
}

func TestEditsChangeOnlyTheirCells(t *testing.T) {
	file := manyTypes(t, 150)
	rng := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		var edits []Edit
		changed := map[string]bool{}
		for range 1 + rng.IntN(6) {
			row := rng.IntN(150)
			edits = append(edits, Edit{uint32(row), record.TrunkID, "new"}, Edit{uint32(row), record.DurationMS, "99"})
			changed[fmt.Sprint(row, " C:1 new")], changed[fmt.Sprint(row, " C:6 99")] = true, true
		}
		b := rewritten(t, manyFields, file, edits...)
		if !bytes.Equal(b, rewritten(t, manyFields, file, edits...)) {
			t.Fatal("two rewritings differ")
		}
		wantRows, wantFooter := allValues(t, file)
		rows, footer := allValues(t, b)
		if diff := cmp.Diff(wantFooter, footer); diff != "" {
			t.Fatalf("footer (-want +got):\n%s", diff)
		}
		for i := range rows {
			for k := range rows[i] {
				cell := ""
				switch k {
				case 1:
					cell = fmt.Sprint(i, " C:1 new")
				case 6:
					cell = fmt.Sprint(i, " C:6 99")
				}
				if changed[cell] == (rows[i][k] == wantRows[i][k]) {
					t.Fatalf("row %d, value %d: %s was %s, edits %v", i, k, rows[i][k], wantRows[i][k], edits)
				}
			}
		}
	}
}

func TestEveryTypeTakesTheValueThatIsReadBack(t *testing.T) {
	file := manyTypes(t, 150)
	const uuid, at = "6f0a0102-0304-0506-0708-090a0b0c0d0e", "2026-11-23T08:00:00.123456Z"
	for place, test := range map[string]struct {
		field       record.Field
		value, want string
	}{
		"/id":      {record.RecordingID, uuid, "7 " + uuid},
		"/trunk":   {record.TrunkID, "new", "7 new"},
		"/text":    {record.ConversationID, "new", "7 new"},
		"/start":   {record.StartTime, at, "7 " + at},
		"/millis":  {record.StartTime, at, "7 2026-11-23T08:00:00.123Z"},
		"/nano":    {record.StartTime, at, "7 2026-11-23T09:00:00.123456"},
		"/epoch":   {record.EndTime, at, "3 1795420800123"},
		"/f":       {record.EndTime, at, "3 1795420800"},
		"/n":       {record.DurationMS, "12", "3 12"},
		"/group/a": {record.TrunkID, "new", "7 new"},
	} {
		p := *manyFields
		p.Fields = map[record.Field][]profile.Place{test.field: profile.At(place)}
		for _, row := range []int{0, 36, 37, 80, 149} {
			b := rewritten(t, &p, file, Edit{uint32(row), test.field, test.value})
			before, _ := valuesOf(t, fieldAt(place), file)
			got, reading := valuesOf(t, fieldAt(place), b)
			before[row] = test.want
			if diff := cmp.Diff(before, got); diff != "" || reading.Damage != nil {
				t.Errorf("%s, row %d: damage %v (-want +got):\n%s", place, row, reading.Damage, diff)
			}
			allValues(t, b)
		}
	}
}

// A value in a group that is not there brings the group into being, with
// nothing else in it.
func TestAValueInAnAbsentGroupKeepsItsNeighboursEmpty(t *testing.T) {
	file := manyTypes(t, 40)
	before, _ := valuesOf(t, fieldAt("/group"), file)
	row := slices.Index(before, "1 ")
	if row < 0 {
		t.Fatal("no row without the group")
	}
	b := rewritten(t, manyFields, file, Edit{uint32(row), record.ConversationID, "c"})
	got, _ := valuesOf(t, fieldAt("/group"), b)
	before[row] = `6 {"a":"c","b":null}`
	if diff := cmp.Diff(before, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	rows := parquet.MultiRowGroup(f.RowGroups()...).Rows()
	defer rows.Close()
	all := make([]parquet.Row, 40)
	for n := 0; n < len(all); {
		k, err := rows.ReadRows(all[n:])
		if n += k; err != nil && n < len(all) {
			t.Fatal(err)
		}
	}
	leaf := f.Root().Column("group").Column("b").Column("list").Column("element").Index()
	for _, v := range all[row] {
		if v.Column() == leaf && v.DefinitionLevel() != 1 {
			t.Errorf("the neighbour has level %d, want 1: the group is there, the list is not", v.DefinitionLevel())
		}
	}
}

func TestAFieldWithoutAColumnIsLeftOut(t *testing.T) {
	file := manyTypes(t, 40)
	p := *manyFields
	p.Fields = map[record.Field][]profile.Place{record.TrunkID: profile.At("/absent")}
	if !bytes.Equal(rewritten(t, &p, file), rewritten(t, &p, file, Edit{1, record.TrunkID, "new"})) {
		t.Error("an edit without a column changed the file")
	}
}

func TestAValueThatAColumnCannotHoldIsAnError(t *testing.T) {
	file := manyTypes(t, 40)
	for place, edit := range map[string]Edit{
		"/id":     {1, record.RecordingID, "no uuid"},
		"/n":      {1, record.TrunkID, "trunk"},
		"/epoch":  {1, record.StartTime, "1970-01-02T00:00:00.000000Z"},
		"/start":  {1, record.TrunkID, "trunk"},
		"/millis": {1, record.StartTime, "no time"},
		"/list":   {1, record.TrunkID, "trunk"},
		"/f":      {1, record.DurationMS, "9007199254740993"},
	} {
		p := *manyFields
		p.Fields = map[record.Field][]profile.Place{edit.Field: profile.At(place)}
		var b bytes.Buffer
		err := Rewrite(rows.NewMapping(&p, record.EntryFields, &defaults), &b, bytes.NewReader(file), int64(len(file)), []Edit{edit})
		if err == nil || jsonscan.IsDamage(err) {
			t.Errorf("%s: %q gives error %v", place, edit.Value, err)
		}
		if b.Len() != 0 {
			t.Errorf("%s: %d bytes were written before the error", place, b.Len())
		}
	}
}

func TestAnOrderEndsAtTheColumnThatChanged(t *testing.T) {
	type row struct {
		A string `parquet:"a"`
		B string `parquet:"b"`
	}
	file := written(t, []row{{"a", "a"}, {"b", "b"}},
		parquet.SortingWriterConfig(parquet.SortingColumns(parquet.Ascending("a"), parquet.Ascending("b"))))
	for place, want := range map[string]int{"/a": 0, "/b": 1} {
		p := profile.Profile{Fields: map[record.Field][]profile.Place{record.TrunkID: profile.At(place)}}
		b := rewritten(t, &p, file, Edit{0, record.TrunkID, "z"})
		f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(f.RowGroups()[0].SortingColumns()); got != want {
			t.Errorf("%s changed: the rows are said to be sorted by %d columns, want %d", place, got, want)
		}
	}
}
