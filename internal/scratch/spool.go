package scratch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"

	"cdrmend/internal/blocks"
	"cdrmend/internal/object"
)

const (
	// InMemory is the largest content of a spool that stays in memory, in bytes.
	InMemory = 128 << 10
	// spoolBuffer is the buffer of a spool's temporary file.
	spoolBuffer = 64 << 10
)

// Spool collects the content of one file: small content in memory, large content
// in a temporary file that is deleted when the spool is closed.
type Spool struct {
	limit  int64 // of what stays in memory, in bytes
	create func() (backing, error)
	sum    hash.Hash
	blocks *blocks.Sums // nil unless they were asked for
	size   int64
	mem    []byte
	file   backing // nil while the content is in memory
}

// backing is where a spool keeps what does not stay in memory: a file of its own, or
// a part of a pool.
type backing interface {
	io.Writer
	ReaderAt() (io.ReaderAt, error)
	settle() error
	name() string // of a file that a store may take over, else empty
	Close()
}

func newSpool(limit int64, create func() (backing, error)) *Spool {
	return &Spool{limit: limit, sum: sha256.New(), create: create}
}

// NewSpool returns an empty spool. Its temporary file is created in dir, empty
// for the system's directory.
func NewSpool(dir string) *Spool {
	return newSpool(InMemory, func() (backing, error) { return NewFile(dir, spoolBuffer) })
}

// NewSpoolFor returns an empty spool for the content of an object. Its file is
// created where the store can take it over, or else in dir.
func NewSpoolFor(store object.Store, dir string) (*Spool, error) {
	near, err := store.Temp()
	if err != nil || near == "" {
		return NewSpool(dir), err
	}

	return newSpool(InMemory, func() (backing, error) { return newNamedFile(near, spoolBuffer) }), nil
}

// Size returns the number of bytes written.
func (s *Spool) Size() int64 { return s.size }

// Sum returns the SHA-256 of the content in hexadecimal digits.
func (s *Spool) Sum() string { return hex.EncodeToString(s.sum.Sum(nil)) }

// SumBlocks has the spool, which is empty, also sum up each block of its content.
func (s *Spool) SumBlocks() { s.blocks = blocks.NewSums() }

// Blocks returns the sums of the blocks of the content, nil if nobody asked for them.
// Nothing may be written after it.
func (s *Spool) Blocks() []byte {
	if s.blocks == nil {
		return nil
	}
	return s.blocks.List()
}

// Write adds to the content.
func (s *Spool) Write(b []byte) (int, error) {
	s.sum.Write(b)
	if s.blocks != nil {
		_, _ = s.blocks.Write(b) // never fails
	}
	s.size += int64(len(b))

	if s.file == nil && s.size <= s.limit {
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

// spill moves the content from memory to the temporary file.
func (s *Spool) spill() error {
	file, err := s.create()
	if err != nil {
		return err
	}

	// The spool keeps the file even if writing fails, so that Close removes it.
	s.file = file
	_, err = file.Write(s.mem)
	s.mem = nil
	return err
}

// Settle stores what is buffered, so that the spool of a pool takes little memory until
// it is read. It may be written again.
func (s *Spool) Settle() error {
	if s.file == nil {
		return nil
	}
	return s.file.settle()
}

// Content returns the content. It can be read any number of times, one reader
// after the other, until the spool is closed.
func (s *Spool) Content() (object.Content, error) {
	// ReaderAt flushes the file: it must be complete before a store takes it over.
	r, err := s.ReaderAt()
	if err != nil {
		return object.Content{}, err
	}

	content := object.ContentAt(r, s.size, [32]byte(s.sum.Sum(nil)))
	if s.file != nil {
		content.File = s.file.name()
	}
	return content, nil
}

// ReaderAt returns a reader of the content. It is valid until the spool is closed.
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
