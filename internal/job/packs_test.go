package job_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/object"
	"cdrmend/internal/outside"
	"cdrmend/internal/policy"
)

const sidecar = `{"format": "cdrmend.manifest/1", "recordings": [{"recording_id": "side-%d", "conversation_id": "c-%[1]d", "start_time": "2026-11-20T10:00:00Z", "end_time": "2026-11-20T10:01:00Z"}]}`

// sidecars returns many small documents, some of them of margins.
func sidecars() files {
	some := files{}
	for i := range 60 {
		some[fmt.Sprintf("in/m/date=2026-11-%d/side-%02d.json", 19+i%3, i)] = fmt.Sprintf(sidecar, i)
	}
	return some
}

// keeping says what is kept, in the last line of the configuration of a night.
func keeping(n *night, evidence string) {
	config, _, _ := strings.Cut(n.tree("")["cdrmend.yaml"], "evidence:")
	n.deliver(files{"cdrmend.yaml": config + "evidence: " + evidence + "\n"}, delivered)
}

// asked notes the objects that a run opens in its sources.
func asked(keys *[]string) func(*job.Job) {
	var mu sync.Mutex
	return func(j *job.Job) {
		for i, s := range j.Stores.Sources {
			j.Stores.Sources[i] = &watched{Store: s, open: func(info object.Info) {
				mu.Lock()
				defer mu.Unlock()
				*keys = append(*keys, info.Key)
			}}
		}
	}
}

// withLog has the log of a run in a buffer.
func withLog(b *bytes.Buffer) func(*job.Job) {
	return func(j *job.Job) { j.Log = slog.New(slog.NewTextHandler(b, nil)) }
}

// unpacked computes the night of another one without packs.
func unpacked(n *night) files {
	n.t.Helper()
	other := newNight(n.t, nil)
	for name, text := range n.tree("") {
		if strings.HasPrefix(name, "out/") {
			continue
		}
		info, err := os.Stat(filepath.Join(n.dir, filepath.FromSlash(name)))
		if err != nil {
			n.t.Fatal(err)
		}
		other.deliver(files{name: text}, info.ModTime())
	}
	keeping(other, "{keep: none}")
	r := other.run()
	if packs := other.commits()[0].Evidence; packs != nil {
		n.t.Errorf("a run that keeps nothing names %v", packs)
	}
	return other.tree(outputPrefix + "runs/" + r.RunID)
}

func TestARunRequestsOnlyWhatIsNewAndItsBytesDoNotDependOnPacks(t *testing.T) {
	t.Parallel()
	n := aNight(t)
	n.deliver(sidecars(), delivered)
	keeping(n, "{keep: all}")
	var first []string
	n.run(asked(&first))
	if len(first) < 60 {
		t.Fatalf("the first run opens %d objects", len(first))
	}

	n.deliver(files{"in/m/date=2026-11-20/side-new.json": fmt.Sprintf(sidecar, 99)}, lateDelivery)
	var second []string
	r := n.run(asked(&second))
	if want := []string{"date=2026-11-20/side-new.json"}; !slices.Equal(second, want) {
		t.Errorf("the second run opens %q, want %q", second, want)
	}
	same(t, "run", unpacked(n), n.tree(outputPrefix+"runs/"+r.RunID))

	named := n.commits()[1].Evidence
	if len(named) != 2 || named[0].SHA256 != n.commits()[0].Evidence[0].SHA256 || named[1].Objects != 1 {
		t.Errorf("the second record names %+v", named)
	}
}

// A large file is read again when it is packed. If somebody replaced it meanwhile, the run
// starts over: its pack has what it decided about.
func TestALargeFileThatIsReplacedBeforeItIsPacked(t *testing.T) {
	t.Parallel()
	const key = "date=2026-11-20/large.json"
	n := aNight(t)
	keeping(n, "{keep: all}")
	large := func(i int) files {
		return files{"in/m/" + key: strings.Replace(fmt.Sprintf(sidecar, i), "{", "{"+strings.Repeat(" ", 3<<20), 1)}
	}
	n.deliver(large(1), delivered)
	var opened int
	var log bytes.Buffer
	r := n.run(withLog(&log), func(j *job.Job) {
		var mu sync.Mutex
		for i, s := range j.Stores.Sources {
			j.Stores.Sources[i] = &watched{Store: s, open: func(info object.Info) {
				mu.Lock()
				defer mu.Unlock()
				if info.Key != key {
					return
				}
				if opened++; opened == 2 {
					n.deliver(large(2), lateDelivery)
				}
			}}
		}
	})
	if opened != 4 || strings.Count(log.String(), "starting over") != 1 {
		t.Errorf("the file was opened %d times, want twice in each of two tries; the log says\n%s", opened, &log)
	}
	same(t, "run", unpacked(n), n.tree(outputPrefix+"runs/"+r.RunID))

	// The pack serves the file.
	n.deliver(files{"in/m/date=2026-11-20/side-new.json": fmt.Sprintf(sidecar, 99)}, lateDelivery)
	var keys []string
	n.run(asked(&keys))
	if want := []string{"date=2026-11-20/side-new.json"}; !slices.Equal(keys, want) {
		t.Errorf("the next run opens %q, want %q", keys, want)
	}
}

