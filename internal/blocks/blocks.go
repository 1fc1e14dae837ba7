// Package blocks lets parts of a large file be trusted without reading all of it: it
// keeps the SHA-256 of each block, and compares the blocks that are read.
//
// The sums say nothing by themselves. Whoever uses them has them from a place that is
// trusted, as a commit record that names their file by its hash.
package blocks

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync"
)

// Size is the number of bytes of a block. The last block of a file may be shorter.
const Size = 64 << 10

// Sums collects the SHA-256 of each block of what is written to it.
type Sums struct {
	hash   hash.Hash
	filled int // bytes of the block that is under way
	list   []byte
}

// NewSums returns the sums of nothing yet.
func NewSums() *Sums { return &Sums{hash: sha256.New()} }

// Write adds bytes. It never fails.
func (s *Sums) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		part := b[:min(len(b), Size-s.filled)]
		s.hash.Write(part)
		s.filled += len(part)
		b = b[len(part):]
		if s.filled == Size {
			s.end()
		}
	}
	return n, nil
}

func (s *Sums) end() {
	s.list = s.hash.Sum(s.list)
	s.hash.Reset()
	s.filled = 0
}

// List returns the sums of all blocks, 32 bytes each, one after another. Nothing may be
// written after it.
func (s *Sums) List() []byte {
	if s.filled > 0 {
		s.end()
	}
	return s.list
}

// Fit reports whether a list has a sum for each block of a file.
func Fit(list []byte, size int64) bool {
	return int64(len(list)) == (size+Size-1)/Size*sha256.Size
}

// Part returns n bytes of a file from a place on, fewer at its end.
type Part func(ctx context.Context, from int64, n int) ([]byte, error)

// Check says what is wrong with a block.
type Check func(number int64, block []byte) error

// errOther is what a block is that has another sum.
type errOther struct{ from, end int64 }

func (e errOther) Error() string {
	return fmt.Sprintf("it is not the file that was committed: its bytes from %d to %d have another SHA-256", e.from, e.end)
}

// Against returns a check against a list of sums that fits the file.
func Against(list []byte) Check {
	return func(number int64, block []byte) error {
		at := number * sha256.Size
		if sum := sha256.Sum256(block); string(sum[:]) != string(list[at:at+sha256.Size]) {
			return errOther{number * Size, number*Size + int64(len(block))}
		}
		return nil
	}
}

const (
	// mostKept is how many blocks stay in memory. The end of a Parquet file, which every
	// search reads, takes some dozens in a table of a million rows.
	mostKept = 64
	// mostAtOnce is how many blocks one request reads at most.
	mostAtOnce = 64
)

// Reader reads a file, and compares each block before it returns bytes of it. It serves
// several callers at once.
type Reader struct {
	size  int64
	part  Part
	check Check

	mu   sync.Mutex
	kept map[int64][]byte
	used []int64 // the blocks that are kept, the one that was used last at the end
}

// NewReader returns a reader of a file.
func NewReader(size int64, part Part, check Check) *Reader {
	return &Reader{size: size, part: part, check: check, kept: map[int64][]byte{}}
}

// In returns the reader for requests that end with a context.
func (r *Reader) In(ctx context.Context) io.ReaderAt { return at{r, ctx} }

type at struct {
	*Reader
	ctx context.Context
}

func (r at) ReadAt(p []byte, from int64) (n int, err error) {
	end := min(from+int64(len(p)), r.size)
	for at := from; at < end; at = from + int64(n) {
		blocks, err := r.blocks(r.ctx, at/Size, (end-1)/Size)
		if err != nil {
			return n, err
		}
		for i, b := range blocks {
			skip := int64(0)
			if i == 0 {
				skip = at % Size
			}
			n += copy(p[n:end-from], b[skip:])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// blocks returns the first of some blocks: one that is kept, or as many as one request
// may read. Over a network that takes less time than two that leave out what is kept
// between.
func (r *Reader) blocks(ctx context.Context, first, last int64) ([][]byte, error) {
	last = min(last, first+mostAtOnce-1)
	r.mu.Lock()
	if b := r.kept[first]; b != nil {
		r.use(first)
		r.mu.Unlock()
		return [][]byte{b}, nil
	}
	for r.kept[last] != nil {
		last--
	}
	r.mu.Unlock()

	from := first * Size
	length := int(min((last+1)*Size, r.size) - from)
	content, err := r.part(ctx, from, length)
	switch {
	case err != nil:
		return nil, err
	case len(content) != length:
		return nil, io.ErrUnexpectedEOF
	}
	var list [][]byte
	for b := range slices.Chunk(content, Size) {
		number := first + int64(len(list))
		if err := r.check(number, b); err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	r.keep(first, list)
	return list, nil
}

// keep keeps blocks. Each is copied: a block would keep all that was read with it.
func (r *Reader) keep(first int64, list [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, b := range list {
		number := first + int64(i)
		if r.kept[number] != nil { // another caller read it meanwhile
			continue
		}
		if len(r.used) == mostKept {
			delete(r.kept, r.used[0])
			r.used = r.used[1:]
		}
		r.kept[number] = slices.Clone(b)
		r.used = append(r.used, number)
	}
}

// use moves a block that is kept to the end.
func (r *Reader) use(number int64) {
	if i := slices.Index(r.used, number); i >= 0 {
		r.used = append(slices.Delete(r.used, i, i+1), number)
	}
}
