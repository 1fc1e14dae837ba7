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
	"path"
	"slices"
	"strings"
	"sync"

	"cdrmend/internal/blocks"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/scratch"
)

// checked is a file whose parts can be read: each read gives committed bytes, or fails.
// Where the record names the sums of its blocks, only the blocks that are asked for are
// read. Any other file was read in full before, and has its committed hash.
type checked struct {
	name   string
	ready  chan struct{} // closed when the other fields are set
	err    error
	file   func(context.Context) io.ReaderAt
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

	reading sync.Mutex // guards what follows
	read    bool       // the sums of blocks, or that there are none that can be read
	blocks  []ledger.FileBlocks
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
		k.err = k.open(ctx, c, f)
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
	c.checks.read, c.checks.blocks = false, nil

	c.reading.Lock()
	c.files = nil
	c.reading.Unlock()
}

// wait returns the file once it is checked.
func (k *checked) wait(ctx context.Context) (io.ReaderAt, int64, error) {
	select {
	case <-k.ready:
		if k.err != nil {
			return nil, 0, k.err
		}
		return k.file(ctx), k.size, nil
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
}

func (k *checked) open(ctx context.Context, c *Commit, f ledger.File) error {
	if sums := c.sumsOf(ctx, f); sums != nil {
		return k.openParts(ctx, c, f, sums)
	}
	info, body, err := object.GetHashed(ctx, c.output.Store, f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return c.broken(f, gone)
	}
	if err != nil {
		return fmt.Errorf("reading %q: %w", f.Path, err)
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
	switch {
	case err != nil:
		return fmt.Errorf("reading %q: %w", f.Path, err)
	case sum != f.SHA256:
		return c.broken(f, fmt.Sprintf("it is not the file that was committed: its SHA-256 is %s instead of %s", sum, f.SHA256))
	}
	return nil
}

// gone describes a file that is missing.
const gone = "it is not there, though it was committed"

// broken returns the error of a file that is not the committed one.
func (c *Commit) broken(f ledger.File, detail string) error {
	return &ledger.BrokenError{Key: c.output.Store.String() + f.Path, Detail: detail}
}

// openParts prepares to read single blocks of a file.
func (k *checked) openParts(ctx context.Context, c *Commit, f ledger.File, sums []byte) error {
	info, err := c.listed(ctx, f)
	if err != nil {
		return err
	}
	against := blocks.Against(sums)
	k.size = f.Size
	k.file = blocks.NewReader(f.Size, func(ctx context.Context, from int64, n int) ([]byte, error) {
		return c.output.Store.Part(ctx, info, from, n)
	}, func(number int64, block []byte) error {
		if err := against(number, block); err != nil {
			return c.broken(f, err.Error())
		}
		return nil
	}).In
	return nil
}

// listed returns the file of a table as it was listed when the commit was read. It must
// have its committed size.
func (c *Commit) listed(ctx context.Context, f ledger.File) (object.Info, error) {
	info, ok := c.Stored(ledger.File{Path: strings.TrimPrefix(f.Path, c.interval.Prefix())})
	if !ok {
		files, err := c.Files(ctx)
		if err != nil {
			return info, err
		}
		info, ok = files.Stored(path.Base(f.Path))
	}
	switch {
	case !ok:
		return info, c.broken(f, gone)
	case info.Size != f.Size:
		return info, c.broken(f, fmt.Sprintf("it is not the file that was committed: it has %d bytes instead of %d", info.Size, f.Size))
	}
	return info, nil
}

// sumsOf returns the sums of the blocks of a file, nil where the record has none. They
// only save reading all of the file, so whatever is wrong with them counts as none:
// verify names it.
func (c *Commit) sumsOf(ctx context.Context, f ledger.File) []byte {
	if c.Record.Blocks == nil {
		return nil
	}
	c.checks.reading.Lock()
	defer c.checks.reading.Unlock()
	if !c.checks.read {
		out := &ledger.Output{Store: c.output.Store, Root: c.output.Root}
		c.checks.blocks, _ = out.ReadBlocks(ctx, c.Record)
		c.checks.read = ctx.Err() == nil
	}
	path := strings.TrimPrefix(f.Path, c.interval.Prefix())
	for _, b := range c.checks.blocks {
		if b.Path == path && b.Size == f.Size && b.SHA256 == f.SHA256 {
			return b.Sums
		}
	}
	return nil
}

// copy copies an object into scratch space, which nobody else can reach, and returns
// its SHA-256.
func (k *checked) copy(body io.Reader, dir string) (sum string, err error) {
	spool := scratch.NewSpool(dir)
	k.closer = spool.Close
	if _, err := io.Copy(spool, body); err != nil {
		return "", err
	}
	file, err := spool.ReaderAt()
	k.size, k.file = spool.Size(), func(context.Context) io.ReaderAt { return file }
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
	seed, sums := maphash.MakeSeed(), []uint64(nil)
	whole, buffer := sha256.New(), make([]byte, blocksAtOnce*blocks.Size)
	for {
		n, err := io.ReadFull(body, buffer)
		whole.Write(buffer[:n])
		for b := range slices.Chunk(buffer[:n], blocks.Size) {
			sums = append(sums, maphash.Bytes(seed, b))
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return "", err
		}
	}

	k.size = info.Size
	k.file = blocks.NewReader(info.Size, func(_ context.Context, from int64, n int) ([]byte, error) {
		b := make([]byte, n)
		got, err := file.ReadAt(b, from)
		switch {
		case got == n: // a reader may report the end with the last bytes
			err = nil
		case err == io.EOF:
			err = errOverwritten
		}
		return b[:got], err
	}, func(number int64, block []byte) error {
		if maphash.Bytes(seed, block) != sums[number] {
			return errOverwritten
		}
		return nil
	}).In
	return hex.EncodeToString(whole.Sum(nil)), nil
}

const blocksAtOnce = 16

var errOverwritten = errors.New("it was overwritten while it was read: run again")
