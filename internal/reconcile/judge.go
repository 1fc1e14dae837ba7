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
	// Pause is called between stages, when most of what one used is given up.
	Pause func()
}

// parts returns how many parts the numbers below n have.
func (d *decider) parts(n int) int { return (n + d.spread.Part - 1) / d.spread.Part }

// eachPart calls part for each part of the numbers below n.
func (d *decider) eachPart(n int, part func(i, from, to int)) {
	size := d.spread.Part
	d.spread.Each(d.parts(n), func(i int) { part(i, i*size, min((i+1)*size, n)) })
}

// sideBySide does several things that have nothing to do with each other.
func (d *decider) sideBySide(things ...func()) {
	d.spread.Each(len(things), func(i int) { things[i]() })
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
	touched uint64        // what touch returned, for it to be wanted
	leg     legJudgement
}

// inParts has the numbers below n judged and takes over what was found, in the
// order of the numbers.
func (d *decider) inParts(n int, part func(j *judge, from, to int)) {
	judges := make([]judge, d.parts(n))
	d.eachPart(n, func(i, from, to int) {
		judges[i].decider = d
		part(&judges[i], from, to)
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
