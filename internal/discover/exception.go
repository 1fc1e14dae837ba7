package discover

import (
	"slices"
	"strings"

	"cdrmend/internal/explain"
	"cdrmend/internal/match"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// The reasons of exceptions. That of a call is its verdict.
const (
	Unlinked = "unlinked"  // a recorded call with which the tables link no recording
	Void     = "void"      // a recording without media
	Pending  = "pending"   // a recording whose media is promised
	Withheld = "withheld"  // by the redaction that the request asks for
	Mixed    = "mixed"     // a document that also holds what the request does not cover
	Gone     = "gone"      // an object that is not there any more, or not as the run read it
	Unread   = "unread"    // an object that could not be read
	Absent   = "not found" // a value of the request that nothing covered has
)

// Exception is something that a request covers and that is not produced, or not in full.
type Exception struct {
	Number int64
	Night  *Night      // nil: of the whole request
	Row    table.Cells // of calls or recordings; without columns: of neither
	About  string      // call, recording, document, media or value
	Reason string
	Detail string // the reason of the verdict, a class of findings, or a place
	Why    string // a clause in plain words

	Substitutes []*Recording // of the same conversation, which are produced

	// Of a recording whose media is not produced, as far as the store tells; else empty.
	Hold     string // held, not held, or why that cannot be told
	Versions string // how many versions lie below a newer one or a delete marker

	media       *Recording
	story       explain.Asked // whose story tells about the row
	explanation string        // the path of that story, once it is written
}

// recorded are the verdicts of calls that leave nothing to explain.
var recorded = []string{"complete", "repaired", "incomplete", "recorded_in_error"}

// Exceptions returns what the tables say of covered rows that cannot be produced. Each
// covered call whose verdict is not that of a recorded one has exactly one.
func (n *Night) Exceptions(related *Related) (list []*Exception) {
	n.others = map[[2]string][]*Recording{}
	for _, r := range n.Recordings {
		if r.Get("conversation_id") == "" {
			continue // rows without one have nothing in common
		}
		n.others[conversationOf(r.Cells)] = append(n.others[conversationOf(r.Cells)], r)
	}
	for _, c := range n.Calls {
		if e := n.ofCall(c, related); e != nil {
			list = append(list, e)
		}
	}
	for _, r := range n.Recordings {
		if e := n.ofRecording(r, related); e != nil {
			list = append(list, e)
		}
	}
	return list
}

func (n *Night) ofCall(c *Call, related *Related) *Exception {
	e := &Exception{Night: n, Row: c.Shown, About: "call", Reason: c.Get("verdict"), Detail: c.Get("reason"), Substitutes: n.substitutes(c.Cells, c.Recordings, nil), story: c.story()}
	switch {
	case !slices.Contains(recorded, e.Reason):
		e.Why = c.why(related)
	case len(c.Recordings) == 0:
		e.Reason, e.Detail = Unlinked, ""
		e.Why = "its verdict says that it was recorded, and the tables do not tell by which recording: explain may"
	default:
		return nil
	}
	return e
}

// mostSubstitutes is how many recordings an exception names that may stand for what is
// missing. A conversation may have thousands.
const mostSubstitutes = 20

// substitutes returns the recordings that may stand for what a row lacks: those that are
// linked with it, then the others of its conversation.
func (n *Night) substitutes(row table.Cells, linked []*Recording, but *Recording) (list []*Recording) {
	// Neither list is copied: of n calls each would copy what a conversation of n recordings has.
	for _, some := range [][]*Recording{linked, n.others[conversationOf(row)]} {
		for _, r := range some {
			if len(list) == mostSubstitutes {
				return list
			}
			if r != but && !slices.Contains(list, r) {
				list = append(list, r)
			}
		}
	}
	return list
}

func conversationOf(row table.Cells) [2]string {
	return [2]string{row.Get("org_id"), row.Get("conversation_id")}
}

// why says why a call has no recording, or not all of it.
func (c *Call) why(related *Related) string {
	var clauses []string
	if words, ok := wording.Reason(c.Get("reason")); ok {
		clauses = append(clauses, words.Sentence)
	} else if reason := c.Get("reason"); reason != "" {
		clauses = append(clauses, "it was not to be recorded: "+reason)
	}
	for _, f := range related.on(c.place()) {
		if f.Class == "missing_recording" || f.Class == "short_recording" {
			clauses = append(clauses, wording.FindingIn(f.Status, f.Class, f.Recording, f.Field, f.Detail))
		}
	}
	if len(clauses) == 0 {
		clauses = append(clauses, "nothing that was read is its recording")
	}
	return strings.Join(slices.Compact(clauses), "; ")
}

// lacking are the classes of findings that say that there is nothing to hear.
var lacking = []string{"media_missing", "media_not_audio", "media_unreadable"}

func (n *Night) ofRecording(r *Recording, related *Related) *Exception {
	e := &Exception{Night: n, Row: r.Shown, About: "recording", Reason: Void, Substitutes: n.substitutes(r.Cells, nil, r), media: r, story: r.story()}
	for _, f := range related.on(r.place()) {
		if slices.Contains(lacking, f.Class) {
			e.Detail, e.Why = f.Class, wording.FindingIn(f.Status, f.Class, f.Recording, f.Field, f.Detail)
			return e
		}
	}
	state := r.Get("state")
	switch {
	case match.SaysAbsent(state):
		e.Detail, e.Why = "state", "its state, "+state+", says that there is no media"
	case match.SaysPromised(state) && r.Get("media_bytes") == "":
		e.Reason, e.Detail, e.Why = Pending, "state", "its state, "+state+", says that its media is still to come"
	case r.Get("media_bytes") == "0":
		e.Detail, e.Why = "media_bytes", "its media is empty"
	default:
		return nil
	}
	return e
}

// Outage returns the outage that the row of an exception coincides with, as the tables
// have it; empty values without one.
func (e *Exception) Outage() (id, cause, relation string) {
	return e.Row.Find("outage_id"), e.Row.Find("outage_cause"), e.Row.Find("outage_relation")
}
