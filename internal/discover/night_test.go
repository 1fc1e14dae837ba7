package discover_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/synth"
	"cdrmend/internal/table"
	_ "cdrmend/internal/tempdir"
)

// night is a synthetic night with defects, whose run was committed.
type night struct {
	dir string
	out *committed.Output
}

func newNight(t *testing.T, seed uint64, tables string) *night {
	t.Helper()
	made := &synth.Night{
		Day: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Legs: 150, Seed: seed, Profile: synth.GenesysCloud, Manifests: synth.Sidecars, CDRs: synth.Details,
		CDRFiles: 5, Lines: 50, Failures: synth.UsualFailures(),
	}
	for d := range synth.NumDefects {
		if made.Has(d) && d != synth.MediaLost {
			made.Rates[d] = 0.05
		}
	}
	for cause := range made.Failures {
		if !made.Shows(cause) {
			delete(made.Failures, cause)
		}
	}

	n := &night{dir: t.TempDir()}
	put := func(name string, content []byte) {
		path, at := filepath.Join(n.dir, filepath.FromSlash(name)), time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, content, 0o600)
		}
		if err == nil {
			err = os.Chtimes(path, at, at)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put("cdrmend.yaml", bytes.Replace(made.Config(""), []byte("\noutput:\n"), []byte("\noutput:\n  tables: ["+tables+"]\n"), 1))
	for o := range made.Objects() {
		var content bytes.Buffer
		if err := o.Write(&content); err != nil {
			t.Fatal(err)
		}
		put(o.Key, content.Bytes())
	}
	n.run(t)
	return n
}

// open opens a directory of the night.
func open(t *testing.T, u policy.Template) object.Store {
	t.Helper()
	store, err := object.Open(t.Context(), object.Location{Dir: u.Dir()}, object.Options{MakeRoot: true})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func (n *night) run(t *testing.T) {
	t.Helper()
	cfg, err := policy.Load(filepath.Join(n.dir, "cdrmend.yaml"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	later := record.TimeOf(time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC))
	j := &job.Job{
		Config: cfg, AsOf: later, Now: later.Std, Tool: "test", Random: strings.NewReader("sixteen bytes id"), Log: slog.New(slog.DiscardHandler), Watch: func(string, int64, int64) {},
		Stores: job.Stores{Output: open(t, cfg.Output.URL)},
	}
	for _, s := range cfg.Sources {
		j.Stores.Sources = append(j.Stores.Sources, open(t, s.URL))
	}
	if cfg.Media.URL != nil {
		j.Stores.Media = open(t, *cfg.Media.URL)
	}
	if _, err := j.Run(t.Context(), policy.IntervalAt(record.TimeOf(made), 24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	n.out = &committed.Output{Store: j.Stores.Output, Root: cfg.Output.URL.Prefix()}
}

var made = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

const label = "2026-11-20"

func (n *night) newest(t *testing.T) *committed.Commit {
	t.Helper()
	c, err := n.out.Newest(t.Context(), label)
	if err != nil || c == nil {
		t.Fatalf("the night has no commit: %v", err)
	}
	t.Cleanup(c.Close)
	return c
}

func (n *night) ledger() *ledger.Output { return &ledger.Output{Store: n.out.Store, Root: n.out.Root} }

// all returns all rows of a table.
func all(t *testing.T, c *committed.Commit, s *table.Schema) (list []table.Cells) {
	t.Helper()
	for row, err := range c.Table(t.Context(), s) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, table.CellsOf(row))
	}
	return list
}
