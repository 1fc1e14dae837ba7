package intake

import (
	"path"
	"slices"

	"cdrmend/internal/policy"
)

// A run needs this many bytes at its peak in any case, and for every row that it
// reads. Measured with a million legs and as many entries, every one with a
// repair; the README says how. Rows of the margins that are filtered out are
// no part of the peak: a million legs and entries in each of two neighbouring days
// add 34 MB.
const (
	baseMemory  = 64 << 20
	entryMemory = 240
	legMemory   = 200
	eventMemory = 100
	fileMemory  = 500 // of a sidecar, without its entry
)

// These many bytes of an object are assumed for each row before it is read. A
// sidecar holds one entry, however large it is.
const (
	entryBytes = 500
	legBytes   = 280
	eventBytes = 350
	packed     = 8 // how many times gzip and zstd shrink an object
)

// Memory estimates how many bytes a run on these inputs needs at its peak. It
// knows only their names and sizes.
func (in *Inputs) Memory() int64 {
	need, margin := in.rowMemory()
	if margin >= sparse {
		return need
	}
	return need + margin
}

// MemoryOf estimates how many bytes it takes to read some of the objects only.
func (in *Inputs) MemoryOf(only map[uint32]bool) int64 {
	need := int64(baseMemory)
	for n := range only {
		need += in.memoryOf(n)
	}
	return need
}

// rowMemory estimates what the rows of the interval's own partitions need, in
// any case, and those of the margins as long as they are not filtered.
func (in *Inputs) rowMemory() (own, margin int64) {
	own = baseMemory
	for i := range in.Objects {
		o := &in.Objects[i]
		source := &in.Sources[o.Source]
		if !o.Document {
			continue
		}

		// Rows of registrations are never filtered.
		if need := in.memoryOf(uint32(i)); source.Kind != policy.Registrations && in.isMargin(uint32(i)) {
			margin += need
		} else {
			own += need
		}
		if source.Profile.KeyPattern != nil {
			own += fileMemory
		}
	}

	return own, margin
}

// memoryOf estimates what the rows of one document need.
func (in *Inputs) memoryOf(n uint32) int64 {
	o := &in.Objects[n]
	source := &in.Sources[o.Source]
	if o.Made {
		return int64(len(in.recordings[n])) * entryMemory
	}

	size := o.Size
	if slices.Contains([]string{".gz", ".zst", ".parquet"}, path.Ext(o.Key)) {
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
