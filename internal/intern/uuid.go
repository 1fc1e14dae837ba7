package intern

import "encoding/binary"

// UUIDLen is the number of characters in a UUID.
const UUIDLen = 36

const uuidSize = 16 // bytes

// hexDigits gives the value of a hexadecimal digit, noDigit for anything else.
type hexDigits [256]byte

const noDigit = 0xff

// Canonical UUIDs have lower-case digits; other spellings have digits of any case.
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
func parseUUID(dst *UUID, b []byte, digits *hexDigits) bool {
	if len(b) != UUIDLen || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return false
	}

	// Valid digits are below 16 and noDigit sets the upper bits, so one test after
	// the loop finds any bad digit.
	var bad byte
	for i, at := range [uuidSize]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34} {
		hi, lo := digits[b[at]], digits[b[at+1]]
		bad |= hi | lo
		dst[i] = hi<<4 | lo
	}
	return bad < 16
}

// hexPairs gives the two lower-case digits of every byte, the first one in the
// lower half.
var hexPairs = func() (pairs [256]uint16) {
	const digits = "0123456789abcdef"
	for i := range pairs {
		pairs[i] = uint16(digits[i>>4]) | uint16(digits[i&15])<<8
	}
	return pairs
}()

// UUID is the 16-byte form in which a table stores a UUID.
type UUID [uuidSize]byte

// AppendTo appends the 36 lower-case characters that spell a UUID.
func (id *UUID) AppendTo(b []byte) []byte { return appendUUID(b, id[:]) }

// appendUUID appends a packed UUID as 36 lower-case characters.
func appendUUID(b, packed []byte) []byte {
	from := len(b)
	b = append(b, "00000000-0000-0000-0000-000000000000"...)

	// Unrolled over arrays, so that no index is checked at run time.
	out, p := (*[UUIDLen]byte)(b[from:]), (*[uuidSize]byte)(packed)
	binary.LittleEndian.PutUint16(out[0:], hexPairs[p[0]])
	binary.LittleEndian.PutUint16(out[2:], hexPairs[p[1]])
	binary.LittleEndian.PutUint16(out[4:], hexPairs[p[2]])
	binary.LittleEndian.PutUint16(out[6:], hexPairs[p[3]])
	binary.LittleEndian.PutUint16(out[9:], hexPairs[p[4]])
	binary.LittleEndian.PutUint16(out[11:], hexPairs[p[5]])
	binary.LittleEndian.PutUint16(out[14:], hexPairs[p[6]])
	binary.LittleEndian.PutUint16(out[16:], hexPairs[p[7]])
	binary.LittleEndian.PutUint16(out[19:], hexPairs[p[8]])
	binary.LittleEndian.PutUint16(out[21:], hexPairs[p[9]])
	binary.LittleEndian.PutUint16(out[24:], hexPairs[p[10]])
	binary.LittleEndian.PutUint16(out[26:], hexPairs[p[11]])
	binary.LittleEndian.PutUint16(out[28:], hexPairs[p[12]])
	binary.LittleEndian.PutUint16(out[30:], hexPairs[p[13]])
	binary.LittleEndian.PutUint16(out[32:], hexPairs[p[14]])
	binary.LittleEndian.PutUint16(out[34:], hexPairs[p[15]])

	return b
}

// appendHex appends bytes as lower-case digits.
func appendHex(b, bytes []byte) []byte {
	for _, c := range bytes {
		b = binary.LittleEndian.AppendUint16(b, hexPairs[c])
	}
	return b
}

// ParseUUID parses b into id and reports whether b is a UUID: 8-4-4-4-12
// hexadecimal digits of any case, or 32 in a row, with braces around them or without.
func ParseUUID(id *UUID, b []byte) bool {
	switch len(b) {
	case UUIDLen:
		return parseUUID(id, b, &anyHex)
	case plainLen:
		return parsePlain(id, b)
	case UUIDLen + 2, plainLen + 2:
		return b[0] == '{' && b[len(b)-1] == '}' && ParseUUID(id, b[1:len(b)-1])
	}
	return false
}

const plainLen = 2 * uuidSize

// parsePlain stores the 16 bytes of 32 hexadecimal digits.
func parsePlain(dst *UUID, b []byte) bool {
	var bad byte
	for i := range dst {
		hi, lo := anyHex[b[2*i]], anyHex[b[2*i+1]]
		bad |= hi | lo
		dst[i] = hi<<4 | lo
	}
	return bad < 16
}

// IsUUID reports whether v is a UUID of 8-4-4-4-12 hexadecimal digits of any case.
func IsUUID(v string) bool { return parseUUID(new(UUID), []byte(v), &anyHex) }
