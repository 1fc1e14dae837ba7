package hold_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/hold"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
	_ "cdrmend/internal/tempdir"
	"cdrmend/internal/token"
)

// world is a bucket with Object Lock as input, and an output with a journal.
type world struct {
	*testing.T
	server *objecttest.Server
	store  object.Store // the bucket
	out    *hold.Output
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server := objecttest.Gateway(t, objecttest.GatewayOptions{Accounts: true})
	server.Setenv(t)
	server.Bucket(t, "rec", objecttest.Locked)
	dir, err := object.Open(t.Context(), object.Location{Dir: t.TempDir()}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := token.Generate("ed25519")
	if err != nil {
		t.Fatal(err)
	}
	key, err := token.ParseSigner(text, "k")
	if err != nil {
		t.Fatal(err)
	}
	led := &ledger.Output{Store: dir, Name: "night", Signer: key, Keys: key.Public(), Random: strings.NewReader("sixteen bytes id")}
	w := &world{T: t, server: server}
	w.out = &hold.Output{Output: led, Scratch: t.TempDir(), Concurrency: 4, Tool: "test", Watch: func(string, int64, int64) {}, Now: func() time.Time { return time.Unix(1, 0) }}
	known, err := led.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	j, err := led.Open(t.Context(), known)
	if err == nil {
		known, err = led.Begin(t.Context(), known, j)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.out.ID = known.ID
	w.through(object.Options{})
	return w
}

// through opens the bucket with other options.
func (w *world) through(opts object.Options) {
	w.Helper()
	store, err := object.Open(w.Context(), object.Location{Bucket: "rec"}, opts)
	if err != nil {
		w.Fatal(err)
	}
	w.store = store
	w.out.Open = func(context.Context, string, string) (object.Store, error) { return w.store, nil }
}

// failing opens the bucket so that a request about a hold breaks off as often as said,
// after so many that the server did answer.
func (w *world) failing(after int) {
	w.Helper()
	n := 0
	w.out.Concurrency = 1
	endpoint := w.server.Proxy(w, func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
		if r.Method == http.MethodPut {
			if n++; n > after {
				panic(http.ErrAbortHandler)
			}
		}
		server.ServeHTTP(rw, r)
	})
	w.through(object.Options{Endpoint: endpoint, Patience: object.Patience{Attempts: 1, Backoff: time.Millisecond, Idle: time.Second}})
}

// put writes an object and returns it as a target, as a run lists it.
func (w *world) put(key, data string) hold.Target {
	w.Helper()
	w.server.Put(w, "rec", key, []byte(data))
	for info, err := range w.store.List(w.Context(), "") {
		if err != nil {
			w.Fatal(err)
		}
		if info.Key == key {
			return hold.Target{Source: "rec", Kind: hold.Media, URL: "s3://rec/", Key: key, ETag: info.ETag, Listed: true, Recordings: []string{"r-" + key}}
		}
	}
	w.Fatalf("%q is not listed", key)
	return hold.Target{}
}

func targets(list ...hold.Target) iter.Seq2[hold.Target, error] {
	return func(yield func(hold.Target, error) bool) {
		for _, t := range list {
			if !yield(t, nil) {
				return
			}
		}
	}
}

func (w *world) journal() *ledger.Journal {
	w.Helper()
	known, err := w.out.Identity(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	j, err := w.out.Output.Open(w.Context(), known)
	if err != nil {
		w.Fatal(err)
	}
	return j
}

func (w *world) plan(matter, action string, list ...hold.Target) *hold.Plan {
	w.Helper()
	var p *hold.Plan
	var err error
	switch {
	case action == ledger.HoldSet:
		p, err = w.out.PlanSet(w.Context(), matter, targets(list...))
	case len(list) == 0:
		p, err = w.out.PlanRelease(w.Context(), matter, nil)
	default:
		p, err = w.out.PlanRelease(w.Context(), matter, targets(list...))
	}
	if err != nil {
		w.Fatalf("planning to %s for %q: %v", action, matter, err)
	}
	return p
}

var why = hold.Why{Reason: "litigation", By: "J. Doe"}

// apply carries a plan out, after what was interrupted. It returns what was done of each
// object, as key=result and the matters that hold it, too.
func (w *world) apply(matter, action string, list ...hold.Target) []string {
	w.Helper()
	if _, err := w.out.Complete(w.Context(), w.journal(), matter); err != nil {
		w.Fatalf("completing %q: %v", matter, err)
	}
	done, err := w.plan(matter, action, list...).Apply(w.Context(), w.journal(), why)
	if err != nil {
		w.Fatalf("applying %s for %q: %v", action, matter, err)
	}
	if done.Entry == nil {
		w.Errorf("no journal entry names record %d of %q", done.Record.Record.Number, matter)
	}
	return results(done.Lines)
}

func results(lines []hold.Line) []string {
	list := []string{}
	for _, l := range lines {
		text := fmt.Sprintf("%s=%s", l.Key, l.Result)
		if len(l.Matters) > 0 {
			text += fmt.Sprint(l.Matters)
		}
		list = append(list, text)
	}
	return list
}

func (w *world) want(got []string, want ...string) {
	w.Helper()
	if !slices.Equal(got, want) {
		w.Errorf("got %v, want %v", got, want)
	}
}

// wantHeld asks the server which of some objects it holds.
func (w *world) wantHeld(want string, keys ...string) {
	w.Helper()
	got := ""
	for _, key := range keys {
		if w.server.Held(w, "rec", key, "") {
			got += key
		}
	}
	if got != want {
		w.Errorf("the server holds %q of %v, want %q", got, keys, want)
	}
}

func openAll(stores map[string]object.Store) func(context.Context, string, string) (object.Store, error) {
	return func(_ context.Context, _, url string) (object.Store, error) { return stores[url], nil }
}

// recording notes the method and the kind of each request.
func recording(requests map[string]bool) objecttest.Fault {
	return func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
		kind := ""
		for _, q := range []string{"legal-hold", "versions"} {
			if r.URL.Query().Has(q) {
				kind = q
			}
		}
		requests[r.Method+" "+kind] = true
		server.ServeHTTP(rw, r)
	}
}
