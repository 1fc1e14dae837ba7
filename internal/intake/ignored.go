package intake

import (
	"context"
	"fmt"
	"slices"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
)

// ignore drops objects that several listings found under different keys, and collects
// what cannot be an input. The objects are sorted.
func (in *Inputs) ignore(ctx context.Context, lists []listing) error {
	sources := make([]object.Ignored, len(in.Sources))
	var media object.Ignored
	for i := range lists {
		l := &lists[i]
		if l.media {
			media.Merge(&l.ignored)
		} else {
			sources[l.source].Merge(&l.ignored)
		}
	}

	if err := in.dropRepeated(sources); err != nil {
		return err
	}
	for i := range in.Sources {
		if err := in.misnamed(ctx, i, &sources[i]); err != nil {
			return err
		}
		in.addIgnored(in.Sources[i].Name, &sources[i])
	}
	in.addIgnored(ledger.MediaSource, &media)
	return nil
}

func (in *Inputs) addIgnored(source string, ignored *object.Ignored) {
	if kinds := ignored.Kinds(); len(kinds) > 0 {
		in.Ignored = append(in.Ignored, Ignored{source, kinds})
	}
}

// dropRepeated drops the objects to which a link in one partition leads, and which
// another partition of the source has under their own name or, before them in the order
// of keys, by a link too. It fails when two objects are shown by one key.
func (in *Inputs) dropRepeated(sources []object.Ignored) error {
	// Links are few: only what they lead to is looked up.
	seen := map[Object]bool{} // source and own name
	repeated := func(o *Object) bool {
		own := Object{Info: object.Info{Key: o.RealKey()}, Source: o.Source}
		if own.Key == "" || own.Key == o.Key {
			return false
		}
		if _, listed := slices.BinarySearchFunc(in.Objects, own, byKey); listed || seen[own] {
			return true
		}
		seen[own] = true
		return false
	}

	var drop map[int]bool
	for i := range in.Objects {
		o := &in.Objects[i]
		if i > 0 && byKey(in.Objects[i-1], *o) == 0 {
			before := in.Objects[i-1].Path()
			if before == o.Path() {
				continue // two partitions of one URL
			}
			return fmt.Errorf("listing source %s: the names %q and %q are both shown as %q, as one is not UTF-8: rename one of them",
				in.Sources[o.Source].Name, before, o.Path(), o.Key)
		}
		if repeated(o) {
			if drop == nil {
				drop = map[int]bool{}
			}
			drop[i] = true
			sources[o.Source].Add(object.RepeatedLink, o.Key)
		}
	}
	if drop == nil { // nearly always
		return nil
	}

	kept := in.Objects[:0]
	for i := range in.Partitions {
		in.Partitions[i].Empty = true
	}
	for i, o := range in.Objects {
		if drop[i] {
			continue
		}
		kept = append(kept, o)
		if o.Document {
			in.Partitions[o.Partition].Empty = false
		}
	}
	clear(in.Objects[len(kept):])
	in.Objects = kept
	return nil
}

// misnamed counts folders next to the partitions of a source that are named like one, for
// a time that does not exist: no run will ever read them.
func (in *Inputs) misnamed(ctx context.Context, source int, ignored *object.Ignored) error {
	store, ok := in.stores[source].(object.Counter)
	if !ok {
		return nil
	}

	looked := map[string]bool{}
	for _, p := range in.sources[source].Partitions(in.sources[source].URL, in.Interval.Span) {
		for _, level := range in.sources[source].URL.Levels(p) {
			if looked[level.Parent] {
				continue
			}
			looked[level.Parent] = true
			names, err := store.Folders(ctx, level.Parent)
			if err != nil {
				return err
			}
			for _, name := range level.Misnamed(names) {
				ignored.Add(object.MisnamedPartition, level.Parent+name)
			}
		}
	}
	return nil
}
