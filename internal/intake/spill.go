package intake

import (
	"io"
	"sync"
	"sync/atomic"

	"cdrmend/internal/manifest"
	"cdrmend/internal/scratch"
)

// spill keeps the rare fields of entries, and small documents, in one temporary
// file until they are written. It is safe for concurrent use while it is written.
type spill struct {
	dir    string
	mu     sync.Mutex
	file   *scratch.File // nil until something is kept
	copies atomic.Int64  // bytes of documents that were to be kept
}

// A small document that lacks something is kept as it is stored, so that its
// repair needs no second request. Most are sidecars of a kilobyte, and a request
// takes longer than all other work on one. There may be millions of them, so the
// copies are bounded.
const (
	smallDocument = 16 << 10
	mostCopies    = 256 << 20
)

const spillBuffer = 256 << 10

// keepCopy keeps a document. The range is empty when there are enough already.
func (s *spill) keepCopy(b []byte) (manifest.Range, error) {
	if s.copies.Add(int64(len(b))) > mostCopies {
		return manifest.Range{}, nil
	}
	return s.keep(b)
}

// keep appends some bytes and returns where they are.
func (s *spill) keep(b []byte) (manifest.Range, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.file == nil {
		var err error
		if s.file, err = scratch.NewFile(s.dir, spillBuffer); err != nil {
			return manifest.Range{}, err
		}
	}

	start := s.file.Size()
	_, err := s.file.Write(b)
	return manifest.Range{Start: start, End: start + int64(len(b))}, err
}

// reader returns a reader of the file, nil if nothing was kept. Nothing may be
// kept after that.
func (s *spill) reader() (io.ReaderAt, error) {
	if s.file == nil {
		return nil, nil
	}
	return s.file.ReaderAt()
}

func (s *spill) close() {
	if s.file != nil {
		s.file.Close()
	}
}
