package intake

import (
	"context"
	"sync/atomic"

	"cdrmend/internal/object"
	"cdrmend/internal/parallel"
	"cdrmend/internal/policy"
)

// Size is how much a run of an interval reads from its sources, margins included. Media do
// not count: most runs list them alone.
type Size struct{ Objects, Bytes int64 }

// folder is what one listing lists.
type folder struct {
	store  object.Store
	prefix string
}

// Weigh returns how much runs of intervals read, in their order. Neighbours read each
// other's days as margins, and each folder is listed once.
func Weigh(ctx context.Context, r Request, intervals []policy.Interval, progress func(done, total int64)) ([]Size, error) {
	numbers := map[folder]int{}
	var folders []folder
	reads := make([][]int, len(intervals))
	for i, interval := range intervals {
		in := &Inputs{Interval: interval, config: r.Config}
		in.arrangeSources(&r)
		for _, l := range in.sourceListings() {
			f := folder{l.store, l.prefix}
			if _, known := numbers[f]; !known {
				numbers[f] = len(folders)
				folders = append(folders, f)
			}
			reads[i] = append(reads[i], numbers[f])
		}
	}

	found := make([]Size, len(folders))
	var done atomic.Int64
	err := parallel.Each(ctx, r.Config.Concurrency, len(folders), func(ctx context.Context, i int) error {
		for info, err := range folders[i].store.List(ctx, folders[i].prefix) {
			if err != nil {
				return err // names the store and the prefix already
			}
			found[i].Objects++
			found[i].Bytes += info.Size
		}
		progress(done.Add(1), int64(len(folders)))
		return nil
	})
	if err != nil {
		return nil, err
	}

	sizes := make([]Size, len(intervals))
	for i, list := range reads {
		for _, n := range list {
			sizes[i].Objects += found[n].Objects
			sizes[i].Bytes += found[n].Bytes
		}
	}
	return sizes, nil
}
