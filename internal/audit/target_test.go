package audit_test

import (
	"fmt"
	"strings"
	"testing"

	"cdrmend/internal/audit"
	"cdrmend/internal/report"
)

func TestATargetIsAPercentage(t *testing.T) {
	for _, text := range []string{"", "0", "0.0", "101", "100.0001", "-1", "1e1", "99,5", "99.55555", "+5", " 5", "1000"} {
		if got, err := audit.ParseTarget(text); err == nil {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
	for _, text := range []string{"99.5", "100", "0.0001", "99.9999", "7"} {
		if _, err := audit.ParseTarget(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A target is met only by calls that are known to be recorded, of a number that is known.
func TestNothingButKnownRecordingsMeetsATarget(t *testing.T) {
	for _, test := range []struct {
		recorded, missing, untold int
		total                     report.Total
		absent                    bool
		target                    string
		want                      audit.State
		says                      string
	}{
		{recorded: 199, missing: 1, target: "99.5", want: audit.Met, says: "is met by the calls that are known"},
		{recorded: 198, missing: 2, target: "99.5", want: audit.Missed, says: "1 more call had to be recorded"},
		{recorded: 198, untold: 2, target: "99.5", want: audit.Undecided, says: "of 2 calls nobody can tell"},
		{recorded: 190, missing: 9, untold: 1, target: "99.5", want: audit.Missed, says: "Of 1 call nobody can tell; it would not suffice."},
		{recorded: 199, untold: 1, target: "99.5", want: audit.Met},
		{recorded: 200, total: report.AtLeast, target: "99.5", want: audit.Undecided, says: "of which 2 without a recording would miss it"},
		{recorded: 100, missing: 100, total: report.AtLeast, target: "99.5", want: audit.Missed, says: "may hide others"},
		{recorded: 200, absent: true, target: "99.5", want: audit.Undecided, says: "nothing is committed for 1 interval"},
		{recorded: 2, missing: 1, target: "66.6667", want: audit.Missed},
		{recorded: 2, missing: 1, target: "66.6666", want: audit.Met},
		{target: "99.5", want: audit.NoCalls, says: "nothing can be said"},
		{recorded: 5, target: "100", want: audit.Met},
	} {
		t.Run(fmt.Sprintf("%+v", test), func(t *testing.T) {
			o := newOut(t)
			var calls []cells
			for verdict, n := range map[string]int{"complete": test.recorded, "missing": test.missing, "indeterminate": test.untold} {
				for range n {
					calls = append(calls, call(len(calls), verdict, nil))
				}
			}
			o.commit("2026-11-20", &night{calls: calls, total: test.total}, day(21, 3))
			target, err := audit.ParseTarget(test.target)
			o.must(err)
			labels := []string{"2026-11-20"}
			if test.absent {
				labels = append(labels, "2026-11-21")
			}
			r, _ := o.read(audit.Options{Target: target}, labels...)
			if r.Target.State != test.want || !strings.Contains(r.Verdict(), test.says) {
				t.Errorf("the target is %s, %q; want %s and %q", r.Target.State, r.Verdict(), test.want, test.says)
			}
			if fails := test.want == audit.Missed || test.want == audit.Undecided; r.Fails() != fails {
				t.Errorf("the audit fails: %t, want %t", r.Fails(), fails)
			}
		})
	}
}
