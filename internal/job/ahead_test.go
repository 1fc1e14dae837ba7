package job_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/intake"
	"cdrmend/internal/job"
	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/policy"
)

// distant is a store that is far away, over which a test has control: what it lists last
// waits for the test. Unlike it, one with a network has its own pace.
type distant struct {
	object.Store
	*far
}

func (distant) Remote() {}

// far notes what is opened in all stores that share it.
type far struct {
	until func(f *far, keys []string) bool // what the end of a listing waits for, with what it listed; nil: nothing
	then  func(prefix string) error        // is called before a listing ends
	open  func(ctx context.Context, info object.Info, nth int) error
	body  func(r io.Reader, nth int) io.Reader // of the nth time that an object is opened

	mu      sync.Mutex
	changed chan struct{}
	opened  map[string]int
	read    map[string]int // bodies that were closed
	running int
}

func newFar() *far {
	return &far{until: (*far).has, changed: make(chan struct{}), opened: map[string]int{}, read: map[string]int{}}
}

// has reports whether all small documents among some keys were read.
func (f *far) has(keys []string) bool {
	return !slices.ContainsFunc(keys, func(key string) bool { return f.read[key] == 0 })
}

// note changes the counts, and wakes those who wait.
func (f *far) note(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	close(f.changed)
	f.changed = make(chan struct{})
}

var errNeverRead = errors.New("the test waited for objects that nobody reads")

// wait waits until something holds of the counts.
func (f *far) wait(ctx context.Context, holds func() bool) error {
	late := time.After(time.Minute)
	for {
		f.mu.Lock()
		ok, changed := holds(), f.changed
		f.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-late:
			return errNeverRead
		}
	}
}

func (d distant) List(ctx context.Context, prefix string) iter.Seq2[object.Info, error] {
	return func(yield func(object.Info, error) bool) {
		var keys []string
		for info, err := range d.Store.List(ctx, prefix) {
			if info.Size <= 64<<10 && !strings.HasPrefix(path.Base(info.Key), ".") {
				keys = append(keys, info.Key)
			}
			if !yield(info, err) {
				return
			}
		}
		if d.until != nil {
			if err := d.wait(ctx, func() bool { return d.until(d.far, keys) }); err != nil {
				yield(object.Info{}, err)
				return
			}
		}
		if d.then != nil {
			if err := d.then(prefix); err != nil {
				yield(object.Info{}, err)
			}
		}
	}
}

func (d distant) Open(ctx context.Context, info object.Info, from int64) (io.ReadCloser, error) {
	nth := 0
	d.note(func() { d.opened[info.Key]++; d.running++; nth = d.opened[info.Key] })
	end := sync.OnceFunc(func() { d.note(func() { d.running--; d.read[info.Key]++ }) })
	var err error
	if d.open != nil {
		err = d.open(ctx, info, nth)
	}
	var body io.ReadCloser
	if err == nil {
		body, err = d.Store.Open(ctx, info, from)
	}
	if err != nil {
		end()
		return nil, err
	}
	var r io.Reader = body
	if d.body != nil {
		r = d.body(r, nth)
	}
	return &distantBody{r, func() error { defer end(); return body.Close() }}, nil
}

type distantBody struct {
	io.Reader
	close func() error
}

func (b *distantBody) Close() error { return b.close() }

// on has all sources of a job far away.
func (f *far) on(j *job.Job) {
	for i, s := range j.Stores.Sources {
		j.Stores.Sources[i] = distant{s, f}
	}
}

// near counts what a job opens in sources that are not far away.
func near(count map[string]int) func(*job.Job) {
	var mu sync.Mutex
	return func(j *job.Job) {
		for i, s := range j.Stores.Sources {
			j.Stores.Sources[i] = &watched{Store: s, open: func(info object.Info) {
				mu.Lock()
				defer mu.Unlock()
				count[info.Key]++
			}}
		}
	}
}

// aFarNight is a night with a bit of everything and some sidecars.
func aFarNight(t *testing.T) *night {
	n := aNight(t)
	n.deliver(sidecars(), delivered)
	return n
}

// inBuckets has each source of a job in a bucket with what its directory holds.
func inBuckets(t *testing.T) func(*job.Job) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	n := aFarNight(t)
	names := []string{"m-source", "c-source", "r-source"}
	for _, name := range names {
		server.Bucket(t, name, objecttest.Plain)
		for key, text := range n.tree("in/" + name[:1]) {
			server.Put(t, name, key, []byte(text))
		}
	}
	return func(j *job.Job) {
		limiter := object.NewLimiter(j.Config.Concurrency)
		for i, name := range names {
			store, err := object.Open(t.Context(), object.Location{Bucket: name}, object.Options{Limiter: limiter})
			if err != nil {
				t.Fatal(err)
			}
			if _, remote := store.(object.Remote); !remote {
				t.Error("a bucket is not far away")
			}
			j.Stores.Sources[i] = store
		}
	}
}

