package verify

import (
	"bufio"
	"fmt"
	"io"
)

// A difference is shown by shownBytes bytes, after up to shownBefore equal
// ones.
const (
	shownBytes  = 60
	shownBefore = 30
)

// firstDifference describes where two contents differ first; it is empty if they
// are equal.
func firstDifference(want, got io.Reader) (string, error) {
	a, b := bufio.NewReader(want), bufio.NewReader(got)
	line := 1
	var before []byte
	for at := int64(0); ; at++ {
		x, errX := a.ReadByte()
		y, errY := b.ReadByte()
		switch {
		case errX == io.EOF && errY == io.EOF:
			return "", nil
		case errX != nil && errX != io.EOF:
			return "", errX
		case errY != nil && errY != io.EOF:
			return "", errY
		case errX == io.EOF || errY == io.EOF || x != y:
			return fmt.Sprintf("it differs from byte %d (line %d) on: after %q committed %q, computed again %q",
				at, line, before, following(x, errX, a), following(y, errY, b)), nil
		case x == '\n':
			line++
		}

		// Keep no more of the equal bytes than is shown.
		before = append(before[max(0, len(before)-shownBefore+1):], x)
	}
}

// following returns the bytes to show from the first on; none at the end of a
// file.
func following(first byte, err error, r *bufio.Reader) []byte {
	if err != nil {
		return nil
	}
	more, _ := r.Peek(shownBytes)
	return append([]byte{first}, more...)
}
