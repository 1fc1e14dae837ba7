package chaos

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object/objecttest"
)

// idle is when the runs of these tests take a request for broken.
const idle = 300 * time.Millisecond

// step is one request of a run: what is asked for, and the how manieth time.
type step struct {
	kind string // LIST GET HEAD PUT
	what string
	nth  int
}

func (s step) String() string { return fmt.Sprintf("%s %s #%d", s.kind, s.what, s.nth) }

// wire is the network between a run and its server. It notes all requests,
// and does a fault to one of them, or to one and all its repetitions.
type wire struct {
	output string // is left out of what is asked for
	fault  objecttest.Fault
	at     step
	always bool

	mu    sync.Mutex
	count map[string]int
	steps []step
	met   int
}

func (w *wire) intercept(rw http.ResponseWriter, r *http.Request, server http.Handler) {
	if w.hits(w.note(r)) {
		w.fault(rw, r, server)
		return
	}
	server.ServeHTTP(rw, r)
}

func (w *wire) note(r *http.Request) step {
	s := step{kind: r.Method, what: r.URL.Path}
	if r.Method == http.MethodGet && r.URL.Query().Has("list-type") {
		s.kind, s.what = "LIST", r.URL.Path+"?"+r.URL.Query().Get("prefix")
	}
	s.what = strings.Replace(s.what, w.output+"/", "", 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count == nil {
		w.count = map[string]int{}
	}
	w.count[s.kind+s.what]++
	s.nth = w.count[s.kind+s.what]
	w.steps = append(w.steps, s)
	return s
}

func (w *wire) hits(s step) bool {
	if w.fault == nil || s.kind != w.at.kind || s.what != w.at.what || s.nth != w.at.nth && !(w.always && s.nth > w.at.nth) {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.met++
	return true
}

// ending is how a run must come out.
type ending string

const (
	done   ending = "done"   // it commits what it would have committed anyway
	failed ending = "failed" // it commits nothing
	either ending = "either"
	never  ending = "" // is not tried
)

// faults is what happens to requests of some kinds, once or each time.
var faults = []struct {
	name         string
	kinds        string
	do           objecttest.Fault
	once, always ending
	says         string // what an error tells beside the object
}{
	{"500", "LIST GET HEAD PUT", objecttest.Answer(500, "InternalError"), done, failed, "run again"},
	{"503 SlowDown", "LIST GET HEAD PUT", objecttest.Answer(503, "SlowDown"), done, failed, "run again"},
	{"403", "LIST", objecttest.Answer(403, "AccessDenied"), failed, failed, "s3:ListBucket"},
	{"403", "GET HEAD", objecttest.Answer(403, "AccessDenied"), failed, failed, "s3:GetObject"},
	{"403", "PUT", objecttest.Answer(403, "AccessDenied"), failed, failed, "s3:PutObject"},
	{"404", "GET", objecttest.Answer(404, "NoSuchKey"), done, failed, "run again"},
	{"404", "LIST PUT", objecttest.Answer(404, "NoSuchBucket"), failed, failed, "create it"},
	{"412", "GET", objecttest.Answer(412, "PreconditionFailed"), done, failed, "run again"},
	{"412", "PUT", objecttest.Answer(412, "PreconditionFailed"), either, either, ""},
	{"409", "PUT", objecttest.Answer(409, "ConditionalRequestConflict"), done, failed, "run again"},
	{"reset", "LIST GET HEAD PUT", objecttest.Reset, done, failed, "check"},
	{"no answer", "LIST GET HEAD PUT", objecttest.Silence, done, failed, "check"},
	{"broken body", "LIST GET", objecttest.Cut(20), done, either, "run again"},
	{"body without a byte", "LIST GET", objecttest.Cut(0), done, failed, "run again"},
	{"stalled body", "LIST GET", objecttest.Stall(20), done, never, ""},
	{"body stalled at once", "LIST GET", objecttest.Stall(0), done, failed, "check"},
	{"short body", "LIST GET", objecttest.Short, done, failed, "run again"},
	{"wrong checksum", "GET", objecttest.Garbled, either, failed, ""},
	{"wrong checksum on the way", "PUT", objecttest.GarbledRequest, either, failed, ""},
	{"persisted, answer lost", "PUT", objecttest.Lost, done, either, ""},
	{"persisted, no answer", "PUT", persistedInSilence, done, either, ""},
	{"persisted, answered with 500", "PUT", objecttest.Denied(500, "InternalError"), done, either, ""},
	{"slow", "LIST GET HEAD PUT", objecttest.Late(idle / 3), done, done, ""},
}

func persistedInSilence(w http.ResponseWriter, r *http.Request, server http.Handler) {
	server.ServeHTTP(httptest.NewRecorder(), r)
	objecttest.Silence(w, r, server)
}

// blow is one fault done to one step.
type blow struct {
	fault  int
	step   step
	always bool
	want   ending
}

func (b blow) String() string {
	often := "once"
	if b.always {
		often = "always"
	}
	return fmt.Sprintf("%s, %s, at %s", faults[b.fault].name, often, b.step)
}

// TestFaultAtAnyRequestLosesNothing does each fault to each request of a run
// that finds an earlier commit, and to each request that is made only when
// one finds the files of a run that was killed before its commit.
func TestFaultAtAnyRequestLosesNothing(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	n := newNight(t, server, "scope-missing")
	for name, scene := range map[string]struct {
		reset func(t *testing.T, output string)
		kinds string
	}{
		"after a commit": {n.forgetRun, "LIST GET PUT"},
		"after a kill":   {n.forgetCommit, "HEAD"},
	} {
		t.Run(name, func(t *testing.T) {
			name := strings.ReplaceAll(name, " ", "-")
			n.committed(t, name)
			want := n.stored(name)
			scene.reset(t, name)
			w := &wire{output: name}
			if err := attempt(t.Context(), n.job(name, server.Proxy(t, w.intercept))); err != nil {
				t.Fatal(err)
			}
			queue := make(chan blow)
			var workers sync.WaitGroup
			for i := range 6 {
				workers.Go(func() {
					output := fmt.Sprintf("%s-%d", name, i)
					n.committed(t, output)
					for b := range queue {
						scene.reset(t, output)
						t.Run(b.String(), func(t *testing.T) { n.strike(t, b, output, want) })
					}
				})
			}
			for _, b := range blows(w.steps, scene.kinds) {
				queue <- b
			}
			close(queue)
			workers.Wait()
		})
	}
}

// blows returns all faults at all steps of some kinds, or a sample: each fault
// at one step.
func blows(steps []step, kinds string) []blow {
	var all []blow
	for i, f := range faults {
		var here []blow
		for _, s := range steps {
			if !strings.Contains(f.kinds, s.kind) || !strings.Contains(kinds, s.kind) {
				continue
			}
			if f.once != never {
				here = append(here, blow{i, s, false, f.once})
			}
			if f.always != never {
				here = append(here, blow{i, s, true, f.always})
			}
		}
		if !long && len(here) > 0 {
			here = here[i*7%len(here):][:1]
		}
		all = append(all, here...)
	}
	return all
}

// committed makes an output with two commits: of the night before it settled,
// and after.
func (n *night) committed(t *testing.T, output string) {
	early := n.job(output, "")
	early.AsOf = interval.End - 1
	for _, j := range []*job.Job{early, n.job(output, "")} {
		if err := attempt(t.Context(), j); err != nil {
			t.Errorf("preparing %s: %v", output, err)
		}
	}
}

// forgetCommit takes the second record and its entry away, as if the run had been killed
// before it.
func (n *night) forgetCommit(t *testing.T, output string) {
	n.server.Erase(t, "output/"+output+"/interval="+label+"/log/00000002.json")
	n.server.Erase(t, "output/"+output+"/journal/00000002.json")
}

// forgetRun takes everything away that the second commit's run wrote: a file of its own
// that stays would make the request that writes it harmless.
func (n *night) forgetRun(t *testing.T, output string) {
	folder := "interval=" + label + "/"
	record := struct {
		RunID string      `json:"run_id"`
		Night ledger.File `json:"night"`
	}{}
	if err := json.Unmarshal([]byte(n.stored(output)[folder+"log/00000002.json"]), &record); err != nil {
		t.Fatal(err)
	}
	n.forgetCommit(t, output)
	n.server.Erase(t, "output/"+output+"/"+record.Night.Path)
	n.server.Erase(t, "output/"+output+"/"+folder+"runs/"+record.RunID)
	for path := range n.stored(output) {
		if strings.HasPrefix(path, folder+"log/00000002-") {
			n.server.Erase(t, "output/"+output+"/"+path)
		}
	}
}

// strike does one blow to a run, looks at what it leaves, and runs again.
func (n *night) strike(t *testing.T, b blow, output string, want files) {
	w := &wire{output: output, fault: faults[b.fault].do, at: b.step, always: b.always}
	err := attempt(t.Context(), n.job(output, n.server.Proxy(t, w.intercept)))
	total.add(&total.faults, w.met)
	if w.met == 0 {
		t.Error("the request was never made")
	}
	commits := examine(t, "after the fault", want, n.stored(output))
	if committed := commits == 2; committed != (err == nil) {
		t.Errorf("%d commits after %v", commits, err)
	}
	if b.want != either && !ofJournal(b.step) && !ofPacks(b.step) && (err == nil) != (b.want == done) {
		t.Errorf("got %v, want %s", err, b.want)
	}
	if err != nil {
		tellsWhatToDo(t, b, err)
	}
	if err := attempt(t.Context(), n.job(output, "")); err != nil {
		t.Errorf("running again: %v", err)
	}
	total.add(&total.commits, finished(t, "after running again", want, n.stored(output)))
}

// ofJournal reports whether a step is about the journal or the output's id. A run
// commits also when it cannot enter its record, and may stop when something that must
// be there seems not to be.
func ofJournal(s step) bool {
	return strings.Contains(s.what, "/journal/") || strings.HasSuffix(s.what, "/output.json")
}

// ofPacks reports whether a step looks for packs of inputs. A run requests the inputs
// where it finds none.
func ofPacks(s step) bool {
	reads := s.kind == "GET" && strings.Contains(s.what, "/evidence/")
	return reads || s.kind == "LIST" && strings.Contains(s.what, "interval=2026-11-21/log/")
}

// tellsWhatToDo wants an error to name its object and what to do next.
func tellsWhatToDo(t *testing.T, b blow, err error) {
	_, key, _ := strings.Cut(strings.TrimPrefix(b.step.what, "/"), "/")
	if b.step.kind == "LIST" {
		_, key, _ = strings.Cut(b.step.what, "?")
	}
	if !strings.Contains(err.Error(), key) && !strings.Contains(err.Error(), key[strings.LastIndex(key, "interval=")+1:]) {
		t.Errorf("the error does not name %q: %v", key, err)
	}
	if !strings.Contains(err.Error(), faults[b.fault].says) && !ofJournal(b.step) {
		t.Errorf("the error does not say %q: %v", faults[b.fault].says, err)
	}
}