// By default only small documents of manifests are kept.
func TestOnlySmallManifestsAreKeptByDefault(t *testing.T) {
	t.Parallel()
	n := aNight(t)
	n.deliver(sidecars(), delivered)
	large := strings.Replace(fmt.Sprintf(sidecar, 100), "{", "{"+strings.Repeat(" ", 64<<10), 1)
	n.deliver(files{"in/m/date=2026-11-20/large.json": large}, delivered)
	n.run()
	n.deliver(files{"in/m/date=2026-11-20/side-new.json": fmt.Sprintf(sidecar, 99)}, lateDelivery)
	var keys []string
	n.run(asked(&keys))
	small := 0
	for _, key := range keys {
		if strings.Contains(key, "side-") {
			small++
		}
	}
	if small != 1 || !slices.Contains(keys, "date=2026-11-20/large.json") {
		t.Errorf("the second run opens %q", keys)
	}
}

func TestTheNextIntervalIsServedByThePacksOfItsNeighbours(t *testing.T) {
	t.Parallel()
	n := aNight(t)
	n.deliver(sidecars(), delivered)
	n.run()
	next := policy.IntervalAt(interval.End, 24*time.Hour)
	var keys []string
	if _, err := n.job(asked(&keys)).Run(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(key, "side-") }) {
		t.Errorf("the next interval opens %q", keys)
	}
	n.checkCommits()

	// Likewise backwards.
	keys = nil
	if _, err := n.job(asked(&keys)).Run(t.Context(), policy.IntervalAt(interval.Start.Add(-24*time.Hour), 24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if strings.HasPrefix(key, "date=2026-11-20/side-") {
			t.Errorf("the interval before opens %q", key)
		}
	}
}

func TestAChangedPackIsNotUsedAndChangesNoByte(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(text string) string{
		"a byte":  func(text string) string { return text[:len(text)/2] + "\x00" + text[len(text)/2+1:] },
		"a half":  func(text string) string { return text[:len(text)/2] },
		"nothing": func(string) string { return "" },
	} {
		for _, suffix := range []string{".zst", ".parquet"} {
			n := aNight(t)
			n.deliver(sidecars(), delivered)
			n.run()
			pack := n.commits()[0].Evidence[0]
			path := pack.Path
			if suffix == ".parquet" {
				path = pack.Index.Path
			}
			whole := n.tree("out")[path]
			if err := os.Chmod(filepath.Join(n.dir, "out", filepath.FromSlash(path)), 0o600); err != nil {
				t.Fatal(err)
			}
			n.deliver(files{"out/" + path: spoil(whole), "in/m/date=2026-11-20/side-new.json": fmt.Sprintf(sidecar, 99)}, lateDelivery)

			var log bytes.Buffer
			var keys []string
			r, err := n.job(withLog(&log), asked(&keys)).Run(t.Context(), interval)
			if err != nil {
				t.Fatalf("%s of %s: %v", name, suffix, err)
			}
			if !strings.Contains(log.String(), "a pack of inputs is not what was committed") || len(keys) < 60 {
				t.Errorf("%s of %s: %d objects are opened: %s", name, suffix, len(keys), log.String())
			}
			same(t, "run", unpacked(n), n.tree(outputPrefix+"runs/"+r.RunID))
			if named := n.commits()[1].Evidence; len(named) != 1 || named[0].Path == pack.Path {
				t.Errorf("%s of %s: the second record names %+v", name, suffix, named)
			}
		}
	}
}

// Every check may add a pack. Their number is bounded, and nothing is requested again.
func TestManySmallPacksBecomeOne(t *testing.T) {
	outside.Long(t)
	t.Parallel()
	n := aNight(t)
	n.deliver(sidecars(), delivered)
	most, last := 0, 0
	for i := range 36 {
		n.deliver(files{fmt.Sprintf("in/m/date=2026-11-20/side-new-%d.json", i): fmt.Sprintf(sidecar, 100+i)}, lateDelivery)
		var keys []string
		if _, err := n.job(asked(&keys)).Run(t.Context(), interval); err != nil {
			t.Fatal(err)
		}
		all := n.commits()
		last = len(all[len(all)-1].Evidence)
		most = max(most, last)
		side := slices.DeleteFunc(keys, func(key string) bool { return !strings.Contains(key, "side-") })
		if i > 0 && len(side) != 1 {
			t.Errorf("run %d opens %q", i, side)
		}
	}
	if most > 34 || last > 4 {
		t.Errorf("a record names up to %d packs, the last %d", most, last)
	}
	n.checkCommits()
}
