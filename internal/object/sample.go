package object

import (
	"crypto/sha256"
	"encoding/binary"
)

// InSample reports whether an object belongs to a sample of all objects. The sample has
// about the given share of them. It follows from their sources and keys alone, so that
// equal objects give equal samples, and a larger share has all of a smaller one.
func InSample(source, key string, share float64) bool {
	if share >= 1 {
		return true // the largest sums are rounded up to 1
	}
	sum := sha256.Sum256([]byte(source + "\x00" + key))
	return float64(binary.BigEndian.Uint64(sum[:8])) < share*(1<<64)
}
