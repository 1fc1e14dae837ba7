package pack

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/record"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"

	"github.com/klauspost/compress/zstd"
)

// Set serves inputs from packs. It is safe for concurrent use once all packs are added.
type Set struct {
	dir    string // of temporary files
	warn   func(pack string, err error)
	packs  []*packed
	frames []frameOf
	places []place // by input
	cache  cache

	mu     sync.Mutex // guards the counts
	inputs int64
	bytes  int64
}

// packed is a pack that serves.
type packed struct {
	store object.Store
	info  object.Info
	bad   atomic.Bool
}

// frameOf is a frame of one of several packs.
type frameOf struct {
	frame
	pack uint32
}

// place says where an input is. Its frame is one too high, so that the zero value is
// that of an input that is nowhere.
type place struct {
	frame uint32
	at    uint32
}

// NewSet returns a set for so many inputs. It calls warn once for each pack whose bytes
// are not those that were committed. The inputs in such a pack are requested from their
// sources.
func NewSet(inputs int, dir string, warn func(pack string, err error)) *Set {
	return &Set{dir: dir, warn: warn, places: make([]place, inputs), cache: cache{open: map[uint32]*content{}}}
}

// Wanted returns an input by its number in the order of (source, key). Nobody changes
// what it returns.
type Wanted func(n int) (source string, info *object.Info)

// Add adds a pack that a record of an output names, after checking its index. It returns
// how many of the wanted inputs are in it, and in no pack that was added before. With
// none the pack is not used.
func (s *Set) Add(ctx context.Context, out *ledger.Output, named *ledger.Pack, wanted Wanted) (int, error) {
	info, index, err := out.OpenPack(ctx, named, s.dir)
	if err != nil {
		return 0, err
	}
	defer index.Close()
	r, err := index.ReaderAt()
	if err != nil {
		return 0, err
	}
	return s.add(out.Store, info, table.ReadParquet(r, index.Size(), table.Evidence), wanted)
}

// add adds a pack with the rows of its index.
func (s *Set) add(store object.Store, info object.Info, index table.Rows, wanted Wanted) (int, error) {
	p := &packed{store: store, info: info}
	known := map[int64]uint32{} // number in the set by that in the pack
	found, n := 0, 0
	for row, err := range index {
		if err != nil {
			return 0, fmt.Errorf("reading the index of pack %q: %w", info.Key, err)
		}

		// Both are in the order of (source, key).
		at := -1
		for ; n < len(s.places); n++ {
			source, in := wanted(n)
			order := cmp.Or(strings.Compare(source, string(row.Bytes(sourceCol))), strings.Compare(in.Key, string(row.Bytes(keyCol))))
			if order > 0 {
				break
			}
			if order == 0 {
				at = n
				n++
				break
			}
		}
		if at < 0 || s.places[at].frame != 0 {
			continue
		}
		_, in := wanted(at)
		if !pins(row, in) {
			continue
		}

		number, _ := row.Int(frameCol)
		f, ok := known[number]
		if !ok {
			var err error
			if f, err = s.frame(p, row); err != nil {
				return 0, fmt.Errorf("reading the index of pack %q: %w", info.Key, err)
			}
			known[number] = f
		}
		begin, _ := row.Int(placeCol)
		s.places[at] = place{f + 1, uint32(begin)}
		found++
	}
	if found > 0 {
		s.packs = append(s.packs, p)
	}
	return found, nil
}

// pins reports whether a row is about an input as it was listed now.
func pins(row *table.Row, in *object.Info) bool {
	size, _ := row.Int(sizeCol)
	same := row.Text(versionCol) == in.VersionID && (in.VersionID != "" || row.Text(etagCol) == in.ETag)
	return same && size == in.Size && row.Time(modifiedCol) == record.TimeOf(in.Modified)
}

// frame adds the frame of a row of the pack that is being added.
func (s *Set) frame(p *packed, row *table.Row) (uint32, error) {
	at, _ := row.Int(frameAtCol)
	size, _ := row.Int(frameLenCol)
	sum, err := hex.DecodeString(row.Text(frameSumCol))
	if err != nil || len(sum) != sha256.Size || at < 0 || size <= 0 || at > p.info.Size-size {
		return 0, fmt.Errorf("it has a frame of %d bytes at byte %d with the SHA-256 %q, and the pack has %d bytes", size, at, row.Text(frameSumCol), p.info.Size)
	}
	s.frames = append(s.frames, frameOf{frame{at, size, [sha256.Size]byte(sum)}, uint32(len(s.packs))})
	return uint32(len(s.frames) - 1), nil
}

// Has reports whether a pack has an input, as far as is known by now.
func (s *Set) Has(n uint32) bool {
	return s != nil && s.places[n].frame != 0 && !s.packs[s.frames[s.places[n].frame-1].pack].bad.Load()
}

