package discover

import (
	"context"
	"iter"
	"maps"
	"slices"

	"cdrmend/internal/redact"
	"cdrmend/internal/table"
)

// Related is what concerns the covered rows of a night, as a production may show it.
type Related struct {
	Findings []table.HistoryRow // open or closed, as last seen, in the order of the history
	History  []table.Cells      // the same as rows

	at      map[[3]string][]int // the findings that are open on a row, by its place
	places  table.Match         // of the covered rows
	outages map[string]bool     // ids that they and their findings name

	// Set by complete.
	Repairs []table.Cells
	Outages []table.Cells
}

// Related gathers the findings that concern the covered rows.
func (n *Night) Related(ctx context.Context, show *redact.Redactor) (*Related, error) {
	r := &Related{at: map[[3]string][]int{}, places: table.Match{Columns: []string{"source", "object_key", "entry"}}, outages: map[string]bool{}}
	if len(n.Calls)+len(n.Recordings) == 0 {
		return r, nil
	}

	conversations := table.Match{Columns: []string{"org_id", "conversation_id"}}
	for row, at := range n.rows() {
		if id := row.Get("conversation_id"); id != "" {
			conversations.Tuples = append(conversations.Tuples, []string{row.Get("org_id"), id})
		}
		r.places.Tuples = append(r.places.Tuples, at)
		r.outages[row.Find("outage_id")] = true
	}

	var into table.Row
	for row, err := range n.Commit.Find(ctx, table.History, &table.Search{Any: []table.Match{conversations, r.places}}) {
		if err != nil {
			return nil, err
		}
		if row.Cell("state") != table.Closed {
			at := [3]string{row.Cell("source"), row.Cell("object_key"), row.Cell("entry")}
			r.at[at] = append(r.at[at], len(r.Findings))
		}
		r.outages[row.Cell("outage_id")] = true
		shown := show.Row(&into, row)
		r.Findings, r.History = append(r.Findings, table.HistoryOf(shown)), append(r.History, table.CellsOf(shown))
	}
	delete(r.outages, "")
	return r, nil
}

// complete gathers the repairs and outages, too.
func (r *Related) complete(ctx context.Context, n *Night, show *redact.Redactor) (err error) {
	if r.Repairs, err = n.found(ctx, table.Repairs, r.places, show); err != nil {
		return err
	}
	named := table.Having("outage_id", slices.Collect(maps.Keys(r.outages))...)
	r.Outages, err = n.found(ctx, table.Outages, named, show)
	return err
}

// rows yields the covered rows, each with its place in the inputs.
func (n *Night) rows() iter.Seq2[table.Cells, []string] {
	return func(yield func(table.Cells, []string) bool) {
		for _, c := range n.Calls {
			if !yield(c.Cells, c.place()) {
				return
			}
		}
		for _, r := range n.Recordings {
			if !yield(r.Cells, r.place()) {
				return
			}
		}
	}
}

func (c *Call) place() []string {
	return []string{c.Get("source"), c.Get("object_key"), c.Get("row")}
}

func (r *Recording) place() []string {
	return []string{r.Get("source"), r.Get("object_key"), r.Get("entry")}
}

// found returns the rows of a table that fit a match.
func (n *Night) found(ctx context.Context, s *table.Schema, m table.Match, show *redact.Redactor) (list []table.Cells, err error) {
	var into table.Row
	for row, err := range n.Commit.Find(ctx, s, &table.Search{Any: []table.Match{m}}) {
		if err != nil {
			return nil, err
		}
		list = append(list, table.CellsOf(show.Row(&into, row)))
	}
	return list, nil
}

// on returns the open findings on a row.
func (r *Related) on(place []string) (list []table.HistoryRow) {
	for _, f := range r.at[[3]string(place)] {
		list = append(list, r.Findings[f])
	}
	return list
}
