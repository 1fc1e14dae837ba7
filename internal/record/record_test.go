package record_test

import (
	"testing"
	"time"

	"cdrmend/internal/record"
)

func at(second int64) record.Time { return record.Time(second * 1e6) }

func TestATimeIsCutToMicrosecondsAndWrittenInUTC(t *testing.T) {
	east := time.FixedZone("east", 3600)
	for want, from := range map[string]time.Time{
		"2026-11-20T08:00:00.123456Z": time.Date(2026, 11, 20, 9, 0, 0, 123_456_999, east),
		"1969-12-31T23:59:59.999999Z": time.Unix(0, -1),
	} {
		if got := record.TimeOf(from).String(); got != want {
			t.Errorf("%v is written as %s, want %s", from, got, want)
		}
	}
	if got := record.NoTime.String(); got != "" || record.NoTime.Known() || record.NoTime >= record.MinTime {
		t.Errorf("the missing time is written as %q, want nothing, before all others", got)
	}
	for _, end := range []record.Time{record.MinTime, record.MaxTime} {
		if !end.Valid() || len(end.String()) != len(record.TimeLayout) {
			t.Errorf("%s cannot be written with a year of four digits", end)
		}
	}
	if (record.MaxTime + 1).Valid() || (record.MinTime - 1).Valid() {
		t.Error("the years 10000 and 0 count as valid")
	}
}

func TestSpansAreHalfOpen(t *testing.T) {
	s := record.Span{Start: at(10), End: at(20)}
	for second, want := range map[int64]bool{9: false, 10: true, 19: true, 20: false} {
		if s.Contains(at(second)) != want {
			t.Errorf("second %d is in [10, 20): %t, want %t", second, !want, want)
		}
	}
	for _, o := range []struct {
		start, end int64
		want       bool
	}{{0, 10, false}, {0, 11, true}, {19, 30, true}, {20, 30, false}, {12, 13, true}} {
		other := record.Span{Start: at(o.start), End: at(o.end)}
		if s.Overlaps(other) != o.want || other.Overlaps(s) != o.want {
			t.Errorf("[10, 20) and [%d, %d) overlap: want %t", o.start, o.end, o.want)
		}
	}
	if !record.Forever.Contains(record.NoTime) || s.Duration() != 10*time.Second {
		t.Errorf("a flat partition holds every time, and the span lasts %v", s.Duration())
	}
}

func TestAllFieldsHaveNamesOfTheirOwnAndFitIntoASet(t *testing.T) {
	var all record.Fields
	for f := range record.NumFields {
		if again, ok := record.FieldByName(f.String()); f.String() == "" || !ok || again != f || all.Has(f) {
			t.Errorf("field %d is called %q, which names field %d", f, f, again)
		}
		all.Add(f)
	}
	if record.NumFields > 64 {
		t.Errorf("%d fields do not fit into a word", record.NumFields)
	}
}

func TestALargeListIsGivenAwayWithItsMemory(t *testing.T) {
	for _, n := range []int{0, 3, 1 << 20} {
		list := make([]uint64, n, 2*n+1)
		own, rest := record.Detach(list)
		if len(own) != n || len(rest) != 0 || n > 0 && rest != nil && &own[0] == &rest[:1][0] {
			t.Errorf("%d elements: %d detached, %d left, in the same memory", n, len(own), len(rest))
		}
		if cap(own) > n+n/16+8 {
			t.Errorf("%d elements take the memory of %d", n, cap(own))
		}
	}
}
