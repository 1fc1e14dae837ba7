package object

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"time"
)

// bucket is a Store in S3.
type bucket struct {
	client *client
	url    string
}

func (b *bucket) String() string { return b.url }

// Remote marks a bucket as a [Remote].
func (b *bucket) Remote() {}

// Temp returns no directory: content is always sent.
func (b *bucket) Temp() (string, error) { return "", nil }

func (b *bucket) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return b.inOrder(prefix, b.client.list(ctx, prefix))
}

func (b *bucket) Children(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return b.inOrder(prefix, b.client.listChildren(ctx, prefix))
}

// inOrder checks the byte order that readers rely on, as not every server keeps
// it.
func (b *bucket) inOrder(prefix string, infos iter.Seq2[Info, error]) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		last := ""
		for info, err := range infos {
			if err == nil && info.Path() <= last {
				err = fmt.Errorf("the server lists %q after %q, which is not byte order", info.Path(), last)
			}
			if err != nil {
				yield(Info{}, fmt.Errorf("listing %q: %w", b.url+prefix, err))
				return
			}
			if !yield(info, nil) {
				return
			}
			last = info.Path()
		}
	}
}

func (b *bucket) Open(ctx context.Context, info Info, from int64) (io.ReadCloser, error) {
	return b.read(ctx, info, from, info.Size)
}

func (b *bucket) Part(ctx context.Context, info Info, from int64, n int) ([]byte, error) {
	r, err := b.read(ctx, info, from, min(from+int64(n), info.Size))
	return readPart(r, err)
}

// read opens the bytes of an object between two places.
func (b *bucket) read(ctx context.Context, info Info, from, to int64) (io.ReadCloser, error) {
	r := &body{
		ctx:    ctx,
		name:   b.url + info.Key,
		size:   to,
		offset: from,
		open: func(ctx context.Context, from int64) (io.ReadCloser, error) {
			return b.get(ctx, info, from, to)
		},
	}
	if err := r.start(); err != nil {
		return nil, err
	}
	return r, nil
}

// get asks for the last byte when nothing is left to read: the answer shows
// whether the object is still the same, and a request for an empty range is an
// error.
func (b *bucket) get(ctx context.Context, info Info, from, to int64) (io.ReadCloser, error) {
	if from < 0 || from > info.Size {
		return nil, fmt.Errorf("byte %d of %d does not exist", from, info.Size)
	}

	skip := int64(0)
	if from > 0 && from == to {
		skip = 1
	}

	r, err := b.client.get(ctx, info, from-skip, to)
	if escaped, ok := info.unlisted(); ok && gone(err) {
		r, err = b.client.get(ctx, escaped, from-skip, to)
	}
	if gone(err) {
		return nil, ErrChanged
	}
	if err != nil {
		return nil, err
	}

	// At the end of the object, drop the byte that was asked for only to check
	// it.
	if _, err := io.CopyN(io.Discard, r, skip); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (b *bucket) Create(ctx context.Context, key string, c Content) error {
	if err := b.create(ctx, key, c); err != nil {
		return fmt.Errorf("creating %q: %w", b.url+key, err)
	}
	return nil
}

// create relies only on the final content of the key: a refusal may be the
// answer to our own write, whose first answer was lost. A large object is not
// sent before its key is known to be free.
func (b *bucket) create(ctx context.Context, key string, c Content) error {
	if b.client.inParts(c) {
		if h, err := b.client.head(ctx, key); !gone(err) {
			return b.settle(ctx, h, err, c)
		}
	}

	for wait := firstWait; ; wait *= 2 {
		err := b.client.put(ctx, key, c)
		if !refused(err) {
			return err
		}

		// The key is taken, perhaps by our own write: compare what it holds.
		h, headErr := b.client.head(ctx, key)
		if !gone(headErr) {
			return b.settle(ctx, h, headErr, c)
		}

		// A server may refuse a key while another writer's object is not visible yet.
		// A delete marker stays.
		if wait > lastWait {
			return fmt.Errorf("the key is refused though it holds nothing, perhaps below a delete marker: remove the marker or use another key: %w", err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// How long a create waits for an object that takes its key and is not visible: about a
// second in all.
const (
	firstWait = 16 * time.Millisecond
	lastWait  = 512 * time.Millisecond
)

// settle decides about a key that is taken: equal bytes are success.
func (b *bucket) settle(ctx context.Context, h held, err error, c Content) error {
	if err != nil {
		return err
	}

	same, err := b.equal(ctx, h, c)
	if err != nil {
		return err
	}
	if !same {
		return ErrTaken
	}

	// The object may have been written with a shorter retention.
	return b.extend(ctx, h)
}

func (b *bucket) equal(ctx context.Context, h held, c Content) (bool, error) {
	if h.info.Size != c.Size {
		return false, nil
	}

	// The server's checksum saves reading the object.
	if h.sha256 != "" {
		return h.sha256 == base64.StdEncoding.EncodeToString(c.SHA256[:]), nil
	}

	r, err := b.Open(ctx, h.info, 0)
	if err != nil {
		return false, err
	}
	defer r.Close()
	return hasSum(r, c.SHA256)
}

// extend moves the object's retention to the wanted date, and keeps its mode:
// changing the mode needs a privilege that a job should not have.
func (b *bucket) extend(ctx context.Context, h held) error {
	want := b.client.retention
	if want.Mode == "" || !h.lockUntil.Before(want.date()) {
		return nil
	}

	// An object without a lock gets the configured mode.
	if h.lockMode == "" {
		h.lockMode = want.mode()
	}

	return b.client.retain(ctx, h, want.date())
}

func hasSum(r io.Reader, want [32]byte) (bool, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return false, err
	}
	return bytes.Equal(sum.Sum(nil), want[:]), nil
}

func (b *bucket) Hidden(ctx context.Context, prefix string) iter.Seq2[Hidden, error] {
	return func(yield func(Hidden, error) bool) {
		for h, err := range b.client.hidden(ctx, prefix) {
			if err != nil {
				err = fmt.Errorf("listing the versions of %q: %w", b.url+prefix, err)
			}
			if !yield(h, err) {
				return
			}
		}
	}
}

func (b *bucket) Retention(ctx context.Context, key string) (Retention, error) {
	r, err := b.client.kept(ctx, key)
	if gone(err) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return r, fmt.Errorf("asking for the retention of %q: %w", b.url+key, err)
	}
	return r, nil
}

func (b *bucket) Extend(ctx context.Context, key string) error {
	if b.client.retention.Mode == "" {
		return nil
	}
	h, err := b.client.head(ctx, key)
	if err == nil {
		err = b.extend(ctx, h)
	}
	if err != nil {
		return fmt.Errorf("retaining %q for longer: %w", b.url+key, err)
	}
	return nil
}

func (b *bucket) Remove(ctx context.Context, key string) error {
	if err := b.client.remove(ctx, key); err != nil {
		return fmt.Errorf("deleting %q: %w", b.url+key, err)
	}
	return nil
}
