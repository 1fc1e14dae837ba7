package explain

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/history"
	"cdrmend/internal/job"
	"cdrmend/internal/object"
	"cdrmend/internal/outside"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/sample"
	"cdrmend/internal/synth"
	"cdrmend/internal/table"
	_ "cdrmend/internal/tempdir"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// scan gathers a story by reading whole tables. It judges each row by itself.
// It is what look-ups are compared with.
type scan struct {
	*gathering
	*batch // of this one story
}

func tellByScan(ctx context.Context, commits []*committed.Commit, whole *history.History, id string) (*Story, error) {
	c := commits[len(commits)-1]
	m := newHit(Asked{ID: id})
	err := search(ctx, map[string][]*hit{id: {m}}, func() {}, func(ctx context.Context, s *table.Schema, _ []string) table.Rows { return c.Table(ctx, s) })
	if err != nil || len(m.kinds) == 0 {
		return nil, err
	}

	alone := &gathering{hit: m, show: redactor(true), story: &Story{
		Format: Format, ID: id, Names: m.names(), Interval: c.Record.Interval, Masked: true, Commit: commitOf(c),
		Recordings: []*Recording{}, Calls: []*Call{}, Outages: []*Outage{}, Findings: []*Finding{},
	}}
	g := scan{alone, &batch{commit: c, list: []*gathering{alone}}}
	for _, step := range []func(context.Context) error{g.recordings, g.calls, g.findings, g.grounds, g.repairs, g.outages, g.objects, g.copies} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	g.attach()

	g.story.History = only(whole, g.story.Findings)
	for i := range g.story.History.Commits {
		g.mask(g.story.History.Commits[i].Events)
	}
	return g.story, nil
}

// only returns the part of a history that is about some findings.
func only(whole *history.History, findings []*Finding) *history.History {
	h := &history.History{Format: whole.Format, Interval: whole.Interval, Commits: []history.Commit{}}
	for _, c := range whole.Commits {
		events := c.Events
		c.Events = []history.Event{} // masking changes them
		for _, e := range events {
			if slices.ContainsFunc(findings, func(f *Finding) bool { return f.row.ID == e.Finding }) {
				c.Events = append(c.Events, e)
			}
		}
		if len(c.Events) == 0 {
			continue
		}
		if c.Events[0].What != history.Closed {
			c.Changes = nil
		}
		h.Commits = append(h.Commits, c)
	}
	return h
}

func (g scan) keep(n int) bool {
	if n < maxRows {
		return true
	}
	g.story.More++
	return false
}

func (g scan) belongs(r *table.Row, at place) (asked, belongs bool) {
	conversation := subject{r.Cell("org_id"), r.Cell("conversation_id")}
	// The id names something about the whole object: all of its rows belong.
	if g.places[place{at.source, at.key, -1}] {
		return false, true
	}

	asked = g.places[at] || g.kinds[ConversationID] && conversation.id == g.id
	return asked, asked || conversation.id != "" && g.conversations[conversation]
}

func (g scan) recordings(ctx context.Context) error {
	for r, err := range g.commit.Table(ctx, table.Recordings) {
		if err != nil {
			return err
		}
		at := placeOf(r)
		if asked, belongs := g.belongs(r, at); belongs && g.keep(len(g.story.Recordings)) {
			g.story.Recordings = append(g.story.Recordings, &Recording{
				Row: g.cells(r), Asked: asked, cells: table.CellsOf(r), place: at, Object: g.object(at), Repairs: []table.Cells{},
			})
		}
	}
	return nil
}

func (g scan) calls(ctx context.Context) error {
	for r, err := range g.commit.Table(ctx, table.Calls) {
		if err != nil {
			return err
		}
		at := placeOf(r)
		asked, belongs := g.belongs(r, at)
		// The story of an outage has every leg that coincides with it.
		if !belongs && !g.outageIDs[r.Cell("outage_id")] {
			continue
		}
		if g.keep(len(g.story.Calls)) {
			g.story.Calls = append(g.story.Calls, &Call{Row: g.cells(r), Asked: asked, cells: table.CellsOf(r), place: at, Object: g.object(at)})
		}
	}
	return nil
}

func (g scan) findings(ctx context.Context) error {
	documents := map[[2]string]bool{}
	for _, r := range g.story.Recordings {
		documents[[2]string{r.place.source, r.place.key}] = true
	}

	for r, err := range g.commit.Table(ctx, table.History) {
		if err != nil {
			return err
		}
		f := table.HistoryOf(r)
		at := place{f.Source, f.ObjectKey, f.Entry}
		_, belongs := g.belongs(r, at)
		// A finding with a negative entry is about the whole document.
		about := f.Entry < 0 && documents[[2]string{f.Source, f.ObjectKey}] || g.outageIDs[f.OutageID] || g.recordingIDs[subject{f.Org, f.Recording}]
		if (belongs || about || g.findingIDs[f.ID]) && g.keep(len(g.story.Findings)) {
			g.story.Findings = append(g.story.Findings, &Finding{Row: g.cells(r), Asked: f.ID == g.id, row: f})
		}
	}
	return nil
}

