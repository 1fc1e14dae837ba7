package wording

import (
	"strconv"
	"strings"
)

// Grouped writes a number with commas between thousands.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// Count writes a number of things: no texts of this program say 1 calls, or 2 call. The
// thing is a noun in the singular that takes an s in the plural, or ies for a y after a
// consonant; words may stand before it: 1 more entry, 2,000 more entries.
func Count[N int | int64](n N, thing string) string {
	return Grouped(int64(n)) + " " + Noun(n, thing)
}

// Noun returns the noun that goes with a number: call for 1, else calls.
func Noun[N int | int64](n N, thing string) string {
	stem, y := strings.CutSuffix(thing, "y")
	switch {
	case n == 1:
		return thing
	case y && stem != "" && !strings.ContainsRune("aeiou", rune(stem[len(stem)-1])):
		return stem + "ies"
	}
	return thing + "s"
}

// Verb returns what goes with a number: the first for 1, else the second, as in is and
// are.
func Verb[N int | int64](n N, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// VerbOf returns what goes with a part of a whole: the first where either is 1, as in 1
// of 3 calls is and 0 of 1 call is, else the second.
func VerbOf[N int | int64](part, whole N, one, many string) string {
	if whole == 1 {
		return one
	}
	return Verb(part, one, many)
}
