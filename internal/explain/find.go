package explain

import (
	"context"
	"slices"

	"cdrmend/internal/committed"
	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/table"
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

// hit says where an id was found, and what belongs to it.
type hit struct {
	id            string
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

// find looks for an id in the tables of a commit; nil if it is in none.
func find(ctx context.Context, c *committed.Commit, id string) (*hit, error) {
	m := &hit{
		id: id, kinds: map[string]bool{}, conversations: map[subject]bool{}, recordingIDs: map[subject]bool{},
		places: map[place]bool{}, findingIDs: map[string]bool{}, outageIDs: map[string]bool{},
	}
	for _, s := range []*table.Schema{table.History, table.Outages, table.Recordings, table.Calls} {
		if err := m.search(ctx, c, s); err != nil {
			return nil, err
		}
	}

	if len(m.kinds) == 0 {
		return nil, nil
	}
	return m, nil
}

func (m *hit) search(ctx context.Context, c *committed.Commit, s *table.Schema) error {
	var columns []int
	var kinds []string
	for _, n := range named {
		if n.schema == s {
			columns, kinds = append(columns, s.Index(n.column)), append(kinds, n.kind)
		}
	}

	for r, err := range c.Table(ctx, s) {
		if err != nil {
			return err
		}
		for i, column := range columns {
			if string(r.Bytes(column)) == m.id {
				m.add(r, kinds[i])
			}
		}
	}
	return nil
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
	column := "entry"
	if r.Schema() == table.Calls {
		column = "row"
	}
	return place{r.Cell("source"), r.Cell("object_key"), r.Count(r.Schema().Index(column))}
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
