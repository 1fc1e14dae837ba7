// Package streamtest has what tests of limits share: ways in which the same bytes
// may arrive, and the limit that an error names.
package streamtest

import (
	"errors"
	"io"
	"testing/iotest"

	"cdrmend/internal/stream"
)

// Portions are ways in which the same bytes may arrive.
var Portions = map[string]func(io.Reader) io.Reader{
	"at once":       func(r io.Reader) io.Reader { return r },
	"in halves":     iotest.HalfReader,
	"with the end":  iotest.DataErrReader,
	"in odd pieces": func(r io.Reader) io.Reader { return &pieces{r: r} },
}

// pieces reads 1, 2, 4, … bytes at a time, and again.
type pieces struct {
	r io.Reader
	n uint
}

func (p *pieces) Read(b []byte) (int, error) {
	p.n = (p.n + 1) % 18
	return p.r.Read(b[:min(len(b), 1<<p.n)])
}

// OverLimit returns the name of the limit that an error is about, empty for none.
func OverLimit(err error) string {
	var limit *stream.LimitError
	if errors.As(err, &limit) {
		return limit.Limit
	}
	return ""
}
