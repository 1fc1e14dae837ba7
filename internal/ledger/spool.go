package ledger

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"cdrmend/internal/object"
)

// spoolLimit is how much of a file is kept in memory.
const spoolLimit = 128 << 10

// Spool collects the content of one file: small ones in memory, large ones in
// a temporary file that is gone when the spool is closed.
type Spool struct {
	dir  string
	kept string // path of the temporary file while it has a name
	lend bool   // the store may take the file over: it needs a name
	sum  hash.Hash
	size int64
	mem  []byte
	file *os.File
	out  *bufio.Writer
}

// NewSpool returns an empty spool with its temporary file in dir, empty for
// the system's.
func NewSpool(dir string) *Spool { return &Spool{dir: dir, sum: sha256.New()} }

// newSpool returns an empty spool for what a store is to hold. Its file lies
// where the store can take it over, or else in the scratch directory.
func newSpool(store object.Store, scratch string) (*Spool, error) {
	dir, err := store.Temp()
	if err != nil || dir == "" {
		return NewSpool(scratch), err
	}
	s := NewSpool(dir)
	s.lend = true
	return s, nil
}

// Size returns how much was written.
func (s *Spool) Size() int64 { return s.size }

// Sum returns the SHA-256 of what was written, in hexadecimal digits.
func (s *Spool) Sum() string { return hex.EncodeToString(s.sum.Sum(nil)) }

// Write adds to the content.
func (s *Spool) Write(b []byte) (int, error) {
	s.sum.Write(b)
	s.size += int64(len(b))
	if s.file == nil && s.size <= spoolLimit {
		s.mem = append(s.mem, b...)
		return len(b), nil
	}
	if s.file == nil {
		if err := s.spill(); err != nil {
			return 0, err
		}
	}
	n, err := s.out.Write(b)
	return n, s.unwritten(err)
}

// unwritten says where space lacks.
func (s *Spool) unwritten(err error) error {
	switch {
	case err == nil:
		return nil
	case s.lend:
		return fmt.Errorf("writing a temporary file in the output: %w; free space and run again", err)
	}
	return fmt.Errorf("writing a temporary file: %w; free some space, or set scratch to another directory", err)
}

func (s *Spool) spill() error {
	file, err := s.create()
	if err != nil {
		return err
	}
	s.file, s.out = file, bufio.NewWriterSize(file, 64<<10)
	_, err = s.out.Write(s.mem)
	s.mem = nil
	return s.unwritten(err)
}

// create makes the temporary file. One that the store may take over keeps its
// name until the spool is closed, as whatever is linked has to have one; of
// any other the open file is all that is needed, and a crash leaves nothing.
func (s *Spool) create() (*os.File, error) {
	if s.lend {
		s.kept = filepath.Join(s.dir, object.TempName())
		file, err := os.OpenFile(s.kept, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return nil, s.unwritten(err)
		}
		return file, nil
	}
	file, err := os.CreateTemp(s.dir, "cdrmend-*")
	if err != nil {
		return nil, fmt.Errorf("creating a temporary file: %w; set scratch to a directory that can be written", err)
	}
	_ = os.Remove(file.Name())
	return file, nil
}

// Content returns what was written, to be read any number of times, one after
// the other, until the spool is closed.
func (s *Spool) Content() (object.Content, error) {
	r, err := s.ReaderAt()
	if err != nil {
		return object.Content{}, err
	}
	content := object.ContentAt(r, s.size, [32]byte(s.sum.Sum(nil)))
	content.File = s.kept
	return content, nil
}

// ReaderAt returns what was written, until the spool is closed.
func (s *Spool) ReaderAt() (io.ReaderAt, error) {
	if s.file == nil {
		return bytes.NewReader(s.mem), nil
	}
	if err := s.out.Flush(); err != nil {
		return nil, s.unwritten(err)
	}
	return s.file, nil
}

// Close gives up the content.
func (s *Spool) Close() {
	if s.file != nil {
		s.file.Close()
	}
	if s.kept != "" {
		_ = os.Remove(s.kept) // a leftover has a name that is never listed
	}
}
