package job_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/ledger/ledgertest"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"

	"github.com/google/go-cmp/cmp"
)

// aNight is a night with a bit of everything: documents to repair, rejects,
// findings, an outage.
func aNight(t *testing.T) *night {
	t.Helper()
	content := files{}
	for _, story := range []string{"scope-missing", "ambiguous-trunk", "cut-batch", "delivered-twice"} {
		for name, text := range within(readStory(t, "../../testdata/"+story+".txtar"), "in/") {
			dir, base := filepath.Split(name)
			content["in/"+dir+story+"-"+base] = text
		}
	}
	content["in/m/date=2026-11-20/lines.jsonl"] = "{\"recording_id\": \"rec-9\"}\nnot JSON\n"
	return newNight(t, content)
}

// small is a night whose run writes one file of each kind.
func small(t *testing.T) *night {
	t.Helper()
	content := inputs(readStory(t, "../../testdata/scope-missing.txtar"))
	content["in/c/date=2026-11-20/lines.jsonl"] = "not JSON\n"
	usual, err := os.ReadFile("../../testdata/cdrmend.yaml")
	if err != nil {
		t.Fatal(err)
	}
	content["cdrmend.yaml"] = strings.ReplaceAll(string(usual), "[csv, parquet]", "[csv]")
	return newNight(t, content)
}

func TestARunThatIsRepeatedDoesNothing(t *testing.T) {
	t.Parallel()
	n := aNight(t)
	first := n.run()
	before := n.tree("out")
	second := n.run(func(j *job.Job) {
		for i := range j.Stores.Sources {
			j.Stores.Sources[i] = &watched{Store: j.Stores.Sources[i], open: func(info object.Info) {
				t.Errorf("read %q again", info.Key)
			}}
		}
	})
	if !second.NoOp || second.RunID != first.RunID || second.Outcome != first.Outcome {
		t.Errorf("got %+v, want a no-op with the outcome of %+v", second, first)
	}
	same(t, "output after the second run", before, n.tree("out"))
}

// TestFaultOfAnyStoredByteIsSeen proves the invariant checker that all these
// tests rely on.
func TestFaultOfAnyStoredByteIsSeen(t *testing.T) {
	t.Parallel()
	n := aNight(t)
	n.run()
	n.deliver(files{"in/m/date=2026-11-20/late.jsonl": "{\"recording_id\": \"rec-10\"}\n"}, lateDelivery)
	n.run()
	whole := n.tree("out")
	unseen := func(what string, change func(files)) {
		t.Helper()
		spoiled := maps.Clone(whole)
		change(spoiled)
		if len(ledgertest.Examine(spoiled).Problems()) == 0 {
			t.Errorf("%s is not seen", what)
		}
	}
	newest := "interval=" + label + "/" + logName(2)
	for path, text := range whole {
		if path == "journal/00000002.json" || path == "output.json" {
			continue // nothing vouches for the newest entry yet, and for more than the id
		}
		unseen("a byte less in "+path, func(f files) { f[path] = text[:len(text)-1] })
		unseen("another byte in "+path, func(f files) { f[path] = text[:len(text)-1] + "~" })
		unseen("the absence of "+path, func(f files) { delete(f, path) })
		unseen("a neighbour of "+path, func(f files) { f[path+"~"] = text })
	}
	unseen("the absence of output.json", func(f files) { delete(f, "output.json") })
	unseen("another id", func(f files) { f["output.json"] = strings.Replace(f["output.json"], `"id": "7`, `"id": "8`, 1) })
	unseen("a record that comes twice", func(f files) { f["interval="+label+"/"+logName(3)] = f[newest] })
	unseen("a record after a gap", func(f files) { f["interval="+label+"/"+logName(4)] = f[newest] })
	unseen("a stray file", func(f files) { f["interval="+label+"/notes.txt"] = "" })
}

func TestADryRunReadsAndWritesNothing(t *testing.T) {
	t.Parallel()
	n := aNight(t)
	dry := n.run(func(j *job.Job) {
		j.Dry = job.Ignore
		for i := range j.Stores.Sources {
			j.Stores.Sources[i] = &watched{Store: j.Stores.Sources[i], open: func(info object.Info) {
				t.Errorf("read %q", info.Key)
			}}
		}
	})
	same(t, "output", files{}, n.tree("out"))
	if _, err := os.Stat(filepath.Join(n.dir, "out")); !os.IsNotExist(err) {
		t.Errorf("the output exists: %v", err)
	}
	if wet := n.run(); wet.RunID != dry.RunID || dry.Objects != wet.Objects || dry.Bytes != wet.Bytes {
		t.Errorf("the dry run told %+v, the run %+v", dry, wet)
	}
}

