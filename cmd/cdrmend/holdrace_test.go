package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/ledger/ledgertest"
	"cdrmend/internal/object/objecttest"
)

// recordsFit fails unless the server holds what the records of a matter say that it holds.
func recordsFit(t *testing.T, server *objecttest.Server, config, when string) {
	t.Helper()
	stdout, stderr, code := saidThere(t, "hold", "m", config, "--release", "--json")
	var d struct {
		Interrupted bool
		Targets     []struct{ Key, Before string }
	}
	if err := json.Unmarshal([]byte(stdout), &d); err != nil || code != exitDone || d.Interrupted {
		t.Fatalf("%s: what the matter holds exits with %d, %v: %s%s", when, code, err, stdout, stderr)
	}
	var recorded []string
	for _, l := range d.Targets {
		recorded = append(recorded, l.Key)
	}
	held := strings.Fields(heldKeys(t, server))
	slices.Sort(recorded)
	slices.Sort(held)
	if !slices.Equal(recorded, held) {
		t.Errorf("%s: the records hold %q, and the server %q", when, recorded, held)
	}
	if a := ledgertest.Examine(server.Stored(t, "out")); len(a.Problems())+len(a.Unentered) > 0 {
		t.Errorf("%s: a second reading finds %q, and not entered %q", when, a.Problems(), a.Unentered)
	}
}

// A call is stopped right at its request for a hold, until another call for the matter has
// completed its intention and done the contrary. Its late change is covered in the end.
func TestACallThatIsOvertakenLeavesNoHoldThatNoRecordCovers(t *testing.T) {
	server, config := heldNight(t)
	set := append([]string{"hold", "m", config, "--conversation", "c1"}, because...)
	release := append([]string{"hold", "m", config, "--release"}, because...)
	for name, calls := range map[string][3][]string{
		"a late hold":    {release, set, release},
		"a late release": {set, release, set},
	} {
		says(t, exitDone, nil, calls[0]...)
		arrived, goOn := make(chan struct{}), make(chan struct{})
		var once sync.Once
		endpoint := server.Proxy(t, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
			if r.Method == http.MethodPut && r.URL.Query().Has("legal-hold") {
				once.Do(func() { close(arrived); <-goOn })
			}
			server.ServeHTTP(w, r)
		})
		var slow sync.WaitGroup
		slow.Go(func() {
			if said, code := through(t, endpoint, func(*os.Process) {}, calls[1]...); code != exitDone {
				t.Errorf("%s: the slow call exits with %d: %s", name, code, said)
			}
		})
		<-arrived
		says(t, exitDone, nil, calls[2]...)
		recordsFit(t, server, config, name+", while the slow call waits")
		close(goOn)
		slow.Wait()
		recordsFit(t, server, config, name)
	}
	says(t, exitDone, []string{"Verified: every record"}, "verify", config)
}

// Real processes set and release at the same time, and some requests for holds come late.
func TestCallsForOneMatterMayRunAtTheSameTime(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes are run")
	}
	server, config := heldNight(t)
	late := server.Proxy(t, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if r.Method == http.MethodPut && r.URL.Query().Has("legal-hold") {
			objecttest.Late(time.Duration(rand.IntN(60))*time.Millisecond)(w, r, server)
			return
		}
		server.ServeHTTP(w, r)
	})
	calls := [][]string{
		append([]string{"hold", "m", config, "--conversation", "c1"}, because...),
		append([]string{"hold", "m", config, "--recording", "r3"}, because...),
		append([]string{"hold", "m", config, "--release"}, because...),
		append([]string{"hold", "m", config, "--release", "--recording", "r1"}, because...),
	}
	for round := range 12 {
		var running sync.WaitGroup
		var names []string
		for range 2 + round%2 {
			args := calls[rand.IntN(len(calls))]
			names = append(names, strings.Join(args[3:len(args)-len(because)], " "))
			running.Go(func() {
				if said, code := through(t, late, func(*os.Process) {}, args...); code != exitDone {
					t.Errorf("%q exits with %d: %s", args, code, said)
				}
			})
		}
		running.Wait()
		recordsFit(t, server, config, fmt.Sprintf("round %d, %q", round, names))
		if t.Failed() {
			return
		}
	}
	says(t, exitDone, []string{"Verified: every record"}, "verify", config)
}
