package report

import "strconv"

// Grouped writes a number with commas between thousands.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// Of writes a part of a whole: 1,912 of 1,958.
func Of(n, of int64) string { return Grouped(n) + " of " + Grouped(of) }
