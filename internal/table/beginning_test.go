package table

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/outside"

	"github.com/google/go-cmp/cmp"
)

// sortedOutages yields outages whose ids grow, and then once more outages whose ids do not.
func sortedOutages(n int) Rows {
	return func(yield func(*Row, error) bool) {
		var r Row
		for i := range 2 * n {
			id := fmt.Sprintf("out-%016x", uint64(i)<<32)
			if i >= n {
				id = fmt.Sprintf("out-%016x", uint64(i)*0x9E3779B97F4A7C15)
			}
			r.Reset(Outages)
			r.AddText(id)
			for range len(Outages.Columns) - 1 {
				r.AddNull()
			}
			if !yield(&r, nil) {
				return
			}
		}
	}
}

func collected(t *testing.T, values iter.Seq2[string, error]) (list []string) {
	t.Helper()
	for v, err := range values {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

func TestBeginningYieldsTheValuesOfAScan(t *testing.T) {
	for _, some := range []struct {
		schema   *Schema
		rows     Rows
		column   string
		prefixes []string
	}{
		{Outages, sortedOutages(rowsPerGroup), "outage_id", []string{"out-", "out-0000", "out-00001234", "out-9e37", "out-f", "out-zzz", "a", "z", "out-0000000000000000", "out-00000000000000000"}},
		{Findings, nasty(Findings, 900), "recording_id", []string{"", "x", "\xff", "é"}},
		{Calls, newNight(rowsPerPage).calls(), "outage_id", []string{"", "out-"}},
		{Outages, Empty, "outage_id", []string{""}},
	} {
		_, file := written(t, some.schema, some.rows)
		column, seen := some.schema.Index(some.column), 0
		for _, prefix := range some.prefixes {
			var want []string
			for r := range some.rows {
				if v := r.Text(column); r.Known(column) && strings.HasPrefix(v, prefix) {
					want = append(want, v)
				}
			}
			seen += len(want)
			got := Beginning(t.Context(), bytes.NewReader(file), int64(len(file)), some.schema, some.column, prefix)
			for range 2 {
				if diff := cmp.Diff(want, collected(t, got)); diff != "" {
					t.Errorf("%s that begin with %q (-scan +look-up):\n%.2000s", some.column, prefix, diff)
				}
			}
			for v := range got {
				if v != want[0] {
					t.Errorf("the first is %q, want %q", v, want[0])
				}
				break // nobody is forced to go on
			}
		}
		if len(some.prefixes) > 1 && seen == 0 {
			t.Errorf("%s: nothing begins with any of %q, so this proves little", some.column, some.prefixes)
		}
	}
}

func TestBeginningReadsTheColumnAndOfItOnlyThePagesThatMayHaveIt(t *testing.T) {
	night := newNight(4 * rowsPerGroup).calls()
	_, calls := written(t, Calls, night)
	_, outages := written(t, Outages, func(yield func(*Row, error) bool) {
		n := 0
		for r, err := range sortedOutages(8 * rowsPerGroup) {
			if n++; n > 8*rowsPerGroup || !yield(r, err) {
				return
			}
		}
	})
	for _, c := range []struct {
		file           []byte
		schema         *Schema
		column, prefix string
		bytes          int // per cent of the file
	}{
		{calls, Calls, "leg_id", "nothing begins so", 30},
		{outages, Outages, "outage_id", "out-00001234", 10},
	} {
		var cost costs
		collected(t, begins(t.Context(), bytes.NewReader(c.file), int64(len(c.file)), c.schema, c.column, c.prefix, &cost))
		if per := int(cost.Bytes * 100 / int64(len(c.file))); per > c.bytes || cost.Bytes == 0 || cost.Requests == 0 {
			t.Errorf("%s: %d requests for %d %% of the file, want at most %d %%", c.column, cost.Requests, per, c.bytes)
		}
	}
}

func TestBeginningReadsTablesWithoutIndexes(t *testing.T) {
	file, csv := unindexed(t)
	var want []string
	for r, err := range ReadCSV(bytes.NewReader(csv), Outages) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, r.Text(0))
	}
	got := collected(t, Beginning(t.Context(), bytes.NewReader(file), int64(len(file)), Outages, "outage_id", "out-"))
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("(-scan +look-up):\n%s", diff)
	}
}

// Whatever is damaged, it ends with values or an error.
func TestBeginningInADamagedFileNeverPanics(t *testing.T) {
	_, whole := written(t, Findings, nasty(Findings, 40))
	try := func(file []byte) (last error) {
		for _, err := range Beginning(t.Context(), bytes.NewReader(file), int64(len(file)), Findings, "recording_id", "") {
			last = err
		}
		return last
	}
	stride := outside.Pick(131, 13)
	for size := 0; size < len(whole); size += stride {
		if try(whole[:size]) == nil {
			t.Errorf("%d of %d bytes are read as if they were all", size, len(whole))
		}
	}
	for at := range whole {
		file := slices.Clone(whole)
		file[at] ^= 0x55
		_ = try(file)
	}
}

func TestBeginningEndsWithItsContext(t *testing.T) {
	_, file := written(t, Outages, nasty(Outages, 40))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range Beginning(ctx, bytes.NewReader(file), int64(len(file)), Outages, "outage_id", "") {
		if err == nil {
			t.Error("a value is yielded after the end")
		}
		return
	}
	t.Error("nothing says that it was ended")
}
