package profile

import "cdrmend/internal/record"

// decimal is an exact decimal number: digits times ten to the power exp. The digits
// have no leading or trailing zeros, and zero has no digits.
type decimal struct {
	negative bool
	digits   []byte
	exp      int
}

// parseDecimal reads digits with an optional sign and fraction, and when
// exponent is true also an exponent, as a JSON number may have one.
func parseDecimal(b []byte, exponent bool) (decimal, bool) {
	var d decimal
	if len(b) > 0 && b[0] == '-' {
		d.negative, b = true, b[1:]
	}

	whole := leadingDigits(b)
	rest := b[whole:]
	if whole == 0 {
		return d, false
	}

	d.digits = append(make([]byte, 0, len(b)), b[:whole]...)
	if len(rest) > 0 && rest[0] == '.' {
		n := leadingDigits(rest[1:])
		if n == 0 {
			return d, false
		}
		d.digits = append(d.digits, rest[1:1+n]...)
		d.exp = -n
		rest = rest[1+n:]
	}

	if len(rest) > 0 {
		exp, ok := parseExponent(rest)
		if !ok || !exponent {
			return d, false
		}
		d.exp += exp
	}

	d.normalise()
	return d, true
}

// leadingDigits returns the number of digits at the start of b.
func leadingDigits(b []byte) int {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}

func parseExponent(b []byte) (int, bool) {
	if b[0] != 'e' && b[0] != 'E' {
		return 0, false
	}

	b = b[1:]
	negative := false
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		negative, b = b[0] == '-', b[1:]
	}
	if len(b) == 0 || leadingDigits(b) != len(b) {
		return 0, false
	}

	n := 0
	for _, c := range b {
		n = min(n*10+int(c-'0'), 1_000_000) // beyond any value that can be represented
	}
	if negative {
		n = -n
	}
	return n, true
}

// normalise removes leading and trailing zeros.
func (d *decimal) normalise() {
	for len(d.digits) > 0 && d.digits[0] == '0' {
		d.digits = d.digits[1:]
	}
	for n := len(d.digits); n > 0 && d.digits[n-1] == '0'; n-- {
		d.digits, d.exp = d.digits[:n-1], d.exp+1
	}
}

func (d decimal) zero() bool { return len(d.digits) == 0 }

// magnitude is the number of digits before the decimal point.
func (d decimal) magnitude() int { return len(d.digits) + d.exp }

// integer returns d if it is integral, not negative and fits.
func (d decimal) integer() (int64, bool) {
	if d.zero() {
		return 0, true
	}
	if d.negative || d.exp < 0 || d.magnitude() > 18 {
		return 0, false
	}
	return d.shift(0), true
}

// shift returns the integral part of d times ten to the power n. The result
// must have at most 18 digits.
func (d decimal) shift(n int) int64 {
	var v int64
	for i := range d.magnitude() + n {
		v *= 10
		if i < len(d.digits) {
			v += int64(d.digits[i] - '0')
		}
	}
	return v
}

// epoch reads d as seconds below 1e11, as milliseconds below 1e14, else as
// microseconds since 1970.
func (d decimal) epoch() (record.Time, timeResult) {
	if d.zero() {
		return record.NoTime, timeMissing // 0 means no time
	}

	scale := 0
	switch m := d.magnitude(); {
	case m <= 11:
		scale = 6
	case m <= 14:
		scale = 3
	case m > 18: // more digits than shift can return
		return record.NoTime, timeInvalid
	}

	micros := d.shift(scale)
	if d.negative {
		micros = -micros
	}
	t := record.Time(micros)
	switch {
	case isMidnightOfNoDate(micros):
		return record.NoTime, timeMissing
	case !t.Valid():
		return record.NoTime, timeInvalid
	}
	return t, timeOK
}

// Seconds returns the instant of a JSON number of seconds since 1970. It is cut to
// microseconds, and limited to the instants that can be written.
func Seconds(literal []byte) record.Time {
	d, ok := parseDecimal(literal, true)
	if !ok {
		return record.NoTime
	}

	t := record.MaxTime
	if d.magnitude() <= 12 {
		t = record.Time(d.shift(6))
	}
	if d.negative {
		t = -t
	}

	return min(max(t, record.MinTime), record.MaxTime)
}
