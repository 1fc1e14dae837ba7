package object

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// maxResumes is how many times in a row a body is reopened without delivering
// another byte.
const maxResumes = 5

// body reads an object from offset to size, over as many connections as it
// takes.
type body struct {
	ctx    context.Context
	name   string
	size   int64
	offset int64
	open   func(ctx context.Context, from int64) (io.ReadCloser, error)

	stream    io.ReadCloser
	fruitless int
	err       error // of all further reads
}

// start opens the connection that delivers from offset on.
func (b *body) start() error {
	stream, err := b.open(b.ctx, b.offset)
	if err != nil {
		return fmt.Errorf("reading %q: %w", b.name, err)
	}
	b.stream = stream
	return nil
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	for {
		n, err := b.stream.Read(p)
		b.offset += int64(n)
		if n > 0 {
			b.fruitless = 0
		}
		if err != nil {
			b.err = b.resume(err)
		}

		// With nothing read and no error, resume has reopened the connection: read on.
		if n > 0 || b.err != nil {
			return n, b.err
		}
	}
}

// resume reopens the connection after a read that failed with cause. It
// returns io.EOF at the object's end, and an error when it cannot go on.
func (b *body) resume(cause error) error {
	if cause == io.EOF && b.offset == b.size {
		return io.EOF
	}

	if err := b.ctx.Err(); err != nil {
		return fmt.Errorf("reading %q: %w", b.name, err)
	}

	// All bytes have been handed out, so there is nothing to resume: what
	// failed is the end, such as the checksum over all of them.
	if b.offset == b.size {
		if mismatched(cause) {
			cause = errors.Join(ErrCorrupt, cause)
		}
		return fmt.Errorf("reading %q: all bytes came but not as they were stored, so run again: %w", b.name, cause)
	}

	// The broken connection's own close error says nothing new.
	_ = b.stop()
	if b.fruitless++; b.fruitless > maxResumes {
		return fmt.Errorf("reading %q: broke off at byte %d of %d and again at each of %d further attempts, so check the network and run again: %w",
			b.name, b.offset, b.size, maxResumes, errors.Join(io.ErrUnexpectedEOF, cause))
	}

	return b.start()
}

func (b *body) stop() error {
	if b.stream == nil {
		return nil
	}
	err := b.stream.Close()
	b.stream = nil
	return err
}

// Close ends the connection without waiting for unread bytes.
func (b *body) Close() error {
	if b.err == nil {
		b.err = fmt.Errorf("reading %q: closed", b.name)
	}
	return b.stop()
}
