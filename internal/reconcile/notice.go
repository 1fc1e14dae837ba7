package reconcile

import (
	"slices"

	"cdrmend/internal/doubt"
	"cdrmend/internal/evidence"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// noticesOf says what the night as a whole shows about its sources.
func noticesOf(d *Decision, facts *evidence.Facts, doubts *doubt.Sources) Notices {
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
		s := &d.Sources[i]
		if needs, shapeless := doubts.Lacks(uint32(i)); needs != 0 || shapeless {
			unfit[s.Kind], settled[s.Kind] = true, settled[s.Kind] || s.Settled
		}
	}

	n := Notices{Warnings: doubts.Warnings(d.Evidence)}

	// CDRs that are not there, or recordings of calls that no CDR names, hide legs.
	n.AtLeast = facts.IncompleteWithin(policy.CDRs, false) || unfit[policy.CDRs] || missing[policy.CDRs] || 100*d.WithoutCDR > d.Voices

	// What is not settled yet may still be delivered, so it leaves nothing undecided
	// for good.
	for _, kind := range []policy.Kind{policy.Manifests, policy.CDRs} {
		n.Undecided = n.Undecided || facts.IncompleteWithin(kind, true) || settled[kind] || blamed[kind]
	}
	n.Undecided = n.Undecided || doubts.Disagree() || d.mostlyUndecided()
	return n
}

// mostlyUndecided reports whether more than one in a hundred legs is not decided
// although all manifests and CDRs are settled.
func (d *Decision) mostlyUndecided() bool {
	if slices.ContainsFunc(d.Sources, func(s evidence.Source) bool { return s.Kind != policy.Registrations && !s.Settled }) {
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

// lacksRecording returns what tells whether an owned leg that is to be recorded and
// has no entry starts in a span, of a source's organisation.
func lacksRecording(legs *match.LegGroups, duties *match.Duties, m *match.Pairs, owned match.Marks) func(*evidence.Source, record.Span) bool {
	return func(s *evidence.Source, span record.Span) bool {
		for n, own := range owned {
			l := &legs.Legs[n]
			if own && len(m.EntriesOf(uint32(n))) == 0 && s.Concerns(l.Org) && l.Start.Known() && span.Contains(l.Start) && duties.ToRecord(uint32(n)) {
				return true
			}
		}
		return false
	}
}