func (g scan) repairs(ctx context.Context) error {
	for r, err := range g.commit.Table(ctx, table.Repairs) {
		if err != nil {
			return err
		}
		at := placeOf(r)
		for _, rec := range g.story.Recordings {
			if rec.place == at {
				rec.Repairs = append(rec.Repairs, g.cells(r))
			}
		}
	}
	return nil
}

func (g scan) outages(ctx context.Context) error {
	wanted := map[string]bool{}
	for id := range g.outageIDs {
		wanted[id] = true
	}
	for _, f := range g.story.Findings {
		wanted[f.row.OutageID] = true // often empty, which is the id of no outage
	}
	for _, c := range g.story.Calls {
		wanted[c.Row.Get("outage_id")] = true
	}

	for r, err := range g.commit.Table(ctx, table.Outages) {
		if err != nil {
			return err
		}
		if id := r.Cell("outage_id"); wanted[id] {
			g.story.Outages = append(g.story.Outages, &Outage{Row: g.cells(r), Asked: id == g.id, Failures: []Row{}})
		}
	}
	return nil
}

func (g scan) objects(ctx context.Context) error {
	wanted := map[[2]string][]*Object{}
	for _, r := range g.story.Recordings {
		at := [2]string{r.place.source, r.place.key}
		wanted[at] = append(wanted[at], &r.Object)
	}
	for _, c := range g.story.Calls {
		at := [2]string{c.place.source, c.place.key}
		wanted[at] = append(wanted[at], &c.Object)
	}

	// A document that should have been there is in no list, and stays unlisted.
	for in, err := range g.commit.Inputs(ctx) {
		if err != nil {
			return err
		}
		for _, o := range wanted[[2]string{in.Source, in.Key}] {
			o.VersionID, o.ETag, o.Size, o.SHA256, o.Listed = in.VersionID, in.ETag, in.Size, in.SHA256, true
		}
	}
	return nil
}

// nightOf is a directory with what its sources delivered, and a configuration.
type nightOf struct {
	t   *testing.T
	dir string
}

// made are the objects of a night by their keys, with its configuration.
type made map[string][]byte

func (n *nightOf) deliver(files made) {
	n.t.Helper()
	at := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	for name, content := range files {
		path := filepath.Join(n.dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, content, 0o600)
		}
		if err == nil {
			err = os.Chtimes(path, at, at)
		}
		if err != nil {
			n.t.Fatal(err)
		}
	}
}

// run does the interval once more, and returns its commits.
func (n *nightOf) run() func() []*committed.Commit {
	n.t.Helper()
	cfg, err := policy.Load(filepath.Join(n.dir, "cdrmend.yaml"), nil, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	open := func(u policy.Template) object.Store {
		store, err := object.Open(n.t.Context(), object.Location{Dir: u.Dir()}, object.Options{MakeRoot: true})
		if err != nil {
			n.t.Fatal(err)
		}
		return store
	}
	later := record.TimeOf(time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC))
	j := &job.Job{
		Config: cfg, AsOf: later, Now: later.Std, Tool: "test", Random: strings.NewReader("sixteen bytes id"), Log: slog.New(slog.DiscardHandler), Watch: func(string, int64, int64) {},
		Stores: job.Stores{Output: open(cfg.Output.URL)},
	}
	for _, s := range cfg.Sources {
		j.Stores.Sources = append(j.Stores.Sources, open(s.URL))
	}
	if cfg.Media.URL != nil {
		j.Stores.Media = open(*cfg.Media.URL)
	}
	day := policy.IntervalAt(record.TimeOf(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)), 24*time.Hour)
	if _, err := j.Run(n.t.Context(), day); err != nil {
		n.t.Fatal(err)
	}

	out := committed.Output{Store: j.Stores.Output, Root: cfg.Output.URL.Prefix()}
	return func() []*committed.Commit {
		commits, err := out.Commits(n.t.Context(), "2026-11-20")
		if err != nil {
			n.t.Fatal(err)
		}
		return commits
	}
}

