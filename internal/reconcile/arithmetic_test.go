package reconcile_test

import (
	"testing"

	"cdrmend/internal/record"
)

func TestTheThirdTimeFollowsFromTheOtherTwo(t *testing.T) {
	for name, test := range map[string]struct {
		entry entry
		want  []string
	}{
		"start":              {entry{end: "10:05", ms: 300_000}, []string{"0 start_time arithmetic 2026-11-20T10:00:00.000000Z key"}},
		"end":                {entry{start: "10:00", ms: 300_000}, []string{"0 end_time arithmetic 2026-11-20T10:05:00.000000Z key"}},
		"duration":           {entry{start: "10:00", end: "10:05"}, []string{"0 duration_ms arithmetic 300000 key"}},
		"no negative length": {entry{start: "10:05", end: "10:00"}, nil},
		"no absurd length":   {entry{start: "10:00", ms: 1 << 60}, nil},
		"one is not enough":  {entry{start: "10:00"}, nil},
		"nothing is missing": {entry{start: "10:00", end: "10:05", ms: 300_000}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			newNight(record.StartTime, record.EndTime, record.DurationMS).add(test.entry).decide(t).repairs(test.want...)
		})
	}
}
