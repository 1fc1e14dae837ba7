package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/ledger"
	"cdrmend/internal/notify"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"
	_ "cdrmend/internal/tempdir"
)

const label = "2026-11-20"

// out is an output under construction, with one interval.
type out struct {
	t *testing.T
	committed.Output
	ledger   *ledger.Interval
	previous string
	number   int64
}

func newOut(t *testing.T) *out {
	t.Helper()
	store, err := object.Open(t.Context(), object.Location{Dir: t.TempDir()}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := &out{t: t, Output: committed.Output{Store: store, Root: "out/"}}
	o.ledger = (&ledger.Output{Store: store, Root: o.Root, Name: "n"}).Interval(label)
	return o
}

// finding is a row of the table, as far as a notice depends on it.
type finding struct{ id, severity, status string }

func open(severity string, from, to int) (list []finding) {
	for i := from; i < to; i++ {
		list = append(list, finding{fmt.Sprintf("fnd-%016d", i), severity, "open"})
	}
	return list
}

// commit commits a run with some findings.
func (o *out) commit(findings ...finding) {
	o.t.Helper()
	var csv bytes.Buffer
	err := table.Write(table.Findings, func(yield func(*table.Row, error) bool) {
		var r table.Row
		for _, f := range findings {
			r.Reset(table.Findings)
			for _, c := range table.Findings.Columns {
				switch c.Name {
				case "finding_id":
					r.AddText(f.id)
				case "severity":
					r.AddText(f.severity)
				case "status":
					r.AddText(f.status)
				default:
					r.AddNull()
				}
			}
			if !yield(&r, nil) {
				return
			}
		}
	}, &csv, nil)
	o.must(err)

	o.number++
	run := o.ledger.NewRun(fmt.Sprintf("run%d", o.number), "")
	spool := scratch.NewSpool("")
	_, _ = spool.Write(csv.Bytes())
	o.must(run.Put(o.t.Context(), "findings.csv", spool))
	sum, err := run.Finish(o.t.Context(), nil)
	o.must(err)
	head, err := o.ledger.Commit(o.t.Context(), ledger.Record{
		Format: ledger.RecordFormat, Number: o.number, Name: "n", Interval: label, RunID: fmt.Sprintf("run%d", o.number), RunSHA256: sum,
		History: []ledger.File{}, Neighbours: []ledger.Neighbour{}, Previous: o.previous,
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

// A finding is told once, and again when it opens again.
func TestANoticeNamesWhatIsCriticalAndWasNotOpenBefore(t *testing.T) {
	o := newOut(t)
	if n, err := notify.Compose(t.Context(), &o.Output, label); n != nil || err != nil {
		t.Errorf("of no commit: %+v, %v", n, err)
	}
	for step, s := range []struct {
		what     string
		findings []finding
		want     []finding // nil: no notice
	}{
		{"nothing", nil, nil},
		{"all but critical ones that are open", slices.Concat(open("major", 0, 3), []finding{{"fnd-a", "critical", "accepted"}, {"fnd-b", "critical", "repaired"}}), nil},
		{"two", open("critical", 1, 3), open("critical", 1, 3)},
		{"the same", open("critical", 1, 3), nil},
		{"one more, one less", open("critical", 2, 4), open("critical", 3, 4)},
		{"the one that was closed opens again", open("critical", 1, 3), open("critical", 1, 2)},
	} {
		o.commit(s.findings...)
		n, err := notify.Compose(t.Context(), &o.Output, label)
		o.must(err)
		if (n == nil) != (s.want == nil) {
			t.Errorf("%d, %s: %+v", step, s.what, n)
			continue
		}
		if n == nil {
			continue
		}
		var want []string
		for _, f := range s.want {
			want = append(want, f.id)
		}
		if !slices.Equal(n.Findings, want) || n.NewCritical != int64(len(want)) || n.Commit != int64(step+1) || n.CommitSHA256 != o.previous || n.RunID != fmt.Sprintf("run%d", step+1) ||
			!strings.HasSuffix(n.URL, "/out/interval="+label+"/runs/"+n.RunID+"/") || n.Format != notify.Format || n.Interval != label || n.Name != "n" {
			t.Errorf("%d, %s: %+v, want %q", step, s.what, n, want)
		}
	}
}

func TestANoticeOfManyFindingsCountsAllAndNamesAHundred(t *testing.T) {
	o := newOut(t)
	o.commit(open("critical", 0, 250)...)
	n, err := notify.Compose(t.Context(), &o.Output, label)
	if err != nil || n.NewCritical != 250 || len(n.Findings) != 100 || n.Findings[99] != "fnd-0000000000000099" {
		t.Errorf("%v: counts %d, names %d", err, n.NewCritical, len(n.Findings))
	}
}

// What cannot be read makes no notice that tells less.
func TestNoNoticeIsMadeOfATableThatCannotBeRead(t *testing.T) {
	o := newOut(t)
	o.commit(open("critical", 0, 1)...)
	o.commit(open("critical", 0, 2)...)
	o.must(o.Store.Remove(t.Context(), "out/interval="+label+"/runs/run1/findings.csv"))
	if n, err := notify.Compose(t.Context(), &o.Output, label); n != nil || err == nil || !strings.Contains(err.Error(), "run1/findings.csv") {
		t.Errorf("got %+v, %v", n, err)
	}
}

// receiver answers with a status, and keeps what it got.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	heads  []http.Header
	bodies [][]byte
}

func newReceiver(t *testing.T, status int) *receiver {
	t.Helper()
	r := &receiver{status: status}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.heads, r.bodies = append(r.heads, req.Header), append(r.bodies, body); err != nil || req.Method != http.MethodPost {
			t.Errorf("%s: %v", req.Method, err)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(r.status)
		fmt.Fprint(w, "what the server says of token-in-path")
	}))
	t.Cleanup(r.Close)
	return r
}

func TestAMessageIsSignedAndHasAKeyByWhichARepetitionIsKnown(t *testing.T) {
	r := newReceiver(t, 204)
	to := policy.Notify{URL: r.URL + "/token-in-path", Key: []byte("shared")}
	n := &notify.Notice{Format: notify.Format, Interval: label, CommitSHA256: "c0ffee", Findings: []string{"fnd-1"}}
	stop := notify.Stopped{Name: "n", Time: time.Unix(9, 0).UTC(), Stopped: notify.Stop{ExitCode: 3, Reason: "store"}, Intervals: strings.Fields(strings.Repeat(label+" ", 120))}
	if err := errors.Join(notify.Send(t.Context(), to, n), notify.SendStopped(t.Context(), to, stop), notify.SendStopped(t.Context(), to, stop)); err != nil {
		t.Fatal(err)
	}
	for i, body := range r.bodies {
		if got := r.heads[i].Get(notify.SignatureHeader); got != notify.Signature([]byte("shared"), body) || r.heads[i].Get("Content-Type") != "application/json" {
			t.Errorf("message %d has the headers %v", i, r.heads[i])
		}
	}
	key := func(i int) string { return r.heads[i].Get(notify.IdempotencyHeader) }
	if key(0) != "c0ffee" || key(1) == "" || key(1) != key(2) {
		t.Errorf("the keys are %q, %q, %q", key(0), key(1), key(2))
	}
	var got notify.Stopped
	if err := json.Unmarshal(r.bodies[1], &got); err != nil || got.Format != notify.StoppedFormat || got.Missing != 120 || len(got.Intervals) != 100 {
		t.Errorf("%v: %d of %d intervals are named", err, len(got.Intervals), got.Missing)
	}
	if len(stop.Intervals) != 120 {
		t.Error("the caller's list was changed")
	}
}

// One attempt is made, and the URL, which is a secret, is in no error.
func TestAFailedMessageIsAnErrorWithoutTheURL(t *testing.T) {
	n := &notify.Notice{Interval: label}
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, test := range map[string]struct {
		url  func(t *testing.T) (string, func() int)
		want string
	}{
		"500":          {answering(500), "500"},
		"a redirect":   {answering(307), "307"},
		"nobody there": {func(*testing.T) (string, func() int) { return gone.URL, nil }, "refused"},
		"no URL":       {func(*testing.T) (string, func() int) { return "ftp://host", nil }, "notify.url cannot be used"},
		"no text":      {func(*testing.T) (string, func() int) { return "http://h\x00st", nil }, "notify.url cannot be used"},
	} {
		url, requests := test.url(t)
		err := notify.Send(t.Context(), policy.Notify{URL: url + "/token-in-path?key=value"}, n)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), label) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
		if err != nil && (strings.Contains(err.Error(), "token-in-path") || strings.Contains(err.Error(), "key=value")) {
			t.Errorf("%s: the error tells the URL: %v", name, err)
		}
		if requests != nil && requests() != 1 {
			t.Errorf("%s: %d requests were made, want 1", name, requests())
		}
	}
}

func answering(status int) func(t *testing.T) (string, func() int) {
	return func(t *testing.T) (string, func() int) {
		r := newReceiver(t, status)
		return r.URL, func() int { r.mu.Lock(); defer r.mu.Unlock(); return len(r.bodies) }
	}
}

func TestAMessageEndsWithItsContext(t *testing.T) {
	held := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-held }))
	defer server.Close()
	defer close(held)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := notify.Send(ctx, policy.Notify{URL: server.URL}, &notify.Notice{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
