package job

import (
	"io"
	"sync"
	"sync/atomic"

	"cdrmend/internal/manifest"
	"cdrmend/internal/scratch"
)

// rests keeps what entries say beside, and small documents, in one temporary
// file until they are written. It is safe for concurrent use while it is written.
type rests struct {
	scratch string
	mu      sync.Mutex
	file    *scratch.File
	copies  atomic.Int64 // bytes of documents that were to be kept
}

// Documents up to a size are kept as they are stored when something is missing
// in them, so that a repair needs no second request: most are sidecars of a
// kilobyte, and to ask for one again takes longer than everything else that is
// done with it. There may be millions of them, of which only some are kept.
const (
	smallDocument = 16 << 10
	mostCopies    = 256 << 20
)

// keepCopy is keep for a document. The range is empty when there are enough.
func (r *rests) keepCopy(b []byte) (manifest.Range, error) {
	if r.copies.Add(int64(len(b))) > mostCopies {
		return manifest.Range{}, nil
	}
	return r.keep(b)
}

// keep appends some rests and returns where they are.
func (r *rests) keep(b []byte) (manifest.Range, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		var err error
		if r.file, err = scratch.NewFile(r.scratch, 256<<10); err != nil {
			return manifest.Range{}, err
		}
	}
	start := r.file.Size()
	_, err := r.file.Write(b)
	return manifest.Range{Start: start, End: start + int64(len(b))}, err
}

// reader returns what was kept. Nothing may be kept after it.
func (r *rests) reader() (io.ReaderAt, error) {
	if r.file == nil {
		return nil, nil
	}
	return r.file.ReaderAt()
}

func (r *rests) close() {
	if r.file != nil {
		r.file.Close()
	}
}
