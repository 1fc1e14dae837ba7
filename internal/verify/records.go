package verify

import (
	"cmp"
	"maps"
	"slices"

	"cdrmend/internal/ledger"
)

// recordCheck checks the links between records, and who signed them.
type recordCheck struct {
	*results
	out     *Output
	chains  map[string]*chain // of all intervals, by label
	chosen  []*chain          // that are to be verified
	journal *journal
}

// checkRecords checks each chain from its first record on.
func (v recordCheck) checkRecords() {
	name := usualName(v.chains)
	for _, c := range v.chosen {
		v.report.Intervals++
		switch {
		case len(c.entries) > 0:
		case len(c.objects) > 0 && v.journal.names(c.label):
			// Its records were removed, which is broken already.
		case len(c.objects) > 0:
			v.note("interval %s is not committed yet: a run of it was stopped, or is under way; what is there are leftovers", c.label)
		case v.out.found():
			// An empty folder, which is a leftover.
		default:
			v.broken(c, RecordLink, c.prefix+"log/"+ledger.RecordName(1), "the interval has no commit record")
		}

		last := int64(0)
		for _, e := range c.entries {
			// Whoever may create files chooses their numbers, so a gap before a
			// record that does not count is none.
			if e.disowned {
				last = max(last, e.number)
				continue
			}
			if e.number != last+1 {
				v.broken(c, RecordLink, c.prefix+"log/"+ledger.RecordName(last+1), "it is missing, though record %d is there", e.number)
			}
			last = e.number
			v.report.Records.Count++
			if e.fault != "" {
				v.broken(c, RecordLink, e.key, "%s", e.fault)
			}
			if e.record == nil {
				continue
			}
			if e.record.Name != name {
				v.broken(c, NameLink, e.key, "it belongs to the configuration named %q, the others to %q", e.record.Name, name)
			}
			v.checkPrevious(e)
		}
	}

	if v.report.Records.Count == 0 && len(v.chosen) > 0 {
		v.report.Unchecked = append(v.report.Unchecked, "nothing is committed in these intervals, so there is nothing to verify")
	}
}

// usualName returns the name of the configuration that most records have.
func usualName(chains map[string]*chain) string {
	counts := map[string]int{}
	for _, c := range chains {
		for _, e := range c.entries {
			if e.record != nil && !e.disowned {
				counts[e.record.Name]++
			}
		}
	}

	// In sorted order, so that a tie always has the same result.
	usual := ""
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if counts[name] > counts[usual] {
			usual = name
		}
	}
	return usual
}

func (v recordCheck) checkPrevious(e *entry) {
	before := e.chain.before(e)
	switch {
	case before == nil && e.number == 1 && e.record.Previous != "":
		v.broken(e.chain, PreviousLink, e.key, "it is the first record and names one before it")
	case before == nil || before.sum == "":
		// a gap, or a record that could not be read, which is reported already
	case before.number < e.number-1 && e.chain.at(e.number-1) == nil:
		// a gap
	case e.record.Previous != before.sum:
		v.broken(e.chain, PreviousLink, e.key, "it follows a record with SHA-256 %s, and record %d has %s", cmp.Or(e.record.Previous, "(none)"), before.number, before.sum)
	case before.seal.Signed && !e.seal.Signed:
		v.broken(e.chain, SignatureLink, e.key, "it is unsigned, though record %d before it is signed", before.number)
	}
}

// checkNeighbours compares each record with what records of other intervals saw
// of it.
func (v recordCheck) checkNeighbours() {
	for _, label := range slices.Sorted(maps.Keys(v.chains)) {
		for _, e := range v.chains[label].entries {
			if e.record == nil || e.disowned {
				continue
			}
			for _, n := range e.record.Neighbours {
				v.checkNeighbour(e, n)
			}
		}
	}
}

func (v recordCheck) checkNeighbour(e *entry, n ledger.Neighbour) {
	c := v.chains[n.Interval]
	if c == nil { // its whole folder is gone
		c = &chain{label: n.Interval, chosen: e.chain.chosen, prefix: v.out.Root + "interval=" + n.Interval + "/"}
	}
	key := c.prefix + "log/" + ledger.RecordName(n.Number)

	// The difference counts if either of the two intervals is to be verified.
	blamed := *c
	blamed.chosen = c.chosen || e.chain.chosen

	switch seen := c.at(n.Number); {
	case seen == nil:
		v.broken(&blamed, NeighbourLink, key, "it is missing, though %s names it", e)
	// A record that could not be read has no sum, and is reported already.
	case seen.sum != "" && seen.sum != n.SHA256:
		v.broken(&blamed, NeighbourLink, key, "its SHA-256 is %s, and %s saw it with %s: one of the two was replaced", seen.sum, e, n.SHA256)
	}
}
