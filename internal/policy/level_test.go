package policy

import (
	"testing"
	"time"

	"cdrmend/internal/record"

	"github.com/google/go-cmp/cmp"
)

func TestMisnamedPartitionsAreThoseThatNoRunReads(t *testing.T) {
	for name, c := range map[string]struct {
		url   string
		names map[string][]string // by parent
		want  []string
	}{
		"date": {
			"d/date={date}/",
			map[string][]string{"": {"date=2026-11-20", "date=2026-13-45", "date=2026-11-5", "date=2025-02-29", "date=2024-02-29", "date=", "other", "date"}},
			[]string{"date=2026-13-45", "date=2026-11-5", "date=2025-02-29", "date="},
		},
		"bare date": {
			"d/{date}/",
			map[string][]string{"": {"2026-11-20", "2026-11-31", "20261120", "archive"}},
			[]string{"2026-11-31", "20261120"},
		},
		"levels": {
			"d/year={year}/month={month}/day={day}/hour={hour}/",
			map[string][]string{
				"":                             {"year=2026", "year=26", "year=twenty"},
				"year=2026/":                   {"month=11", "month=1", "month=13", "month=00"},
				"year=2026/month=11/":          {"day=30", "day=31", "day=7x", "day=7"},
				"year=2026/month=11/day=20/":   {"hour=00", "hour=24", "hour=9"},
				"year=2026/month=11/day=20/x/": {"hour=25"},
			},
			[]string{"year=26", "year=twenty", "year=2026/month=13", "year=2026/month=00", "year=2026/month=11/day=31", "year=2026/month=11/day=7x", "year=2026/month=11/day=20/hour=24"},
		},
		"numbers side by side": {
			"d/{year}{month}{day}/",
			map[string][]string{"": {"20261120", "2026112", "20261131"}},
			[]string{"2026112", "20261131"},
		},
		"org": {
			"d/{org}/day-{date}.x/",
			map[string][]string{"o/": {"day-2026-11-20.x", "day-2026-11-20.y", "day-x.x"}, "": {"day-x.x"}},
			[]string{"o/day-x.x"},
		},
		"flat": {"d/", map[string][]string{"": {"date=2026-13-45"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			url, err := ParseTemplate(c.url, "/base")
			if err != nil {
				t.Fatal(err)
			}
			at := record.TimeOf(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC))
			var got []string
			seen := map[string]bool{}
			for _, p := range url.Partitions(record.Span{Start: at, End: at.Add(time.Hour)}, "o") {
				for _, l := range url.Levels(p) {
					if seen[l.Parent] {
						continue
					}
					seen[l.Parent] = true
					for _, name := range l.Misnamed(c.names[l.Parent]) {
						got = append(got, l.Parent+name)
					}
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
