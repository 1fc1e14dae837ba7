package redact

import (
	"strings"
	"time"

	"cdrmend/internal/intern"
)

// shown is how many digits of a number are not masked.
const shown = 2

// maskDigits masks every digit of a text but the last two.
func maskDigits(v string) string {
	b := []byte(v)
	seen := 0 // digits, from the end

	for i := len(b) - 1; i >= 0; i-- {
		if !digit(b[i]) {
			continue
		}
		if seen++; seen > shown {
			b[i] = '*'
		}
	}
	return string(b)
}

// fewest is the smallest number of digits that may be a telephone number.
const fewest = 7

// maskNumbers masks everything in a text that may be a telephone number: runs
// of at least seven digits, after a plus sign also with separators between
// them. UUIDs, hashes and dates are not masked.
func maskNumbers(v string) string {
	var b strings.Builder
	from := 0 // start of the part not copied yet
	for i := 0; i < len(v); {
		// This comes first: a UUID and a hash can begin with many digits.
		if n := word(v, i); n > 0 {
			i += n
			continue
		}

		n := number(v[i:])
		if n == 0 {
			i++
			continue
		}

		if run := v[i : i+n]; digits(run) >= fewest && !date(run) {
			b.WriteString(v[from:i])
			b.WriteString(maskDigits(run))
			from = i + n
		}
		i += n
	}

	b.WriteString(v[from:])
	return b.String()
}

const uuid, hash = 36, 16 // length of a UUID, and the smallest of a hash

// word returns the length of the UUID or hash that begins at i, 0 without one.
func word(v string, i int) int {
	if i > 0 && alphanumeric(v[i-1]) {
		return 0
	}
	if i+uuid <= len(v) && intern.IsUUID(v[i:i+uuid]) {
		return uuid
	}

	// A hash has hexadecimal digits only, and at least one letter: a run of
	// decimal digits may be a telephone number.
	n, letters := 0, 0
	for ; i+n < len(v) && alphanumeric(v[i+n]); n++ {
		if c := v[i+n] | 0x20; c > 'f' {
			return 0
		} else if !digit(v[i+n]) {
			letters++
		}
	}

	if n < hash || letters == 0 {
		return 0
	}
	return n
}

// number returns the length of the number that v begins with, 0 without one.
// After a plus sign it may hold separators.
func number(v string) int {
	plus := v[0] == '+'
	if !plus && !digit(v[0]) {
		return 0
	}

	end := 1 // after the last digit: separators at the end do not count
	for i := 1; i < len(v); i++ {
		switch {
		case digit(v[i]):
			end = i + 1
		case !plus || strings.IndexByte(" ()./-", v[i]) < 0:
			return end
		}
	}
	return end
}

// date reports whether a run of digits is a date, perhaps with a time after it:
// yyyymmdd, yyyymmddhhmm or yyyymmddhhmmss. The time itself is not checked.
func date(run string) bool {
	if len(run) != 8 && len(run) != 12 && len(run) != 14 {
		return false
	}
	day, err := time.Parse("20060102", run[:8])
	return err == nil && day.Year() >= 1970 && day.Year() < 2100
}

func digits(v string) int {
	n := 0
	for i := range len(v) {
		if digit(v[i]) {
			n++
		}
	}
	return n
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func alphanumeric(c byte) bool { return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' }
