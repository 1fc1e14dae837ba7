package discover

import (
	"context"
	"maps"
	"slices"

	"cdrmend/internal/committed"
	"cdrmend/internal/record"
	"cdrmend/internal/redact"
	"cdrmend/internal/table"

	"golang.org/x/sync/errgroup"
)

// families are conversations, and rows without one.
type families struct {
	interval      record.Span        // whose rows they are
	conversations map[[2]string]bool // organisation and id
	places        map[*table.Schema]map[[3]string]bool
}

func newFamilies(interval record.Span) *families {
	return &families{
		interval:      interval,
		conversations: map[[2]string]bool{},
		places:        map[*table.Schema]map[[3]string]bool{table.Calls: {}, table.Recordings: {}},
	}
}

func (f *families) empty() bool {
	return len(f.conversations)+len(f.places[table.Calls])+len(f.places[table.Recordings]) == 0
}

// add adds the conversation of a row, and reports whether it has one.
func (f *families) add(row *table.Row) bool {
	id := row.Cell("conversation_id")
	if id != "" {
		f.conversations[[2]string{row.Cell("org_id"), id}] = true
	}
	return id != ""
}

// addPlace adds a row that has no conversation.
func (f *families) addPlace(row *table.Row) {
	s := row.Schema()
	f.places[s][[3]string{row.Cell("source"), row.Cell("object_key"), row.Cell(rowColumn(s))}] = true
}

// join adds other families.
func (f *families) join(others *families) {
	maps.Copy(f.conversations, others.conversations)
	for s, places := range others.places {
		maps.Copy(f.places[s], places)
	}
}

// rowColumn returns the column of a table that numbers rows in their object.
func rowColumn(s *table.Schema) string {
	if s == table.Calls {
		return "row"
	}
	return "entry"
}

// rows returns all rows of the families, in the order of their tables.
func (f *families) rows(ctx context.Context, commit *committed.Commit, show *redact.Redactor) (calls []*Call, recordings []*Recording, err error) {
	commit.Prepare(ctx, table.Calls, table.Recordings) // to stay when the group has ended
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return f.each(gctx, commit, table.Calls, show, func(cells, shown table.Cells) {
			calls = append(calls, &Call{Cells: cells, Shown: shown})
		})
	})
	g.Go(func() error {
		return f.each(gctx, commit, table.Recordings, show, func(cells, shown table.Cells) {
			recordings = append(recordings, &Recording{Cells: cells, Shown: shown})
		})
	})
	return calls, recordings, g.Wait()
}

// each passes the rows of the families in a table, also as they may be shown.
func (f *families) each(ctx context.Context, commit *committed.Commit, s *table.Schema, show *redact.Redactor, see func(cells, shown table.Cells)) error {
	var into table.Row
	for row, err := range commit.Find(ctx, s, f.search(s)) {
		if err != nil {
			return err
		}
		cells := table.CellsOf(row)
		see(cells, shown(show, &into, row, cells))
	}
	return nil
}

// shown returns a row as a production may show it: the same copy if nothing is hidden.
func shown(show *redact.Redactor, into, row *table.Row, same table.Cells) table.Cells {
	if r := show.Row(into, row); r != row {
		return table.CellsOf(r)
	}
	return same
}

func (f *families) search(s *table.Schema) *table.Search {
	conversations := table.Match{Columns: []string{"org_id", "conversation_id"}}
	for c := range f.conversations {
		conversations.Tuples = append(conversations.Tuples, c[:])
	}
	rows := table.Match{Columns: []string{"source", "object_key", rowColumn(s)}}
	for at := range f.places[s] {
		rows.Tuples = append(rows.Tuples, at[:])
	}
	return &table.Search{Any: []table.Match{conversations, rows}}
}

// mostCalls is how many calls of a conversation a recording that names no leg of it is
// linked with. An id with more calls says little, and links would grow with its square.
const mostCalls = 100

// link links calls and recordings of the same conversations.
func link(calls []*Call, recordings []*Recording) {
	byLeg, byConversation := map[[3]string][]*Call{}, map[[2]string][]*Call{}
	for _, c := range calls {
		conversation := conversationOf(c.Cells)
		if conversation[1] == "" {
			continue // rows without one have nothing in common
		}
		byConversation[conversation] = append(byConversation[conversation], c)
		if leg := c.Get("leg_id"); leg != "" {
			key := [3]string{conversation[0], conversation[1], leg}
			byLeg[key] = append(byLeg[key], c)
		}
	}

	for _, r := range recordings {
		conversation := conversationOf(r.Cells)
		if conversation[1] == "" {
			continue
		}
		linked := byLeg[[3]string{conversation[0], conversation[1], r.Get("leg_id")}]
		if len(linked) == 0 {
			linked = byConversation[conversation]
		}
		if len(linked) > mostCalls {
			continue
		}
		r.Calls = slices.Clone(linked)
		for _, c := range linked {
			c.Recordings = append(c.Recordings, r)
		}
	}
}
