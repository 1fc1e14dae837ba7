package job

import (
	"context"

	"cdrmend/internal/budget"
	"cdrmend/internal/evidence"
	"cdrmend/internal/parallel"
)

// decidePart is how many rows are decided by one call.
const decidePart = 1 << 14

// left is the panic by which a decision is left.
type left struct{}

// interruptible calls decide with a spread that uses all processors, and leaves it when
// the context ends. A decision is pure and knows no context, and its stages could do
// nothing with an error but pass it on. So the spread, which all of them call, leaves by
// a panic that only this function raises and recovers. What a decision did until then is
// lost with its evidence.
func interruptible[T any](ctx context.Context, memory budget.Budget, decide func(evidence.Spread) T) (result T, err error) {
	check := func() {
		if ctx.Err() != nil {
			panic(left{})
		}
	}
	leave := func() {
		if r := recover(); r != nil && r != (left{}) {
			panic(r)
		}
	}
	defer func() {
		// After a panic of its own the result is the zero value.
		if r := recover(); r == (left{}) {
			err = ctx.Err()
		} else if r != nil {
			panic(r)
		}
	}()

	return decide(evidence.Spread{
		Part: decidePart,
		Each: func(n int, f func(i int)) {
			// A call may be spread again, in a goroutine of its own. There the panic
			// must end, and the one who waits for the goroutine raises it anew.
			parallel.Do(n, func(i int) {
				if ctx.Err() != nil {
					return
				}
				defer leave()
				f(i)
			})
			check()
		},
		Pause: func() {
			check()
			memory.Release()
		},
	}), nil
}