// Sound reports whether a pack was, as far as is known by now, what was committed.
func (s *Set) Sound(key string) bool {
	return slices.ContainsFunc(s.packs, func(p *packed) bool { return p.info.Key == key && !p.bad.Load() })
}

// Served returns how many inputs were served, and how many bytes they had.
func (s *Set) Served() (inputs, bytes int64) {
	if s == nil {
		return 0, 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inputs, s.bytes
}

// Open opens an input of some size. It returns nil when no pack has it, or one that is
// not what was committed.
func (s *Set) Open(ctx context.Context, n uint32, size int64) io.ReadCloser {
	if !s.Has(n) {
		return nil
	}
	body, err := s.open(ctx, s.places[n], size)
	if err != nil {
		p := s.packs[s.frames[s.places[n].frame-1].pack]
		if ctx.Err() == nil && !p.bad.Swap(true) {
			s.warn(p.info.Key, err)
		}
		return nil
	}

	s.mu.Lock()
	s.inputs, s.bytes = s.inputs+1, s.bytes+size
	s.mu.Unlock()
	return body
}

func (s *Set) open(ctx context.Context, at place, size int64) (io.ReadCloser, error) {
	if size > frameSize {
		return s.large(ctx, at.frame-1)
	}
	b, err := s.cache.get(at.frame-1, 2*len(s.packs), func() ([]byte, error) { return s.small(ctx, at.frame-1) })
	if err != nil {
		return nil, err
	}
	end := int64(at.at) + size
	if end > int64(len(b)) {
		return nil, fmt.Errorf("a frame of it has %d bytes, and its index names byte %d", len(b), end)
	}
	return io.NopCloser(bytes.NewReader(b[at.at:end])), nil
}

// fetch copies a frame as it is stored, and checks it.
func (s *Set) fetch(ctx context.Context, n uint32) (*scratch.Spool, error) {
	f := &s.frames[n]
	p := s.packs[f.pack]
	body, err := p.store.Open(ctx, p.info, f.at)
	if err != nil {
		return nil, err
	}
	defer body.Close()

	spool := scratch.NewSpool(s.dir)
	_, err = io.CopyN(spool, body, f.size)
	if err == nil && spool.Sum() != hex.EncodeToString(f.sum[:]) {
		err = fmt.Errorf("the SHA-256 of its frame at byte %d is %s, and its index names %x", f.at, spool.Sum(), f.sum)
	}
	if err != nil {
		spool.Close()
		return nil, err
	}
	return spool, nil
}

// small returns the content of a frame of small inputs.
func (s *Set) small(ctx context.Context, n uint32) ([]byte, error) {
	spool, err := s.fetch(ctx, n)
	if err != nil {
		return nil, err
	}
	defer spool.Close()
	r, err := spool.ReaderAt()
	if err != nil {
		return nil, err
	}
	d, err := newDecoder(io.NewSectionReader(r, 0, spool.Size()))
	if err != nil {
		return nil, err
	}
	defer d.Close()

	b, err := io.ReadAll(io.LimitReader(d, frameSize+1))
	if err == nil && len(b) > frameSize {
		err = errors.New("a frame of small inputs is too large")
	}
	return b, err
}

// large opens the only input of a frame.
func (s *Set) large(ctx context.Context, n uint32) (io.ReadCloser, error) {
	spool, err := s.fetch(ctx, n)
	if err != nil {
		return nil, err
	}
	r, err := spool.ReaderAt()
	if err == nil {
		var d *zstd.Decoder
		if d, err = newDecoder(io.NewSectionReader(r, 0, spool.Size())); err == nil {
			return &unpacked{d, spool}, nil
		}
	}
	spool.Close()
	return nil, err
}

// errNowhere is the cause when an index names an input and the pack does not have it.
var errNowhere = errors.New("the pack does not have it")

func newDecoder(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
}

// unpacked is a large input while it is read.
type unpacked struct {
	*zstd.Decoder
	spool *scratch.Spool
}

func (u *unpacked) Close() error {
	u.Decoder.Close()
	u.spool.Close()
	return nil
}

// cache holds the contents of the frames that were asked for last: inputs are read in
// the order in which they were packed, several at a time.
type cache struct {
	mu    sync.Mutex
	open  map[uint32]*content
	order []uint32 // the oldest first
}

// content is that of a frame, once it is there.
type content struct {
	once sync.Once
	b    []byte
	err  error
}

// kept is how many contents are kept when one pack serves.
const kept = 4

// get returns the content of a frame. However many ask for it, it is read once.
func (c *cache) get(n uint32, more int, read func() ([]byte, error)) ([]byte, error) {
	c.mu.Lock()
	found, ok := c.open[n]
	if !ok {
		found = &content{}
		c.open[n] = found
		if c.order = append(c.order, n); len(c.order) > kept+more {
			delete(c.open, c.order[0])
			c.order = c.order[1:]
		}
	}
	c.mu.Unlock()

	found.once.Do(func() { found.b, found.err = read() })
	return found.b, found.err
}
