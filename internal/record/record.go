// Package record holds what every input has in common: the formats and
// compressions that objects come in, the normal form of ids, times, numbers
// and lists, and the profile that maps members and columns to canonical
// fields.
//
// A value passes through three shapes. In the document it is a [Value]: bytes
// with a kind, at a position. In memory it is compact and free of pointers:
// a [Text], a [Time], an integer. In the output it is text again.
package record

import (
	"math"
	"time"
)

// Time is an instant in microseconds since 1970-01-01T00:00:00Z.
type Time int64

// NoTime is the missing time. It is less than every other time.
const NoTime Time = math.MinInt64

// TimeLayout is how times are written in every output.
const TimeLayout = "2006-01-02T15:04:05.000000Z"

// TimeOf returns t in microseconds; further digits are cut.
func TimeOf(t time.Time) Time { return Time(t.UnixMicro()) }

// Known reports whether t is not missing.
func (t Time) Known() bool { return t != NoTime }

// Std returns t as a time in UTC. It must not be called on NoTime.
func (t Time) Std() time.Time { return time.UnixMicro(int64(t)).UTC() }

// Add returns t+d. It must not be called on NoTime.
func (t Time) Add(d time.Duration) Time { return t + Time(d.Microseconds()) }

// AppendTo appends t in TimeLayout, and nothing for NoTime.
func (t Time) AppendTo(b []byte) []byte {
	if t == NoTime {
		return b
	}
	return t.Std().AppendFormat(b, TimeLayout)
}

// String returns t in TimeLayout, empty for NoTime.
func (t Time) String() string { return string(t.AppendTo(nil)) }

// A Span is the half-open span of time [Start, End).
type Span struct{ Start, End Time }

// Forever is the span of a partition that stands for all time.
var Forever = Span{Start: NoTime, End: math.MaxInt64}

// Overlaps reports whether two half-open spans have an instant in common.
func (s Span) Overlaps(o Span) bool { return s.Start < o.End && o.Start < s.End }

// Contains reports whether t lies in s.
func (s Span) Contains(t Time) bool { return s.Start <= t && t < s.End }

// Duration returns the length of s.
func (s Span) Duration() time.Duration { return time.Duration(s.End-s.Start) * time.Microsecond }

// Ref names one row of one input object: the object's number in the sorted
// list of everything listed, and the row in it. Refs order like
// (source, object key, row).
type Ref struct{ Object, Row uint32 }

// Valid reports whether t can be written with a year of four digits.
func (t Time) Valid() bool { return t >= minInstant && t <= maxInstant }
