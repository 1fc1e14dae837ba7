package job_test

import (
	"bytes"
	"encoding/csv"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/ledger/ledgertest"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	_ "cdrmend/internal/tempdir"

	"github.com/google/go-cmp/cmp"
)

// files are texts by their slash-separated paths.
type files map[string]string

// night is a directory with a configuration and what its sources delivered.
type night struct {
	t   *testing.T
	dir string
}

// label names the interval of all nights.
const label = "2026-11-20"

var (
	interval     = policy.IntervalAt(at("2026-11-20T00:00:00Z"), 24*time.Hour)
	delivered    = time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	lateDelivery = delivered.AddDate(0, 0, 2)
	fiveLater    = at("2026-11-25T00:00:00Z")
)

func at(text string) record.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return record.TimeOf(t)
}

// newNight writes files, and the configuration of the stories unless they hold
// their own.
func newNight(t *testing.T, content files) *night {
	t.Helper()
	n := &night{t, t.TempDir()}
	if _, own := content["cdrmend.yaml"]; !own {
		usual, err := os.ReadFile("../../testdata/cdrmend.yaml")
		if err != nil {
			t.Fatal(err)
		}
		n.deliver(files{"cdrmend.yaml": string(usual)}, delivered)
	}
	n.deliver(files{"in/m/.keep": "", "in/c/.keep": "", "in/r/.keep": ""}, delivered)
	n.deliver(content, delivered)
	return n
}

func (n *night) deliver(content files, modified time.Time) {
	n.t.Helper()
	for name, text := range content {
		path := filepath.Join(n.dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err == nil {
			err = os.Chtimes(path, modified, modified)
		}
		if err != nil {
			n.t.Fatal(err)
		}
	}
}

// job opens the configuration for a run as of five days later.
func (n *night) job(change ...func(*job.Job)) *job.Job {
	n.t.Helper()
	cfg, err := policy.Load(filepath.Join(n.dir, "cdrmend.yaml"), nil, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	open := func(u policy.Template, makeRoot bool) object.Store {
		store, err := object.Open(n.t.Context(), object.Location{Dir: u.Dir()}, object.Options{MakeRoot: makeRoot})
		if err != nil {
			n.t.Fatal(err)
		}
		return store
	}
	j := &job.Job{
		Config: cfg, AsOf: fiveLater, Now: func() time.Time { return fiveLater.Std() }, Tool: "test", Random: strings.NewReader("sixteen bytes id"),
		Log: slog.New(slog.DiscardHandler), Watch: func(string, int64, int64) {},
		Stores: job.Stores{Output: open(cfg.Output.URL, true)},
	}
	for _, s := range cfg.Sources {
		j.Stores.Sources = append(j.Stores.Sources, open(s.URL, false))
	}
	if cfg.Media.URL != nil {
		j.Stores.Media = open(*cfg.Media.URL, false)
	}
	for _, c := range change {
		c(j)
	}
	return j
}

// run does the interval and checks what holds after every run.
func (n *night) run(change ...func(*job.Job)) *report.Run {
	n.t.Helper()
	r, err := n.job(change...).Run(n.t.Context(), interval)
	if err != nil {
		n.t.Fatalf("run: %v", err)
	}
	n.checkCommits()
	return r
}

const outputPrefix = "out/interval=" + label + "/"

// tree returns all files below a path of the night, without the path.
func (n *night) tree(below string) files {
	n.t.Helper()
	found := files{}
	root := filepath.Join(n.dir, filepath.FromSlash(below))
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		found[filepath.ToSlash(name)] = string(b)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		n.t.Fatal(err)
	}
	return found
}

// commits returns the commit records in their order.
func (n *night) commits() []ledger.Record {
	n.t.Helper()
	var list []ledger.Record
	log := n.tree(outputPrefix + "log")
	for _, name := range slices.Sorted(maps.Keys(log)) {
		if !strings.HasSuffix(name, ".json") {
			continue
		}
		r, _, err := ledger.OpenRecord([]byte(log[name]), nil)
		if err != nil {
			n.t.Fatalf("%s: %v", name, err)
		}
		list = append(list, *r)
	}
	return list
}

// checkCommits holds what is stored against the promises of the ledger.
func (n *night) checkCommits() {
	n.t.Helper()
	for _, problem := range ledgertest.Examine(n.tree("out")).Problems() {
		n.t.Error(problem)
	}
}

// within returns the files below a prefix, without it.
func within(all files, prefix string) files {
	found := files{}
	for name, text := range all {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			found[rest] = text
		}
	}
	return found
}

// table is a header and its rows.
type table struct {
	columns []string
	rows    [][]string
}

func readTable(t *testing.T, text string) table {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("no table: %v\n%s", err, text)
	}
	return table{all[0], all[1:]}
}

// only returns the table with some of its columns.
func (tb table) only(t *testing.T, columns []string) table {
	t.Helper()
	picked := table{columns: columns}
	for _, row := range tb.rows {
		var cells []string
		for _, c := range columns {
			i := slices.Index(tb.columns, c)
			if i < 0 {
				t.Fatalf("there is no column %q in %q", c, tb.columns)
			}
			cells = append(cells, row[i])
		}
		picked.rows = append(picked.rows, cells)
	}
	return picked
}

// String is the table as CSV.
func (tb table) String() string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(tb.columns)
	w.WriteAll(tb.rows)
	return b.String()
}

// table reads a table of a run.
func (n *night) table(r *report.Run, name string) table {
	n.t.Helper()
	return readTable(n.t, n.tree(outputPrefix + "runs/" + r.RunID)[name+".csv"])
}

// same fails when two trees differ.
func same(t *testing.T, what string, want, got files) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
