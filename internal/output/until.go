package output

import (
	"context"

	"cdrmend/internal/table"
)

// untilRows is how many rows pass between two looks at the context.
const untilRows = 256

// Until yields rows until the context ends, and then its error. Rows come from a decision
// that is pure and knows no context, and a table of a million takes seconds.
func Until(ctx context.Context, rows table.Rows) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		n := 0
		for row, err := range rows {
			if n++; n%untilRows == 0 && ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			if !yield(row, err) {
				return
			}
		}
	}
}