func TestARunThatMayNotFitIntoMemorySaysSoBeforeItReads(t *testing.T) {
	t.Parallel()
	n := aNight(t)
	dry := n.run(func(j *job.Job) { j.Dry, j.Memory = job.Ignore, 1<<40 })
	if dry.MemoryLimit != 1<<40 || dry.Memory < 64<<20 {
		t.Fatalf("the dry run expects %d bytes of %d", dry.Memory, dry.MemoryLimit)
	}
	for _, limit := range []int64{0, dry.Memory, dry.Memory - 1} {
		var log bytes.Buffer
		warned := false
		var first sync.Once
		n.run(func(j *job.Job) {
			j.Memory, j.Log = limit, slog.New(slog.NewTextHandler(&log, nil))
			for i := range j.Stores.Sources {
				j.Stores.Sources[i] = &watched{Store: j.Stores.Sources[i], open: func(object.Info) {
					first.Do(func() { warned = strings.Contains(log.String(), "choose a shorter interval") })
				}}
			}
		})
		if want := limit == dry.Memory-1; warned != want {
			t.Errorf("with a limit of %d and %d expected: warned before reading is %v, want %v:\n%s", limit, dry.Memory, warned, want, log.String())
		}
		if err := os.RemoveAll(filepath.Join(n.dir, "out")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConcurrencyChangesNoByte(t *testing.T) {
	t.Parallel()
	n := aNight(t)
	outputs := map[int]files{}
	for _, c := range []int{1, 64} {
		if err := os.RemoveAll(filepath.Join(n.dir, "out")); err != nil {
			t.Fatal(err)
		}
		n.run(func(j *job.Job) { j.Config.Concurrency = c })
		outputs[c] = n.tree("out")
	}
	if len(outputs[1]) < 15 {
		t.Fatalf("only %d files were written", len(outputs[1]))
	}
	same(t, "output with 64 requests in flight", outputs[1], outputs[64])
}

// TestTwoRunsAtOnceCommitOnce lets both runs write everything but their
// records before either may commit.
func TestTwoRunsAtOnceCommitOnce(t *testing.T) {
	t.Parallel()
	n := aNight(t)
	n.race(2, func(int) func(*job.Job) { return func(*job.Job) {} })
	if got := len(n.commits()); got != 1 {
		t.Errorf("%d records, want 1", got)
	}
}

// TestRunsThatSawOtherThingsCommitOneAfterTheOther has a run that takes a
// source for unsettled race one that does not.
func TestRunsThatSawOtherThingsCommitOneAfterTheOther(t *testing.T) {
	t.Parallel()
	n := newNight(t, inputs(readStory(t, "../../testdata/unsettled.txtar")))
	times := []record.Time{at("2026-11-22T12:00:00Z"), fiveLater}
	n.race(len(times), func(i int) func(*job.Job) { return func(j *job.Job) { j.AsOf = times[i] } })
	if got := len(n.commits()); got != 2 {
		t.Errorf("%d records, want 2", got)
	}
}

// race starts runs that wait for each other before their first commits.
func (n *night) race(runs int, change func(i int) func(*job.Job)) {
	n.t.Helper()
	var ready, done sync.WaitGroup
	ready.Add(runs)
	for i := range runs {
		var first sync.Once
		j := n.job(change(i), func(j *job.Job) {
			j.Stores.Output = &watched{Store: j.Stores.Output, create: func(_ context.Context, key string, do func() error) error {
				if strings.HasSuffix(key, logName(1)) {
					first.Do(func() {
						ready.Done()
						ready.Wait()
					})
				}
				return do()
			}}
		})
		done.Go(func() {
			if _, err := j.Run(n.t.Context(), interval); err != nil {
				n.t.Errorf("run %d: %v", i, err)
			}
		})
	}
	done.Wait()
	n.checkCommits()
}

// TestFaultAtAnyWriteLeavesNothingHalf crashes a run at each of its writes in
// each way, and repeats it.
func TestFaultAtAnyWriteLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	reference := small(t)
	reference.run()
	want := reference.tree(outputPrefix)
	for _, c := range crashes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for write := 1; write <= len(want); write++ {
				n := small(t)
				met, err := n.crash(c, write)
				if !met {
					t.Fatalf("only %d of %d writes were made to crash", write-1, len(want))
				}
				committed := len(n.commits()) == 1
				if committed != (err == nil) || !committed && !errors.Is(err, errLost) && !errors.Is(err, context.Canceled) {
					t.Fatalf("write %d: %v, committed %t", write, err, committed)
				}
				for name, text := range n.tree(outputPrefix) {
					if text != want[name] {
						t.Errorf("write %d left another %s", write, name)
					}
				}
				n.checkCommits()
				n.run()
				same(t, fmt.Sprintf("output after a crash at write %d", write), want, n.tree(outputPrefix))
			}
		})
	}
}

