package report

import "cdrmend/internal/wording"

// Grouped writes a number with commas between thousands.
func Grouped(n int64) string { return wording.Grouped(n) }

// Of writes a part of a whole: 1,912 of 1,958.
func Of(n, of int64) string { return Grouped(n) + " of " + Grouped(of) }
