package committed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"sync"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/scratch"
)

// checked is a file that was read in full and has its committed hash, kept so that
// parts of it can be read again. A later read gives the bytes that were hashed, or fails.
type checked struct {
	name   string
	ready  chan struct{} // closed when the other fields are set
	err    error
	file   io.ReaderAt
	size   int64
	closer func()
}

// hashing bounds how many local files are hashed at once. Downloads are not counted:
// they wait for the network.
var hashing = make(chan struct{}, 2)

// checks are the files of a commit that are checked, by their paths below the root of
// the store.
type checks struct {
	mu     sync.Mutex
	files  map[string]*checked
	cancel []context.CancelFunc
	group  sync.WaitGroup
}

// check begins to check a file, unless that was begun before.
func (c *Commit) check(ctx context.Context, f ledger.File) *checked {
	c.checks.mu.Lock()
	defer c.checks.mu.Unlock()
	if k := c.checks.files[f.Path]; k != nil {
		return k
	}
	if c.checks.files == nil {
		c.checks.files = map[string]*checked{}
	}

	ctx, cancel := context.WithCancel(ctx)
	k := &checked{name: f.Path, ready: make(chan struct{}), closer: func() {}}
	c.checks.files[f.Path], c.checks.cancel = k, append(c.checks.cancel, cancel)
	c.checks.group.Go(func() {
		defer close(k.ready)
		if err := k.open(ctx, c, f); err != nil {
			k.err = fmt.Errorf("reading %q: %w", f.Path, err)
		}
	})
	return k
}

// Close frees what the commit keeps: the list of its files, and of look-ups open files
// and copies in scratch space. The commit can be used again.
func (c *Commit) Close() {
	for _, cancel := range c.checks.cancel {
		cancel()
	}
	c.checks.group.Wait()
	for _, k := range c.checks.files {
		k.closer()
	}
	c.checks.files, c.checks.cancel = nil, nil

	c.reading.Lock()
	c.files = nil
	c.reading.Unlock()
}

// wait returns the file once it is checked.
func (k *checked) wait(ctx context.Context) (io.ReaderAt, int64, error) {
	select {
	case <-k.ready:
		return k.file, k.size, k.err
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
}

func (k *checked) open(ctx context.Context, c *Commit, f ledger.File) error {
	info, body, err := object.GetHashed(ctx, c.output.Store, f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return errGone
	}
	if err != nil {
		return err
	}

	sum := ""
	if file, local := body.(io.ReaderAt); local {
		k.closer = func() { body.Close() }
		select {
		case hashing <- struct{}{}:
			defer func() { <-hashing }()
		case <-ctx.Done():
			return ctx.Err()
		}
		sum, err = k.hash(body, file, info)
	} else {
		sum, err = k.copy(body, c.output.Scratch)
		err = errors.Join(err, body.Close())
	}
	if err == nil && sum != f.SHA256 {
		err = fmt.Errorf("it is not the file that was committed: its SHA-256 is %s instead of %s", sum, f.SHA256)
	}
	return err
}

// copy copies an object into scratch space, which nobody else can reach, and returns
// its SHA-256.
func (k *checked) copy(body io.Reader, dir string) (sum string, err error) {
	spool := scratch.NewSpool(dir)
	k.closer = spool.Close
	if _, err := io.Copy(spool, body); err != nil {
		return "", err
	}
	k.file, err = spool.ReaderAt()
	k.size = spool.Size()
	return spool.Sum(), err
}

// hash returns the SHA-256 of a file in a directory, and keeps the file open.
//
// It is not copied: that would take as long as hashing it, and as much space as it has.
// Whoever may write into the directory can still change the open file. So a keyed hash
// of each block is kept, and compared whenever the block is read again. The key is
// random and stays in this process, so that nobody can prepare other bytes with the
// same hash.
func (k *checked) hash(body io.Reader, file io.ReaderAt, info object.Info) (sum string, err error) {
	b := &blocks{file: file, size: info.Size, seed: maphash.MakeSeed()}
	whole, buffer := sha256.New(), make([]byte, blocksAtOnce*blockSize)
	for {
		n, err := io.ReadFull(body, buffer)
		whole.Write(buffer[:n])
		for i := 0; i < n; i += blockSize {
			b.sums = append(b.sums, maphash.Bytes(b.seed, buffer[i:min(n, i+blockSize)]))
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			k.file, k.size = b, info.Size
			return hex.EncodeToString(whole.Sum(nil)), nil
		case err != nil:
			return "", err
		}
	}
}

const (
	blockSize    = 64 << 10
	blocksAtOnce = 16
)

// blocks reads a file whose blocks were hashed before.
type blocks struct {
	file io.ReaderAt
	size int64
	seed maphash.Seed
	sums []uint64 // of each block
}

var errOverwritten = errors.New("it was overwritten while it was read: run again")

// ReadAt serves several callers at once.
func (b *blocks) ReadAt(p []byte, from int64) (n int, err error) {
	memory := blockMemory.Get().(*[blockSize]byte)
	defer blockMemory.Put(memory)

	for n < len(p) {
		at := from + int64(n)
		if at >= b.size {
			return n, io.EOF
		}
		number := at / blockSize
		begin := number * blockSize
		block := memory[:min(blockSize, b.size-begin)]

		got, err := b.file.ReadAt(block, begin)
		switch {
		case err != nil && err != io.EOF:
			return n, err
		case got < len(block) || maphash.Bytes(b.seed, block) != b.sums[number]:
			return n, errOverwritten
		}
		n += copy(p[n:], block[at-begin:])
	}
	return n, nil
}

var blockMemory = sync.Pool{New: func() any { return new([blockSize]byte) }}
