package job

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"hash"
	"io"
	"math"

	"cdrmend/internal/record"
)

// opened is one object while it is read: hashed as it is stored, and decoded.
type opened struct {
	hash   hash.Hash
	copy   *bytes.Buffer // of the object as it is stored, nil for none
	stored io.Reader
	stream *record.Stream
	body   *bufio.Reader
	format record.Format
	file   io.ReaderAt // of a Parquet object: its content
	size   int64
}

// sniff is how much of an object tells its format: all of it that is buffered.
const sniff = 64 << 10

func newOpened(body io.Reader, in *input, p *record.Profile, limits *record.Limits, keep bool) *opened {
	o := &opened{hash: sha256.New()}
	if o.stored = io.TeeReader(body, o.hash); keep {
		o.copy = bytes.NewBuffer(make([]byte, 0, in.Size))
		o.stored = io.TeeReader(o.stored, o.copy)
	}
	o.stream = record.Open(o.stored, in.Size, limits)
	buffer := sniff
	if o.stream.Compression == record.Plain {
		buffer = record.BufferFor(in.Size)
	}
	o.body = bufio.NewReaderSize(o.stream, buffer)
	head, _ := o.body.Peek(sniff)
	o.format = p.FormatOf(in.Key, head)
	return o
}

// drain reads what the decoder left, so that the hash is that of the whole
// object.
func (o *opened) drain() error {
	_, err := io.Copy(io.Discard, o.stored)
	return err
}

func (o *opened) sum() [32]byte { return [32]byte(o.hash.Sum(nil)) }

// noteDamage makes a compressed stream that broke, or that does not match its
// checksum, count as damage, even when all rows came before the break.
func (o *opened) noteDamage(r *record.Reading) {
	if r.Damage == nil {
		r.Damage = o.stream.Failed()
	}
	if r.Damage == nil && o.stream.Checksum != nil {
		r.Damage = &record.StreamError{Err: o.stream.Checksum}
		r.Used = math.MaxInt64 // nothing is lost
	}
}
