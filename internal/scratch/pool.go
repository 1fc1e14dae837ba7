package scratch

import (
	"io"
	"sort"
	"sync"
)

// Pool holds the contents of many spools in one temporary file. However many there
// are, they take one descriptor and little memory. Different spools may be written at
// the same time. What a closed spool had stays in the file until the pool is closed.
type Pool struct {
	dir  string
	mu   sync.Mutex // guards file, while spools are written
	file *File      // nil until something is stored
}

// NewPool returns an empty pool. Its temporary file is created in dir, empty for the
// system's directory.
func NewPool(dir string) *Pool { return &Pool{dir: dir} }

// NewSpool returns an empty spool whose content is in the file of the pool. Close
// the pool after all its spools.
func (p *Pool) NewSpool() *Spool {
	return newSpool(0, func() (backing, error) { return &pieces{pool: p}, nil })
}

// store appends a piece and returns where it begins.
func (p *Pool) store(b []byte) (start int64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	if p.file == nil {
		if p.file, err = NewFile(p.dir, spoolBuffer); err != nil {
			return 0, err
		}
	}
	start = p.file.Size()
	_, err = p.file.Write(b)
	return start, err
}

func (p *Pool) readerAt() (io.ReaderAt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.file.ReaderAt()
}

// Close deletes the contents of all spools.
func (p *Pool) Close() {
	if p.file != nil {
		p.file.Close()
	}
}

// pieceSize is how many bytes of a spool wait in memory until they are stored. Small
// pieces would make a long list when several spools are written in turn.
const pieceSize = 64 << 10

// pieces are the parts of a pool's file that hold the content of one spool.
type pieces struct {
	pool    *Pool
	list    []piece
	size    int64  // of all that is stored
	waiting []byte // what comes after it
}

// piece begins at one offset of the content, and at another of the file. It ends where
// the next begins.
type piece struct{ content, file int64 }

func (p *pieces) Write(b []byte) (int, error) {
	p.waiting = append(p.waiting, b...)
	if len(p.waiting) < pieceSize {
		return len(b), nil
	}

	err := p.flush()
	if cap(p.waiting) > 2*pieceSize {
		p.waiting = nil
	}
	return len(b), err
}

// flush stores what waits.
func (p *pieces) flush() error {
	if len(p.waiting) == 0 {
		return nil
	}
	start, err := p.pool.store(p.waiting)
	if err != nil {
		return err
	}

	// A piece that follows on the last one in the file makes that one longer.
	if n := len(p.list); n == 0 || p.list[n-1].file-p.list[n-1].content != start-p.size {
		p.list = append(p.list, piece{p.size, start})
	}
	p.size += int64(len(p.waiting))
	p.waiting = p.waiting[:0]
	return nil
}

func (p *pieces) settle() error {
	err := p.flush()
	p.waiting = nil
	return err
}

// ReaderAt returns a reader of the content. What other spools write later does not
// change it.
func (p *pieces) ReaderAt() (io.ReaderAt, error) {
	if err := p.flush(); err != nil {
		return nil, err
	}
	file, err := p.pool.readerAt()
	return &joined{p.list, p.size, file}, err
}

func (p *pieces) name() string { return "" }

func (p *pieces) Close() { p.list, p.waiting = nil, nil }

// joined reads pieces as one content.
type joined struct {
	list []piece
	size int64
	file io.ReaderAt
}

func (j *joined) ReadAt(b []byte, at int64) (n int, err error) {
	for n < len(b) {
		if at >= j.size {
			return n, io.EOF
		}

		// The last piece that begins at or before the offset holds it.
		i := sort.Search(len(j.list), func(i int) bool { return j.list[i].content > at }) - 1
		end := j.size
		if i+1 < len(j.list) {
			end = j.list[i+1].content
		}
		part := b[n:min(int64(len(b)), int64(n)+end-at)]
		got, err := j.file.ReadAt(part, j.list[i].file+at-j.list[i].content)
		n, at = n+got, at+int64(got)
		if got < len(part) {
			return n, err
		}
	}
	return n, nil
}
