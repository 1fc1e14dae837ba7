package committed_test

import (
	"bytes"
	"strings"
	"testing"

	"cdrmend/internal/committed"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"

	"github.com/google/go-cmp/cmp"
)

const label = "2026-11-20"

// out is an output under construction, with one interval.
type out struct {
	t *testing.T
	committed.Output
	ledger   *ledger.Interval
	previous string
	number   int64
	summed   bool // records name sums of blocks
}

func newOut(t *testing.T) *out {
	t.Helper()
	store, err := object.Open(t.Context(), object.Location{Dir: t.TempDir()}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := &out{t: t, Output: committed.Output{Store: store, Root: "out/", Scratch: t.TempDir()}}
	o.ledger = (&ledger.Output{Store: store, Root: o.Root, Name: "n"}).Interval(label)
	return o
}

// commit commits a run with an outage in the given formats.
func (o *out) commit(id string, formats ...string) {
	o.t.Helper()
	run := o.ledger.NewRun(id, "")
	var csv, parquet bytes.Buffer
	rows := func(yield func(*table.Row, error) bool) {
		var r table.Row
		r.Reset(table.Outages)
		r.AddText("out-" + id)
		for range len(table.Outages.Columns) - 1 {
			r.AddNull()
		}
		yield(&r, nil)
	}
	if err := table.Write(table.Outages, rows, &csv, &parquet); err != nil {
		o.t.Fatal(err)
	}
	var history []ledger.File
	for _, format := range formats {
		spool := scratch.NewSpool("")
		_, _ = spool.Write(map[string][]byte{".csv": csv.Bytes(), ".parquet": parquet.Bytes()}[format])
		o.must(run.Put(o.t.Context(), "outages"+format, spool))
		f, err := o.ledger.PutLog(o.t.Context(), id+".history"+format, spool)
		o.must(err)
		history = append(history, f)
	}
	sum, err := run.Finish(o.t.Context(), nil)
	o.must(err)
	o.number++
	head, err := o.ledger.Commit(o.t.Context(), ledger.Record{
		Format: ledger.RecordFormat, Number: o.number, Name: "n", Interval: label, RunID: id, RunSHA256: sum,
		History: history, Neighbours: []ledger.Neighbour{}, Previous: o.previous,
	})
	o.must(err)
	o.previous = head.SHA256
}

func (o *out) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func TestLabelsAreThoseOfFolders(t *testing.T) {
	o := newOut(t)
	for _, key := range []string{
		"out/interval=2026-11-21/log/x", "out/interval=2026-11-20T08/a", "out/interval=2026-11-20/a",
		"out/interval=2026-11-22", "out/interval=tomorrow/a", "out/other/a", "interval=2026-11-23/a",
	} {
		o.must(o.Store.Create(t.Context(), key, object.ContentOf([]byte(key))))
	}
	got, err := o.Labels(t.Context())
	if diff := cmp.Diff([]string{"2026-11-20", "2026-11-20T08", "2026-11-21"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestTheNewestTableIsReadInWhateverFormatItHas(t *testing.T) {
	o := newOut(t)
	if c, err := o.Newest(t.Context(), label); c != nil || err != nil {
		t.Fatalf("an interval without commits has %v, %v", c, err)
	}
	for _, test := range []struct {
		id, want string
		formats  []string
	}{{"a", "outages.csv", []string{".csv"}}, {"b", "outages.parquet", []string{".csv", ".parquet"}}} {
		o.commit(test.id, test.formats...)
		c, err := o.Newest(t.Context(), label)
		o.must(err)
		f, err := c.TableFile(t.Context(), table.Outages)
		if want := "out/interval=2026-11-20/runs/" + test.id + "/" + test.want; err != nil || f.Path != want {
			t.Errorf("the table is %+v, %v, want %s", f, err, want)
		}
		for r, err := range c.Table(t.Context(), table.Outages) {
			if err != nil || r.Text(0) != "out-"+test.id {
				t.Errorf("got %v, %v", r, err)
			}
		}
	}
	commits, err := o.Commits(t.Context(), label)
	if err != nil || len(commits) != 2 || commits[0].Record.RunID != "a" || commits[1].Record.RunID != "b" {
		t.Errorf("commits are %v, %v", commits, err)
	}
}

// A table that is not the committed one is no table.
func TestWhatWasChangedIsNotRead(t *testing.T) {
	for _, changed := range []string{"outages.csv", "run.json"} {
		o := newOut(t)
		o.commit("a", ".csv")
		list := o.Store.List(t.Context(), "")
		other := newOut(t)
		for info, err := range list {
			o.must(err)
			body, err := o.Store.Open(t.Context(), info, 0)
			o.must(err)
			var b bytes.Buffer
			_, err = b.ReadFrom(body)
			o.must(err)
			if strings.HasSuffix(info.Key, "/"+changed) {
				b.WriteByte('\n')
			}
			other.must(other.Store.Create(t.Context(), info.Key, object.ContentOf(b.Bytes())))
		}
		c, err := other.Newest(t.Context(), label)
		other.must(err)
		var last error
		for _, err := range c.Table(t.Context(), table.Outages) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), changed+"\"") || !strings.Contains(last.Error(), "SHA-256") {
			t.Errorf("%s was changed, and reading the table ends with %v", changed, last)
		}
	}
}

func TestARecordThatDoesNotFollowItsPredecessorIsNamed(t *testing.T) {
	o := newOut(t)
	o.commit("a", ".csv")
	o.previous = strings.Repeat("0", 64)
	o.commit("b", ".csv")
	if _, err := o.Commits(t.Context(), label); err == nil || !strings.Contains(err.Error(), "commit record 2") {
		t.Errorf("the chain is read: %v", err)
	}
}
