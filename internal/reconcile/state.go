package reconcile

import (
	"slices"

	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
)

// entryState says how the values of an entry were found.
type entryState struct {
	rules     uint32 // the rule that filled each field, ruleBits for each, in the order of manifest.Repairable
	repaired  uint8  // fields that a repair filled, one bit for each in the same order
	ambiguous uint8  // fields for which a rule named several values
	voice     bool
	void      bool // of a voice entry: there is no media, so it is no entry of any leg
	pending   bool // likewise: its media is promised
}

// hears reports whether an entry is a recording that legs may have.
func (st *entryState) hears() bool { return st.voice && !st.void && !st.pending }

// ruleBits is how many bits of entryState.rules hold the rule of one field.
const ruleBits = 3

var _ [1<<ruleBits - NumRules]struct{} // all rules fit

// repairBit returns the place of a field in manifest.Repairable, -1 if it cannot
// be repaired.
func repairBit(f record.Field) int { return slices.Index(manifest.Repairable[:], f) }

func (st *entryState) fill(f record.Field, rule Rule, filled bool) {
	if filled {
		at := ruleBits * repairBit(f)
		st.rules = st.rules&^((1<<ruleBits-1)<<at) | uint32(rule)<<at
	}
}

// rule returns the rule that filled a field, by its place.
func (st *entryState) rule(i int) Rule { return Rule(st.rules >> (ruleBits * i) & (1<<ruleBits - 1)) }

// entryOutcome sums up the findings of an entry for the stages after it.
type entryOutcome struct {
	open       bool // one is open or indeterminate
	severe     bool // one of those has severity major or critical
	withoutCDR bool // it has no leg, or is apart from all
	incomplete bool // one makes the entry's legs incomplete
}

// status returns the state of an owned entry in the table of recordings.
func (st *entryState) status(outcome entryOutcome) RecordingStatus {
	switch {
	case outcome.severe || st.void || st.pending:
		return RecordingOpen
	case st.repaired != 0:
		return RecordingRepaired
	}
	return RecordingIntact
}

// statusOfEntries lists the owned entries.
func statusOfEntries(states []entryState, outcomes []entryOutcome, owned []bool) []Recording {
	recordings := make([]Recording, 0, count(owned))
	for i := range states {
		if owned[i] {
			recordings = append(recordings, Recording{uint32(i), states[i].status(outcomes[i])})
		}
	}
	return recordings
}

// balanceOfEntries counts every entry once. Rejected and skipped rows are counted
// by the reader.
func balanceOfEntries(states []entryState, outcomes []entryOutcome, owned []bool) (b record.Balance) {
	for i := range states {
		switch {
		case !owned[i]:
			b.Margin++
		case outcomes[i].open:
			b.WithFindings++
		case states[i].repaired != 0:
			b.Repaired++
		default:
			b.Untouched++
		}
	}
	return b
}

// balanceOfLegs counts every leg once, like balanceOfEntries.
func balanceOfLegs(owned, open []bool, v versions) (b record.Balance) {
	b.Superseded, b.Margin = v.superseded, v.lost
	for i := range owned {
		switch {
		case !owned[i]:
			b.Margin++
		case open[i]:
			b.WithFindings++
		default:
			b.Untouched++
		}
	}
	return b
}

func count(marked []bool) (n int) {
	for _, mark := range marked {
		if mark {
			n++
		}
	}
	return n
}

// numbers returns the numbers of what is marked.
func numbers(marked []bool) []uint32 {
	var list []uint32
	for n, mark := range marked {
		if mark {
			list = append(list, uint32(n))
		}
	}
	return list
}

func withoutCDR(outcomes []entryOutcome) (n int64) {
	for i := range outcomes {
		if outcomes[i].withoutCDR {
			n++
		}
	}
	return n
}

// voices counts the owned entries of voice.
func voices(states []entryState, owned []bool) (n int64) {
	for i := range states {
		if owned[i] && states[i].voice {
			n++
		}
	}
	return n
}