func TestReadingAheadChangesNoByteAndRequestsEachObjectOnce(t *testing.T) {
	for name, in := range map[string]func(*testing.T) func(*job.Job){
		"directory": func(*testing.T) func(*job.Job) { return func(*job.Job) {} },
		"bucket":    inBuckets,
	} {
		t.Run(name, func(t *testing.T) {
			place := in(t)
			without, want := aFarNight(t), map[string]int{}
			without.run(place, near(want))

			f, n := newFar(), aFarNight(t)
			early := 0
			f.then = func(string) error {
				f.note(func() { early = len(f.opened) })
				return nil
			}
			var log bytes.Buffer
			n.run(place, f.on, withLog(&log))
			same(t, "output", without.tree("out"), n.tree("out"))
			if !maps.Equal(f.opened, want) || f.running != 0 {
				t.Errorf("with reading ahead %v are opened and %d stay open, without %v", f.opened, f.running, want)
			}
			if early != len(want) || !strings.Contains(log.String(), fmt.Sprintf("read_ahead=%d\n", early)) {
				t.Errorf("%d of %d objects are opened while others are listed, and the log says\n%s", early, len(want), log.String())
			}
		})
	}
}

const sideKey = "date=2026-11-20/side-04.json"

// changeSide writes one of the sidecars anew.
func changeSide(n *night) {
	n.deliver(files{"in/m/" + sideKey: fmt.Sprintf(sidecar, 77)}, lateDelivery)
}

// An object is read as it was listed. If it changes later, the next run reads the change.
func TestAnObjectThatChangesAfterItWasReadAheadIsReadAsItWasListed(t *testing.T) {
	t.Parallel()
	without := aFarNight(t)
	without.run()

	n, f := aFarNight(t), newFar()
	change := sync.OnceFunc(func() { changeSide(n) })
	f.then = func(string) error {
		err := f.wait(t.Context(), func() bool { return f.read[sideKey] > 0 })
		change()
		return err
	}
	n.run(f.on)
	same(t, "output", without.tree("out"), n.tree("out"))
	if f.opened[sideKey] != 1 {
		t.Errorf("it is opened %d times", f.opened[sideKey])
	}

	var keys []string
	r := n.run(asked(&keys))
	keys = slices.DeleteFunc(keys, func(key string) bool { return !strings.Contains(key, "side-") })
	if r.NoOp || !slices.Equal(keys, []string{sideKey}) {
		t.Errorf("the next run, a no-op %v, opens %q", r.NoOp, keys)
	}
}

// It is found out when its turn comes, as without reading ahead.
func TestAnObjectThatChangesBeforeItIsReadAheadStartsTheRunOver(t *testing.T) {
	t.Parallel()
	without := aFarNight(t)
	changeSide(without)
	without.run()

	n, f := aFarNight(t), newFar()
	f.open = func(_ context.Context, info object.Info, nth int) error {
		if info.Key == sideKey && nth == 1 {
			changeSide(n)
		}
		return nil
	}
	var log bytes.Buffer
	n.run(f.on, withLog(&log))
	same(t, "output", without.tree("out"), n.tree("out"))
	if f.opened[sideKey] != 3 || strings.Count(log.String(), "starting over") != 1 {
		t.Errorf("it is opened %d times, and the log says\n%s", f.opened[sideKey], log.String())
	}
}

func TestAFailureOfReadingAheadIsNone(t *testing.T) {
	t.Parallel()
	without := aFarNight(t)
	without.run()
	first := func(change func(r io.Reader) io.Reader) func(*far) {
		return func(f *far) {
			f.body = func(r io.Reader, nth int) io.Reader {
				if nth > 1 {
					return r
				}
				return change(r)
			}
		}
	}
	for name, fault := range map[string]func(f *far){
		"refused": func(f *far) {
			f.open = func(_ context.Context, _ object.Info, nth int) error {
				if nth == 1 {
					return errLost
				}
				return nil
			}
		},
		"short":  first(func(r io.Reader) io.Reader { return io.LimitReader(r, 9) }),
		"long":   first(func(r io.Reader) io.Reader { return io.MultiReader(r, strings.NewReader(" ")) }),
		"broken": first(func(r io.Reader) io.Reader { return io.MultiReader(io.LimitReader(r, 9), broken{}) }),
		"no end": first(func(r io.Reader) io.Reader { return io.MultiReader(r, broken{}) }),
	} {
		n, f := aFarNight(t), newFar()
		fault(f)
		var log bytes.Buffer
		n.run(f.on, withLog(&log))
		same(t, name+": output", without.tree("out"), n.tree("out"))
		if f.opened[sideKey] != 2 || f.running != 0 || strings.Contains(log.String(), "starting over") {
			t.Errorf("%s: an object is opened %d times, %d stay open, and the log says\n%s", name, f.opened[sideKey], f.running, log.String())
		}
	}
}

// broken is a body on which the connection broke.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errLost }

