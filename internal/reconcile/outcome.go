package reconcile

import (
	"cdrmend/internal/record"
)

// entryOutcome sums up the findings of an entry for the stages after it.
type entryOutcome struct {
	open       bool // one is open or indeterminate
	severe     bool // one of those has severity major or critical
	withoutCDR bool // it has no leg, or is apart from all
	incomplete bool // one makes the entry's legs incomplete
}

// statusOf returns the state of an owned entry in the table of recordings.
func statusOf(st *entryState, outcome entryOutcome) RecordingStatus {
	switch {
	case outcome.severe || st.void || st.pending:
		return RecordingOpen
	case st.numRepaired() > 0:
		return RecordingRepaired
	}
	return RecordingIntact
}

// statusOfEntries lists the owned entries.
func statusOfEntries(states []entryState, outcomes []entryOutcome, owned marks) []Recording {
	recordings := make([]Recording, 0, owned.count())
	for i := range states {
		if owned[i] {
			recordings = append(recordings, Recording{uint32(i), statusOf(&states[i], outcomes[i])})
		}
	}
	return recordings
}

// balanceOfEntries counts every entry once. Rejected and skipped rows are counted
// by the reader.
func balanceOfEntries(states []entryState, outcomes []entryOutcome, owned marks) (b record.Balance) {
	for i := range states {
		switch {
		case !owned[i]:
			b.Margin++
		case outcomes[i].open:
			b.WithFindings++
		case states[i].numRepaired() > 0:
			b.Repaired++
		default:
			b.Untouched++
		}
	}
	return b
}

// balanceOfLegs counts every leg once, like balanceOfEntries.
func balanceOfLegs(owned marks, open []bool, v versions) (b record.Balance) {
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

func withoutCDR(outcomes []entryOutcome) (n int64) {
	for i := range outcomes {
		if outcomes[i].withoutCDR {
			n++
		}
	}
	return n
}

// voices counts the owned entries of voice.
func voices(states []entryState, owned marks) (n int64) {
	for i := range states {
		if owned[i] && states[i].voice {
			n++
		}
	}
	return n
}
