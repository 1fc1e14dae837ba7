package job

import (
	"runtime"

	"cdrmend/internal/reconcile"

	"golang.org/x/sync/errgroup"
)

// decidePart is how many rows are decided by one call.
const decidePart = 1 << 14

// spread has rows decided by as many goroutines as there are processors.
func (j *Job) spread(snap *snapshot) reconcile.Spread {
	return reconcile.Spread{Part: decidePart, Each: sideBySide, Pause: func() { j.release(snap) }}
}

func sideBySide(n int, f func(i int)) {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		g.Go(func() error { f(i); return nil })
	}
	_ = g.Wait() // no call fails
}
