package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/outside"

	"github.com/google/go-cmp/cmp"
)

// fit reports whether the cells of a row fit a search, cell by cell.
func fit(s *Schema, cells []string, search *Search) bool {
	for _, w := range search.Where {
		passes := slices.ContainsFunc(w.Columns, func(name string) bool {
			column := s.Columns[s.Index(name)]
			switch v, ok := parseCell(column.Kind, cellOf(cells, s.Index(name))); {
			case !ok || !v.known:
				return ok && w.Missing
			case column.Kind == Text:
				return w.Text(v.text)
			default:
				return w.Least <= v.number && v.number <= w.Most
			}
		})
		if !passes {
			return false
		}
	}
	return search.every() || slices.ContainsFunc(search.Any, func(m Match) bool {
		return slices.ContainsFunc(m.Tuples, func(tuple []string) bool {
			for i, c := range m.Columns {
				if cellOf(cells, s.Index(c)) != tuple[i] {
					return false
				}
			}
			return true
		})
	})
}

// cellOf returns a cell as a search names it.
func cellOf(cells []string, i int) string { return strings.TrimSuffix(cells[i], "∅") }

// randomSearch returns a search for rows of a table and for rows that it does not have.
func randomSearch(s *Schema, all [][]string, random *rand.Rand) *Search {
	search := &Search{}
	for range random.IntN(3) {
		search.Where = append(search.Where, randomWhere(s, all, random))
	}
	matches := 1 + random.IntN(4)
	if len(search.Where) > 0 {
		matches = random.IntN(4)
	}
	for range matches {
		var m Match
		for _, i := range random.Perm(len(s.Columns))[:1+random.IntN(3)] {
			m.Columns = append(m.Columns, s.Columns[i].Name)
		}
		for range random.IntN(4) {
			one, other := all[random.IntN(len(all))], all[random.IntN(len(all))]
			var tuple []string
			for _, c := range m.Columns {
				row := one
				if random.IntN(8) == 0 { // cells of two rows: few rows have both
					row = other
				}
				tuple = append(tuple, cellOf(row, s.Index(c)))
			}
			m.Tuples = append(m.Tuples, tuple)
		}
		search.Any = append(search.Any, m)
	}
	return search
}

// randomWhere returns a test that about half of the rows pass.
func randomWhere(s *Schema, all [][]string, random *rand.Rand) Where {
	i := random.IntN(len(s.Columns))
	w := Where{Columns: []string{s.Columns[i].Name}, Missing: random.IntN(2) == 0}
	if n := random.IntN(len(s.Columns)); s.Columns[n].Kind == s.Columns[i].Kind {
		w.Columns = append(w.Columns, s.Columns[n].Name)
	}
	v, _ := parseCell(s.Columns[i].Kind, cellOf(all[random.IntN(len(all))], i))
	if s.Columns[i].Kind == Text {
		w.Text = func(cell []byte) bool { return bytes.Compare(cell, v.text) >= 0 }
		return w
	}
	w.Least, w.Most = v.number, v.number+random.Int64N(1<<32)
	return w
}

func TestASearchFindsTheRowsOfAScan(t *testing.T) {
	outside.Long(t)
	random := rand.New(rand.NewPCG(5, 6))
	oldParquet, oldCSV := unindexed(t)
	type stored struct {
		schema       *Schema
		csv, parquet []byte
	}
	tables := []stored{{Outages, oldCSV, oldParquet}}
	for _, made := range []struct {
		schema *Schema
		rows   Rows
	}{
		{Calls, newNight(rowsPerGroup + 9000).calls()},
		{Repairs, manyValues(rowsPerGroup + 9000)},
		{Findings, nasty(Findings, 900)},
		{History, nasty(History, 900)},
		{Outages, nasty(Outages, 1)},
	} {
		csv, parquet := written(t, made.schema, made.rows)
		tables = append(tables, stored{made.schema, csv, parquet})
	}

	for _, table := range tables {
		all := allRows(t, ReadCSV(bytes.NewReader(table.csv), table.schema))
		searches := 40
		if len(all) > rowsPerPage {
			searches = 5
		}
		for range searches {
			search := randomSearch(table.schema, all, random)
			var want [][]string
			for _, cells := range all {
				if fit(table.schema, cells, search) {
					want = append(want, cells)
				}
			}
			beyond := 0
			if random.IntN(2) == 0 {
				search.Limit = 1 + random.IntN(1+len(want))
				beyond = max(0, len(want)-search.Limit)
				want = want[:len(want)-beyond]
			}

			for name, file := range map[string][]byte{"table.csv": table.csv, "table.parquet": table.parquet} {
				rows := Find(t.Context(), bytes.NewReader(file), int64(len(file)), name, table.schema, search)
				for range 2 {
					got := allRows(t, rows)
					if !slices.EqualFunc(want, got, slices.Equal[[]string]) || search.Beyond != int64(beyond) {
						t.Fatalf("%s of %s, %+v: %d rows and %d beyond the limit, want %d and %d:\ngot  %.2000q\nwant %.2000q",
							name, table.schema.Name, search, len(got), search.Beyond, len(want), beyond, got, want)
					}
				}
			}
		}
	}
}

