package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/object/objecttest"

	"github.com/google/go-cmp/cmp"
)

// damage is what is wrong with the nights that are measured: one recording in
// a hundred is lost, and every entry has to be repaired.
const damage = "--only --lost 0.01 --missing-trunk 1 --failures scope_missing=0.0005,refresh_race=0.0005,token_expired=0.0005,timeout=0.0005"

func TestRatios(t *testing.T) {
	if !*ratios {
		t.Skip("this takes minutes: run make bench")
	}
	started := time.Now()
	note("%d cores, %s", runtime.NumCPU(), runtime.Version())
	var goals []goal
	for _, p := range wantedParts(t) {
		t.Run(p.name, func(t *testing.T) { goals = append(goals, p.measure(t)...) })
	}
	note("What is wanted, and what was measured at %d legs and %d sidecars:\n", *legs, *sidecars)
	printGoals(goals)
	note("All of it took %s.", time.Since(started).Round(time.Second))
}

// part is one comparison. What it starts ends with the test that it is given.
type part struct {
	name    string
	measure func(t *testing.T) []goal
}

var parts = []part{
	{"a tenth of the night", func(t *testing.T) []goal { wholeJob(t, *legs/10); return nil }},
	{"the night", func(t *testing.T) []goal { return wholeJob(t, *legs) }},
	{"packs", keptInputs},
	{"sidecars", manySmallObjects},
	{"sidecars far away", farAway},
	{"a check far away", checkedAgain},
	{"reading ahead", readAhead},
	{"media", lookedInto},
	{"a week", steadyWeek},
	{"explain", explained},
	{"explain far away", explainedFarAway},
	{"a month", lookedUp},
	{"discovery", discovered},
}

// wantedParts returns the parts that -only names.
func wantedParts(t *testing.T) (list []part) {
	t.Helper()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if pattern.MatchString(p.name) {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		t.Fatalf("-only %q names no comparison", *only)
	}
	return list
}

// wholeJob measures a night on local files.
func wholeJob(t *testing.T, legs int) []goal {
	started := time.Now()
	note("\nThe whole job on local files, %d legs, tables as Parquet:", legs)
	bin, size := cdrmend(t), "--legs "+strconv.Itoa(legs)+" "
	n, margins := newNight(t, bin, strings.Fields(size+damage)...), newNight(t, bin, strings.Fields(size+damage+" --margins")...)
	defer os.RemoveAll(n.dir)
	defer os.RemoveAll(margins.dir)
	note("    %.0f MB of manifests, %.0f MB of CDRs, %.0f MB of registrations", n.size(t, "manifests"), n.size(t, "cdr"), n.size(t, "registrations"))

	sameCounts(t, n)
	job := &contender{name: "cdrmend run", once: n.once()}
	alone := &contender{name: "cdrmend run on one core", once: n.onOneCore().once()}
	wide := &contender{name: "cdrmend run with full margin days", once: margins.once()}
	peer := &contender{name: "DuckDB, no hashes, no provenance", once: func(t *testing.T) cost { c, _ := n.peer(t); return c }}
	least := &contender{name: "floor: read, hash, check, write, sync", once: func(t *testing.T) cost { return n.floor(t) }}
	all := []*contender{job, peer, least, alone, wide}
	interleave(t, *runs, all)
	printCosts(all)
	note("  %.0f legs/s; %.2f times the CPU time of DuckDB, %.2f times that of the floor. This part took %s.",
		float64(legs)/job.median().wall, job.median().cpu/peer.median().cpu, job.median().cpu/least.median().cpu, time.Since(started).Round(time.Second))
	return []goal{
		{"wall time, cdrmend / DuckDB", job.median().wall / peer.median().wall, "≤", 0.5},
		{"wall time, cdrmend / floor", job.median().wall / least.median().wall, "≤", 2},
		{"wall time, one core / two cores", alone.median().wall / job.median().wall, "≥", 1.7},
		{"peak memory, MB", job.median().peak, "≤", 512},
		{"peak memory with full margin days, MB", wide.median().peak, "≤", 512},
	}
}

// sameCounts makes sure that what is compared does the same job.
func sameCounts(t *testing.T, n *night) {
	t.Helper()
	out := filepath.Join(n.dir, "results")
	defer os.RemoveAll(out)
	_, result := n.run(t, out)
	_, got := n.peer(t)
	if diff := cmp.Diff(countsOf(result), got); diff != "" {
		t.Fatalf("counts (-cdrmend +DuckDB):\n%s", diff)
	}
	note("    cdrmend and DuckDB count alike:\n%s", got)
}

func (n *night) floor(t *testing.T) cost {
	out := filepath.Join(n.dir, "floor")
	if err := os.MkdirAll(out, 0o755); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(out)
	cost, _ := run(t, child("floor", n.dir, out))
	return cost
}

// inFlight is how many requests are in flight at once, the program's default.
const inFlight = 64

