package reconcile

import (
	"maps"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// Spread is how a decision uses more than one processor. What is decided does
// not depend on it.
type Spread struct {
	Part int // how many entries or legs are judged by one call
	// Each calls f for every number below n, in any order and perhaps several at
	// a time, and returns when all calls have.
	Each func(n int, f func(i int))
}

// judge makes the findings of a part of what there is to judge, perhaps beside
// others that do the same with other parts. It changes nothing of the decider
// but the states of what it judges.
type judge struct {
	*decider
	findings []Finding
	calls    []Call          // room for those of the legs that are left
	needed   map[uint32]bool // empty partitions that something starts in
	lost     map[uint64]bool // recordings that are missing,
	nameless int             // and those of legs that list none
	blamed   bool

	subject []byte        // of the finding at hand
	named   []record.Text // values that legs of the entry at hand name
	leg     legJudgement
}

// inParts has the numbers below n judged and takes over what was found, in the
// order of the numbers.
func (d *decider) inParts(n int, part func(j *judge, from, to int)) {
	size := d.spread.Part
	judges := make([]judge, (n+size-1)/size)
	d.spread.Each(len(judges), func(i int) {
		judges[i].decider = d
		part(&judges[i], i*size, min((i+1)*size, n))
	})
	for i := range judges {
		d.take(&judges[i])
	}
}

// take takes over what a judge found.
func (d *decider) take(j *judge) {
	d.decision.found = append(d.decision.found, j.findings)
	d.decision.Lost += j.nameless
	d.decision.Blamed = d.decision.Blamed || j.blamed
	maps.Copy(d.needed, j.needed)
	maps.Copy(d.lost, j.lost)
	*j = judge{}
}

// need notes that the partitions in which something of an organisation starts
// are needed.
func (j *judge) need(kind policy.Kind, org record.Text, start record.Time) {
	if !start.Known() {
		return
	}
	for _, n := range j.empty[kind] {
		p := &j.Partitions[n]
		if j.Sources[p.Source].concerns(org) && p.Span.Contains(start) {
			if j.needed == nil {
				j.needed = map[uint32]bool{}
			}
			j.needed[n] = true
		}
	}
}
