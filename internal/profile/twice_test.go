package profile

import (
	"testing"
	"time"

	"cdrmend/internal/record"
)

func TestALocalTimeThatOccursTwiceHasASecondReading(t *testing.T) {
	for name, test := range map[string]struct {
		zone   string
		offset time.Duration
		local  string
		later  time.Duration
	}{
		"twice":                             {"Europe/Berlin", 0, "2026-10-25 02:30:00", time.Hour},
		"twice within half an hour":         {"Australia/Lord_Howe", 0, "2026-04-05 01:45:00", 30 * time.Minute},
		"at the start":                      {"Europe/Berlin", 0, "2026-10-25 02:00:00", time.Hour},
		"before":                            {"Europe/Berlin", 0, "2026-10-25 01:59:59", 0},
		"after":                             {"Europe/Berlin", 0, "2026-10-25 03:00:00", 0},
		"when clocks are put forward":       {"Europe/Berlin", 0, "2026-03-29 01:30:00", 0},
		"a clock that is wrong":             {"Europe/Berlin", 10 * time.Minute, "2026-10-25 02:59:00", time.Hour},
		"a clock that is wrong, an earlier": {"Europe/Berlin", 10 * time.Minute, "2026-10-25 01:55:00", 0},
	} {
		zone, err := Zone(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		p := &Profile{Zone: zone, Layouts: []string{"2006-01-02 15:04:05"}, ClockOffset: test.offset}
		first := p.ParseTime([]byte(test.local)).Add(test.offset)
		if got := time.Duration(record.Apart(p.SecondReading(first), first)) * time.Microsecond; got != test.later {
			t.Errorf("%s: %s in %s may be %v later, want %v", name, test.local, test.zone, got, test.later)
		}
	}
}
