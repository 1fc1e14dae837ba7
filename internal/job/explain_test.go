package job_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/sample"

	"github.com/google/go-cmp/cmp"
)

// TestWhatIsExplainedIsWhatWasDecided asks, of every story and of the sample
// night, for the reasons of everything that was decided.
func TestWhatIsExplainedIsWhatWasDecided(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	nights := map[string]func(*testing.T) *job.Job{"sample": sampleNight}
	for _, path := range paths {
		story := readStory(t, path)
		nights[filepath.Base(path)] = func(t *testing.T) *job.Job { return newNight(t, inputs(story)).job(asOf(story["as-of"])) }
	}
	for name, open := range nights {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := open(t)
			r, err := j.Run(t.Context(), interval)
			if err != nil {
				t.Fatal(err)
			}
			reading, err := j.Explain(t.Context(), interval)
			if err != nil {
				t.Fatal(err)
			}
			if reading.RunID != r.RunID {
				t.Errorf("what is explained is run %s, want %s", reading.RunID, r.RunID)
			}
			checkAttempts(t, reading)
			for i := range reading.Calls {
				c := &reading.Calls[i]
				if w := reading.Weigh(c.Leg); w.Call != *c {
					t.Errorf("a leg is weighed as %+v and was decided as %+v", w.Call, *c)
				}
			}
			for _, n := range reading.Shown {
				o := &reading.Outages[n]
				f := reading.Failures(o)
				if len(f) != o.Failures || f[0].Ref != o.First || f[len(f)-1].Ref != o.Last || f[0].Cause != o.Cause {
					t.Errorf("outage %+v is explained by %d failures %+v", *o, len(f), f)
				}
			}
		})
	}
}

func sampleNight(t *testing.T) *job.Job {
	night := sample.New(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC))
	content := files{"cdrmend.yaml": string(night.Config(""))}
	for o := range night.Objects() {
		content[o.Key] = string(o.Body)
	}
	return newNight(t, content).job()
}

// checkAttempts holds the first rule that names a value against the repair, or
// the finding, that came of it.
func checkAttempts(t *testing.T, r *job.Reading) {
	repairs := map[[2]uint32]reconcile.Repair{}
	for _, repair := range r.Repairs {
		repairs[[2]uint32{repair.Entry, uint32(repair.Field)}] = repair
	}
	ambiguous := map[[2]uint32]string{}
	for _, f := range r.Findings {
		if f.Class == reconcile.AmbiguousField {
			ambiguous[[2]uint32{f.Subject, uint32(f.Field)}] = r.Texts.String(f.Detail)
		}
	}
	for _, rec := range r.Recordings {
		for _, f := range r.Lacked(rec.Entry) {
			at := [2]uint32{rec.Entry, uint32(f)}
			var decides reconcile.Attempt
			for _, a := range r.Attempts(rec.Entry, f) {
				if len(a.Values) > 0 {
					decides = a
					break
				}
			}
			repair, repaired := repairs[at]
			values, several := ambiguous[at]
			switch {
			case repaired:
				shown, _ := r.Value(repair)
				refs := slices.Clone(record.RunOf(repair.Evidence, r.Refs))
				if decides.Rule != repair.Rule || !slices.Equal(decides.Values, []string{shown}) || decides.Silent != reconcile.Spoke || cmp.Diff(refs, decides.Refs) != "" && len(refs)+len(decides.Refs) > 0 {
					t.Errorf("%s was repaired by %s with %q from %v, and is explained by %+v", f, repair.Rule, shown, refs, decides)
				}
			case several:
				if strings.Join(decides.Values, ";") != values {
					t.Errorf("%s may be any of %q, and is explained by %+v", f, values, decides)
				}
			case len(decides.Values) > 0 && decides.Silent == reconcile.Spoke:
				t.Errorf("%s was not repaired, and is explained by %+v", f, decides)
			}
			delete(repairs, at)
		}
	}
	if len(repairs) > 0 {
		t.Errorf("nothing explains the repairs %+v", repairs)
	}
}
