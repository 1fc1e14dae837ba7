package reconcile

import (
	"cdrmend/internal/evidence"
	"cdrmend/internal/match"
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
func statusOf(st *match.EntryState, outcome entryOutcome) RecordingStatus {
	switch {
	case outcome.severe || st.Void || st.Pending:
		return RecordingOpen
	case st.NumRepaired() > 0:
		return RecordingRepaired
	}
	return RecordingIntact
}

// statusOfEntries lists the owned entries.
func statusOfEntries(states []match.EntryState, outcomes []entryOutcome, owned match.Marks) []Recording {
	recordings := make([]Recording, 0, owned.Count())
	for i := range states {
		if owned[i] {
			recordings = append(recordings, Recording{uint32(i), statusOf(&states[i], outcomes[i])})
		}
	}
	return recordings
}

// balanceOfEntries counts every entry once. Rejected and skipped rows are counted
// by the reader.
func balanceOfEntries(states []match.EntryState, outcomes []entryOutcome, owned match.Marks) (b record.Balance) {
	for i := range states {
		switch {
		case !owned[i]:
			b.Margin++
		case outcomes[i].open:
			b.WithFindings++
		case states[i].NumRepaired() > 0:
			b.Repaired++
		default:
			b.Untouched++
		}
	}
	return b
}

// balanceOfLegs counts every leg once, like balanceOfEntries.
func balanceOfLegs(owned match.Marks, open []bool, v evidence.Versions) (b record.Balance) {
	b.Superseded, b.Margin = v.Superseded, v.Lost
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
func voices(states []match.EntryState, owned match.Marks) (n int64) {
	for i := range states {
		if owned[i] && states[i].Voice {
			n++
		}
	}
	return n
}
