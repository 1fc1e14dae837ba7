package intake

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"math"
	"sync/atomic"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/rows"
	"cdrmend/internal/scratch"
	"cdrmend/internal/stream"
)

// opened is one object while it is read: its stored bytes are hashed, and its
// content is decoded.
// Of a virtual object only the object, its number and the functions are set.
type opened struct {
	*Object
	n      uint32 // of the object
	hash   hash.Hash
	copy   *bytes.Buffer // of the object as it is stored, nil unless it is kept
	stored io.Reader
	stream *stream.Stream
	body   *bufio.Reader
	format profile.Format
	file   io.ReaderAt // the content of a Parquet object, nil for other formats
	size   int64       // of file
	torn   atomic.Bool // see steps.Context.YearTorn

	reject func(rows.Reject) error
	flush  func() error // no reject follows
	forget func()       // rejects so far do not count
}

// sniff is how many bytes of an object are looked at for its format: all that are
// buffered.
const sniff = 64 << 10

// newOpened begins to read an object from the body as it is stored; keep keeps
// a copy of it.
func newOpened(n uint32, object *Object, body io.Reader, p *profile.Profile, limits *stream.Limits, keep bool) *opened {
	o := &opened{n: n, Object: object, hash: sha256.New()}
	if o.stored = io.TeeReader(body, o.hash); keep {
		o.copy = bytes.NewBuffer(make([]byte, 0, o.Size))
		o.stored = io.TeeReader(o.stored, o.copy)
	}
	o.stream = stream.Open(o.stored, o.Size, limits)

	// A plain object has exactly as much content as it is large.
	buffer := sniff
	if o.stream.Compression == stream.Plain {
		buffer = stream.BufferFor(o.Size)
	}
	o.body = bufio.NewReaderSize(o.stream, buffer)

	// An error comes again when the body is read.
	head, _ := o.body.Peek(sniff)
	o.format = p.FormatOf(o.Key, head)
	return o
}

// spool copies the content of a Parquet object to a temporary file in dir, as
// its footer comes last. The content is there until the spool is closed.
func (o *opened) spool(ctx context.Context, dir string) (*scratch.Spool, error) {
	// Damage is left to the decoder: the spool has all that came before it.
	spool := scratch.NewSpool(dir)
	if _, err := io.Copy(spool, o.body); err != nil && !jsonscan.IsDamage(err) {
		spool.Close()
		return nil, err
	}

	o.size = spool.Size()
	var err error
	if o.file, err = spool.ReaderAt(); err == nil {
		err = ctx.Err() // decoding may take a while
	}
	if err != nil {
		spool.Close()
		return nil, err
	}

	return spool, nil
}

// noteDamage makes a compressed stream that broke, or that does not match its
// checksum, count as damage, even when all rows came before the break. It is
// known only when the object was read to its end.
func (o *opened) noteDamage(r *rows.Reading) {
	if r.Damage == nil {
		r.Damage = o.stream.Failed()
	}
	if r.Damage == nil && o.stream.Checksum != nil {
		r.Damage = &stream.Error{Err: o.stream.Checksum}
		r.Used = math.MaxInt64 // nothing is lost
	}
}
