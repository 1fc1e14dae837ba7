// Package budget tunes the garbage collector to the expected size of a run.
//
// Nearly all memory of a large interval is live and free of pointers. Scanning it
// costs little, but letting it double before the next collection costs as much
// memory again. With a million legs and as many entries the peak is 503 MB,
// instead of 876 MB at the usual 100 percent, in the same time.
//
// A small interval is collected seldom: each collection also scans the stacks of
// requests to a bucket, which are a hundred calls deep. A night of 100,000
// sidecars spent a fifth of its time on collections before that.
//
// How seldom is a number of bytes, not a percentage. An input of a few kilobytes can
// unpack to rows that need a hundred megabytes, and a percentage that suits its size
// would let the heap grow to many times of that. So the percentage is set anew after
// each collection, from what was found alive.
package budget

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// How much the heap may grow before the next collection, in percent of the live
// heap: while a large interval is read, and afterwards, when the run needs most
// memory and allocates little.
const (
	growthReading = 15
	growthAfter   = 4
)

// Up to ample bytes a run's time counts more than its memory: its heap may grow by
// spare, and by some times what its inputs are expected to need.
const (
	ample = 448 << 20
	spare = 64 << 20 // what a run without inputs needs, too
	times = 3
)

// Budget is how much memory one run is expected to need.
type Budget struct {
	need int64
	off  bool // the user has set the collector's percentage: it stays
}

// New returns the budget of a run that is expected to need so many bytes. With
// ownGC the budget changes nothing.
func New(need int64, ownGC bool) Budget { return Budget{need, ownGC} }

// room returns by how many bytes the heap may grow in any case.
func (b Budget) room() int64 {
	return max(min(spare+times*max(b.need-spare, 0), ample-b.need), 0)
}

// Begin sets how often the collector runs until restore is called.
func (b Budget) Begin() (restore func()) {
	if b.off {
		return func() {}
	}
	return collector.begin(growthReading, b.room())
}

// Release returns the memory of finished stages to the system, and lets the heap
// grow less from now on. The next stages would ask for new memory before they
// reuse the old. A small interval is left alone, as it would gain nothing.
func (b Budget) Release() {
	if !b.off && b.need >= ample/2 {
		// Before the collection that FreeOSMemory forces: the next one is planned
		// with the percentage that holds then.
		collector.set(growthAfter, b.room())
		debug.FreeOSMemory()
	}
}

// collector holds the settings of the garbage collector. A process has one collector.
var collector tuning

// tuning sets the collector's percentage after each collection.
type tuning struct {
	mu      sync.Mutex
	begun   int   // runs that have begun and not ended
	before  int   // percentage before the first of them
	percent int   // that the heap may grow at least
	room    int64 // bytes that it may grow at least
	live    int64 // bytes alive for which the percentage was set
}

// begin sets the percentage until restore is called.
func (t *tuning) begin(percent int, room int64) (restore func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.percent, t.room = percent, room
	if t.begun++; t.begun == 1 {
		t.before = t.adjust()
	}

	ended := make(chan struct{})
	go t.watch(ended)
	return func() {
		close(ended)
		t.end()
	}
}

// set changes by how much the heap may grow.
func (t *tuning) set(percent int, room int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.percent, t.room = percent, room
	t.adjust()
}

// end restores the percentage when the last run ends.
func (t *tuning) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.begun--; t.begun == 0 {
		debug.SetGCPercent(t.before)
	}
}

// adjust sets the percentage that suits the live heap, and returns the one before.
func (t *tuning) adjust() (before int) {
	t.live = live()
	return debug.SetGCPercent(max(t.percent, int(100*t.room/max(t.live, 1<<20))))
}

// interval is how often the live heap is looked at. A finalizer, which is the only
// thing that runs after a collection by itself, can come much later.
const interval = 5 * time.Millisecond

// watch adjusts the percentage when a collection found another live heap.
func (t *tuning) watch(ended <-chan struct{}) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
		}

		t.mu.Lock()
		if t.begun > 0 && live() != t.live { // setting it stops all goroutines for a moment
			t.adjust()
		}
		t.mu.Unlock()
	}
}

// live returns the bytes that the last collection found alive.
func live() int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
