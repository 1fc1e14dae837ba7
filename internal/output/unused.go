package output

import (
	"fmt"
	"slices"
	"strings"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile"
)

// unknownStates counts, by word, the states of owned entries whose meaning is not
// known. Such an entry counts as a recording that is there.
func unknownStates(d *reconcile.Decision) map[string]int64 {
	states := map[intern.Text]int64{}
	for _, r := range d.Recordings {
		if s := d.Entries[r.Entry].State; s != intern.None {
			states[s]++
		}
	}

	counts := map[string]int64{}
	for s, n := range states {
		if word := d.Texts.String(s); !match.KnownState(word) {
			counts[word] += n
		}
	}
	return counts
}

// stateWarnings says that entries have such states. It does not repeat them: they
// come from outside, and reports may hide what does.
func stateWarnings(states map[string]int64) []string {
	n := int64(0)
	for _, count := range states {
		n += count
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("recordings with a state that is not known: %d (different states: %d, listed under unknown_states of summary.json); they count as there: if it says that there is no media, have the export say absent, deleted or failed", n, len(states))}
}

// otherMediaWarnings says when a call that is missing has an entry of a media type
// that is no voice: the recording may be there under a name that nobody configured.
func otherMediaWarnings(d *reconcile.Decision, voice []string) []string {
	others, named := map[evidence.ConversationKey]bool{}, map[intern.Text]bool{intern.None: true}
	for _, r := range d.Recordings {
		e := &d.Entries[r.Entry]
		if _, seen := named[e.MediaType]; !seen {
			named[e.MediaType] = slices.Contains(voice, strings.ToLower(d.Texts.String(e.MediaType)))
		}
		if !named[e.MediaType] && e.Conversation != intern.None {
			others[evidence.ConversationKey{Org: e.Org, Conversation: e.Conversation}] = true
		}
	}

	n := 0
	for i := range d.Calls {
		l := &d.Legs[d.Calls[i].Leg]
		if d.Calls[i].Verdict == reconcile.VerdictMissing && others[evidence.ConversationKey{Org: l.Org, Conversation: l.Conversation}] {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("calls that are missing though their conversation has an entry of a media type that policy.voice_media does not name: %d (the types are listed under unknown_media_types of summary.json); when one is that of recorded calls, add it there, then run again", n)}
}

// untoldWarnings says how many calls count as recorded though nobody can tell how much
// of them their recordings hold.
func untoldWarnings(d *reconcile.Decision) []string {
	n := 0
	for i := range d.Calls {
		if c := &d.Calls[i]; c.Verdict.Recorded() && c.Covered == profile.NoInt {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("calls that count as recorded though nobody can tell how much of the call the recording covers: %d; their times, or those of their recordings, are missing or contradict each other (in the table calls, their column covered_ms is empty)", n)}
}

// acceptedWarnings says which rows of the accepted findings accept nothing of this
// run: an id may be misspelled, or the defect is gone.
func acceptedWarnings(d *reconcile.Decision, p *policy.Policy) []string {
	if len(p.Accepted)+len(p.AcceptedSubjects) == 0 {
		return nil
	}

	// What is left once the rows of all accepted findings are removed was not used.
	ids := map[string]bool{}
	subjects, rows := policy.Written(p.AcceptedSubjects)
	for f := range d.Findings {
		if f.Status == reconcile.Accepted {
			ids[f.IDText()] = true
			subjects.Remove(subjectOf(d, f))
		}
	}
	rows = append(rows, subjects.Rows()...)
	for id := range p.Accepted {
		if !ids[id] {
			rows = append(rows, p.AcceptedRows[id])
		}
	}
	if len(rows) == 0 {
		return nil
	}

	const most = 5
	slices.Sort(rows)
	first := strings.Trim(fmt.Sprint(rows[:min(len(rows), most)]), "[]")
	return []string{fmt.Sprintf("rows of policy.accepted that accept nothing of this interval: %d, the first of them by number: %s; where one is meant for it, compare its id or subject with the findings, else leave it", len(rows), first)}
}

// subjectOf returns what a finding is about. Only findings of entries and legs have a
// conversation or a recording.
func subjectOf(d *reconcile.Decision, f *reconcile.Finding) policy.Subject[string] {
	var org, conversation intern.Text
	switch f.About {
	case reconcile.AboutEntry:
		org, conversation = d.Entries[f.Subject].Org, d.Entries[f.Subject].Conversation
	case reconcile.AboutLeg:
		org, conversation = d.Legs[f.Subject].Org, d.Legs[f.Subject].Conversation
	}
	return policy.Subject[string]{
		Class: f.Class.String(), Org: d.Texts.String(org), Conversation: d.Texts.String(conversation), Recording: d.Texts.String(f.Recording),
	}
}