// Two matches may need pages of one column that lie next to each other.
func TestMatchesShareTheirPages(t *testing.T) {
	night := newNight(rowsPerGroup).calls()
	_, file := written(t, Calls, night)
	all := allRows(t, night)
	columns := []string{"leg_id", "start_time"}
	for page := range 6 {
		one, next := all[page*rowsPerPage+5], all[(page+1)*rowsPerPage+5]
		tuple := func(row []string) []string {
			return []string{row[Calls.Index(columns[0])], row[Calls.Index(columns[1])]}
		}
		search := &Search{Any: []Match{{columns, [][]string{tuple(one)}}, {columns, [][]string{tuple(one), tuple(next)}}}}
		got := allRows(t, Find(t.Context(), bytes.NewReader(file), int64(len(file)), "calls.parquet", Calls, search))
		if diff := cmp.Diff([][]string{one, next}, got); diff != "" {
			t.Errorf("pages %d and %d (-want +got):\n%s", page, page+1, diff)
		}
	}
}

// counting counts the bytes that are read.
type counting struct {
	*bytes.Reader
	bytes int
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.Reader.ReadAt(p, at)
	c.bytes += n
	return n, err
}

// A place is found by bounds where the table is in the order of its places.
func TestAPlaceIsFoundByBounds(t *testing.T) {
	rows := manyValues(4 * rowsPerGroup)
	_, file := written(t, Repairs, rows)
	want := allRows(t, rows)[rowsPerGroup+77]
	m := Match{Columns: []string{"source", "object_key", "entry"}, Tuples: [][]string{{want[1], want[2], want[3]}}}

	r := &counting{Reader: bytes.NewReader(file)}
	got := allRows(t, Find(t.Context(), r, int64(len(file)), "repairs.parquet", Repairs, &Search{Any: []Match{m}}))
	if len(got) != 1 || !slices.Equal(got[0], want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if r.bytes*3 > len(file) {
		t.Errorf("%d of %d bytes were read", r.bytes, len(file))
	}
}

func TestASearchForNothingFindsNothing(t *testing.T) {
	csv, parquet := written(t, Findings, nasty(Findings, 50))
	for _, any := range [][]Match{nil, {{Columns: []string{"org_id"}}}, {Having("entry", "seven")}, {Having("start_time", "2026-11-20")}} {
		for name, file := range map[string][]byte{"f.csv": csv, "f.parquet": parquet} {
			got := allRows(t, Find(t.Context(), bytes.NewReader(file), int64(len(file)), name, Findings, &Search{Any: any}))
			if len(got) != 0 {
				t.Errorf("%s, %v: found %q", name, any, got)
			}
		}
	}
}

func TestASearchStopsWhenAsked(t *testing.T) {
	csv, parquet := written(t, Findings, nasty(Findings, 50))
	for name, file := range map[string][]byte{"f.csv": csv, "f.parquet": parquet} {
		rows := Find(t.Context(), bytes.NewReader(file), int64(len(file)), name, Findings, &Search{Any: []Match{Having("org_id", allRows(t, nasty(Findings, 1))[0][Findings.Index("org_id")])}})
		n := 0
		for _, err := range rows {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			n++
			break
		}
		if n != 1 {
			t.Errorf("%s: %d rows", name, n)
		}
	}
}

func TestASearchReportsWhatFailed(t *testing.T) {
	csv, parquet := written(t, Findings, nasty(Findings, 900))
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, file := range map[string][]byte{"f.csv": csv, "f.parquet": parquet} {
		search := func(ctx context.Context, r io.ReaderAt) error {
			_, err := failure(Find(ctx, r, int64(len(file)), name, Findings, &Search{Any: []Match{Having("finding_id", "x")}}))
			return err
		}
		if err := search(t.Context(), brokenAt{bytes.NewReader(file), int64(len(file))}); !errors.Is(err, errBroken) {
			t.Errorf("%s: error %v, want %v", name, err, errBroken)
		}
		if err := search(canceled, bytes.NewReader(file)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want that it was canceled", name, err)
		}
	}

	cut := bytes.NewReader(csv[:len(csv)-1])
	_, err := failure(Find(t.Context(), cut, cut.Size(), "f.csv", Findings, &Search{Any: []Match{Having("finding_id", "x")}}))
	if want := "reading table findings: line "; !strings.HasPrefix(fmt.Sprint(err), want) {
		t.Errorf("error %v, want %s…", err, want)
	}
}

func TestASearchForSomeColumnsReadsTheirCells(t *testing.T) {
	night := newNight(rowsPerPage + 100).calls()
	_, file := written(t, Calls, night)
	all := allRows(t, night)
	columns := []string{"conversation_id", "start_time", "entries"}
	search := &Search{Where: []Where{{Columns: []string{"verdict"}, Text: func([]byte) bool { return true }, Missing: true}}, Columns: columns}
	n := 0
	for row, err := range Find(t.Context(), bytes.NewReader(file), int64(len(file)), "calls.parquet", Calls, search) {
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range columns {
			if got, want := row.Cell(c), cellOf(all[n], Calls.Index(c)); got != want {
				t.Fatalf("row %d has the %s %q, want %q", n, c, got, want)
			}
		}
		n++
	}
	if n != len(all) {
		t.Errorf("%d rows, want %d", n, len(all))
	}
}
