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
package budget

import "runtime/debug"

// How much the heap may grow before the next collection, in percent of the live
// heap: while a large interval is read, and afterwards, when the run needs most
// memory and allocates little.
const (
	growthReading = 15
	growthAfter   = 4
)

// ample is the number of bytes up to which a run's time counts more than its
// memory. The heap of a smaller run may grow up to it between collections.
const ample = 448 << 20

// Budget is how much memory one run is expected to need.
type Budget struct {
	need int64
	off  bool // the user has set the collector's percentage: it stays
}

// New returns the budget of a run that is expected to need so many bytes. With
// ownGC the budget changes nothing.
func New(need int64, ownGC bool) Budget { return Budget{need, ownGC} }

// growth returns the growth in percent: at least the given one, and more as long
// as the heap stays below ample.
func (b Budget) growth(least int) int { return max(least, int(100*(ample-b.need)/b.need)) }

// Begin sets how often the collector runs until restore is called.
func (b Budget) Begin() (restore func()) {
	if b.off {
		return func() {}
	}

	before := debug.SetGCPercent(b.growth(growthReading))
	return func() { debug.SetGCPercent(before) }
}

// Release returns the memory of finished stages to the system, and lets the heap
// grow less from now on. The next stages would ask for new memory before they
// reuse the old. A small interval is left alone, as it would gain nothing.
func (b Budget) Release() {
	if !b.off && b.need >= ample/2 {
		// Before the collection that FreeOSMemory forces: the next one is planned
		// with the percentage that holds then.
		debug.SetGCPercent(b.growth(growthAfter))
		debug.FreeOSMemory()
	}
}
