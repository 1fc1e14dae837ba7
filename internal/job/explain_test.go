package job_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/match"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/sample"

	"github.com/google/go-cmp/cmp"
)

// TestWhatIsExplainedIsWhatWasDecided asks, of every story and of the sample
// night, for the reasons of everything that was decided.
func TestWhatIsExplainedIsWhatWasDecided(t *testing.T) {
	for name, open := range storiedNights(t) {
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
				if len(f) != o.Failures || len(f) > 0 && (f[0].Ref != o.First || f[len(f)-1].Ref != o.Last || f[0].Cause != o.Cause) {
					t.Errorf("outage %+v is explained by %d failures %+v", *o, len(f), f)
				}
			}
		})
	}
}

// storiedNights returns the nights of all stories, the sample night, and one in which
// every rule applies.
func storiedNights(t *testing.T) map[string]func(*testing.T) *job.Job {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	nights := map[string]func(*testing.T) *job.Job{"sample": sampleNight, "every rule": everyRule}
	for _, path := range paths {
		story := readStory(t, path)
		nights[filepath.Base(path)] = func(t *testing.T) *job.Job { return newNight(t, inputs(story)).job(asOf(story["as-of"])) }
	}
	return nights
}

// everyRule is a night in which each rule fills a value, or must not.
func everyRule(t *testing.T) *job.Job {
	const id = "6f0a7c52-3e1d-4b8a-9c47-d2b15e8f6a30"
	n := newNight(t, files{
		"in/m/date=2026-11-20/a.json": `[
{"conversation_id":"c1","trunk_id":"T1","media_key":"x/` + id + `.opus","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"},
{"recording_id":"r2","trunk_id":"T1","start_time":"2026-11-20T10:00:00Z","duration_ms":300000},
{"recording_id":"r3","conversation_id":"c3","line_id":"L1","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"},
{"recording_id":"r4","conversation_id":"c4","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"},
{"recording_id":"r5","conversation_id":"c5","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"},
{"conversation_id":"c6","trunk_id":"T1","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"},
{"conversation_id":"c7","trunk_id":"T1","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"},
{"conversation_id":"c7","trunk_id":"T1","start_time":"2026-11-20T10:05:00Z","end_time":"2026-11-20T10:10:00Z"},
{"recording_id":"r8","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"}]`,
		"in/c/date=2026-11-20/a.csv": `conversation_id,leg_id,recording_ids,trunk_id,start_time,answer_time,end_time
c2,1,r2,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z
c4,1,r4,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z
c5,1,,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z
c5,2,,,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z
c6,1,r6,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z
c7,1,r7,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:10:00Z
c8,1,r8,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z
c9,1,r8,T2,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z
`,
		"in/r/date=2026-11-20/a.jsonl": `{"time":"2026-11-20T09:00:00Z","trunk_id":"T9","line_id":"L1","status":200,"expiry_seconds":3600}` + "\n",
	})
	j := n.job()
	r, err := j.Explain(t.Context(), interval)
	if err != nil {
		t.Fatal(err)
	}
	rules := map[match.Rule]bool{}
	for _, repair := range r.Repairs {
		rules[repair.Rule] = true
	}
	for _, rule := range []match.Rule{
		match.RuleMediaKey, match.RuleSoleUnclaimed, match.RuleCDRRecording, match.RuleCDRConversation, match.RuleRegistrationLine, match.RuleArithmetic,
	} {
		if !rules[rule] {
			t.Errorf("no value is filled in by rule %s", rule)
		}
	}
	return j
}

func sampleNight(t *testing.T) *job.Job {
	night := sample.New(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC))
	return newNight(t, sampleFiles(night)).job()
}

// checkAttempts holds the first rule that names a value against the repair, or
// the finding, that came of it.
func checkAttempts(t *testing.T, r *job.Reading) {
	repairs := map[[2]uint32]match.Repair{}
	for _, repair := range r.Repairs {
		repairs[[2]uint32{repair.Entry, uint32(repair.Field)}] = repair
	}
	ambiguous := map[[2]uint32]string{}
	for f := range r.Findings {
		if f.Class == reconcile.AmbiguousField {
			ambiguous[[2]uint32{f.Subject, uint32(f.Field)}] = r.Texts.String(f.Detail)
		}
	}
	for _, rec := range r.Recordings {
		for _, f := range r.Lacked(rec.Entry) {
			at := [2]uint32{rec.Entry, uint32(f)}
			var decides match.Attempt
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
				shown, _ := repair.Value(r.Evidence)
				refs := slices.Clone(record.SectionOf(repair.Evidence, r.Refs))
				if decides.Rule != repair.Rule || !slices.Equal(decides.Values, []string{shown}) || decides.Silent != match.Spoke || cmp.Diff(refs, decides.Refs) != "" && len(refs)+len(decides.Refs) > 0 {
					t.Errorf("%s was repaired by %s with %q from %v, and is explained by %+v", f, repair.Rule, shown, refs, decides)
				}
			case several:
				if strings.Join(decides.Values, ";") != values {
					t.Errorf("%s may be any of %q, and is explained by %+v", f, values, decides)
				}
			case !r.SourceOfEntry(&r.Entries[rec.Entry]).Required.Has(f):
				// Of recordings without metadata, what was filled in is no repair.
				if shown, _ := (match.Repair{Entry: rec.Entry, Field: f}).Value(r.Evidence); !slices.Equal(decides.Values, []string{shown}) || decides.Silent != match.Spoke {
					t.Errorf("%s was filled in with %q, and is explained by %+v", f, shown, decides)
				}
			case len(decides.Values) > 0 && decides.Silent == match.Spoke:
				t.Errorf("%s was not repaired, and is explained by %+v", f, decides)
			}
			delete(repairs, at)
		}
	}
	if len(repairs) > 0 {
		t.Errorf("nothing explains the repairs %+v", repairs)
	}
}
