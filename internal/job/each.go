package job

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// each calls f with the numbers from 0 to below n, some at a time and begun in
// this order, until one call fails. Its goroutines last for many calls: below a
// request to a bucket lie more than a hundred functions, and a goroutine of its
// own for each object would copy its stack several times until they fit.
func each(ctx context.Context, atATime, n int, f func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(max(1, atATime), n) {
		g.Go(func() error {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := f(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}
