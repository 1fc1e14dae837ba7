package history

import (
	"context"
	"path"
	"strings"

	"cdrmend/internal/committed"
	"cdrmend/internal/profile"
	"cdrmend/internal/table"
)

// Holder is a new or changed object that holds what a finding was about.
type Holder struct {
	Object
	Row int64  `json:"row"` // element or row, -1 for the object as a whole
	How string `json:"how"` // what it holds, and how that is known
}

// How it is known that an object holds something.
const (
	HoldsRecording    = "holds the recording (table recordings)"
	HoldsConversation = "holds a recording of the conversation (table recordings)"
	HoldsLeg          = "holds a leg of the conversation (table calls)"
	IsSubject         = "is the object that the finding was about"
	NamesRecording    = "names the recording in its key"
)

// maxHolders is how many holders of one finding are named.
const maxHolders = 8

// attribute finds, for each finding that a commit closed, the objects that are
// new or changed since the commit before and that hold its recording, or a leg
// or recording of its conversation. The tables of the commit say what an object
// holds. An object outside the interval is in no table, but may name the
// recording in its key.
func attribute(ctx context.Context, before, after *committed.Commit, events []Event) (*Changes, error) {
	c, err := changes(ctx, before, after)
	if err != nil || len(c.fresh) == 0 {
		return c, err
	}

	a := attribution{changes: c, byRecording: map[subject][]*Event{}, byConversation: map[subject][]*Event{}}
	for i := range events {
		if events[i].What == Closed {
			a.want(&events[i])
		}
	}

	after.Prepare(ctx, table.Recordings, table.Calls)
	if err := a.recordings(ctx, after); err != nil {
		return nil, err
	}
	if err := a.calls(ctx, after); err != nil {
		return nil, err
	}
	// Last, as the key of an object is the weakest evidence: it is only used
	// for findings that the tables do not explain.
	a.names()
	return c, nil
}

// subject is an id within its organisation.
type subject struct{ org, id string }

type attribution struct {
	changes                     *Changes
	byRecording, byConversation map[subject][]*Event
}

// want notes what a closed finding was about.
func (a *attribution) want(e *Event) {
	if what, fresh := a.changes.fresh[place{e.Source, e.ObjectKey}]; fresh {
		e.hold(Holder{Object{e.Source, e.ObjectKey, what}, -1, IsSubject})
	}

	if e.Recording != "" {
		key := subject{e.Org, e.Recording}
		a.byRecording[key] = append(a.byRecording[key], e)
	}
	if e.Conversation != "" {
		key := subject{e.Org, e.Conversation}
		a.byConversation[key] = append(a.byConversation[key], e)
	}
}

// about returns which rows have one of some ids in a column.
func about(column string, ids map[subject][]*Event) table.Match {
	m := table.Match{Columns: []string{"org_id", column}}
	for id := range ids {
		m.Tuples = append(m.Tuples, []string{id.org, id.id})
	}
	return m
}

func (e *Event) hold(h Holder) {
	if len(e.ClosedBy) < maxHolders {
		e.ClosedBy = append(e.ClosedBy, h)
	}
}

// recordings looks for entries in the table of the commit's run.
func (a *attribution) recordings(ctx context.Context, c *committed.Commit) error {
	search := &table.Search{Any: []table.Match{about("recording_id", a.byRecording), about("conversation_id", a.byConversation)}}
	for r, err := range c.Find(ctx, table.Recordings, search) {
		if err != nil {
			return err
		}
		o, fresh := a.fresh(r)
		entry := r.Count(table.Recordings.Index("entry"))
		// A document that is made of recordings is no input: the recording itself is.
		if path.Base(r.Cell("object_key")) == profile.MadeDocument && !fresh {
			at := place{r.Cell("source"), r.Cell("media_key")}
			o.Source, o.Key, entry = at.source, at.key, -1
			o.What, fresh = a.changes.fresh[at]
		}
		if !fresh {
			continue
		}

		org := r.Cell("org_id")
		for _, e := range a.byRecording[subject{org, r.Cell("recording_id")}] {
			e.hold(Holder{o, entry, HoldsRecording})
		}
		for _, e := range a.byConversation[subject{org, r.Cell("conversation_id")}] {
			// A finding about one recording is not explained by another of the
			// same conversation.
			if e.Recording == "" {
				e.hold(Holder{o, entry, HoldsConversation})
			}
		}
	}
	return nil
}

// calls looks for legs in the table of the commit's run.
func (a *attribution) calls(ctx context.Context, c *committed.Commit) error {
	search := &table.Search{Any: []table.Match{about("conversation_id", a.byConversation)}}
	for r, err := range c.Find(ctx, table.Calls, search) {
		if err != nil {
			return err
		}
		o, fresh := a.fresh(r)
		if !fresh {
			continue
		}

		for _, e := range a.byConversation[subject{r.Cell("org_id"), r.Cell("conversation_id")}] {
			e.hold(Holder{o, r.Count(table.Calls.Index("row")), HoldsLeg})
		}
	}
	return nil
}

// fresh returns the object of a row if it is new or was changed.
func (a *attribution) fresh(r *table.Row) (Object, bool) {
	at := place{r.Cell("source"), r.Cell("object_key")}
	what, fresh := a.changes.fresh[at]
	return Object{at.source, at.key, what}, fresh
}

// names looks for objects outside the interval, which are in no table: the key
// of a sidecar names its recording.
func (a *attribution) names() {
	unexplained := map[string][]*Event{}
	for key, events := range a.byRecording {
		for _, e := range events {
			if len(e.ClosedBy) == 0 {
				unexplained[key.id] = append(unexplained[key.id], e)
			}
		}
	}

	if len(unexplained) == 0 {
		return
	}

	for _, o := range a.changes.list {
		for _, name := range strings.FieldsFunc(o.Key, func(c rune) bool { return strings.ContainsRune("/._=", c) }) {
			for _, e := range unexplained[name] {
				e.hold(Holder{o, -1, NamesRecording})
			}
		}
	}
}
