package job_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/explain"
	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/outside"
	"cdrmend/internal/policy"
	"cdrmend/internal/synth"
	tables "cdrmend/internal/table"
)

// answers counts the legs whose verdict was asked for, and those for which a part of the
// inputs did not show what was committed.
type answers struct{ legs, whole int }

// askAll runs a night and asks for every leg, each from the inputs that it needs alone.
// It logs why some need all of them.
func askAll(t *testing.T, j *job.Job, most int) (n answers) {
	t.Helper()
	if _, err := j.Run(t.Context(), interval); err != nil {
		t.Fatal(err)
	}
	root := j.Config.Output.URL.Prefix()
	commits, err := (&committed.Output{Store: j.Stores.Output, Root: root}).Commits(t.Context(), label)
	if err != nil {
		t.Fatal(err)
	}
	c := commits[len(commits)-1]
	t.Cleanup(c.Close)
	raw, err := (&ledger.Output{Store: j.Stores.Output, Root: root}).ReadNight(t.Context(), c.Record)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]int{} // with their legs
	for r, err := range c.Table(t.Context(), tables.Calls) {
		if err != nil {
			t.Fatal(err)
		}
		id := r.Cell("conversation_id")
		if id == "" {
			id = r.Cell("leg_id")
		}
		if id != "" {
			ids[id]++
		}
	}
	for id, legs := range ids {
		if n.legs >= most {
			break
		}
		story, err := explain.Tell(t.Context(), commits, id, true)
		if err != nil || story == nil {
			t.Fatalf("the story of %s: %v, %v", id, story, err)
		}
		n.legs += legs
		if err := deepenPart(t, j, story, c, raw); err != nil {
			n.whole += legs
			t.Logf("%s needs all inputs: %v", id, err)
		}
	}
	return n
}

func deepenPart(t *testing.T, j *job.Job, story *explain.Story, c *committed.Commit, known []byte) error {
	t.Helper()
	r, err := j.ExplainPart(t.Context(), interval, known, func(context.Context) (*job.Part, error) { return story.Rows(c), nil })
	if err != nil {
		t.Fatal(err)
	}
	return story.Deepen(r)
}

// A part of the inputs, with what is known of the night, decides as all of them did.
func TestFewInputsShowWhatAllOfThemDo(t *testing.T) {
	for name, open := range storiedNights(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := askAll(t, open(t), 12); n.whole > 0 {
				t.Errorf("%d of %d legs need all inputs", n.whole, n.legs)
			}
		})
	}
}

// noticed is a store that says when an object is opened.
type noticed struct {
	object.Store
	open func()
}

func (n noticed) Open(ctx context.Context, info object.Info, from int64) (io.ReadCloser, error) {
	n.open()
	return n.Store.Open(ctx, info, from)
}

// Over a network that saves the time of a request.
func TestRegistrationsAreReadBeforeTheRowsOfAPartAreFound(t *testing.T) {
	j := synthNight(t, synth.Night{Legs: 60, Manifests: synth.JSONLines, CDRs: synth.CSV}).job()
	if _, err := j.Run(t.Context(), interval); err != nil {
		t.Fatal(err)
	}
	out := &ledger.Output{Store: j.Stores.Output, Root: j.Config.Output.URL.Prefix()}
	head, err := out.Interval(label).Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	known, err := out.ReadNight(t.Context(), head.Record)
	if err != nil {
		t.Fatal(err)
	}

	opened, end := context.WithTimeout(t.Context(), time.Minute)
	defer end()
	for i := range j.Config.Sources {
		if j.Config.Sources[i].Kind == policy.Registrations {
			j.Stores.Sources[i] = noticed{j.Stores.Sources[i], end}
		}
	}
	_, err = j.ExplainPart(t.Context(), interval, known, func(context.Context) (*job.Part, error) {
		<-opened.Done()
		if opened.Err() != context.Canceled {
			t.Error("no registration log was opened in a minute")
		}
		return &job.Part{Find: func(context.Context, []string) ([]job.Place, error) { return nil, nil }}, nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Of random and synthetic nights, no more than one leg in a thousand needs all inputs.
func TestHardlyALegNeedsAllInputs(t *testing.T) {
	outside.Long(t)
	nights := map[string]func(*testing.T) *night{}
	for seed := range uint64(8) {
		nights[fmt.Sprintf("random %d", seed)] = func(t *testing.T) *night {
			r := rand.New(rand.NewPCG(seed, 3))
			return randomRows(r).night(t, r)
		}
	}
	for name, n := range map[string]synth.Night{
		"export":   {Legs: 600, Manifests: synth.JSONLines, CDRs: synth.CSV, ManifestFiles: 8, CDRFiles: 6, Margins: true},
		"overlap":  {Legs: 300, Nights: 3, Manifests: synth.JSON, CDRs: synth.CSV, ManifestFiles: 4, CDRFiles: 3},
		"sidecars": {Legs: 300, Nights: 3, Profile: synth.GenesysCloud, Manifests: synth.Sidecars, CDRs: synth.Details, CDRFiles: 3},
		"twilio":   {Legs: 300, Profile: "twilio", Manifests: synth.JSON, CDRs: "json"},
		"freepbx":  {Legs: 300, Profile: "freepbx", Manifests: "names", CDRs: synth.CSV},
	} {
		nights[name] = func(t *testing.T) *night { return synthNight(t, n) }
	}

	var mu sync.Mutex
	var all answers
	t.Run("nights", func(t *testing.T) {
		for name, open := range nights {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				n := askAll(t, open(t).job(), 60)
				mu.Lock()
				defer mu.Unlock()
				all.legs, all.whole = all.legs+n.legs, all.whole+n.whole
			})
		}
	})
	t.Logf("of %d legs, %d need all inputs", all.legs, all.whole)
	if all.whole*1000 > all.legs || all.legs < 300 {
		t.Errorf("of %d legs, %d need all inputs", all.legs, all.whole)
	}
}

// synthNight writes a night with the usual defects, of which the interval is the first
// or the middle one.
func synthNight(t *testing.T, n synth.Night) *night {
	t.Helper()
	n.Day, n.Seed, n.Lines, n.Profile = interval.Start.Std().AddDate(0, 0, -n.Nights/2), 5, 8, cmp.Or(n.Profile, synth.Cdrmend)
	n.ManifestFiles, n.CDRFiles = max(1, n.ManifestFiles), max(1, n.CDRFiles)
	for d := range synth.NumDefects {
		if n.Has(d) {
			n.Rates[d] = synth.Usual[d]
		}
	}
	if err := n.Check(); err != nil {
		t.Fatal(err)
	}
	content := files{"cdrmend.yaml": string(n.Config(""))}
	for o := range n.Objects() {
		var b bytes.Buffer
		if err := o.Write(&b); err != nil {
			t.Fatal(err)
		}
		content[o.Key] = b.String()
	}
	return newNight(t, content)
}
