package chaos

import (
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cdrmend/internal/object/objecttest"
)

// inBothStores runs a test on directories and on a server.
func inBothStores(t *testing.T, test func(t *testing.T, n *night)) {
	t.Run("directories", func(t *testing.T) { test(t, newNight(t, nil, stories...)) })
	t.Run("buckets", func(t *testing.T) {
		server := objecttest.Gateway(t, objecttest.GatewayOptions{})
		test(t, newNight(t, server, stories...))
	})
}

var stories = []string{"scope-missing", "ambiguous-trunk", "cut-batch", "delivered-twice"}

// TestKillAtAnyMomentLosesNothing kills the program again and again, before it
// may complete what the last delivery asks for.
func TestKillAtAnyMomentLosesNothing(t *testing.T) {
	inBothStores(t, func(t *testing.T, n *night) {
		n.next()
		n.run("killed")
		for kills := 0; kills < pick(3, 110); {
			want := n.next()
			for range 4 {
				p := n.start("killed")
				if p.endsWithin(rand.N(n.usual)) {
					break
				}
				p.signal(syscall.SIGKILL)
				p.wait()
				kills++
				total.add(&total.kills, 1)
				examine(t, "after a kill", want, n.stored("killed"))
			}
			n.run("killed")
			finished(t, "after kills, and a run", want, n.stored("killed"))
		}
		total.add(&total.commits, examine(t, "after all kills", nil, n.stored("killed")))
	})
}

// TestFaultOfManyStartsAtOnceCommitsOnce starts the program twice or ten times
// at once, and kills one of the ten.
func TestFaultOfManyStartsAtOnceCommitsOnce(t *testing.T) {
	inBothStores(t, func(t *testing.T, n *night) {
		for round := range pick(2, 28) {
			want := n.next()
			processes := make([]*process, 2)
			if round%4 == 1 {
				processes = make([]*process, 10)
			}
			for i := range processes {
				processes[i] = n.start("contended")
			}
			if len(processes) > 2 && !processes[0].endsWithin(rand.N(n.usual)) {
				processes[0].signal(syscall.SIGKILL)
				processes[0].wait()
				total.add(&total.kills, 1)
				processes = processes[1:]
			}
			for _, p := range processes {
				p.wants(0, "a run beside others")
			}
			total.add(&total.starts, 1)
			finished(t, "after starts at once", want, n.stored("contended"))
		}
		total.add(&total.commits, examine(t, "after all starts", nil, n.stored("contended")))
	})
}

// TestFaultOfARestartingServerIsOutlasted kills the server in mid-run and
// starts it again.
func TestFaultOfARestartingServerIsOutlasted(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	n := newNight(t, server, stories...)
	for range pick(2, 25) {
		want := n.next()
		p := n.start("restarted")
		if !p.endsWithin(rand.N(n.usual)) {
			server.Restart(t)
			total.add(&total.restarts, 1)
		}
		p.wants(0, "a run whose server restarts")
		finished(t, "after a restart", want, n.stored("restarted"))
	}
	total.add(&total.commits, examine(t, "after all restarts", nil, n.stored("restarted")))
}

func TestFaultOfAServerThatAllowsFewRequestsIsOutlasted(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{MaxRequests: 2})
	n := newNight(t, server, stories...)
	n.start("undisturbed", "CDRMEND_CONCURRENCY=1").wants(0, "a run of one request at a time")
	n.start("throttled", "CDRMEND_CONCURRENCY=64").wants(0, "a run of many requests at once")
	finished(t, "after being throttled", n.stored("undisturbed"), n.stored("throttled"))
}

// held is a request that the wire holds back until it is released.
type held struct{ reached, release chan struct{} }

// hold returns a request of a kind whose path ends so, to be held, and the
// environment of the process that is to make it.
func (n *night) hold(output, kind, suffix string, then objecttest.Fault) (held, string) {
	h := held{make(chan struct{}), make(chan struct{})}
	w := &wire{output: output}
	var once sync.Once
	endpoint := n.server.Proxy(n.t, func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
		answer := pass
		if s := w.note(r); s.kind == kind && strings.HasSuffix(s.what, suffix) {
			once.Do(func() {
				close(h.reached)
				<-h.release
				answer = then
			})
		}
		answer(rw, r, server)
	})
	return h, "AWS_ENDPOINT_URL_S3=" + endpoint
}

// await waits until a process makes the request.
func (h held) await(p *process) {
	p.t.Helper()
	select {
	case <-h.reached:
	case <-p.ended:
		p.t.Fatalf("the process ended without the request that was to be held: %s", p.stderr.String())
	}
}

var pass objecttest.Fault = func(w http.ResponseWriter, r *http.Request, server http.Handler) { server.ServeHTTP(w, r) }

