package record

import "bytes"

const (
	uuidLen  = 36 // characters
	uuidSize = 16 // bytes
)

// hexDigits gives the value of a hexadecimal digit, noDigit for anything else.
type hexDigits [256]byte

const noDigit = 0xff

// The digits of canonical UUIDs are lower-case, those of others of any case.
var lowerHex, anyHex = func() (lower, any hexDigits) {
	for c := range 256 {
		lower[c], any[c] = noDigit, noDigit
	}
	for i, c := range []byte("0123456789abcdef") {
		lower[c], any[c] = byte(i), byte(i)
	}
	for i, c := range []byte("ABCDEF") {
		any[c] = byte(10 + i)
	}
	return lower, any
}()

// parseUUID stores the 16 bytes of b in dst if b is 8-4-4-4-12 digits.
func parseUUID(dst *[uuidSize]byte, b []byte, digits *hexDigits) bool {
	if len(b) != uuidLen || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return false
	}
	var bad byte
	for i, at := range [uuidSize]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34} {
		hi, lo := digits[b[at]], digits[b[at+1]]
		bad |= hi | lo
		dst[i] = hi<<4 | lo
	}
	return bad < 16
}

// appendUUID appends a packed UUID as 36 lower-case characters.
func appendUUID(b, packed []byte) []byte {
	const digits = "0123456789abcdef"
	from := len(b)
	b = append(b, "00000000-0000-0000-0000-000000000000"...)
	out := b[from : from+uuidLen]
	packed = packed[:uuidSize]
	for i, at := range [uuidSize]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34} {
		out[at], out[at+1] = digits[packed[i]>>4], digits[packed[i]&15]
	}
	return b
}

// isUUID reports whether b is 8-4-4-4-12 hexadecimal digits of any case.
func isUUID(b []byte) bool {
	var id [uuidSize]byte
	return parseUUID(&id, b, &anyHex)
}

// IsUUID reports whether v is a UUID: 8-4-4-4-12 hexadecimal digits of any case.
func IsUUID(v string) bool { return isUUID([]byte(v)) }

// SpellsUUID reports whether b is an id that a Normalizer makes a UUID of:
// with white space around it, or in braces.
func SpellsUUID(b []byte) bool { return isUUID(bare(bytes.TrimSpace(b))) }

func upperHex(c byte) bool { return c >= 'A' && c <= 'F' }

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'a' + 10
}
