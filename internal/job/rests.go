package job

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"cdrmend/internal/manifest"
)

// rests keeps what entries say beside, and small documents, in one temporary
// file until they are written. It is safe for concurrent use while it is written.
type rests struct {
	scratch string
	mu      sync.Mutex
	file    *os.File
	out     *bufio.Writer
	size    int64
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
		file, err := os.CreateTemp(r.scratch, "cdrmend-*")
		if err != nil {
			return manifest.Range{}, fmt.Errorf("creating a temporary file: %w; set scratch to a directory that can be written", err)
		}
		_ = os.Remove(file.Name()) // the open file is all that is needed; a crash leaves nothing
		r.file, r.out = file, bufio.NewWriterSize(file, 256<<10)
	}
	kept := manifest.Range{Start: r.size, End: r.size + int64(len(b))}
	r.size = kept.End
	if _, err := r.out.Write(b); err != nil {
		return kept, fmt.Errorf("writing a temporary file: %w; free some space, or set scratch to another directory", err)
	}
	return kept, nil
}

// reader returns what was kept. Nothing may be kept after it.
func (r *rests) reader() (io.ReaderAt, error) {
	if r.file == nil {
		return nil, nil
	}
	if err := r.out.Flush(); err != nil {
		return nil, fmt.Errorf("writing a temporary file: %w; free some space, or set scratch to another directory", err)
	}
	return r.file, nil
}

func (r *rests) close() {
	if r.file != nil {
		r.file.Close()
	}
}
