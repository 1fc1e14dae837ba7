package reconcile

import (
	"fmt"

	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// fewestOdd is how many legs of a source it takes before what none, or nearly all,
// of them have is a property of the source.
const fewestOdd = 20

// oddities warns of sources of CDRs that are probably configured or exported in a
// way that nobody wants, although each of their rows may be right. Every warning
// says what to do.
func oddities(d *Decision, toRecord func(leg uint32) bool, states []match.EntryState) (list []string) {
	due, legs := make([]int, len(d.Sources)), make([]int, len(d.Sources))
	for i := range d.Calls {
		n := d.Calls[i].Leg
		source := d.SourceOfLeg(n)
		legs[source]++
		if toRecord(n) {
			due[source]++
		}
	}

	for i := range d.Sources {
		s := &d.Sources[i]
		if s.Kind != policy.CDRs {
			continue
		}
		if legs[i] >= fewestOdd && due[i] == 0 {
			list = append(list, fmt.Sprintf("none of the %d calls of source %s is to be recorded: look at policy.expect, the exclusions, and the fields recorded and answer_time of its profile", legs[i], s.Name))
		}
		list = append(list, d.unevenEntries(uint32(i))...)
	}
	return append(list, d.emptyHours(states)...)
}

// unevenEntries warns of a source of which nearly all legs have the same number of
// recordings, two or more, as when each side is recorded on its own, and some legs
// have fewer.
func (d *Decision) unevenEntries(source uint32) []string {
	with, legs := map[int32]int{}, 0 // legs by their number of entries
	for i := range d.Calls {
		if c := &d.Calls[i]; c.Entries > 0 && d.SourceOfLeg(c.Leg) == source {
			with[c.Entries]++
			legs++
		}
	}

	for usual, n := range with {
		if usual < 2 || legs < fewestOdd || 10*n < 9*legs {
			continue
		}
		fewer := 0
		for entries, m := range with {
			if entries < usual {
				fewer += m
			}
		}
		if fewer == 0 {
			return nil
		}
		return []string{fmt.Sprintf("legs of source %s with fewer than the %d recordings that nine in ten of its recorded legs have: %d; find out whether recordings of them are missing", d.Sources[source].Name, usual, fewer)}
	}
	return nil
}

// emptyHours warns of partitions of CDRs without a row in whose time recordings
// start: the calls of that time are probably in no count.
func (d *Decision) emptyHours(states []match.EntryState) (list []string) {
	for n := range d.Partitions {
		p := &d.Partitions[n]
		s := &d.Sources[p.Source]
		if !p.Empty || s.Kind != policy.CDRs || !d.OwnsPartition(uint32(n)) {
			continue
		}
		starting := 0
		for _, r := range d.Recordings {
			if e := &d.Entries[r.Entry]; states[r.Entry].Voice && s.Concerns(e.Org) && e.Start.Known() && p.Span.Contains(e.Start) {
				starting++
			}
		}
		if starting > 0 {
			list = append(list, fmt.Sprintf("source %s has no row %s, but recordings start then (%d): check whether its call detail records were delivered", s.Name, within(p.Span), starting))
		}
	}
	return list
}

// within says which time a partition stands for.
func within(span record.Span) string {
	if span == record.Forever {
		return "at all"
	}
	return fmt.Sprintf("from %s to %s", span.Start, span.End)
}
