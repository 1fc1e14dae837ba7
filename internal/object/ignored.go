package object

import (
	"cmp"
	"context"
	"iter"
	"slices"
)

// Kinds of what lies in a directory and cannot be an input.
const (
	DanglingLink      = "dangling_link"
	Device            = "device"
	MisnamedPartition = "misnamed_partition" // named like a partition, for a time that does not exist
	NamedPipe         = "named_pipe"
	NoRecording       = "no_recording"  // lies among recordings, and its name is not that of one
	OutsideLink       = "outside_link"  // leads out of the root
	RepeatedLink      = "repeated_link" // leads to what is listed under another key
	Socket            = "socket"
	TemporaryLeftover = "temporary_file"
	ignoredNames      = 5 // how many keys of a kind are kept
	otherKindOfFile   = "other"
)

// Ignored counts what a listing passed over, by kind. It belongs to one goroutine. All
// methods but Add and Merge work on a nil one.
type Ignored struct{ kinds []IgnoredKind }

// IgnoredKind is what was passed over of one kind.
type IgnoredKind struct {
	Kind  string   `json:"kind"`
	Count int64    `json:"count"`
	First []string `json:"first"` // the first few keys, in byte order
}

// Counter is a store that can hold what is no object.
type Counter interface {
	// ListCounting lists as [Store.List] does, and counts what it passes over. The
	// counts are complete when all was listed.
	ListCounting(ctx context.Context, prefix string, ignored *Ignored) iter.Seq2[Info, error]

	// Folders returns the names of the directories directly below prefix, in byte
	// order; none when there is no such directory, or when it cannot be read.
	Folders(ctx context.Context, prefix string) ([]string, error)
}

// Add counts one thing of a kind.
func (g *Ignored) Add(kind, key string) {
	g.add(IgnoredKind{Kind: kind, Count: 1, First: []string{key}})
}

// Merge adds the counts of another listing.
func (g *Ignored) Merge(other *Ignored) {
	for _, k := range other.Kinds() {
		g.add(k)
	}
}

// NewIgnored returns counts that were kept.
func NewIgnored(kinds []IgnoredKind) *Ignored {
	g := &Ignored{}
	for _, k := range kinds {
		g.add(k)
	}
	return g
}

func (g *Ignored) add(more IgnoredKind) {
	at, found := slices.BinarySearchFunc(g.kinds, more.Kind, func(k IgnoredKind, kind string) int { return cmp.Compare(k.Kind, kind) })
	if !found {
		g.kinds = slices.Insert(g.kinds, at, IgnoredKind{Kind: more.Kind})
	}

	// The first keys of all are among the first keys of each part.
	k := &g.kinds[at]
	k.Count += more.Count
	first := slices.Concat(k.First, more.First)
	slices.Sort(first)
	k.First = first[:min(len(first), ignoredNames)]
}

// Kinds returns the counts in the order of their kinds.
func (g *Ignored) Kinds() []IgnoredKind {
	if g == nil {
		return nil
	}
	return g.kinds
}
