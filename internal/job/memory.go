package job

import (
	"log/slog"
	"runtime/debug"
	"strings"

	"cdrmend/internal/policy"
)

// What a run needs at its peak: so much in any case, and for every row that it
// reads. Measured with a million legs and as many entries, each of which needed
// a repair; the README tells how. Rows of the margins that are let go are no part
// of the peak: a million legs and entries in each of two days beside add 34 MB.
const (
	baseMemory  = 64 << 20
	entryMemory = 240
	legMemory   = 200
	eventMemory = 100
	fileMemory  = 500 // of a sidecar beside its entry
)

// What one row takes in an object, for want of anything better before it is
// read. A sidecar holds one entry whatever its size.
const (
	entryBytes = 500
	legBytes   = 280
	eventBytes = 350
	packed     = 8 // how much gzip and zstd leave out
)

// memory estimates what a run on these inputs needs at its peak, from nothing
// but their names and sizes.
func (s *snapshot) memory() int64 {
	need, margin := s.rowMemory()
	if margin >= sparse {
		return need
	}
	return need + margin
}

// rowMemory estimates what the rows of the interval's own partitions need, in
// any case, and those of the margins as long as none of them is let go.
func (s *snapshot) rowMemory() (own, margin int64) {
	own = baseMemory
	for i := range s.inputs {
		in := &s.inputs[i]
		switch {
		case !in.document:
			continue
		case s.sources[in.source].Kind != policy.Registrations && s.isMargin(uint32(i)):
			margin += s.memoryOf(in)
		default:
			own += s.memoryOf(in)
		}
		if s.sources[in.source].Profile.KeyPattern != nil {
			own += fileMemory
		}
	}
	return own, margin
}

// memoryOf estimates what the rows of one document need.
func (s *snapshot) memoryOf(in *input) int64 {
	source := &s.sources[in.source]
	size := in.Size
	if isPacked(in.Key) {
		size *= packed
	}
	switch source.Kind {
	case policy.Manifests:
		if source.Profile.KeyPattern != nil {
			return entryMemory
		}
		return size / entryBytes * entryMemory
	case policy.CDRs:
		return size / legBytes * legMemory
	}
	return size / eventBytes * eventMemory
}

func isPacked(key string) bool {
	for _, suffix := range []string{".gz", ".zst", ".parquet"} {
		if strings.HasSuffix(key, suffix) {
			return true
		}
	}
	return false
}

// warnOfMemory says before anything is read that the interval may not fit.
func (j *Job) warnOfMemory(log *slog.Logger, snap *snapshot) {
	if need := snap.memory(); j.Memory > 0 && need > j.Memory {
		log.Warn("the interval may not fit into memory: choose a shorter interval or look-back, or raise the limit",
			"expected_bytes", need, "limit_bytes", j.Memory)
	}
}

// How much more than what is in use the heap of a large interval may take, in
// percent, before the collector comes: while it is read, and from then on, when
// the run needs most and asks for little.
const (
	growthReading = 15
	growthAfter   = 4
)

// roomy is what a run may take before its memory counts more than its time.
const roomy = 448 << 20

// growth is at least so many percent, and more while there is room: each
// collection looks at the stacks, too, and those of requests to a bucket are
// deep.
func growth(least int, need int64) int { return max(least, int(100*(roomy-need)/need)) }

// release gives back what the stages so far used and the next ones would not
// use again before they ask for more, of an interval so large that it counts.
func (j *Job) release(snap *snapshot) {
	if need := snap.memory(); !j.OwnGC && need >= roomy/2 {
		debug.SetGCPercent(growth(growthAfter, need))
		debug.FreeOSMemory()
	}
}

// frugal makes the collector come more often while a large interval is
// computed, as nearly all of its memory is live and free of pointers: to look at
// it costs little, and to wait for it to double costs all of it again. For a
// small one it comes less often. A percentage that somebody set stays.
func (j *Job) frugal(need int64) (restore func()) {
	if j.OwnGC {
		return func() {}
	}
	before := debug.SetGCPercent(growth(growthReading, need))
	return func() { debug.SetGCPercent(before) }
}
