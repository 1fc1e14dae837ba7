// Package hold puts objects of a matter under legal hold, and lifts these holds again. It
// changes nothing else in the buckets of inputs.
//
// The records of a matter are a chain of its own in the output; see [ledger.Hold]. A
// matter holds what the lists of its records say that it set, shares or found held.
//
// # One call
//
//  1. The list of all targets with their present state is written, and a record that
//     names it: the intention. The journal gets an entry for it.
//  2. The holds are set or lifted, in any order.
//  3. The list with the states after that is written, and a record that names it: what
//     was done. The journal gets an entry for it.
//
// # What a crash leaves
//
//   - In 1: a list that no record names, which is a leftover; or a record that no entry
//     names. Nothing was changed. The next call enters the record.
//   - In 2: an intention that no record completes, and some of its holds. The intention
//     says which objects nobody held before. So the next call, whatever it is for,
//     completes it first, and takes no hold of its own for somebody else's.
//   - In 3: the same with all of its holds, or a record that no entry names.
//
// # Several calls for one matter
//
// Records have numbers, and a number is taken once. Whoever finds an intention open cannot
// know whether its call still runs, and carries it out, too. Of all that do, one writes the
// record that completes it. The others find its number taken: they read the records again,
// bring what they changed late into the state that these say (by an intention and a record
// of their own), and go on with what they were asked for. A plan counts only for the records
// that it was made from. What is left is a call that changes a hold after it was overtaken,
// which takes a pause between asking for the next record and the change, and is killed
// before it looks again: then the next call for the matter finds the hold as somebody else's.
//
// # Several matters
//
// An object can be held for several matters, and has one hold. A release lifts it only
// when no other matter holds the object or intends to. The intention is written before the
// others' records are read. So of a release and of another matter's call at the same time
// at least one sees the other: a release leaves the object, and who sets it while another
// matter is being released says that the object is busy and is to be tried again.
//
// A hold that was there before any matter set one is somebody else's. It is noted, and
// never lifted.
package hold

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/parallel"
	"cdrmend/internal/scratch"
)

// The kinds of targets.
const (
	Media    = "media"
	Metadata = "metadata"
)

// Target is an object of an input that is to be held. Version and ETag are what the run
// listed, each if the store has it; without both, what the key holds now is meant.
type Target struct {
	Source     string
	Kind       string
	URL        string // of the bucket or directory
	Key        string
	VersionID  string
	ETag       string
	Listed     bool     // a run listed it
	Recordings []string // ids of those that it belongs to
}

// Result is what becomes of a target.
type Result string

// The results.
const (
	Set      Result = "set"      // nobody held it before
	Held     Result = "held"     // the matter holds it already
	Shared   Result = "shared"   // another matter set the hold
	Foreign  Result = "foreign"  // somebody else held it before; it is never lifted
	Released Result = "released" // the hold is lifted
	Kept     Result = "kept"     // released, and the hold stays for other matters
	Lifted   Result = "lifted"   // released, and somebody else had lifted the hold before
	Needed   Result = "needed"   // other recordings of the matter belong to it, so it stays held for the matter

	Gone        Result = "gone"        // nothing is there, and no version of it
	Changed     Result = "changed"     // there are other versions than the one that was listed
	Denied      Result = "denied"      // the store does not allow it
	Unsupported Result = "unsupported" // nothing can be held there
	Busy        Result = "busy"        // another matter that holds it is being released
)

// Failed reports whether a target could not be brought into its state.
func (r Result) Failed() bool {
	switch r {
	case Gone, Changed, Denied, Unsupported, Busy:
		return true
	}
	return false
}

// holds reports whether a matter holds a target from this result on, and whether the hold
// is one that a matter set.
func (r Result) holds() (holds, ours bool) {
	switch r {
	case Set, Held, Shared:
		return true, true
	case Foreign:
		return true, false
	}
	return false, false
}

// The states of a hold.
const (
	On      = "on"
	Off     = "off"
	Unknown = "unknown"
)

func stateOf(on bool) string {
	if on {
		return On
	}
	return Off
}