// crash runs until the given write goes wrong, if it comes to that.
func (n *night) crash(c crash, write int) (met bool, err error) {
	ctx, stop := context.WithCancel(n.t.Context())
	defer stop()
	var writes counter
	_, err = n.job(func(j *job.Job) {
		j.Config.Concurrency = 1
		j.Stores.Output = &watched{Store: j.Stores.Output, create: func(_ context.Context, _ string, do func() error) error {
			if writes.next() == write {
				met = true
				return c.do(stop, do)
			}
			return do()
		}}
	}).Run(ctx, interval)
	return met, err
}

func TestAnInputThatChangesWhileItIsReadIsListedAgain(t *testing.T) {
	t.Parallel()
	const path = "in/m/date=2026-11-20/scope-missing-batch.json"
	changed := func(n *night) files {
		return files{path: strings.ReplaceAll(n.tree("")[path], "12:01:00Z", "12:01:30Z")}
	}
	want := aNight(t)
	want.deliver(changed(want), lateDelivery)
	want.run()

	n := aNight(t)
	var once sync.Once
	n.run(changing(path, func() { once.Do(func() { n.deliver(changed(n), lateDelivery) }) }))
	got := n.tree(outputPrefix)
	for name := range got {
		if strings.HasPrefix(name, "runs/") && !strings.HasPrefix(name, "runs/"+n.commits()[0].RunID) {
			delete(got, name) // a leftover of the first try
		}
	}
	same(t, "output", want.tree(outputPrefix), got)
}

func TestAnInputThatNeverRestsFailsTheRun(t *testing.T) {
	t.Parallel()
	const path = "in/m/date=2026-11-20/scope-missing-batch.json"
	n := aNight(t)
	var opens counter
	_, err := n.job(changing(path, func() {
		n.deliver(files{path: "[]"}, lateDelivery.AddDate(0, 0, opens.next()))
	})).Run(t.Context(), interval)
	if !errors.Is(err, object.ErrChanged) || !strings.Contains(err.Error(), "scope-missing-batch.json") {
		t.Errorf("got %v, want an error that names the object and wraps %v", err, object.ErrChanged)
	}
	if opens.n != 4 {
		t.Errorf("the object was listed and opened %d times, want once and 3 times again", opens.n)
	}
	if got := n.commits(); len(got) != 0 {
		t.Errorf("committed %+v", got)
	}
}

// changing calls change whenever an input is about to be read.
func changing(path string, change func()) func(*job.Job) {
	return func(j *job.Job) {
		for i, s := range j.Stores.Sources {
			j.Stores.Sources[i] = &watched{Store: s, open: func(info object.Info) {
				if strings.HasSuffix(path, "/"+info.Key) {
					change()
				}
			}}
		}
	}
}

func TestAnotherNameOnTheSameOutputIsRefused(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]bool{"the same interval": false, "the interval after it": true} {
		t.Run(name, func(t *testing.T) {
			n := aNight(t)
			n.run()
			before := n.tree("out")
			span := interval
			if next {
				span = policy.IntervalAt(interval.End, 24*time.Hour)
			}
			_, err := n.job(func(j *job.Job) {
				j.Config.Name = "other"
				for i, s := range j.Stores.Sources {
					j.Stores.Sources[i] = &watched{Store: s, list: func() { t.Error("an input was listed") }}
				}
			}).Run(t.Context(), span)
			var refused *ledger.NameError
			if !errors.As(err, &refused) || refused.Found != "night" || refused.Wanted != "other" {
				t.Errorf("got %v, want a NameError", err)
			}
			same(t, "output", before, n.tree("out"))
		})
	}
}

func TestAHistoryThatIsNotTheOneCommittedIsAnError(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(path string) error{
		"missing":  os.Remove,
		"tampered": func(path string) error { return os.WriteFile(path, []byte("finding_id\n"), 0o600) },
	} {
		for _, suffix := range []string{".csv", ".parquet"} {
			t.Run(name+suffix, func(t *testing.T) {
				n := aNight(t)
				n.run()
				file := "log/00000001-" + n.commits()[0].RunID + ".history" + suffix
				if err := spoil(filepath.Join(n.dir, filepath.FromSlash(outputPrefix+file))); err != nil {
					t.Fatal(err)
				}
				before := n.tree("out")
				_, err := n.job().Run(t.Context(), interval)
				if err == nil || !strings.Contains(err.Error(), file) {
					t.Errorf("got %v, want an error that names %s", err, file)
				}
				same(t, "output", before, n.tree("out"))
			})
		}
	}
}

