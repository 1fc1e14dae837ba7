package steps

import (
	"bytes"
	"math"
	"strconv"
)

// Unit is a unit of durations.
type Unit int64

// The units, in nanoseconds.
const (
	Nanosecond  Unit = 1
	Microsecond      = 1000 * Nanosecond
	Millisecond      = 1000 * Microsecond
	Second           = 1000 * Millisecond
	Clock       Unit = 0 // hh:mm:ss, or mm:ss
)

// duration brings a duration into another unit, rounded down.
type duration struct{ from, to Unit }

func (d duration) apply(r *Run, text []byte) value {
	nanos, ok := d.nanos(text)
	if !ok {
		return value{state: unusable}
	}
	return textOf(r.own(func(b []byte) []byte { return strconv.AppendInt(b, nanos/int64(d.to), 10) }))
}

func (d duration) nanos(text []byte) (int64, bool) {
	if d.from == Clock {
		return clockNanos(text)
	}
	return decimalNanos(text, d.from)
}

// clockNanos reads hh:mm:ss or mm:ss, with a fraction or without.
func clockNanos(text []byte) (int64, bool) {
	parts := bytes.Split(text, []byte(":"))
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}

	total := int64(0)
	for _, part := range parts[:len(parts)-1] {
		n, ok := digits(part)
		if !ok || n > math.MaxInt64/int64(60*60*Second) {
			return 0, false
		}
		total = total*60 + n
	}
	if total > math.MaxInt64/int64(60*Second)-1 {
		return 0, false
	}

	seconds, ok := decimalNanos(parts[len(parts)-1], Second)
	if !ok || seconds >= int64(60*Second) {
		return 0, false
	}
	return total*int64(60*Second) + seconds, true
}

// decimalNanos reads a decimal number that is not negative, exactly: digits beyond
// a nanosecond are cut.
func decimalNanos(text []byte, unit Unit) (int64, bool) {
	whole, fraction, point := bytes.Cut(text, []byte("."))
	n, ok := digits(whole)
	if !ok || point && len(fraction) == 0 || n > math.MaxInt64/int64(unit)-1 {
		return 0, false
	}

	total := n * int64(unit)
	for _, c := range fraction {
		if c < '0' || c > '9' {
			return 0, false
		}
		unit /= 10
		total += int64(c-'0') * int64(unit)
	}
	return total, true
}

// digits reads a number of digits alone.
func digits(text []byte) (int64, bool) {
	if len(text) == 0 || text[0] < '0' || text[0] > '9' {
		return 0, false // ParseInt takes a sign
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	return n, err == nil
}
