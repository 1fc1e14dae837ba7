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
	"runtime"
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
	ahead  *ahead        // nil unless inputs are read in their order
	unpack chan struct{} // bounds how many small frames are unpacked at once

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
	need uint32 // bytes of its content that hold small inputs; the rest is never unpacked
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
	return &Set{dir: dir, warn: warn, places: make([]place, inputs), cache: cache{open: map[uint32]*content{}}, unpack: make(chan struct{}, runtime.GOMAXPROCS(0))}
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
	return s.addIndexed(out.Store, info, index, wanted)
}

// indexesAtOnce is how many indexes are fetched at once. They are temporary files until
// they are read.
const indexesAtOnce = 8

// AddAll adds packs as Add does, in their order. It fetches the indexes of several at
// once. Added is told what adding each came to.
func (s *Set) AddAll(ctx context.Context, out *ledger.Output, named []ledger.Pack, wanted Wanted, added func(i, found int, err error)) {
	type fetched struct {
		info  object.Info
		index *scratch.Spool
		err   error
	}
	for first := 0; first < len(named); first += indexesAtOnce {
		some := make([]fetched, min(indexesAtOnce, len(named)-first))
		var all sync.WaitGroup
		for i := range some {
			all.Go(func() {
				f := &some[i]
				f.info, f.index, f.err = out.OpenPack(ctx, &named[first+i], s.dir)
			})
		}
		all.Wait()
		for i, f := range some {
			found := 0
			if f.err == nil {
				found, f.err = s.addIndexed(out.Store, f.info, f.index, wanted)
			}
			added(first+i, found, f.err)
		}
	}
}

// addIndexed adds a pack with its index, which it closes.
func (s *Set) addIndexed(store object.Store, info object.Info, index *scratch.Spool, wanted Wanted) (int, error) {
	defer index.Close()
	r, err := index.ReaderAt()
	if err != nil {
		return 0, err
	}
	return s.add(store, info, table.ReadParquet(r, index.Size(), table.Evidence), wanted)
}

// add adds a pack with the rows of its index. A pack that is refused leaves nothing.
func (s *Set) add(store object.Store, info object.Info, index table.Rows, wanted Wanted) (found int, err error) {
	before := len(s.frames)
	x := adding{set: s, pack: &packed{store: store, info: info}, known: map[int64]uint32{}}
	for row, rowErr := range index {
		if err = rowErr; err != nil {
			break
		}
		var hit bool
		if hit, err = x.row(row, wanted); err != nil {
			break
		}
		if hit {
			found++
		}
	}
	if err == nil {
		err = apart(s.frames[before:])
	}
	if err != nil || found == 0 {
		s.forget(before)
		if err != nil {
			err = fmt.Errorf("reading the index of pack %q: %w", info.Key, err)
		}
		return 0, err
	}
	s.packs = append(s.packs, x.pack)
	return found, nil
}

// forget drops the frames from a number on, and the places in them.
func (s *Set) forget(from int) {
	for i := range s.places {
		if int(s.places[i].frame) > from {
			s.places[i] = place{}
		}
	}
	s.frames = s.frames[:from]
}

// adding is a pack whose index is read.
type adding struct {
	set   *Set
	pack  *packed
	known map[int64]uint32 // number in the set by that in the pack
	next  int              // input that the next row may be about

	rows        bool // there was a row
	source, key []byte
}

