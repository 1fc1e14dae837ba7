package record

import "io"

// A Chunk is a stretch of rows of an object in lines: JSON Lines, CSV or text.
// It says where it stands, so that it can be read without what is before it.
// An object is one chunk, until it is split.
type Chunk struct {
	format Format
	scan   *Scanner    // stands at the first row
	row    uint32      // the number of that row
	over   *LimitError // the chunk begins within that row, as it is longer than a record may be
	header []string    // of CSV
	err    error       // there is no header
	more   bool        // the object goes on behind the chunk
}

// Rows returns the rows of an object in lines. A byte order mark and the
// header are read already.
func Rows(in io.Reader, f Format, limits *Limits) *Chunk {
	c := &Chunk{format: f, scan: NewScanner(in, limits)}
	c.scan.SkipBOM()
	if f == CSV {
		c.header, c.err = c.scan.csvHeader()
	}
	return c
}

// InLines reports whether the objects of a format are in lines.
func (f Format) InLines() bool { return f == JSONLines || f == CSV || f == TextLines }

// done reports whether the chunk ends here and the object does not.
func (c *Chunk) done() bool { return c.more && c.scan.pos == len(c.scan.buf) }

// Offset returns where the next row begins, or the end of the last one.
func (c *Chunk) Offset() int64 { return c.scan.Offset() }

// Buffer returns the memory of a chunk that was split off, when nobody needs
// its rows any more.
func (c *Chunk) Buffer() []byte { return c.scan.buf[:0] }
