package synth

import (
	"encoding/hex"
	"time"
)

// draws is a generator of random numbers (SplitMix64). Every conversation has
// its own, so it must be small and quick to make.
type draws uint64

// The purposes of random numbers. Each has a sequence of its own, so that drawing
// more numbers for one purpose does not change another.
const (
	ofCall = iota + 1
	ofLine
	ofTrunk
	ofAgent
	ofRegistration
	ofDocument
	ofOrg
	ofQueue
	ofArrival
)

// drawing returns the generator for a purpose, a day and a number.
func (n *Night) drawing(purpose, day, number int) draws {
	s := draws(n.Seed)
	for _, v := range [...]int{purpose, day, number} {
		// A step of the generator between the values keeps neighbouring numbers
		// from having similar sequences.
		s = draws(s.next()) ^ draws(v)*0x9E3779B97F4A7C15
	}

	s.next()
	return s
}

func (s *draws) next() uint64 {
	*s += 0x9E3779B97F4A7C15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below returns a number from 0 to n-1.
func (s *draws) below(n int) int { return int(s.next() >> 1 % uint64(n)) }

// unit returns a number of [0, 1).
func (s *draws) unit() float64 { return float64(s.next()>>11) / (1 << 53) }

// bytes fills b, whose length is a multiple of 8.
func (s *draws) bytes(b []byte) {
	for i := 0; i < len(b); i += 8 {
		for j, v := 0, s.next(); j < 8; j, v = j+1, v>>8 {
			b[i+j] = byte(v)
		}
	}
}

// uuid is a random (version 4) UUID as text.
type uuid [36]byte

func (s *draws) uuid() uuid {
	var b [16]byte
	s.bytes(b[:])
	// The bits of version and variant (RFC 9562, section 5.4).
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80

	var u uuid
	hex.Encode(u[0:8], b[0:4])
	hex.Encode(u[9:13], b[4:6])
	hex.Encode(u[14:18], b[6:8])
	hex.Encode(u[19:23], b[8:10])
	hex.Encode(u[24:36], b[10:16])
	u[8], u[13], u[18], u[23] = '-', '-', '-', '-'
	return u
}

// clock is a time of a day, in milliseconds since its midnight.
type clock int

// date is a UTC day as 2006-01-02.
type date string

// oneDay is the clock at the next midnight. What happens later belongs to the next
// day; a call that lasts over midnight has such times.
const oneDay = clock(24 * 3_600_000)

// over returns 0 for a time of the day itself, and 1 for one of the next.
func over(c clock) int { return int(c / oneDay) }

// at returns the day on which a time lies.
func (d date) at(c clock) date {
	if c < oneDay {
		return d
	}

	midnight, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		panic(err) // dates are made by formatting a day
	}
	return date(midnight.AddDate(0, 0, over(c)).Format(time.DateOnly))
}

// appendTime appends a time of the day as 2006-01-02T15:04:05.000, without a zone.
func (d date) appendTime(b []byte, c clock) []byte {
	b = append(append(b, d.at(c)...), 'T')
	c %= oneDay

	s := int(c) / 1000
	b = append(appendPadded(b, s/3600, 2), ':')
	b = append(appendPadded(b, s/60%60, 2), ':')
	b = append(appendPadded(b, s%60, 2), '.')
	return appendPadded(b, int(c)%1000, 3)
}

// appendMillis appends a time as the analytics API writes it.
func (d date) appendMillis(b []byte, c clock) []byte { return append(d.appendTime(b, c), 'Z') }

// appendMicros appends a time as profile cdrmend writes it.
func (d date) appendMicros(b []byte, c clock) []byte { return append(d.appendTime(b, c), "000Z"...) }

// appendPadded appends v as a decimal number of the given number of digits, with
// leading zeros.
func appendPadded(b []byte, v, digits int) []byte {
	for range digits {
		b = append(b, '0')
	}

	// Digits are written from the last one backwards. v must fit, or it would
	// overwrite the text before.
	for i := len(b) - 1; v > 0; i, v = i-1, v/10 {
		b[i] = '0' + byte(v%10)
	}
	return b
}
