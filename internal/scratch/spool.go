package scratch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"

	"cdrmend/internal/object"
)

const (
	// spoolLimit is how much of a spool is kept in memory.
	spoolLimit = 128 << 10
	// spoolBuffer is the buffer of a spool's temporary file.
	spoolBuffer = 64 << 10
)

// Spool collects the content of one file: small content in memory, large content
// in a temporary file that is deleted when the spool is closed.
type Spool struct {
	create func() (*File, error)
	sum    hash.Hash
	size   int64
	mem    []byte
	file   *File // nil while the content is in memory
}

// NewSpool returns an empty spool with its temporary file in dir, empty for
// the system's.
func NewSpool(dir string) *Spool {
	return &Spool{sum: sha256.New(), create: func() (*File, error) { return NewFile(dir, spoolBuffer) }}
}

// NewSpoolFor returns an empty spool for what a store is to hold. Its file lies
// where the store can take it over, or else in the scratch directory.
func NewSpoolFor(store object.Store, dir string) (*Spool, error) {
	lent, err := store.Temp()
	if err != nil || lent == "" {
		return NewSpool(dir), err
	}
	return &Spool{sum: sha256.New(), create: func() (*File, error) { return newLentFile(lent, spoolBuffer) }}, nil
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
	return s.file.Write(b)
}

// spill moves what is in memory to the temporary file.
func (s *Spool) spill() error {
	file, err := s.create()
	if err != nil {
		return err
	}
	s.file = file
	_, err = file.Write(s.mem)
	s.mem = nil
	return err
}

// Content returns what was written, to be read any number of times, one after
// the other, until the spool is closed.
func (s *Spool) Content() (object.Content, error) {
	r, err := s.ReaderAt()
	if err != nil {
		return object.Content{}, err
	}
	content := object.ContentAt(r, s.size, [32]byte(s.sum.Sum(nil)))
	if s.file != nil {
		content.File = s.file.path
	}
	return content, nil
}

// ReaderAt returns what was written, until the spool is closed.
func (s *Spool) ReaderAt() (io.ReaderAt, error) {
	if s.file == nil {
		return bytes.NewReader(s.mem), nil
	}
	return s.file.ReaderAt()
}

// Close deletes the content.
func (s *Spool) Close() {
	if s.file != nil {
		s.file.Close()
	}
}
