package reconcile

import (
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// maxDuration is the longest duration that is used, in milliseconds: adding it to a
// time does not overflow.
const maxDuration = int64(1000) * 365 * 24 * 3600 * 1000

// fillThirdTime computes the missing one of start, end and duration from the other
// two. It fills nothing if the result is negative or cannot be written.
func fillThirdTime(e *manifest.Entry, st *entryState, p *profile.Profile) {
	known := e.Duration != profile.NoInt && e.Duration <= maxDuration

	switch {
	case e.Start.Known() && e.End.Known():
		// An end before the start is a finding, not a duration.
		if e.Duration == profile.NoInt && e.End >= e.Start {
			e.Duration = int64(e.End-e.Start) / 1000
			st.fill(record.DurationMS, Arithmetic, true)
		}
	case e.End.Known() && known:
		if t := e.End - record.Time(e.Duration*1000); t.Valid() {
			e.Start = asWritten(p, t)
			st.fill(record.StartTime, Arithmetic, true)
		}
	case e.Start.Known() && known:
		if t := e.Start + record.Time(e.Duration*1000); t.Valid() {
			e.End = asWritten(p, t)
			st.fill(record.EndTime, Arithmetic, true)
		}
	}
}

// asWritten cuts a time to the precision of the profile's layout, so that tables
// and documents show the same time.
func asWritten(p *profile.Profile, t record.Time) record.Time {
	_, t = p.FormatTime(t)
	return t
}

// validSpan returns the entry's span when both times are known and in order.
func validSpan(e *manifest.Entry) (record.Span, bool) {
	return record.Span{Start: e.Start, End: e.End}, e.Start.Known() && e.End.Known() && e.End >= e.Start
}

// floorMS returns whole milliseconds, rounded down also below zero.
func floorMS(micros int64) int64 {
	if micros < 0 {
		return -((-micros + 999) / 1000)
	}
	return micros / 1000
}

func abs(n int64) int64 { return max(n, -n) }
