package record

import "encoding/hex"

const uuidLen = 36

// packUUID stores the 16 bytes of b in dst if b is a UUID as 36 lower-case
// characters.
func packUUID(dst *[16]byte, b []byte) bool {
	if len(b) != uuidLen || !isUUID(b) {
		return false
	}
	n := 0
	for i := 0; i < uuidLen; i += 2 {
		if b[i] == '-' {
			i++
		}
		hi, lo := b[i], b[i+1]
		if upperHex(hi) || upperHex(lo) {
			return false
		}
		dst[n] = nibble(hi)<<4 | nibble(lo)
		n++
	}
	return true
}

func appendUUID(b, packed []byte) []byte {
	for i, n := range [...]int{4, 2, 2, 2, 6} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, packed[:n])
		packed = packed[n:]
	}
	return b
}

// isUUID reports whether b is 8-4-4-4-12 hexadecimal digits of any case.
func isUUID(b []byte) bool {
	if len(b) != uuidLen {
		return false
	}
	for i, c := range b {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || upperHex(c)) {
				return false
			}
		}
	}
	return true
}

// IsUUID reports whether v is a UUID: 8-4-4-4-12 hexadecimal digits of any case.
func IsUUID(v string) bool { return isUUID([]byte(v)) }

func upperHex(c byte) bool { return c >= 'A' && c <= 'F' }

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'a' + 10
}
