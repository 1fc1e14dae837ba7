package discover

import (
	"context"

	"cdrmend/internal/table"
)

// document is an object that holds covered recordings.
type document struct {
	source, key string
	covered     []*Recording
	entries     int // recordings of the interval in it, covered or not
}

// documents returns the objects that hold covered recordings, in the order of their first ones.
func (n *Night) documents(ctx context.Context) ([]*document, error) {
	var list []*document
	known := map[[2]string]*document{}
	search := table.Match{Columns: []string{"source", "object_key"}}
	for _, r := range n.Recordings {
		at := [2]string{r.Get("source"), r.Get("object_key")}
		d := known[at]
		if d == nil {
			d = &document{source: at[0], key: at[1]}
			known[at], list = d, append(list, d)
			search.Tuples = append(search.Tuples, at[:])
		}
		d.covered = append(d.covered, r)
	}

	for row, err := range n.Commit.Find(ctx, table.Recordings, &table.Search{Any: []table.Match{search}}) {
		if err != nil {
			return nil, err
		}
		known[[2]string{row.Cell("source"), row.Cell("object_key")}].entries++
	}
	return list, nil
}