func TestARecordNamesTheNewestRecordsOfItsNeighbours(t *testing.T) {
	t.Parallel()
	n := aNight(t)
	n.run()
	first := hexSum(n.tree(outputPrefix)[logName(1)])
	for _, days := range []int{1, 2, 4} {
		later := policy.IntervalAt(interval.Start.Add(time.Duration(days)*24*time.Hour), 24*time.Hour)
		if _, err := n.job(func(j *job.Job) { j.AsOf = at("2026-12-01T00:00:00Z") }).Run(t.Context(), later); err != nil {
			t.Fatal(err)
		}
	}
	named := func(day string) []string {
		other := &night{t, n.dir}
		text := other.tree("out/interval=" + day + "/log")["00000001.json"]
		var found []string
		for _, line := range strings.Split(text, "\n") {
			if strings.Contains(line, `"interval": "2026`) && !strings.Contains(line, day) {
				found = append(found, strings.Trim(strings.TrimPrefix(strings.TrimSpace(line), `"interval": `), `",`))
			}
		}
		if slices.Contains(found, label) && !strings.Contains(text, first) {
			t.Errorf("the record of %s names another record than %s:\n%s", day, first, text)
		}
		return found
	}
	got := map[string][]string{}
	for _, day := range []string{"2026-11-20", "2026-11-21", "2026-11-22", "2026-11-24"} {
		got[day] = named(day)
	}
	want := map[string][]string{
		"2026-11-20": nil, "2026-11-21": {"2026-11-20"}, "2026-11-22": {"2026-11-21", "2026-11-20"},
		"2026-11-24": {"2026-11-22", "2026-11-21"}, // three intervals back, one of which never ran
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("neighbours (-want +got):\n%s", diff)
	}
}

func TestTheRunIdChangesWithEverythingThatTheBytesDependOn(t *testing.T) {
	t.Parallel()
	n := aNight(t)
	id := func(change ...func(*job.Job)) string {
		t.Helper()
		r, err := n.job(append(change, func(j *job.Job) { j.Dry = job.Ignore })...).Run(t.Context(), interval)
		if err != nil {
			t.Fatal(err)
		}
		return r.RunID
	}
	original := id()
	for name, change := range map[string]func(*job.Job){
		"name":        func(j *job.Job) { j.Config.Name = "other" },
		"fail_on":     func(j *job.Job) { j.Config.FailOn = 0 },
		"recheck":     func(j *job.Job) { j.Config.Recheck = 1 },
		"concurrency": func(j *job.Job) { j.Config.Concurrency = 3 },
		"a later day": func(j *job.Job) { j.AsOf = at("2026-12-01T00:00:00Z") },
	} {
		if got := id(change); got != original {
			t.Errorf("%s changes the run id", name)
		}
	}
	ids := map[string]string{"": original}
	for name, change := range map[string]func(*job.Job){
		"tool":          func(j *job.Job) { j.Tool = "newer" },
		"not settled":   func(j *job.Job) { j.AsOf = interval.End - 1 },
		"org":           func(j *job.Job) { j.Config.Org = "acme" },
		"tables":        func(j *job.Job) { j.Config.Output.CSV = false },
		"policy":        func(j *job.Job) { j.Config.Policy.MaxRejects = 0.5 },
		"accepted":      func(j *job.Job) { j.Config.Policy.Accepted = map[string]bool{"fnd-0": true} },
		"source's org":  func(j *job.Job) { j.Config.Sources[0].Org = "acme" },
		"lookback":      func(j *job.Job) { j.Config.Sources[0].Lookback = 0 },
		"without a bit": func(j *job.Job) { j.Config.Policy.CoverageTolerance++ },
	} {
		ids[name] = id(change)
	}
	n.deliver(files{"in/c/date=2026-11-20/more.csv": "conversation_id\n"}, delivered)
	ids["another object"] = id()
	n.deliver(files{"in/c/date=2026-11-20/more.csv": "conversation_id\n"}, lateDelivery)
	ids["modified"] = id()
	n.deliver(files{"in/c/date=2026-11-20/more.csv": "conversation_id\nx\n"}, lateDelivery)
	ids["size"] = id()
	distinct := map[string]bool{}
	for _, v := range ids {
		distinct[v] = true
	}
	if len(distinct) != len(ids) {
		t.Errorf("some of these have one run id: %v", slices.Sorted(maps.Keys(ids)))
	}
}
