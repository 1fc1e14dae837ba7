package explain

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"cdrmend/internal/committed"
	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/table"

	"golang.org/x/sync/errgroup"
)

// named are the columns that may hold an id, and what it names there.
var named = []struct {
	schema *table.Schema
	column string
	kind   string
}{
	{table.History, "finding_id", FindingID},
	{table.Outages, "outage_id", OutageID},
	{table.Recordings, "recording_id", RecordingID},
	{table.History, "recording_id", RecordingID}, // a recording that nobody delivered is only in findings
	{table.Recordings, "conversation_id", ConversationID},
	{table.Calls, "conversation_id", ConversationID},
	{table.Calls, "leg_id", LegID},
}

// subject is an id within its organisation.
type subject struct{ org, id string }

// Asked is what a story is about. Without a kind it is whatever the id names, in whatever
// organisation. With one it is that thing of the organisation, and nothing else that
// happens to have the same id; as a recording or a leg only one without a conversation.
type Asked struct{ ID, Kind, Org string }

// hit says where an id was found, and what belongs to it.
type hit struct {
	id            string
	asked         Asked
	kinds         map[string]bool
	conversations map[subject]bool
	recordingIDs  map[subject]bool // including those that nobody delivered
	places        map[place]bool   // rows that the id names; whole objects have row -1
	findingIDs    map[string]bool
	outageIDs     map[string]bool
}

// Normal brings an id into the form that it has in tables.
func Normal(id string) string {
	texts := intern.NewTable()
	return texts.String(policy.ID(texts, id))
}

// Has reports whether an id is in the tables of a commit. Like all that [committed.Commit.Find]
// gives, the answer follows from committed bytes alone.
func Has(ctx context.Context, c *committed.Commit, id string) (bool, error) {
	// Over a network a search waits for one answer after another.
	var found atomic.Bool
	g, ctx := errgroup.WithContext(ctx)
	for _, s := range searched {
		g.Go(func() error {
			columns, _ := namedIn(s)
			search := &table.Search{Limit: 1, Columns: columns}
			for _, column := range columns {
				search.Any = append(search.Any, table.Having(column, id))
			}
			for _, err := range c.Find(ctx, s, search) {
				if err != nil {
					return err
				}
				found.Store(true)
			}
			return nil
		})
	}
	err := g.Wait()
	return found.Load(), err
}

// namedIn returns the columns of a table that may hold an id, and what it names there.
func namedIn(s *table.Schema) (columns, kinds []string) {
	for _, n := range named {
		if n.schema == s {
			columns, kinds = append(columns, n.column), append(kinds, n.kind)
		}
	}
	return columns, kinds
}

func newHit(a Asked) *hit {
	return &hit{
		id: a.ID, asked: a, kinds: map[string]bool{}, conversations: map[subject]bool{}, recordingIDs: map[subject]bool{},
		places: map[place]bool{}, findingIDs: map[string]bool{}, outageIDs: map[string]bool{},
	}
}

// Prepare begins to check all that [Tell] reads of a commit in which an id is likely to
// be.
func Prepare(ctx context.Context, c *committed.Commit) {
	c.Prepare(ctx, searched...)
	prepareRest(ctx, c)
}

// prepareRest begins to check what a story needs beyond the tables that are searched.
func prepareRest(ctx context.Context, c *committed.Commit) {
	c.Prepare(ctx, table.Repairs)
	c.PrepareInputs(ctx)
}

// find looks for ids in the tables of a commit, which are checked before. It returns a hit
// for each. That of an id that is in no table has no kinds.
func find(ctx context.Context, c *committed.Commit, asked []Asked) ([]*hit, error) {
	c.Prepare(ctx, searched...)

	hits, byID := make([]*hit, len(asked)), map[string][]*hit{}
	var ids []string
	for i, a := range asked {
		if byID[a.ID] == nil {
			ids = append(ids, a.ID)
		}
		hits[i] = newHit(a)
		byID[a.ID] = append(byID[a.ID], hits[i])
	}
	rest := sync.OnceFunc(func() { prepareRest(ctx, c) })
	err := search(ctx, byID, rest, func(ctx context.Context, s *table.Schema, columns []string) table.Rows {
		search := &table.Search{}
		for _, column := range columns {
			search.Any = append(search.Any, table.Having(column, ids...))
		}
		return c.Find(ctx, s, search)
	})
	return hits, err
}

// searched are the tables that have named columns.
var searched = []*table.Schema{table.History, table.Outages, table.Recordings, table.Calls}

// reader yields the rows of a table that have a wanted id in one of the columns.
type reader func(ctx context.Context, s *table.Schema, columns []string) table.Rows

// search searches all tables at once, as each is there at another time. It calls first
// when a row was found.
func search(ctx context.Context, hits map[string][]*hit, first func(), read reader) error {
	var mu sync.Mutex // guards the hits
	g, ctx := errgroup.WithContext(ctx)
	for _, s := range searched {
		g.Go(func() error {
			columns, kinds := namedIn(s)
			for r, err := range read(ctx, s, columns) {
				if err != nil {
					return err
				}
				for i, column := range columns {
					for _, m := range hits[string(r.Bytes(s.Index(column)))] {
						if m.asked.names(r, kinds[i]) {
							first()
							mu.Lock()
							m.add(r, kinds[i])
							mu.Unlock()
						}
					}
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// names reports whether a row that holds the id, as what has a kind, is what was asked for.
func (a Asked) names(r *table.Row, kind string) bool {
	return a.Kind == "" || kind == a.Kind && r.Cell("org_id") == a.Org && (kind == ConversationID || r.Cell("conversation_id") == "")
}

// add notes a row that holds the id.
func (m *hit) add(r *table.Row, kind string) {
	m.kinds[kind] = true
	// The row of an outage has no conversation and no place in an input.
	if kind == OutageID {
		m.outageIDs[m.id] = true
		return
	}

	if org := r.Cell("org_id"); r.Cell("conversation_id") != "" {
		m.conversations[subject{org, r.Cell("conversation_id")}] = true
	}
	if kind == RecordingID {
		m.recordingIDs[subject{r.Cell("org_id"), m.id}] = true
	}
	if kind == FindingID {
		m.findingIDs[m.id] = true
	}
	m.places[placeOf(r)] = true
}

// placeOf returns the place in the inputs of the row or entry that a row of a
// table is about.
func placeOf(r *table.Row) place {
	return place{r.Cell("source"), r.Cell("object_key"), r.Count(r.Schema().Index(rowColumn(r.Schema())))}
}

// rowColumn returns the column of a table that numbers the rows or entries of an input.
func rowColumn(s *table.Schema) string {
	if s == table.Calls {
		return "row"
	}
	return "entry"
}

// names returns the kinds of things that the id names, in the order of their
// declaration.
func (m *hit) names() []string {
	var list []string
	for _, n := range named {
		if m.kinds[n.kind] && !slices.Contains(list, n.kind) {
			list = append(list, n.kind)
		}
	}
	return list
}
