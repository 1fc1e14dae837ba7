package pack

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"cdrmend/internal/record"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"

	"github.com/klauspost/compress/zstd"
)

// Writer writes packs. Equal calls give equal bytes. It is for one goroutine at a time.
type Writer struct {
	newSpool func() (*scratch.Spool, error)
	encoder  *zstd.Encoder
	packs    []*Pack
	content  []byte   // of the frame that is filled
	inside   []member // likewise
	stored   []byte   // a compressed frame
}

// Pack is a pack that was written, and its index.
type Pack struct {
	Bytes, Index *scratch.Spool
	Inputs       int // that the pack holds

	members []member // until the index is written
	frames  []frame
}

// member is an input in a pack.
type member struct {
	n     uint32 // of the input
	frame uint32
	place int64 // of its first byte in the content of the frame
	sum   [sha256.Size]byte
}

// frame is a part of a pack, as it is stored.
type frame struct {
	at, size int64
	sum      [sha256.Size]byte
}

// Spooler makes the spools of files that are written to some output.
type Spooler interface {
	NewSpool(dir string) (*scratch.Spool, error)
}

// NewWriter returns a writer whose packs are in spools, with temporary files in dir.
func NewWriter(to Spooler, dir string) (*Writer, error) {
	newSpool := func() (*scratch.Spool, error) { return to.NewSpool(dir) }
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithZeroFrames(true),
		zstd.WithWindowSize(windowSize), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("packing inputs: %w", err)
	}
	return &Writer{newSpool: newSpool, encoder: e}, nil
}

// Add adds an input: its number in the order of (source, key), and its bytes with their
// SHA-256. Each input is added once, in any order.
func (w *Writer) Add(n uint32, size int64, content io.Reader, sum [sha256.Size]byte) error {
	m := member{n: n, sum: sum}
	if size > frameSize {
		if err := w.flush(); err != nil {
			return err
		}
		return w.large(content, m)
	}

	if int64(len(w.content))+size > frameSize {
		if err := w.flush(); err != nil {
			return err
		}
	}
	m.place = int64(len(w.content))
	b := bytes.NewBuffer(w.content)
	_, err := b.ReadFrom(content)
	w.content = b.Bytes()
	w.inside = append(w.inside, m)
	return err
}

// flush stores the frame that is filled.
func (w *Writer) flush() error {
	if len(w.inside) == 0 {
		return nil
	}
	w.stored = w.encoder.EncodeAll(w.content, w.stored[:0])
	p, err := w.pack()
	if err != nil {
		return err
	}
	at := p.Bytes.Size()
	if _, err := p.Bytes.Write(w.stored); err != nil {
		return err
	}
	p.add(frame{at, int64(len(w.stored)), sha256.Sum256(w.stored)}, w.inside)
	w.content, w.inside = w.content[:0], w.inside[:0]
	return nil
}

// large stores an input as a frame of its own. It holds no more of it in memory than a
// window.
func (w *Writer) large(content io.Reader, m member) error {
	p, err := w.pack()
	if err != nil {
		return err
	}
	at, sum := p.Bytes.Size(), sha256.New()
	w.encoder.Reset(io.MultiWriter(p.Bytes, sum))
	_, err = io.Copy(w.encoder, content)
	if err := errors.Join(err, w.encoder.Close()); err != nil {
		return err
	}
	p.add(frame{at, p.Bytes.Size() - at, [sha256.Size]byte(sum.Sum(nil))}, []member{m})
	return nil
}

// add notes a frame that was stored, and what it holds.
func (p *Pack) add(f frame, inside []member) {
	for _, m := range inside {
		m.frame = uint32(len(p.frames))
		p.members = append(p.members, m)
	}
	p.frames = append(p.frames, f)
}

// pack returns the pack that takes the next frame.
func (w *Writer) pack() (*Pack, error) {
	if last := len(w.packs) - 1; last >= 0 && w.packs[last].Bytes.Size() < packSize {
		return w.packs[last], nil
	}
	spool, err := w.newSpool()
	if err != nil {
		return nil, err
	}
	p := &Pack{Bytes: spool}
	w.packs = append(w.packs, p)
	return p, nil
}

// Finish completes the packs and their indexes, in which input describes the inputs by
// their numbers. Nothing can be added after it. The caller closes the writer when it no
// longer uses the packs.
func (w *Writer) Finish(input func(n uint32) Input) ([]*Pack, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}

	// The packs may be in use until a run ends, and these take megabytes.
	w.free()
	for _, p := range w.packs {
		if err := p.index(w.newSpool, input); err != nil {
			return nil, fmt.Errorf("writing the index of a pack: %w", err)
		}
	}
	return w.packs, nil
}

// index writes the index of a pack.
func (p *Pack) index(newSpool func() (*scratch.Spool, error), input func(n uint32) Input) (err error) {
	if p.Index, err = newSpool(); err != nil {
		return err
	}
	slices.SortFunc(p.members, func(a, b member) int { return cmp.Compare(a.n, b.n) })

	to := table.NewWriter(table.Evidence, nil, p.Index)
	var row table.Row
	for _, m := range p.members {
		in, f := input(m.n), p.frames[m.frame]
		row.Reset(table.Evidence)
		row.AddText(in.Source)
		row.AddText(in.Key)
		row.AddText(in.VersionID)
		row.AddText(in.ETag)
		row.AddTime(record.TimeOf(in.Modified))
		row.AddInt(in.Size)
		row.AddText(hex.EncodeToString(m.sum[:]))
		row.AddInt(int64(m.frame))
		row.AddInt(f.at)
		row.AddInt(f.size)
		row.AddText(hex.EncodeToString(f.sum[:]))
		row.AddInt(m.place)
		if err := to.Write(&row); err != nil {
			return err
		}
	}
	p.Inputs, p.members, p.frames = len(p.members), nil, nil
	return to.Close()
}

// free drops what only adding needs.
func (w *Writer) free() {
	if w.encoder != nil {
		_ = w.encoder.Close() // it holds nothing that is needed
	}
	w.encoder, w.content, w.inside, w.stored = nil, nil, nil, nil
}

// Close deletes the temporary files.
func (w *Writer) Close() {
	for _, p := range w.packs {
		p.Bytes.Close()
		if p.Index != nil {
			p.Index.Close()
		}
	}
	w.free()
}
