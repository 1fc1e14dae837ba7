package report

import (
	"fmt"

	"cdrmend/internal/wording"
)

// Grouped writes a number with commas between thousands.
func Grouped(n int64) string { return wording.Grouped(n) }

// Of writes a part of a whole: 1,912 of 1,958.
func Of(n, of int64) string { return Grouped(n) + " of " + Grouped(of) }

// Duration writes a length of time in its two largest units, down to seconds.
func Duration(micros int64) string {
	seconds := micros / 1e6
	h, m, s := seconds/3600, seconds/60%60, seconds%60
	switch {
	case h > 0 && m > 0:
		return fmt.Sprintf("%s h %d min", Grouped(h), m)
	case h > 0:
		return fmt.Sprintf("%s h", Grouped(h))
	case m > 0 && s > 0:
		return fmt.Sprintf("%d min %d s", m, s)
	case m > 0:
		return fmt.Sprintf("%d min", m)
	}
	return fmt.Sprintf("%d s", s)
}
