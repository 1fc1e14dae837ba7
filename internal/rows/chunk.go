package rows

import (
	"io"

	"cdrmend/internal/profile"
	"cdrmend/internal/stream"
	"cdrmend/internal/window"
)

// A Chunk is a part of an object in lines: JSON Lines, CSV or text lines. It knows
// its position in the object, so that it can be read without the chunks before
// it. An object is one chunk until it is split.
type Chunk struct {
	format profile.Format
	window window.Window      // its next byte is the first one of the first row
	row    uint32             // the number of the first row
	over   *stream.LimitError // the chunk begins inside a row that is longer than a record may be
	csv    *profile.CSVLayout // of CSV
	header []string           // likewise
	err    error              // why there is no header
	more   bool               // the object continues after the chunk
}

// NewChunk returns an object in lines as one chunk. It reads a byte order mark
// and what comes before the rows of CSV.
func NewChunk(in io.Reader, p *profile.Profile, f profile.Format, limits *stream.Limits) *Chunk {
	c := &Chunk{format: f, window: window.New(in, limits), csv: &p.CSV}
	c.window.SkipBOM()
	if f == profile.CSV {
		c.header, c.err = csvPreamble(&c.window, c.csv)
	}
	return c
}

// done reports whether the chunk ends here although the object continues.
func (c *Chunk) done() bool { return c.more && len(c.window.Rest()) == 0 }

// Offset returns where the next row begins, or the end of the last one.
func (c *Chunk) Offset() int64 { return c.window.Offset() }

// Bytes returns the bytes of a chunk from [Chunk.Split] from one offset in the
// object to another.
func (c *Chunk) Bytes(from, to int64) []byte { return c.window.Bytes(from, to) }

// End returns where a chunk from [Chunk.Split] ends.
func (c *Chunk) End() int64 { return c.window.End() }

// Buffer returns the memory of a chunk from [Chunk.Split]. Its rows must not be
// used any more.
func (c *Chunk) Buffer() []byte { return c.window.Buffer() }
