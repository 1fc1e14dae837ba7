package table

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"cdrmend/internal/record"
)

func TestARowThatIsUsedAgainAllocatesNothing(t *testing.T) {
	conversation := []byte("ac6073b4-8775-e99e-bf83-ee4ebaf4f48b")
	n := newNight(1)
	var r Row
	if got := testing.AllocsPerRun(100, func() { n.call(&r, 7, conversation, conversation) }); got != 0 {
		t.Errorf("%v allocations for each row, want none", got)
	}
}

func TestInvalidUTF8BecomesReplacementCharacters(t *testing.T) {
	for in, want := range map[string]string{
		"a\xffb":         "a\uFFFDb",
		"\xff\xfe":       "\uFFFD",
		"cut \xe6\x97":   "cut \uFFFD",
		"\xed\xa0\x80":   "\uFFFD",
		"whole \u65e5":   "whole \u65e5",
		"\xc3 and \xa9.": "\uFFFD and \uFFFD.",
	} {
		var r Row
		r.Reset(Repairs)
		r.AddText("before")
		r.AddText(in)
		r.AddBytes([]byte(in))
		if got := r.Text(1); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestACellOfAnotherKindPanics(t *testing.T) {
	for name, misuse := range map[string]func(*Row){
		"int in text":  func(r *Row) { r.AddInt(1) },
		"time in text": func(r *Row) { r.AddTime(1) },
		"text as int":  func(r *Row) { r.AddText("x"); r.Int(0) },
		"text as time": func(r *Row) { r.AddText("x"); r.Time(0) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if p, _ := recover().(string); !strings.Contains(p, `"interval"`) {
					t.Errorf("panic %q does not name the column", p)
				}
			}()
			var r Row
			r.Reset(Repairs)
			misuse(&r)
		})
	}
}

func TestTimesAreWrittenAsTheLayoutSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	times := append([]record.Time{
		math.MaxInt64, math.MinInt64 + 1,
		-62_135_596_800_000_001, 253_402_300_800_000_000, // just outside of the years 1 to 9999
	}, nastyTimes...)
	for range 20_000 {
		times = append(times, record.Time(rng.Int64()-rng.Int64()), record.Time(rng.Int64N(8_000_000_000_000_000)-4_000_000_000_000_000))
	}
	for day := record.Time(-800_000); day < 3_000_000; day += 97 {
		times = append(times, day*microsPerDay, day*microsPerDay-1)
	}
	for _, at := range times {
		want := at.String()
		if got := string(appendTime(nil, at)); got != want {
			t.Fatalf("%d: %q, want %q", int64(at), got, want)
		}
		if at == record.NoTime {
			continue
		}
		if got, err := parseTime([]byte(want)); err != nil || got != at {
			t.Fatalf("%q: read as %d (%v), want %d", want, int64(got), err, int64(at))
		}
	}
}

func TestTimesOfOtherFormsAreRefused(t *testing.T) {
	for _, v := range []string{
		"", "Z", "2026", "2026-11-20T00:00:00Z", "2026-11-20T00:00:00.000Z", "2026-11-20T00:00:00.0000000Z",
		"2026-11-20 00:00:00.000000Z", "2026-11-20T00:00:00.000000", "2026-13-01T00:00:00.000000Z",
		"2026-02-29T00:00:00.000000Z", "2026-11-20T24:00:00.000000Z", "+2026-11-20T00:00:00.000000Z",
		"02026-11-20T00:00:00.000000Z", "294300-01-01T00:00:00.000000Z", "999999999999-01-01T00:00:00.000000Z",
	} {
		if got, err := parseTime([]byte(v)); err == nil {
			t.Errorf("%q is read as %v", v, got)
		}
	}
}
