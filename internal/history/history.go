// Package history says when each finding opened, changed and closed, and what
// closed it.
package history

import (
	"context"
	"slices"
	"strconv"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/policy"
	"cdrmend/internal/table"
)

// Format is the version of a history as JSON.
const Format = "cdrmend.history/1"

// History lists what happened to the findings of one interval, or to some of
// them.
type History struct {
	Format   string   `json:"format"`
	Interval string   `json:"interval"`
	Commits  []Commit `json:"commits"` // the oldest first
}

// Commit is what one commit changed.
type Commit struct {
	Number   int64     `json:"number"`
	Time     time.Time `json:"time"`
	RunID    string    `json:"run_id"`
	Tool     string    `json:"tool"`
	Signed   bool      `json:"signed"`
	KeyID    string    `json:"key_id,omitempty"`
	Verified bool      `json:"verified"`         // by keys that were given
	Changes  *Changes  `json:"inputs,omitempty"` // since the commit before, when something closed
	Events   []Event   `json:"events"`           // closed ones first, then the others, each in the order of findings
}

// What happened to a finding.
const (
	Opened   = "opened"
	Changed  = "changed"
	Closed   = "closed"
	Reopened = "reopened"
)

// Event is what a commit changed about one finding.
type Event struct {
	What         string   `json:"what"`
	Finding      string   `json:"finding_id"`
	Class        string   `json:"class"`
	Severity     string   `json:"severity"`
	State        string   `json:"state"`
	Was          string   `json:"was,omitempty"` // the state before
	Org          string   `json:"org_id,omitempty"`
	Conversation string   `json:"conversation_id,omitempty"`
	Recording    string   `json:"recording_id,omitempty"`
	Leg          string   `json:"leg_id,omitempty"`
	Field        string   `json:"field,omitempty"`
	Detail       string   `json:"detail,omitempty"`
	WasDetail    string   `json:"was_detail,omitempty"`
	Source       string   `json:"source"`
	ObjectKey    string   `json:"object_key"`
	ClosedBy     []Holder `json:"closed_by,omitempty"`

	Accepted *policy.Grounds `json:"accepted,omitempty"` // of one that the commit's run accepts: by which row, by whom and why
}

// Of returns the history of an interval from all of its commits. If ids is not nil,
// it has only the findings with these ids, which are looked up in checked tables. It
// closes each commit when it is done with it, but for the newest, which the caller closes.
func Of(ctx context.Context, commits []*committed.Commit, ids []string) (*History, error) {
	h := &History{Format: Format, Interval: commits[0].Record.Interval, Commits: []Commit{}}
	w := walk{ids: ids, seen: map[string]held{}}
	for i, c := range commits {
		if i+1 < len(commits) {
			defer c.Close()
		}
		for _, done := range commits[max(0, i-2):i] { // the one before that, too, may have been read again
			done.Close()
		}
		if len(ids) > 0 && i+1 < len(commits) { // it is hashed while this one is searched
			commits[i+1].Prepare(ctx, table.History)
		}

		events, err := w.commit(ctx, c)
		if err != nil {
			return nil, err
		}

		if err := grounds(ctx, c, events); err != nil {
			return nil, err
		}

		entry := Commit{
			Number: c.Number(), Time: c.Record.Time, RunID: c.Record.RunID, Tool: c.Record.Tool,
			Signed: c.Seal.Signed, KeyID: c.Seal.KeyID, Verified: c.Verified(), Events: events,
		}

		// The cause is looked for only if a finding closed, as that means reading
		// the inputs and tables of the commit. Closed ones are the first events.
		if i > 0 && len(events) > 0 && events[0].What == Closed {
			if entry.Changes, err = attribute(ctx, commits[i-1], c, events); err != nil {
				return nil, err
			}
		}

		// Of an interval every commit is shown; of single findings, only the
		// commits that changed them.
		if ids == nil || len(events) > 0 {
			h.Commits = append(h.Commits, entry)
		}
	}
	return h, nil
}

// Split returns for each list of ids what [Of] returns for these ids alone, which are
// among those of the history.
func (h *History) Split(ids [][]string) []*History {
	parts, of := make([]*History, len(ids)), map[string][]*History{}
	for i, list := range ids {
		parts[i] = &History{Format: h.Format, Interval: h.Interval, Commits: []Commit{}}
		for _, id := range list {
			if !slices.Contains(of[id], parts[i]) { // several findings may share an id
				of[id] = append(of[id], parts[i])
			}
		}
	}

	for _, c := range h.Commits {
		for _, e := range c.Events {
			for _, part := range of[e.Finding] {
				part.add(&c, e)
			}
		}
	}
	return parts
}

// add adds an event of a commit.
func (h *History) add(c *Commit, e Event) {
	n := len(h.Commits)
	if n == 0 || h.Commits[n-1].Number != c.Number {
		entry := *c
		entry.Events = []Event{}
		if e.What != Closed { // closed ones come first
			entry.Changes = nil
		}
		h.Commits, n = append(h.Commits, entry), n+1
	}
	e.ClosedBy = slices.Clone(e.ClosedBy)
	h.Commits[n-1].Events = append(h.Commits[n-1].Events, e)
}

// held is what a commit said about a finding.
type held struct{ state, detail string }

// walk goes from commit to commit, and keeps in memory what the last one said
// about each finding.
type walk struct {
	ids  []string // of the wanted findings; nil: all
	seen map[string]held
}

// rows yields the wanted rows of a history.
func (w *walk) rows(ctx context.Context, c *committed.Commit) table.Rows {
	switch {
	case w.ids == nil:
		return c.Table(ctx, table.History)
	case len(w.ids) == 0:
		return table.Empty
	}
	return c.Find(ctx, table.History, &table.Search{Any: []table.Match{table.Having("finding_id", w.ids...)}})
}

// commit compares the history of a commit with that of the commit before.
func (w *walk) commit(ctx context.Context, c *committed.Commit) ([]Event, error) {
	closed, other := []Event{}, []Event{}
	times := map[string]int{} // of ids that several findings share
	for row, err := range w.rows(ctx, c) {
		if err != nil {
			return nil, err
		}

		// Findings with one id keep their order from commit to commit.
		f := table.HistoryOf(row)
		key := f.ID
		if times[f.ID]++; times[f.ID] > 1 {
			key += "#" + strconv.Itoa(times[f.ID])
		}

		now := held{f.State, f.Detail}
		was, known := w.seen[key]
		w.seen[key] = now
		// A finding that is closed when it is first seen was never open in
		// these commits.
		if known && was == now || !known && now.state == table.Closed {
			continue
		}

		e := event(&f, was)
		if e.What == Closed {
			closed = append(closed, e)
		} else {
			other = append(other, e)
		}
	}
	return append(closed, other...), nil
}

func event(f *table.HistoryRow, was held) Event {
	e := Event{
		What: Changed, Finding: f.ID, Class: f.Class, Severity: f.Severity, State: f.State, Was: was.state,
		Org: f.Org, Conversation: f.Conversation, Recording: f.Recording, Leg: f.Leg, Field: f.Field, Detail: f.Detail,
		Source: f.Source, ObjectKey: f.ObjectKey,
	}

	switch {
	case was.state == "":
		e.What = Opened
	case f.State == table.Closed:
		e.What = Closed
	case was.state == table.Closed:
		e.What = Reopened
	case was.detail != f.Detail:
		e.WasDetail = was.detail
	}
	return e
}
