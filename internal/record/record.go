// Package record holds the types that all packages share: instants and spans
// of time, references to rows of inputs, the canonical fields, and how rows are
// counted. It depends on nothing.
//
// A value of an input passes through three shapes. In the document it is a
// jsonscan.Value: bytes with a kind, at a position. In memory it is compact
// and free of pointers: an intern.Text, a [Time], an integer. In the output it
// is text again.
package record

import (
	"math"
	"time"
)

// Time is an instant in microseconds since 1970-01-01T00:00:00Z.
type Time int64

// NoTime is the missing time. It is less than every other time.
const NoTime Time = math.MinInt64

// The first and the last time that can be written with a year of four digits.
const (
	MinTime Time = -62135596800 * 1e6         // 0001-01-01T00:00:00Z
	MaxTime Time = 253402300799*1e6 + 1e6 - 1 // 9999-12-31T23:59:59.999999Z
)

// TimeLayout is the layout of times in every output.
const TimeLayout = "2006-01-02T15:04:05.000000Z"

// TimeOf returns t in microseconds; further digits are cut.
func TimeOf(t time.Time) Time { return Time(t.UnixMicro()) }

// Known reports whether t is not missing.
func (t Time) Known() bool { return t != NoTime }

// Valid reports whether t can be written with a year of four digits.
func (t Time) Valid() bool { return MinTime <= t && t <= MaxTime }

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

// Apart returns how far two times are from each other, in microseconds.
func Apart(a, b Time) int64 { return max(int64(a-b), int64(b-a)) }

// A Span is the half-open span of time [Start, End).
type Span struct{ Start, End Time }

// Forever is the span of a partition that covers all time.
var Forever = Span{Start: NoTime, End: math.MaxInt64}

// Overlaps reports whether two half-open spans have an instant in common.
func (s Span) Overlaps(o Span) bool { return s.Start < o.End && o.Start < s.End }

// Meets reports whether the span holds an instant from one time to another, both
// included.
func (s Span) Meets(from, to Time) bool { return s.Start <= to && from < s.End }

// Contains reports whether t lies in s.
func (s Span) Contains(t Time) bool { return s.Start <= t && t < s.End }

// Duration returns the length of s.
func (s Span) Duration() time.Duration { return time.Duration(s.End-s.Start) * time.Microsecond }

// Ref names one row of one input object: the object's number in the sorted
// list of everything listed, and the row in it. Refs order like
// (source, object key, row).
type Ref struct {
	Object uint32 `json:"object"`
	Row    uint32 `json:"row"`
}
