package intake

import (
	"io"
	"testing"
	"time"

	"cdrmend/internal/object"
)

type remote struct{ object.Store }

func (remote) Remote() {}

func TestOnlyObjectsThatAreReadInAnyCaseAreReadAhead(t *testing.T) {
	t.Parallel()
	packed := time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)
	small := Object{Document: true, Info: object.Info{Key: "a", Size: smallAhead, Modified: packed.Add(time.Second)}}
	for name, test := range map[string]struct {
		change func(o *Object, store *object.Store)
		want   int
	}{
		"small document":       {func(*Object, *object.Store) {}, 1},
		"empty":                {func(o *Object, _ *object.Store) { o.Size = 0 }, 1},
		"not a document":       {func(o *Object, _ *object.Store) { o.Document = false }, 0},
		"archived":             {func(o *Object, _ *object.Store) { o.Archived = true }, 0},
		"large":                {func(o *Object, _ *object.Store) { o.Size++ }, 0},
		"shown by a link":      {func(o *Object, _ *object.Store) { o.Alias = &object.Alias{} }, 0},
		"perhaps in a pack":    {func(o *Object, _ *object.Store) { o.Modified = packed }, 0},
		"store at no distance": {func(_ *Object, s *object.Store) { *s = struct{ object.Store }{} }, 0},
	} {
		a := &ahead{after: packed, queue: make(chan *early, 2), objects: map[earlyKey]*early{}}
		o, store := small, object.Store(remote{})
		test.change(&o, &store)
		a.offer(store, &o)
		a.offer(store, &o) // two partitions have one URL
		if len(a.queue) != test.want || len(a.objects) != test.want {
			t.Errorf("%s: %d are to be read, and %d are known, want %d", name, len(a.queue), len(a.objects), test.want)
		}
	}
}

func TestWhatWasReadAheadIsServedForTheVersionThatWasReadOnly(t *testing.T) {
	t.Parallel()
	listed := Object{Source: 1, Document: true, Info: object.Info{Key: "a", Size: 3, ETag: "x", VersionID: "1", Modified: time.Unix(1, 0)}}
	for name, other := range map[string]func(o *Object){
		"size":     func(o *Object) { o.Size++ },
		"ETag":     func(o *Object) { o.ETag = "y" },
		"version":  func(o *Object) { o.VersionID = "2" },
		"modified": func(o *Object) { o.Modified = time.Unix(2, 0) },
		"source":   func(o *Object) { o.Source = 2 },
	} {
		a := &ahead{objects: map[earlyKey]*early{{1, "a"}: {info: listed.Info, bytes: []byte("abc"), whole: true}}}
		o := listed
		other(&o)
		if a.take(&o) != nil {
			t.Errorf("another %s is served", name)
		}
		body := a.take(&listed)
		if body == nil {
			t.Fatalf("after another %s nothing is served", name)
		}
		if b, err := io.ReadAll(body); err != nil || string(b) != "abc" {
			t.Errorf("got %q, error %v", b, err)
		}
		if a.take(&listed) != nil {
			t.Error("it is served twice")
		}
	}
}
