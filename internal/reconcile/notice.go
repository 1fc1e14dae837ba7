package reconcile

import (
	"fmt"
	"slices"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// noticesOf says what the night as a whole shows about its sources.
func noticesOf(d *Decision, facts *nightFacts, doubts *doubts) Notices {
	missing, blamed := [policy.NumKinds]bool{}, [policy.NumKinds]bool{} // input_missing, by kind of source; blamed: and nobody accepted it
	for f := range d.Findings {
		if f.Class == InputMissing {
			source, _, _ := d.input(f)
			missing[d.Sources[source].Kind] = true
			blamed[d.Sources[source].Kind] = blamed[d.Sources[source].Kind] || f.Status.Counts()
		}
	}

	unfit, settled := [policy.NumKinds]bool{}, [policy.NumKinds]bool{} // settled: and such a source will deliver no more
	for i := range d.Sources {
		if s := &d.Sources[i]; doubts.lacking[i] != 0 || doubts.shapeless[i] {
			unfit[s.Kind], settled[s.Kind] = true, settled[s.Kind] || s.Settled
		}
	}
	estranged := slices.ContainsFunc(doubts.estranged, func(e estrangement) bool { return e.holds })

	n := Notices{Warnings: doubts.warnings(d.Evidence)}

	// CDRs that are not there, or recordings of calls that no CDR names, hide legs.
	n.AtLeast = facts.incompleteWithin(policy.CDRs, false) || unfit[policy.CDRs] || missing[policy.CDRs] || 100*d.WithoutCDR > d.Voices

	// What is not settled yet may still be delivered, so it leaves nothing undecided
	// for good.
	for _, kind := range []policy.Kind{policy.Manifests, policy.CDRs} {
		n.Undecided = n.Undecided || facts.incompleteWithin(kind, true) || settled[kind] || blamed[kind]
	}
	n.Undecided = n.Undecided || estranged || len(doubts.clocks) > 0 || d.mostlyUndecided()
	return n
}

// mostlyUndecided reports whether more than one in a hundred legs is not decided
// although all manifests and CDRs are settled.
func (d *Decision) mostlyUndecided() bool {
	if slices.ContainsFunc(d.Sources, func(s Source) bool { return s.Kind != policy.Registrations && !s.Settled }) {
		return false
	}

	undecided, of := 0, 0
	for i := range d.Calls {
		if v := d.Calls[i].Verdict; v.Counts() {
			of++
			if v == VerdictIndeterminate {
				undecided++
			}
		}
	}
	return 100*undecided > of
}

// warnings says what speaks against sources, and what to do.
func (d *doubts) warnings(ev *Evidence) (list []string) {
	for i, e := range d.estranged {
		if !e.holds {
			continue
		}
		text := fmt.Sprintf("the CDRs of source %s and the manifests do not speak of the same calls: hardly one of %d legs that are to be recorded shares a recording id or a conversation id with a recording", ev.Sources[i].Name, e.legs)
		if e.orgs {
			text += "; most would if their organisations were the same: check org of the sources, then run again"
		} else {
			text += ": check that the sources deliver the same system and the same days, and which ids they share; until then nobody can tell which recordings are missing"
		}
		list = append(list, text)
	}
	for _, c := range d.clocks {
		list = append(list, c.warning(ev))
	}
	return list
}

// warning says how clocks differ, and what to do.
func (c *clockOffset) warning(ev *Evidence) string {
	cdrs, manifests := ev.Sources[c.cdrs].Name, ev.Sources[c.manifests].Name
	offset := time.Duration(c.offset) * time.Microsecond
	if c.part {
		return fmt.Sprintf("the clocks of sources %s and %s differ by %s for a part of the night or of the recorders: %d pairs of a leg and its recording show it, from %s to %s; find out which recorder or server had the wrong time, and have clocks synchronised",
			cdrs, manifests, offset, c.pairs, c.first.Start, c.last.End)
	}
	return fmt.Sprintf("the clocks of sources %s and %s differ by %s: %d pairs of a leg and its recording show it; if the recordings are right, set clock_offset: %s for source %s",
		cdrs, manifests, offset, c.pairs, offset, cdrs)
}

// lacksRecording returns what tells whether an owned leg that is to be recorded and
// has no entry starts in a span, of a source's organisation.
func lacksRecording(legs *legGroups, duties *duties, m *matches, owned []bool) func(*Source, record.Span) bool {
	return func(s *Source, span record.Span) bool {
		for n, own := range owned {
			l := &legs.Legs[n]
			if own && m.of[n].N == 0 && s.concerns(l.Org) && l.Start.Known() && span.Contains(l.Start) && duties.toRecord(uint32(n)) {
				return true
			}
		}
		return false
	}
}
