package match_test

import (
	"testing"

	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

func TestTheThirdTimeFollowsFromTheOtherTwo(t *testing.T) {
	for name, test := range map[string]struct {
		Entry nighttest.Entry
		want  []string
	}{
		"start":              {nighttest.Entry{End: "10:05", MS: 300_000}, []string{"0 start_time arithmetic 2026-11-20T10:00:00.000000Z key"}},
		"end":                {nighttest.Entry{Start: "10:00", MS: 300_000}, []string{"0 end_time arithmetic 2026-11-20T10:05:00.000000Z key"}},
		"duration":           {nighttest.Entry{Start: "10:00", End: "10:05"}, []string{"0 duration_ms arithmetic 300000 key"}},
		"no negative length": {nighttest.Entry{Start: "10:05", End: "10:00"}, nil},
		"no absurd length":   {nighttest.Entry{Start: "10:00", MS: 1 << 60}, nil},
		"one is not enough":  {nighttest.Entry{Start: "10:00"}, nil},
		"nothing is missing": {nighttest.Entry{Start: "10:00", End: "10:05", MS: 300_000}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			nighttest.New(record.StartTime, record.EndTime, record.DurationMS).Add(test.Entry).Decide(t).WantRepairs(test.want...)
		})
	}
}
