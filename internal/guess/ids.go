package guess

import (
	"fmt"
	"slices"
	"strings"
)

// ids finds the ids of conversations, legs and recordings.
func (g *calls) ids() {
	isID := func(c *column) bool {
		return g.times[c] == nil && !c.truths && !c.list && c.distinct() > 0 && !c.all(isTruth)
	}
	// A record that is delivered again when it changes has the same id again.
	unique := func(c *column) bool {
		return isID(c) && (c.unique() || g.place("updated_at") != nil && len(c.values()) == g.table.rows && 2*c.distinct() > g.table.rows)
	}
	many := func(c *column) bool {
		return (isID(c) || c.list) && !c.truths && !c.all(isTruth) && !c.all(wholeNumberBelow10)
	}

	if g.kind == "manifests" {
		// A recording may be listed twice.
		nearly := func(c *column) bool {
			return isID(c) && len(c.values()) == g.table.rows && 10*c.distinct() >= 9*g.table.rows
		}
		if c := g.pick(nearly, `recording_?id|recordingsid`, `^(rec|recording)$`, `^(sid|id|uuid|guid)$`, `id$`); c != nil {
			g.put("recording_id", c, "", fmt.Sprintf("its name; %d different values in %d rows", c.distinct(), g.table.rows))
		}
	} else if c := g.pick(func(c *column) bool { return many(c) && !named(c, `status|type|state|channel|participant`) }, `recordingfile|record(ing)?_?(path|file|url|location|ids?)$`, `^recordings?$`, `recordings?/\*/(location|id|url)$`, `recording/(location|id|url)$`); c != nil {
		switch {
		case named(c, `path|file|url|location`) && c.elements(namesUUID.MatchString):
			g.put("recording_ids", c, "{match: '"+namesUUID.String()+"'}", "its name; each file is named after an id")
		case named(c, `path|file|url|location`):
			g.put("recording_ids", c, `{match: '([^/]+)$'}`, "its name; the last step of a path is the name of the recording")
		default:
			g.put("recording_ids", c, "", "its name")
		}
	}

	conversation := []string{`conversation_?id`, `linkedid`, `bridge_?id`, `interaction_?id`, `global.?call.?id.*call.?id$`, `(^|[^a-z])call_?(sid|id|uuid)$`, `\bcall (sid|id|uuid|identifier|ref|reference)$`, `^(call|conversation|interaction)$`, `initialcontactid`, `contactid$`, `parent.*(sid|id)$`, `uniqueid|pkid`, `(^|/)(uuid|guid|sid|id)$`, `id$`}
	// Manifests lack values: that is what repairs are for.
	filled := func(c *column) bool {
		n := len(c.values())
		return n == g.table.rows || g.kind == "manifests" && 2*n >= g.table.rows
	}
	c := g.pick(func(c *column) bool {
		return isID(c) && filled(c) && !named(c, `next|previous|account|agent|user|manager|cluster`)
	}, conversation...)
	if c != nil {
		g.put("conversation_id", c, "", fmt.Sprintf("its name; %d different values in %d rows", c.distinct(), g.table.rows))
		g.parent(c)
		if node := g.pick(func(c *column) bool { return isID(c) && len(c.values()) == g.table.rows }, `manager_?id|cluster_?id|node_?id`); node != nil {
			g.edit("fields.conversation_id: whether %s is unique without %s; if it is not, join them", c.place, node.place)
		}
	}
	if c == nil && g.kind != "manifests" {
		g.edit("fields.conversation_id: which column names the call")
	}
	if g.kind != "cdrs" {
		return
	}

	g.leg(c, isID, unique)
	g.sharedRecordings()
}

// sharedRecordings asks about recordings that are all named after their own row, where
// rows have parents: a name that every row makes for itself does not show that there is
// a file, and a parent and its children may share one.
func (g *calls) sharedRecordings() {
	paths, leg := g.place("recording_ids"), g.place("leg_id")
	if !g.isChild || paths == nil || leg == nil {
		return
	}
	for i, cell := range paths.cells {
		if cell != "" && (leg.cells[i] == "" || !strings.Contains(cell, leg.cells[i])) {
			return
		}
	}
	g.edit("fields.recording_ids: whether each call has a recording of its own, as %s is named after the row; delete the field where a call and its parent share one", paths.place)
}

// leg finds the id of a leg: one that has another value in every row.
func (g *calls) leg(conversation *column, isID, unique func(*column) bool) {
	other := func(c *column) bool { return unique(c) && !named(c, notOfLegs) }
	leg := g.pick(isID, `^leg_?id$`, `^leg$`)
	if leg == nil && !g.isChild {
		leg = g.pick(other, `leg_?id|\bleg (id|uuid)$`, `pkid|uuid|uniqueid`, `(^|[^a-z])call_?(sid|id)$`, `(^|/)(sid|id|guid)$`, `contactid$`, `id$`)
	}
	if leg != nil {
		g.put("leg_id", leg, "", fmt.Sprintf("its name; %d different values in %d rows", leg.distinct(), g.table.rows))
		return
	}
	if conversation == nil || !unique(conversation) {
		g.notes = append(g.notes, "leg_id: no column has another value in every row")
		return
	}

	// The id of a row is both when calls have one row each, or say which row is their
	// parent. Nothing else tells rows that are delivered twice from two legs.
	rests := fmt.Sprintf("another value in each of %d rows", g.table.rows)
	if !g.isChild {
		rests += ", as is conversation_id: no other column can be that of the call, so each row is a call of its own"
	}
	if !g.isChild && !named(conversation, `call|contact|conversation|interaction|session|unique`) {
		g.edit("fields.conversation_id: which place is the same in all rows of one call; %s, the id of the row, stands there, which is right only when each call has one row", conversation.place)
	}
	g.put("leg_id", conversation, "", rests)
}

// notOfLegs matches the names of ids of something else, which may have another value
// in each of a few rows.
const notOfLegs = `next|previous|account|agent|user|manager|cluster|caller|callee|customer|phone|queue|campaign|skill|trunk|party|org|device|record|session`

// parent puts the id of a parent before that of a conversation: a column of that
// name whose values are ids of other rows.
func (g *calls) parent(id *column) {
	known := words(id)
	c := g.pick(func(c *column) bool {
		return !c.list && c.all(func(v string) bool { return slices.Contains(known, v) })
	}, `parent|originating|initial`)
	if c == nil {
		return
	}

	f := &g.found[len(g.found)-1]
	place := quote(c.place)
	if c.encoded {
		place = "{from: " + place + ", then: [{decode: url}]}"
	}
	f.values = "[" + place + ", " + strings.TrimPrefix(f.values, "[")
	f.rests += "; all values of " + c.place + " are ids of other rows"
	g.taken[c] = true
	g.isChild = true
}

func wholeNumberBelow10(text string) bool { return len(text) == 1 && wholeNumber.MatchString(text) }