func TestNothingIsReadAheadOnceListingFailed(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(stop context.CancelFunc) error{
		"failed":    func(context.CancelFunc) error { return errLost },
		"cancelled": func(stop context.CancelFunc) error { stop(); return nil },
	} {
		ctx, stop := context.WithCancel(t.Context())
		n, f := aFarNight(t), newFar()
		f.until = func(f *far, _ []string) bool { return f.running > 1 }
		f.open = func(ctx context.Context, _ object.Info, _ int) error {
			<-ctx.Done() // the server does not answer
			return ctx.Err()
		}
		f.then = func(string) error { return fail(stop) }
		_, err := n.job(f.on).Run(ctx, interval)
		opened := len(f.opened)
		if want := map[string]error{"failed": errLost, "cancelled": context.Canceled}[name]; !errors.Is(err, want) || f.running != 0 || opened == 0 {
			t.Errorf("%s: the error is %v, and %d of %d objects are still being read", name, err, f.running, opened)
		}
		stop()
	}
}

// What packs of other intervals may hold is not requested.
func TestOnlyWhatIsNewerThanPacksIsReadAhead(t *testing.T) {
	t.Parallel()
	n := aFarNight(t)
	n.run()
	const added = "date=2026-11-21/z-new.json" // listed last
	n.deliver(files{"in/m/" + added: fmt.Sprintf(sidecar, 99)}, fiveLater.Std().Add(time.Hour))

	f := newFar()
	f.until = func(f *far, keys []string) bool { return !slices.Contains(keys, added) || f.read[added] > 0 }
	if _, err := n.job(f.on).Run(t.Context(), policy.IntervalAt(interval.End, 24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for key, times := range f.opened {
		if times > 1 || strings.Contains(key, "side-") {
			t.Errorf("%s is opened %d times", key, times)
		}
	}
}

func TestReadingAheadTakesBoundedMemoryAndNoLargeObjects(t *testing.T) {
	t.Parallel()
	n := newNight(t, nil)
	some := files{}
	for i := range 300 {
		text := fmt.Sprintf(sidecar, i)
		some[fmt.Sprintf("in/m/date=2026-11-20/%03d.json", i)] = text + strings.Repeat(" ", 64<<10-len(text))
	}
	some["in/m/date=2026-11-20/000-large.json"] = strings.Repeat(" ", 64<<10+1)
	n.deliver(some, delivered)

	const most = 16 << 20 / (64<<10 + 256)
	f := newFar()
	f.until = func(f *far, keys []string) bool { return len(keys) == 0 || len(f.read) >= most }
	j := n.job(f.on)
	in, err := intake.List(t.Context(), intake.Request{Config: j.Config, Sources: j.Stores.Sources, AsOf: j.AsOf, Tool: j.Tool, Ahead: &intake.Ahead{}}, interval)
	if err != nil {
		t.Fatal(err)
	}
	if o := in.Opener.Opened(); o.Ahead != most || o.Requested != most || f.opened["date=2026-11-20/000-large.json"] > 0 {
		t.Errorf("%d objects are read ahead with %d requests, want %d", o.Ahead, o.Requested, most)
	}

	// Each is served once, and is then opened in its source.
	at, _ := in.Find("m", "date=2026-11-20/000.json")
	want, err := os.ReadFile(filepath.Join(n.dir, "in/m/date=2026-11-20/000.json"))
	if err != nil {
		t.Fatal(err)
	}
	for times := 1; times <= 2; times++ {
		body, err := in.Opener.Open(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if err != nil || !bytes.Equal(got, want) || f.opened["date=2026-11-20/000.json"] != times {
			t.Errorf("time %d: %d bytes, %d requests, error %v", times, len(got), f.opened["date=2026-11-20/000.json"], err)
		}
		body.Close()
	}
}

// A small document is kept when it is read. Repairing it and setting it aside open nothing again.
func TestASmallDocumentIsOpenedOnceThoughItIsRepairedAndSetAside(t *testing.T) {
	t.Parallel()
	n := newNight(t, files{
		"in/c/date=2026-11-20/a.csv":      "conversation_id,leg_id,trunk_id,start_time,answer_time,end_time\nc,1,t,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:01:00Z\n",
		"in/m/date=2026-11-20/whole.json": `{"recording_id":"r","conversation_id":"c","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:01:00Z"}`,
		"in/m/date=2026-11-20/cut.json":   `{"recording_id":"s","conversation_id":"d","start_time":"2026-11-20T11:00:00Z","end_ti`,
	})
	count := map[string]int{}
	n.run(near(count))
	want := map[string]int{"date=2026-11-20/a.csv": 1, "date=2026-11-20/whole.json": 1, "date=2026-11-20/cut.json": 1}
	if !maps.Equal(count, want) {
		t.Errorf("opened %v, want %v", count, want)
	}
	repaired, rests := 0, 0
	for name := range n.tree("out/interval=2026-11-20/runs") {
		if strings.Contains(name, "/manifests/") {
			repaired++
		}
		if strings.Contains(name, "/rejects/") {
			rests++
		}
	}
	if repaired != 2 || rests != 1 {
		t.Errorf("%d documents are repaired and the rest of %d is set aside, want 2 and 1", repaired, rests)
	}
}
