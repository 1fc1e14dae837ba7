package media

import (
	"encoding/binary"
	"math"
)

// maxRanges bounds the requests for an object beyond its head.
const maxRanges = 4

// source reads an object at positions: from its head, from the last range, or by one more
// range while there may be one.
type source struct {
	name string
	size int64
	head []byte
	ask  func(off int64, n int) ([]byte, error)

	window   []byte // the last range
	windowAt int64
	asked    int
	spent    bool // a range was needed beyond maxRanges
	err      error
}

func newSource(o *Object) *source {
	head := o.Head
	if len(head) > HeadBytes {
		head = head[:HeadBytes]
	}
	return &source{name: o.Name, size: max(o.Size, int64(len(head))), head: head, ask: o.Range}
}

// whole reports whether the head is the whole object.
func (s *source) whole() bool { return int64(len(s.head)) == s.size }

// near returns n bytes at off without a request, fewer when no more are there.
func (s *source) near(off int64, n int) []byte {
	if off < 0 || off >= s.size {
		return nil
	}
	n = int(min(int64(n), s.size-off))
	short := []byte(nil)

	if off < int64(len(s.head)) {
		short = s.head[off:min(off+int64(n), int64(len(s.head)))]
		if len(short) == n {
			return short
		}
	}
	if off >= s.windowAt && off < s.windowAt+int64(len(s.window)) {
		from := off - s.windowAt
		found := s.window[from:min(from+int64(n), int64(len(s.window)))]
		if len(found) > len(short) {
			return found
		}
	}
	return short
}

// at returns n bytes at off, at most HeadBytes; fewer at the end of the object, and when
// no more ranges may be asked for.
func (s *source) at(off int64, n int) []byte {
	found := s.near(off, n)
	if off < 0 || off >= s.size || int64(len(found)) == min(int64(n), s.size-off) || s.err != nil {
		return found
	}
	if s.asked == maxRanges || s.ask == nil {
		s.spent = true
		return found
	}

	// A whole window costs no more time than the few bytes of a header, and what is
	// asked for next is often behind it.
	want := int(min(HeadBytes, s.size-off))
	s.asked++
	b, err := s.ask(off, want)
	if err != nil {
		s.err = err
		return nil
	}
	s.window, s.windowAt = b[:min(len(b), want)], off
	return s.near(off, n)
}

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// clamp makes a size that does not fit the largest one.
func clamp(n uint64) int64 {
	return int64(min(n, math.MaxInt64))
}

// beyond adds two sizes without a wrap.
func beyond(off, n int64) int64 {
	if n > math.MaxInt64-off {
		return math.MaxInt64
	}
	return off + n
}