// row takes a row, and reports whether it is about an input that is wanted and that no
// other pack has.
func (x *adding) row(row *table.Row, wanted Wanted) (bool, error) {
	// A few bytes of Parquet can repeat a row any number of times.
	source, key := row.Bytes(sourceCol), row.Bytes(keyCol)
	if x.rows && cmp.Or(bytes.Compare(source, x.source), bytes.Compare(key, x.key)) <= 0 {
		return false, fmt.Errorf("input %q of source %s does not come after %q of %s", key, source, x.key, x.source)
	}
	x.rows, x.source, x.key = true, append(x.source[:0], source...), append(x.key[:0], key...)

	at, ok := x.find(wanted)
	if !ok || x.set.places[at].frame != 0 {
		return false, nil
	}
	_, in := wanted(at)
	if !pins(row, in) {
		return false, nil
	}

	number, _ := row.Int(frameCol)
	f, ok := x.known[number]
	if !ok {
		var err error
		if f, err = x.set.frame(x.pack, row); err != nil {
			return false, err
		}
		x.known[number] = f
	}
	begin, _ := row.Int(placeCol)
	if in.Size > frameSize {
		begin = 0 // it has a frame of its own
	} else if begin < 0 || begin > frameSize-in.Size {
		return false, fmt.Errorf("input %q of %d bytes is at byte %d of its frame, and a frame of small inputs has %d at most", key, in.Size, begin, int64(frameSize))
	} else {
		need := &x.set.frames[f].need
		*need = max(*need, uint32(begin+in.Size))
	}
	x.set.places[at] = place{f + 1, uint32(begin)}
	return true, nil
}

// find returns the input that the row is about. Rows and inputs are both in the order of
// (source, key).
func (x *adding) find(wanted Wanted) (int, bool) {
	for ; x.next < len(x.set.places); x.next++ {
		source, in := wanted(x.next)
		order := cmp.Or(strings.Compare(source, string(x.source)), strings.Compare(in.Key, string(x.key)))
		if order > 0 {
			break
		}
		if order == 0 {
			x.next++
			return x.next - 1, true
		}
	}
	return 0, false
}

// apart checks that frames of a pack do not overlap: else a small pack could cost a large
// one's time.
func apart(frames []frameOf) error {
	order := slices.SortedFunc(slices.Values(frames), func(a, b frameOf) int { return cmp.Compare(a.at, b.at) })
	for i := 1; i < len(order); i++ {
		if before := order[i-1]; before.at+before.size > order[i].at {
			return fmt.Errorf("its frames of %d bytes at byte %d and of %d at byte %d overlap", before.size, before.at, order[i].size, order[i].at)
		}
	}
	return nil
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
	s.frames = append(s.frames, frameOf{frame{at, size, [sha256.Size]byte(sum)}, uint32(len(s.packs)), 0})
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
		return s.large(ctx, at.frame-1, size)
	}
	s.ahead.fetch(at.frame - 1)
	b, err := s.cache.get(at.frame-1, func() ([]byte, error) { return s.small(ctx, at.frame-1) })
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

	// A decoder takes as much memory as a frame has content, whatever is read of it.
	s.unpack <- struct{}{}
	defer func() { <-s.unpack }()
	d, err := unpack(spool, frameSize)
	if err != nil {
		return nil, err
	}
	defer d.Close()

	// An empty content would read nothing of a frame that is none.
	return io.ReadAll(io.LimitReader(d, max(1, int64(s.frames[n].need))))
}

// large opens the only input of a frame, whose content must have the size of the input.
// Whoever reads an input cannot go back to its source, so the size is checked before.
func (s *Set) large(ctx context.Context, n uint32, size int64) (io.ReadCloser, error) {
	spool, err := s.fetch(ctx, n)
	if err != nil {
		return nil, err
	}
	var d *zstd.Decoder
	if d, err = unpack(spool, windowSize); err == nil {
		var has int64
		has, err = io.Copy(io.Discard, io.LimitReader(d, size+1))
		d.Close()
		if err == nil && has != size {
			err = fmt.Errorf("its frame at byte %d does not hold the %d bytes of the input", s.frames[n].at, size)
		}
	}
	if err == nil {
		if d, err = unpack(spool, windowSize); err == nil {
			return &unpacked{d, spool}, nil
		}
	}
	spool.Close()
	return nil, err
}

// unpack returns a decoder of a frame that refers back by no more than a window.
func unpack(spool *scratch.Spool, window uint64) (*zstd.Decoder, error) {
	r, err := spool.ReaderAt()
	if err != nil {
		return nil, err
	}
	return zstd.NewReader(io.NewSectionReader(r, 0, spool.Size()), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
}

// errNowhere is the cause when an index names an input and the pack does not have it.
var errNowhere = errors.New("the pack does not have it")

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
