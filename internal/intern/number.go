package intern

import "strconv"

// A Number is a telephone number in normal form: digits, after a plus sign if it
// has one. There are nearly as many numbers as rows, so one of up to 18 digits is
// packed into the word itself; only a longer one is a text of the table. The zero
// Number is missing.
//
// Numbers of one table are equal when they are the same number.
type Number uint64

// NoNumber is the missing number.
const NoNumber Number = 0

// A packed number is the decimal number that its digits are after a 1, which
// keeps leading zeros, times two; the lowest bit stands for the plus sign.
const (
	longNumber   Number = 1 << 63 // the lower half is a Text
	packedDigits        = 18
)

// NumberOf returns the number that b spells, which is in normal form.
func (t *Table) NumberOf(b []byte) Number {
	if len(b) == 0 {
		return NoNumber
	}
	digits, plus := b, Number(0)
	if digits[0] == '+' {
		digits, plus = digits[1:], 1
	}
	if len(digits) > packedDigits {
		return longNumber | Number(t.Of(b))
	}
	n := Number(1)
	for _, d := range digits {
		n = 10*n + Number(d-'0')
	}
	return n<<1 | plus
}

// AppendNumber appends the digits of n, and nothing for the missing number.
func (t *Table) AppendNumber(b []byte, n Number) []byte {
	switch {
	case n == NoNumber:
		return b
	case n&longNumber != 0:
		return t.AppendTo(b, Text(n&^longNumber))
	case n&1 == 1:
		b = append(b, '+')
	}
	at := len(b)
	b = strconv.AppendUint(b, uint64(n>>1), 10)
	return append(b[:at], b[at+1:]...) // without the 1 before the digits
}

// AdoptNumber moves a number of a row that is kept to the final table.
func (f *Filter) AdoptNumber(n *Number) {
	if *n&longNumber != 0 {
		text := Text(*n &^ longNumber)
		f.Adopt(&text)
		*n = longNumber | Number(text)
	}
}

// ListSeparator joins the elements of a list of ids that is one Text: few
// different lists occur, and most have one element. Tables write a semicolon.
const ListSeparator = '\x00'