// ids returns ids of a commit: of each column that may hold one so many, with the empty
// ones left out, and one that nothing has.
func ids(t *testing.T, c *committed.Commit, each int, random *rand.Rand) []string {
	t.Helper()
	all := map[string]bool{"nobody": true}
	for _, n := range named {
		found := map[string]bool{}
		for r, err := range c.Table(t.Context(), n.schema) {
			if err != nil {
				t.Fatal(err)
			}
			if id := r.Cell(n.column); id != "" {
				found[id] = true
			}
		}
		list := slices.Sorted(maps.Keys(found))
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		for _, id := range list[:min(each, len(list))] {
			all[id] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// compare tells the stories of ids both ways.
func (n *nightOf) compare(commits func() []*committed.Commit, each int, random *rand.Rand) {
	n.t.Helper()
	scanned := commits()
	whole, err := history.Of(n.t.Context(), scanned, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	all := ids(n.t, scanned[len(scanned)-1], each, random)
	var asked []Asked
	for _, id := range all {
		asked = append(asked, Asked{ID: id})
	}
	together, err := TellEach(n.t.Context(), commits(), asked, false)
	if err != nil {
		n.t.Fatal(err)
	}
	for i, id := range all {
		want, err := tellByScan(n.t.Context(), scanned, whole, id)
		if err != nil {
			n.t.Fatal(err)
		}
		got, err := Tell(n.t.Context(), commits(), id, false)
		if err != nil {
			n.t.Fatalf("%s: %v", id, err)
		}
		if diff := cmp.Diff(shown(n.t, want), shown(n.t, got)); diff != "" {
			n.t.Errorf("the story of %s (-by scan +by look-up):\n%.3000s", id, diff)
		}
		if diff := cmp.Diff(shown(n.t, want), shown(n.t, together[i])); diff != "" {
			n.t.Errorf("the story of %s, told with others (-by scan +by look-up):\n%.3000s", id, diff)
		}
	}
}

// shown returns a story as JSON and as a text.
func shown(t *testing.T, s *Story) string {
	t.Helper()
	if s == nil {
		return "none"
	}
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + Text(s)
}

func TestStoriesByLookUpAreThoseOfAScan(t *testing.T) {
	usual, err := os.ReadFile("../../testdata/cdrmend.yaml")
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("../../testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			n := &nightOf{t, t.TempDir()}
			first, later := made{"cdrmend.yaml": usual, "in/m/.keep": nil, "in/c/.keep": nil, "in/r/.keep": nil}, made{}
			for _, f := range archive.Files {
				content := f.Data
				if cut, ok := bytes.CutSuffix(content, []byte("\\\n")); ok {
					content = cut
				}
				if name, ok := strings.CutPrefix(f.Name, "later/in/"); ok {
					later["in/"+name] = content
				} else if strings.HasPrefix(f.Name, "in/") || !strings.Contains(f.Name, "/") && f.Name != "as-of" {
					first[f.Name] = content
				}
			}
			n.deliver(first)
			commits := n.run()
			n.compare(commits, 15, rand.New(rand.NewPCG(1, 2)))
			if len(later) > 0 {
				n.deliver(later)
				n.compare(n.run(), 15, rand.New(rand.NewPCG(1, 2)))
			}
		})
	}

	t.Run("sample", func(t *testing.T) {
		t.Parallel()
		outside.Long(t)
		n, night := &nightOf{t, t.TempDir()}, sample.New(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC))
		files := made{"cdrmend.yaml": night.Config("")}
		for o := range night.Objects() {
			files[o.Key] = o.Body
		}
		n.deliver(files)
		n.compare(n.run(), 12, rand.New(rand.NewPCG(3, 4)))
	})

	for seed := range uint64(outside.Pick(1, 2)) {
		for _, form := range []struct{ profile, manifests, cdrs, tables string }{
			{synth.Cdrmend, synth.JSONLines, synth.CSV, "parquet"},
			{synth.Cdrmend, synth.JSON, synth.CSV, "csv"},
			{synth.GenesysCloud, synth.Sidecars, synth.Details, "csv, parquet"},
		} {
			t.Run(fmt.Sprintf("synth/%d/%s as %s", seed, form.manifests, form.tables), func(t *testing.T) {
				t.Parallel()
				n := &nightOf{t, t.TempDir()}
				first, late := synthetic(t, seed, form.profile, form.manifests, form.cdrs, form.tables)
				n.deliver(first)
				n.run()
				n.deliver(late)
				n.compare(n.run(), outside.Pick(2, 5), rand.New(rand.NewPCG(seed, 6)))
			})
		}
	}
}

// synthetic returns a night with every defect. Some of its objects come late.
func synthetic(t *testing.T, seed uint64, profile, manifests, cdrs, tables string) (first, late made) {
	t.Helper()
	night := &synth.Night{
		Day: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Legs: 400, Seed: seed, Profile: profile, Manifests: manifests, CDRs: cdrs,
		ManifestFiles: 12, CDRFiles: 5, Lines: 50, Failures: synth.UsualFailures(),
	}
	for d := range synth.NumDefects {
		if night.Has(d) && d != synth.MediaLost {
			night.Rates[d] = 0.05
		}
	}
	for cause := range night.Failures {
		if !night.Shows(cause) {
			delete(night.Failures, cause)
		}
	}

	config := bytes.Replace(night.Config(""), []byte("\noutput:\n"), []byte("\noutput:\n  tables: ["+tables+"]\n"), 1)
	first, late = made{"cdrmend.yaml": config}, made{}
	n := 0
	for o := range night.Objects() {
		var content bytes.Buffer
		if err := o.Write(&content); err != nil {
			t.Fatal(err)
		}
		if n++; n%7 == 3 {
			late[o.Key] = content.Bytes()
		} else {
			first[o.Key] = content.Bytes()
		}
	}
	return first, late
}