// Line is one target in the list of a record.
type Line struct {
	Source     string   `json:"source"`
	Kind       string   `json:"kind"`
	URL        string   `json:"url"`
	Key        string   `json:"key"`
	VersionID  string   `json:"version_id"` // empty when no version could be named
	ETag       string   `json:"etag"`
	Covered    bool     `json:"covered"`    // by a newer version or a delete marker
	Unlisted   bool     `json:"unlisted"`   // no run listed it: it is what the key held
	Recordings []string `json:"recordings"` // for which the call holds or releases it; of a needed one those that are left
	Before     string   `json:"before"`     // on, off, unknown
	After      string   `json:"after"`      // likewise; empty in an intention
	Result     Result   `json:"result"`
	Code       string   `json:"code"`    // of the store, when it refused; else empty
	Matters    []string `json:"matters"` // other ones that hold it

	changed bool // this call asked the store to change the hold
}

// place identifies a version of an object.
type place struct{ url, key, version string }

// unversioned is the place of all versions of an object.
func (p place) unversioned() place { return place{url: p.url, key: p.key} }

func (l *Line) place() place { return place{l.URL, l.Key, l.VersionID} }

func compareLines(a, b Line) int {
	return cmp.Or(cmp.Compare(a.URL, b.URL), cmp.Compare(a.Key, b.Key), cmp.Compare(a.VersionID, b.VersionID), cmp.Compare(a.ETag, b.ETag), cmp.Compare(a.Source, b.Source))
}

// Output is an output whose matters are read and written.
type Output struct {
	*ledger.Output
	ID          string // of the output
	Scratch     string
	Concurrency int // how many objects are asked about at once
	Tool        string
	Now         func() time.Time
	Watch       func(stage string, done, total int64)

	// Open opens the store of a source at a URL. It is called for each object.
	Open func(ctx context.Context, source, url string) (object.Store, error)

	loose map[place]Line // changed by this call under an intention that another call ended
}

// Why says for what reason holds are changed, and who asks for it.
type Why struct{ Reason, By string }

// readList yields the lines of the list that a record names. They are read from a copy
// whose hash was checked.
func (o *Output) readList(ctx context.Context, h *ledger.Hold, each func(*Line) error) error {
	spool, err := o.OpenHoldList(ctx, h, o.Scratch)
	if err != nil {
		return err
	}
	defer spool.Close()
	r, err := spool.ReaderAt()
	if err != nil {
		return err
	}
	d := json.NewDecoder(io.NewSectionReader(r, 0, spool.Size()))
	for n := 1; ; n++ {
		var l Line
		err := d.Decode(&l)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = each(&l)
		}
		if err != nil {
			return fmt.Errorf("reading %q: line %d: %w", h.List.Path, n, err)
		}
	}
}

// writeList writes the list of the next record of a matter.
func (o *Output) writeList(ctx context.Context, m *ledger.Matter, lines []Line) (ledger.File, error) {
	spool := scratch.NewSpool(o.Scratch)
	defer spool.Close()
	e := json.NewEncoder(spool)
	e.SetEscapeHTML(false)
	for i := range lines {
		if err := e.Encode(&lines[i]); err != nil {
			return ledger.File{}, fmt.Errorf("writing the list of holds: %w", err)
		}
	}
	return o.PutHoldList(ctx, m, spool)
}

// each calls f with the number of each line, and Watch after each call.
func (o *Output) each(ctx context.Context, stage string, n int, f func(ctx context.Context, i int) error) error {
	var done atomic.Int64
	return parallel.Each(ctx, o.Concurrency, n, func(ctx context.Context, i int) error {
		err := f(ctx, i)
		o.Watch(stage, done.Add(1), int64(n))
		return err
	})
}

// Counts returns how many lines have each result, in the order of the results' names.
func Counts(lines []Line) []ledger.HoldCount {
	list := []ledger.HoldCount{}
	for i := range lines {
		name := string(lines[i].Result)
		at, found := slices.BinarySearchFunc(list, name, func(c ledger.HoldCount, name string) int { return cmp.Compare(c.Result, name) })
		if !found {
			list = slices.Insert(list, at, ledger.HoldCount{Result: name})
		}
		list[at].Count++
	}
	return list
}