// TestKillOfAStragglerThatWakesChangesNothing stops a process at some request,
// lets another do its work, and wakes it.
func TestKillOfAStragglerThatWakesChangesNothing(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	n := newNight(t, server, stories...)
	for name, test := range map[string]struct {
		kind, suffix string
		then         objecttest.Fault
		news         bool // the other finds more input
	}{
		"before its record":                       {"PUT", "log/00000002.json", pass, false},
		"before its record, and is disconnected":  {"PUT", "log/00000002.json", objecttest.Reset, false},
		"before its record, which is outdated":    {"PUT", "log/00000002.json", pass, true},
		"before its history":                      {"PUT", ".history.csv", pass, false},
		"before its history, which is outdated":   {"PUT", ".history.csv", pass, true},
		"before its run is whole":                 {"PUT", "run.json", pass, false},
		"while it lists":                          {"LIST", "r/date=2026-11-20/", pass, true},
		"after it saw the commits, and is behind": {"LIST", "interval=2026-11-17/log/", pass, true},
	} {
		t.Run(name, func(t *testing.T) {
			output := strings.ReplaceAll(name, " ", "-")
			n := n.in(t)
			n.run(output)
			n.next()
			h, env := n.hold(output, test.kind, test.suffix, test.then)
			straggler := n.start(output, env)
			h.await(straggler)
			straggler.signal(syscall.SIGSTOP)
			if test.news {
				n.next()
			}
			n.run(output)
			before := n.stored(output)
			straggler.signal(syscall.SIGCONT)
			close(h.release)
			straggler.wants(0, "a straggler")
			if commits := examine(t, "after the straggler", before, n.stored(output)); commits != 2 {
				t.Errorf("there are %d commits, want 2", commits)
			}
		})
	}
}

// TestKillByASignalStopsQuicklyAndCleanly signals a process whose server has
// just stopped answering.
func TestKillByASignalStopsQuicklyAndCleanly(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	n := newNight(t, server, stories...)
	n.run("undisturbed")
	want := n.stored("undisturbed")
	for name, test := range map[string]struct {
		kind, suffix string
		signal       os.Signal
		within       time.Duration
	}{
		"while it lists commits": {"LIST", "interval=2026-11-20/log/", syscall.SIGTERM, 5 * time.Second},
		"while it lists inputs":  {"LIST", "m/date=2026-11-20/", os.Interrupt, 5 * time.Second},
		"while it reads":         {"GET", "cut-batch-batch.json", syscall.SIGTERM, 5 * time.Second},
		"while it writes":        {"PUT", "calls.csv", os.Interrupt, 5 * time.Second},
		"while it commits":       {"PUT", "log/00000001.json", syscall.SIGTERM, 15 * time.Second}, // it waits to know
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output := strings.ReplaceAll(name, " ", "-")
			n := n.in(t)
			h, env := n.hold(output, test.kind, test.suffix, objecttest.Reset)
			p := n.start(output, env)
			h.await(p)
			p.signal(test.signal)
			if !p.endsWithin(test.within) {
				t.Errorf("still runs %v after the signal", test.within)
			}
			close(h.release)
			total.add(&total.signals, 1)
			p.wants(3, "a run that is stopped")
			if !strings.Contains(p.stderr.String(), "run it again") {
				t.Errorf("says %q, want what to do", p.stderr.String())
			}
			if commits := examine(t, "after the signal", want, n.stored(output)); commits != 0 {
				t.Errorf("there are %d commits", commits)
			}
			n.run(output)
			finished(t, "after the signal, and a run", want, n.stored(output))
		})
	}
}

// TestKillByASignalAtAnyMomentLeavesNothingHalf signals processes that nothing holds up.
func TestKillByASignalAtAnyMomentLeavesNothingHalf(t *testing.T) {
	inBothStores(t, func(t *testing.T, n *night) {
		for range pick(2, 20) {
			want := n.next()
			p := n.start("signalled")
			code := 0
			if !p.endsWithin(rand.N(n.usual)) {
				p.signal(syscall.SIGTERM)
				total.add(&total.signals, 1)
				code = p.wait() // -1: it had not yet got as far as listening to signals
				if code != 0 && code != 3 && code != -1 {
					t.Errorf("exits with %d after SIGTERM: %s", code, p.stderr.String())
				}
			}
			before := examine(t, "after a signal", want, n.stored("signalled"))
			n.run("signalled")
			after := examine(t, "after a signal, and a run", want, n.stored("signalled"))
			if (code == 0) != (after == before) {
				t.Errorf("a run that exits with %d leaves %d commits, the next one %d", code, before, after)
			}
			finished(t, "after a signal, and a run", want, n.stored("signalled"))
		}
		total.add(&total.commits, examine(t, "after all signals", nil, n.stored("signalled")))
	})
}
