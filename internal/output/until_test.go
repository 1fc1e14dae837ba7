package output_test

import (
	"context"
	"errors"
	"testing"

	"cdrmend/internal/output"
	"cdrmend/internal/table"
)

func TestRowsEndSoonAfterTheirContext(t *testing.T) {
	const all = 10_000
	rows := func(yield func(*table.Row, error) bool) {
		for range all {
			if !yield(nil, nil) {
				return
			}
		}
	}
	for name, c := range map[string]struct {
		cancelAt int // row; -1 never
		least    int
		most     int
		want     error
	}{
		"never":         {-1, all, all, nil},
		"before":        {0, 0, 300, context.Canceled},
		"in the middle": {5000, 5000, 5300, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.cancelAt == 0 {
				cancel()
			}
			n := 0
			var failed error
			for _, err := range output.Until(ctx, rows) {
				if failed = err; err != nil {
					break
				}
				if n++; n == c.cancelAt {
					cancel()
				}
			}
			if n < c.least || n > c.most || !errors.Is(failed, c.want) {
				t.Errorf("%d rows, then %v; want %d to %d, then %v", n, failed, c.least, c.most, c.want)
			}
		})
	}
}
