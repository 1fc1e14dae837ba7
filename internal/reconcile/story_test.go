package reconcile_test

import (
	"context"
	"encoding/csv"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intake"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
	"cdrmend/internal/table"
	_ "cdrmend/internal/tempdir"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestStories decides every story of testdata and compares the tables that it
// wants. What is written of a decision, and what a second delivery changes, is
// tested by the stories in internal/job.
func TestStories(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			story, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			tell(t, story)
		})
	}
}

func tell(t *testing.T, story *txtar.Archive) {
	dir, asOf := t.TempDir(), "2026-11-25T00:00:00Z"
	usual, err := os.ReadFile("../../testdata/cdrmend.yaml")
	if err != nil {
		t.Fatal(err)
	}
	deliver(t, dir, "cdrmend.yaml", string(usual))
	for _, source := range []string{"m", "c", "r"} {
		deliver(t, dir, "in/"+source+"/.keep", "")
	}
	wanted := map[string]string{}
	for _, f := range story.Files {
		text := string(f.Data)
		if cut, ok := strings.CutSuffix(text, "\\\n"); ok {
			text = cut // the file ends without a newline
		}
		name, isWanted := strings.CutPrefix(f.Name, "wanted/")
		switch {
		case isWanted:
			wanted[name] = text
		case f.Name == "as-of":
			asOf = strings.TrimSpace(text)
		case strings.HasPrefix(f.Name, "in/") || !strings.Contains(f.Name, "/"):
			deliver(t, dir, f.Name, text)
		}
	}

	d := decideStory(t, dir, asOf)
	for name, rows := range map[string]table.Rows{
		"findings.csv": d.FindingRows, "calls.csv": d.CallRows, "repairs.csv": d.RepairRows("2026-11-20"),
		"outages.csv": d.OutageRows, "recordings.csv": d.RecordingRows,
	} {
		if text, ok := wanted[name]; ok {
			want, err := csv.NewReader(strings.NewReader(text)).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, append(want[:1:1], cellsOf(t, rows, want[0])...)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}

func deliver(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	delivered := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err == nil {
		err = os.Chtimes(path, delivered, delivered)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// decideStory reads the inputs below a directory and decides them.
func decideStory(t *testing.T, dir, asOf string) *reconcile.Decision {
	t.Helper()
	cfg, err := policy.Load(filepath.Join(dir, "cdrmend.yaml"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	now, err := time.Parse(time.RFC3339, asOf)
	if err != nil {
		t.Fatal(err)
	}
	request := intake.Request{Config: cfg, AsOf: record.TimeOf(now), Tool: "test"}
	open := func(u policy.Template) object.Store {
		store, err := object.Open(t.Context(), object.Location{Dir: u.Dir()}, object.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	for _, s := range cfg.Sources {
		request.Sources = append(request.Sources, open(s.URL))
	}
	if cfg.Media.URL != nil {
		request.Media = open(*cfg.Media.URL)
	}

	ctx := context.Background()
	inputs, err := intake.List(ctx, request, policy.IntervalAt(record.TimeOf(nighttest.Midnight), cfg.Interval))
	if err != nil {
		t.Fatal(err)
	}
	ev, account, err := intake.Read(ctx, inputs, intake.Options{
		Log: slog.New(slog.DiscardHandler), Progress: func(string, int64, int64) {}, Release: func() {},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { account.Close() })
	d := reconcile.Decide(ev, evidence.Spread{Part: 2, Each: nighttest.InOrder, Pause: func() {}})
	places, err := intake.Locate(ctx, inputs, d)
	if err != nil {
		t.Fatal(err)
	}
	d.Complete(places)
	return d
}

// cellsOf returns some columns of a table.
func cellsOf(t *testing.T, rows table.Rows, columns []string) (all [][]string) {
	t.Helper()
	for r, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		var cells []string
		for _, c := range columns {
			cells = append(cells, r.Cell(c))
		}
		all = append(all, cells)
	}
	return all
}
