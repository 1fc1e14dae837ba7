package discover

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"iter"
	"slices"

	"cdrmend/internal/loadfile"
	"cdrmend/internal/scratch"
)

// sheet is a file of rows of a production that is read row by row, beside others.
type sheet struct {
	c       *checking
	name    string
	columns map[string]int
	row     []string // the present one; nil: there are no more
	number  int64    // of it, from 1
	next    func() ([]string, error, bool)
	stop    func()
	again   rowWriter // writes the rows as a production has them
	sum     hash.Hash // of what it wrote
	broken  bool      // it could not be read to its end
	changed bool      // something in it is named as wrong
}

// rowWriter writes rows of a file.
type rowWriter interface{ Write(row []string) error }

// files of rows, and how each is read and written.
type rowFormat struct {
	name    string
	columns []string
	read    func(io.Reader, loadfile.Profile) iter.Seq2[[]string, error]
	write   func(io.Writer, loadfile.Profile) (w rowWriter, flush func() error)
}

// mostRow is the largest row of a table that is read, in bytes.
const mostRow = 64 << 20

// oneRow is where a row is read from: a quote that nobody closes takes the rest of a file.
type oneRow struct {
	from io.Reader
	left int
}

func (o *oneRow) Read(p []byte) (int, error) {
	if o.left <= 0 {
		return 0, fmt.Errorf("the row is larger than %d bytes", mostRow)
	}
	n, err := o.from.Read(p[:min(len(p), o.left)])
	o.left -= n
	return n, err
}

func readCSV(from io.Reader, _ loadfile.Profile) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		limited := &oneRow{from: from}
		rows := csv.NewReader(limited)
		for {
			limited.left = mostRow
			row, err := rows.Read()
			if err == io.EOF || !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func writeCSV(to io.Writer, _ loadfile.Profile) (w rowWriter, flush func() error) {
	c := csv.NewWriter(to)
	return c, func() error { c.Flush(); return c.Error() }
}

func writeLoad(of func(io.Writer, loadfile.Profile) *loadfile.Writer) func(io.Writer, loadfile.Profile) (rowWriter, func() error) {
	return func(to io.Writer, p loadfile.Profile) (rowWriter, func() error) {
		w := of(to, p)
		return w, w.Flush
	}
}

// open begins to read the rows of a file that was kept.
func (c *checking) open(f rowFormat, kept *scratch.Spool) (*sheet, func() error, error) {
	s := &sheet{c: c, name: f.name, columns: map[string]int{}, sum: sha256.New(), stop: func() {}}
	flush := func() error { return nil }
	if kept == nil {
		c.problem(f.name, "it is missing")
		s.broken = true
		return s, flush, nil
	}
	content, err := kept.Content()
	if err != nil {
		return nil, nil, err
	}
	body, err := content.Open()
	if err != nil {
		return nil, nil, err
	}
	next, stop := iter.Pull2(f.read(body, c.request.profile))
	s.stop = func() { stop(); _ = body.Close() } // it was only read
	s.next = func() ([]string, error, bool) { return next() }
	s.again, flush = f.write(s.sum, c.request.profile)

	s.advance()
	header := s.row
	for i, name := range header {
		s.columns[name] = i
	}
	for _, name := range f.columns {
		if _, ok := s.columns[name]; !ok && !s.broken {
			s.wrong("it cannot be read: it has no column %s", name)
			s.broken, s.row = true, nil
			return s, flush, nil
		}
	}
	if !s.broken && !slices.Equal(header, f.columns) {
		s.wrong("its columns are not those of a production, or in another order")
	}
	if !s.broken {
		s.number = 0
		s.advance()
	}
	return s, flush, nil
}

// advance goes to the next row.
func (s *sheet) advance() {
	if s.broken {
		return
	}
	row, err, ok := s.next()
	s.row = nil
	switch {
	case err != nil:
		s.wrong("it cannot be read: %v", err)
		s.broken = true
	case ok:
		s.row = row
		s.number++
		_ = s.again.Write(row) // a hash takes everything
	}
}

func (s *sheet) get(column string) string { return s.row[s.columns[column]] }

// wrong names what is wrong with the file.
func (s *sheet) wrong(format string, args ...any) {
	s.changed = true
	s.c.problem(s.name, format, args...)
}

// end holds the file against how a production writes its rows.
func (s *sheet) end(flush func() error) error {
	defer s.stop()
	for s.row != nil {
		s.advance()
	}
	if s.broken {
		return nil
	}
	if err := flush(); err != nil {
		return err
	}
	if got := hex.EncodeToString(s.sum.Sum(nil)); !s.changed && got != s.c.manifest[s.name] {
		s.wrong("it is not written as a production writes it: its line ends, quotes or byte-order mark were changed")
	}
	return nil
}
