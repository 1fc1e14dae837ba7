package match

import (
	"time"

	"cdrmend/internal/evidence"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// MaxDuration is the longest duration that is used, in milliseconds: adding it to a
// time does not overflow.
const MaxDuration = int64(1000) * 365 * 24 * 3600 * 1000

// FillTimes fills in the one time of each entry that the other two give.
func FillTimes(ev *evidence.Evidence, states []EntryState) {
	for i := range ev.Entries {
		e := &ev.Entries[i]
		if !states[i].Unmeasured {
			fillThirdTime(e, &states[i], ev.SourceOfEntry(e).Profile, ev.Documents[e.Doc].Local)
		}
	}
}

// fillThirdTime computes the missing one of start, end and duration from the other
// two. It fills nothing if the result is negative or cannot be written. Local says
// that the document has local times.
func fillThirdTime(e *manifest.Entry, st *EntryState, p *profile.Profile, local bool) {
	known := e.Duration != profile.NoInt && e.Duration <= MaxDuration

	switch {
	case e.Start.Known() && e.End.Known():
		// An end before the start is a finding, not a duration.
		if e.Duration == profile.NoInt && e.End >= e.Start {
			e.Duration = int64(e.End-e.Start) / 1000
			st.fill(record.DurationMS, RuleArithmetic, true)
		}
	case e.End.Known() && known:
		if t, ok := written(p, local, e.End-record.Time(e.Duration*1000)); ok {
			e.Start = t
			st.fill(record.StartTime, RuleArithmetic, true)
		}
	case e.Start.Known() && known:
		if t, ok := written(p, local, e.Start+record.Time(e.Duration*1000)); ok && t >= e.Start {
			e.End = t
			st.fill(record.EndTime, RuleArithmetic, true)
		}
	}
}

// written cuts a time to the precision of the profile's layout, so that tables and
// documents show the same time. A time that would be read back as another one
// cannot be written.
func written(p *profile.Profile, local bool, t record.Time) (record.Time, bool) {
	if !t.Valid() {
		return t, false
	}
	return p.Written(t, local)
}

// SpanOfEntry returns the entry's span when both times are known, in order and not
// more than a day apart: no recording is longer.
func SpanOfEntry(e *manifest.Entry) (record.Span, bool) {
	return record.Span{Start: e.Start, End: e.End}, e.Start.Known() && e.End.Known() && e.End >= e.Start && e.End <= e.Start.Add(LongestRecording)
}

// LongestRecording is how far apart the times of an entry may be.
const LongestRecording = 24 * time.Hour
