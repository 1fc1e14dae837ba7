package token

import "cdrmend/internal/record"

// Dates beyond these years are as good as these years.
const (
	firstDate record.Time = -62135596800_000000 // 0001-01-01T00:00:00Z
	lastDate  record.Time = 253402300799_999999 // 9999-12-31T23:59:59.999999Z
)

// numericDate reads a NumericDate: a JSON number of seconds since 1970. What
// is no number is missing, and so is 0, which issuers write for "not set".
// The arithmetic is exact and cuts what is finer than a microsecond.
func numericDate(v record.Value) record.Time {
	if v.Kind != record.Number {
		return record.NoTime
	}
	digits, point, negative := decimalDigits(v.Raw)
	if len(digits) == 0 {
		return record.NoTime
	}
	var micros record.Time
	for i := range point + 6 {
		micros *= 10
		if i < len(digits) {
			micros += record.Time(digits[i] - '0')
		}
		if micros > lastDate {
			break
		}
	}
	if negative {
		return max(-micros, firstDate)
	}
	return min(micros, lastDate)
}

// decimalDigits returns the digits of a JSON number without leading zeros,
// none for zero, and how many of them stand before the decimal point.
func decimalDigits(literal []byte) (digits []byte, point int, negative bool) {
	exponent, seenPoint := 0, false
	for i, c := range literal {
		switch {
		case c == '-':
			negative = true
		case c == '.':
			seenPoint = true
		case c == 'e' || c == 'E':
			exponent = signedExponent(literal[i+1:])
			return digits, point + exponent, negative
		case c == '0' && len(digits) == 0:
			if seenPoint {
				point--
			}
		default:
			digits = append(digits, c)
			if !seenPoint {
				point++
			}
		}
	}
	return digits, point, negative
}

// signedExponent reads the exponent of a JSON number, bounded far beyond
// every date.
func signedExponent(b []byte) int {
	n, sign := 0, 1
	for _, c := range b {
		switch c {
		case '-':
			sign = -1
		case '+':
		default:
			n = min(n*10+int(c-'0'), 1<<40)
		}
	}
	return sign * n
}