// manySmallObjects measures a night of sidecars on an S3 server on the same
// machine, whose own work slows all contenders alike.
func manySmallObjects(t *testing.T) []goal {
	started := time.Now()
	note("\nSidecars on an S3 server on this machine, %d legs:", *sidecars)
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "night", objecttest.Plain)
	server.Bucket(t, "results", objecttest.Plain)
	n := newNight(t, cdrmend(t), "--profile", "genesys-cloud", "--legs", strconv.Itoa(*sidecars), "--s3", "s3://night/")

	objects, written, newest := 0, 0, 0
	job := &contender{name: "cdrmend run", once: func(t *testing.T) cost {
		written++
		c, result := n.run(t, fmt.Sprintf("s3://results/%d/", written))
		objects = int(result.Objects)
		return c
	}}
	again := &contender{name: "cdrmend run, nothing new", once: func(t *testing.T) cost {
		c, result := n.run(t, fmt.Sprintf("s3://results/%d/", written))
		if !result.NoOp {
			t.Fatal("the second run is no no-op")
		}
		return c
	}}
	// One in a thousand is new, as the day after a night.
	requests := 0
	more := &contender{name: "cdrmend run, a thousandth is new", once: func(t *testing.T) cost {
		newest++
		putLate(t, server, newest)
		c, log := runLogged(t, n.job(fmt.Sprintf("s3://results/%d/", written)))
		requests, _ = openedOf(t, log)
		return c
	}}
	counting := func(name string, args ...string) func(t *testing.T) cost {
		return func(t *testing.T) cost {
			c, out := run(t, child(name, args...))
			if got := strings.TrimSpace(out); got != strconv.Itoa(objects) {
				t.Fatalf("%s saw %s objects, cdrmend %d", name, got, objects)
			}
			return c
		}
	}
	loop := &contender{name: "a bare loop of GetObject", once: counting("get", "night", "", strconv.Itoa(inFlight))}
	listing := &contender{name: "a bare listing", once: counting("list", "night", "")}
	all := []*contender{job, loop, again, listing}
	interleave(t, *runs, all)
	interleave(t, *runs, []*contender{more})
	all = append(all, more)
	printCosts(all)
	perSecond := func(c *contender) float64 { return float64(objects) / c.median().wall }
	note("  %d objects: %.0f/s in the job, %.0f/s in the loop. This part took %s.\n", objects, perSecond(job), perSecond(loop), time.Since(started).Round(time.Second))
	return []goal{
		{"objects per second, cdrmend / bare loop", perSecond(job) / perSecond(loop), "≥", 0.9},
		{"wall time, nothing new / bare listing", again.median().wall / listing.median().wall, "≤", 1.2},
		{"requests, a thousandth new / all", float64(requests) / float64(objects), "≤", 0.05},
		{"wall time, a thousandth new / all", more.median().wall / job.median().wall, "≤", 0.15},
	}
}

// What arrives late, and where.
const (
	hours       = "recordings/c0f8408a-9379-4983-9f4b-61b0bb989984/year=2026/month=11/day=20/hour="
	late        = hours + "10/conversation_id=late/"
	lateSidecar = `{"conversationId":"late-%d-%d","recordingId":"late-%[1]d-%[2]d","startTime":"2026-11-20T10:00:00Z","endTime":"2026-11-20T10:01:00Z"}`
)

// putLate puts sidecars that arrive late, one for a thousand of those that are there.
func putLate(t *testing.T, server *objecttest.Server, batch int) {
	t.Helper()
	for i := range *sidecars / 1000 {
		server.Put(t, "night", fmt.Sprintf("%slate-%d-%d.opus_metadata.json", late, batch, i), []byte(fmt.Sprintf(lateSidecar, batch, i)))
	}
}

// TestLarge measures how the job grows with the night, and that it does not
// with the size of a document.
func TestLarge(t *testing.T) {
	if !*large {
		t.Skip("this takes many minutes and 30 GB of disk: run make bench-large")
	}
	started := time.Now()
	bin := cdrmend(t)
	measured := func(name string, legs int, flags string) *contender {
		n := newNight(t, bin, strings.Fields(fmt.Sprintf("--legs %d %s %s", legs, damage, flags))...)
		defer os.RemoveAll(n.dir)
		c := &contender{name: name, once: n.once()}
		interleave(t, *runs, []*contender{c})
		return c
	}
	small := measured("the night", *legs, "")
	single := measured("the night as one manifest", *legs, "--files 1")
	big := measured("ten times the night", 10**legs, "")
	printCosts([]*contender{small, single, big})
	printGoals([]goal{
		{"wall time, ten times the night / the night", big.median().wall / small.median().wall, "≤", 10.5},
		{"peak memory of ten times the night, MB", big.median().peak, "≤", 4500},
		{"peak memory, one manifest / many", single.median().peak / small.median().peak, "≤", 1.1},
	})
	note("All of it took %s.", time.Since(started).Round(time.Second))
}
