package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"cdrmend/internal/outside"

	"github.com/google/go-cmp/cmp"
)

// lookUp yields the rows that have one of the values in one of the columns.
func lookUp(ctx context.Context, file io.ReaderAt, size int64, s *Schema, columns, values []string, cost *costs) Rows {
	search := &Search{}
	for _, c := range columns {
		search.Any = append(search.Any, Having(c, slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })...))
	}
	return find(ctx, file, size, s, search, cost)
}

// scanned returns the rows of a table that have one of the values in one of the
// columns, by reading all of it.
func scanned(t *testing.T, rows Rows, s *Schema, columns, values []string) [][]string {
	t.Helper()
	var list [][]string
	for r, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(columns, func(c string) bool { return r.Known(s.Index(c)) && slices.Contains(values, r.Cell(c)) }) {
			list = append(list, slices.Clone(cellsOf(r)))
		}
	}
	return list
}

func TestLookupYieldsTheRowsOfAScan(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, large := range []struct {
		schema  *Schema
		rows    Rows
		columns []string
	}{
		{Calls, newNight(rowsPerGroup + 9000).calls(), []string{"conversation_id", "leg_id"}},
		{Calls, newNight(rowsPerPage).calls(), []string{"outage_id"}}, // a dictionary, many rows
		{Calls, newNight(rowsPerPage).calls(), []string{"ani"}},       // no filter
		{Repairs, manyValues(rowsPerGroup + 9000), []string{"old_value", "object_key"}},
		{Findings, nasty(Findings, 900), []string{"finding_id", "recording_id"}},
		{Outages, nasty(Outages, 900), []string{"outage_id"}},
		{Findings, Empty, []string{"finding_id"}},
	} {
		var values []string
		n := 0
		for r := range large.rows {
			n++
			if rng.IntN(4000) == 0 || n%rowsPerPage < 2 { // the last row of a page and the first of the next
				for _, c := range large.columns {
					values = append(values, r.Cell(c))
				}
			}
		}
		values = append(values, "an id that nothing has")

		_, file := written(t, large.schema, large.rows)
		var cost costs
		rows := lookUp(t.Context(), bytes.NewReader(file), int64(len(file)), large.schema, large.columns, values, &cost)
		want := scanned(t, large.rows, large.schema, large.columns, values)
		for range 2 {
			if diff := cmp.Diff(want, allRows(t, rows)); diff != "" {
				t.Errorf("%s by %q (-scan +look-up):\n%.2000s", large.schema.Name, large.columns, diff)
			}
		}
		if cost.Bytes == 0 || cost.Requests == 0 {
			t.Errorf("%s: nothing is counted: %+v", large.schema.Name, cost)
		}
	}
}

func TestALookupReadsLittle(t *testing.T) {
	night := newNight(4 * rowsPerGroup).calls()
	_, file := written(t, Calls, night)
	var id string
	n := 0
	for r := range night {
		if n++; n == 2*rowsPerGroup+100 {
			id = r.Cell("leg_id")
		}
	}

	for _, c := range []struct {
		name, id string
		rows     int
		requests int64
		bytes    int // per cent of the file
	}{
		{"an id of one row", id, 1, 12, 20},
		{"an id that is not there", id + "x", 0, 4, 5},
	} {
		var cost costs
		rows := allRows(t, lookUp(t.Context(), bytes.NewReader(file), int64(len(file)), Calls, []string{"leg_id"}, []string{c.id}, &cost))
		if len(rows) != c.rows {
			t.Errorf("%s: %d rows, want %d", c.name, len(rows), c.rows)
		}
		if per := int(cost.Bytes * 100 / int64(len(file))); per > c.bytes || cost.Requests > c.requests {
			t.Errorf("%s: %d requests for %d %% of the file, want at most %d for %d %%", c.name, cost.Requests, per, c.requests, c.bytes)
		}
	}
}

func TestLookupReadsTablesWithoutIndexes(t *testing.T) {
	file, csv := unindexed(t)
	rows := ReadCSV(bytes.NewReader(csv), Outages)
	var ids []string
	for r, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		if len(ids) < 3 {
			ids = append(ids, r.Cell("outage_id"))
		}
	}
	want := scanned(t, ReadCSV(bytes.NewReader(csv), Outages), Outages, []string{"outage_id"}, ids)
	if len(want) != len(ids) {
		t.Fatalf("%d rows, want %d", len(want), len(ids))
	}
	got := allRows(t, lookUp(t.Context(), bytes.NewReader(file), int64(len(file)), Outages, []string{"outage_id"}, ids, new(costs)))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-scan +look-up):\n%s", diff)
	}
}

// Whatever is damaged, a look-up ends with rows or an error.
func TestALookupInADamagedFileNeverPanics(t *testing.T) {
	stride := outside.Pick(131, 13)
	_, whole := written(t, Findings, nasty(Findings, 40))
	var id string
	for r := range nasty(Findings, 40) {
		id = r.Cell("recording_id")
	}
	try := func(file []byte) error {
		_, err := failure(lookUp(t.Context(), bytes.NewReader(file), int64(len(file)), Findings, []string{"recording_id"}, []string{id}, new(costs)))
		return err
	}
	for size := 0; size < len(whole); size += stride {
		if try(whole[:size]) == nil {
			t.Fatalf("the first %d of %d bytes are read as a table", size, len(whole))
		}
	}
	damaged := bytes.Clone(whole)
	for i := 0; i < len(whole); i += stride {
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			damaged[i] ^= flip
			_ = try(damaged)
			damaged[i] = whole[i]
		}
	}
}

// brokenAt fails where a file is read below a byte.
type brokenAt struct {
	*bytes.Reader
	below int64
}

func (b brokenAt) ReadAt(p []byte, at int64) (int, error) {
	if at < b.below {
		return 0, errBroken
	}
	return b.Reader.ReadAt(p, at)
}

func TestLookupReportsWhatFailed(t *testing.T) {
	night := newNight(rowsPerGroup).calls()
	_, file := written(t, Calls, night)
	size := int64(len(file))
	var id string
	for r := range night {
		id = r.Cell("leg_id")
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()

	look := func(ctx context.Context, r io.ReaderAt, s *Schema) error {
		_, err := failure(lookUp(ctx, r, size, s, []string{"conversation_id"}, []string{id}, new(costs)))
		return err
	}
	if err := look(t.Context(), brokenAt{bytes.NewReader(file), size}, Calls); !errors.Is(err, errBroken) {
		t.Errorf("error %v, want %v", err, errBroken)
	}
	if _, err := failure(lookUp(t.Context(), brokenAt{bytes.NewReader(file), size / 2}, size, Calls, []string{"leg_id"}, []string{id}, new(costs))); !errors.Is(err, errBroken) {
		t.Errorf("pages: error %v, want %v", err, errBroken)
	}
	if err := look(canceled, bytes.NewReader(file), Calls); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that it was canceled", err)
	}
	want := "looking up rows of table findings: it has 27 columns, want 26"
	if err := look(t.Context(), bytes.NewReader(file), Findings); fmt.Sprint(err) != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
