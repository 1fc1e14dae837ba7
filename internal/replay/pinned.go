package replay

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
)

// Pinned shows a source as a run saw it. It lists the objects that the run listed,
// and opens the versions that the run read; without versions it opens the objects
// that have the same keys today. It checks all bytes against the hashes that the
// run noted.
type Pinned struct {
	object.Store
	inputs []ledger.Input         // in byte order of their keys
	infos  []object.Info          // the same, as they were listed
	today  map[string]object.Info // objects with the same keys now; see look
	few    bool                   // nothing was looked at yet: each object is when it is opened
	more   []object.Info          // objects that the run did not list, in the order of their keys

	ignored *object.Ignored // what the run could not use as input
	first   string          // the prefix whose listing adds it
}

// ChangedError says that an input is not what a run read.
type ChangedError struct{ URL, Detail string }

func (e *ChangedError) Error() string { return fmt.Sprintf("input %q: %s", e.URL, e.Detail) }

func newPinned(store object.Store, inputs []ledger.Input) (*Pinned, error) {
	p := &Pinned{Store: store, inputs: inputs, today: map[string]object.Info{}}
	for i := range inputs {
		info, err := infoOf(&inputs[i])
		if err != nil {
			return nil, err
		}
		p.infos = append(p.infos, info)
	}
	return p, nil
}

// look lists the objects that are below the prefixes today. Like a run it passes over
// what cannot be an input.
func (p *Pinned) look(ctx context.Context, prefixes []string) error {
	list := p.Store.List
	if c, ok := p.Store.(object.Counter); ok {
		list = func(ctx context.Context, prefix string) iter.Seq2[object.Info, error] {
			return c.ListCounting(ctx, prefix, &object.Ignored{})
		}
	}
	for _, prefix := range prefixes {
		for info, err := range list(ctx, prefix) {
			if err != nil {
				return err
			}
			// An object that the run did not list is not its input.
			if _, ok := p.find(info.Key); ok {
				p.today[info.Key] = info
			} else {
				p.more = append(p.more, info)
			}
		}
	}
	return nil
}

func (p *Pinned) find(key string) (int, bool) {
	return slices.BinarySearchFunc(p.infos, key, func(i object.Info, key string) int { return strings.Compare(i.Key, key) })
}

// List yields the objects that the run listed.
func (p *Pinned) List(_ context.Context, prefix string) iter.Seq2[object.Info, error] {
	return func(yield func(object.Info, error) bool) {
		for i, _ := p.find(prefix); i < len(p.infos) && strings.HasPrefix(p.infos[i].Key, prefix); i++ {
			if !yield(p.infos[i], nil) {
				return
			}
		}
	}
}

// ListCounting implements [object.Counter]: it adds what the run counted, once for all
// prefixes.
func (p *Pinned) ListCounting(ctx context.Context, prefix string, ignored *object.Ignored) iter.Seq2[object.Info, error] {
	if prefix == p.first {
		ignored.Merge(p.ignored)
	}
	return p.List(ctx, prefix)
}

// Folders implements [object.Counter]. The run counted them already.
func (p *Pinned) Folders(context.Context, string) ([]string, error) { return nil, nil }

// Create is never called: inputs are not written to.
func (p *Pinned) Create(context.Context, string, object.Content) error { return errors.ErrUnsupported }

// Open opens what the run read. It fails with a ChangedError if the bytes are
// others.
func (p *Pinned) Open(ctx context.Context, info object.Info, from int64) (io.ReadCloser, error) {
	i, ok := p.find(info.Key)
	if !ok {
		return nil, p.changed(info.Key, "the run did not list it")
	}

	body, err := p.body(ctx, i, from)
	if errors.Is(err, object.ErrChanged) {
		return nil, p.changed(info.Key, "it changed or is gone")
	}
	if err != nil {
		return nil, err
	}

	// The hash is that of the whole object, so it can be checked only when
	// reading from the beginning. An object that was only listed has none.
	want, err := hex.DecodeString(p.inputs[i].SHA256)
	if err != nil || len(want) == 0 || from > 0 {
		return body, err
	}
	return &hashed{ReadCloser: body, sum: sha256.New(), want: want, fail: func() error {
		return p.changed(info.Key, "its bytes are not those that the run read: it changed")
	}}, nil
}

// Read opens an object that the run listed, whose whole bytes are checked if the run read
// them. It returns what the run noted of it; the error is a [ChangedError] if it is another
// one today, or if the run did not list it.
func (p *Pinned) Read(ctx context.Context, key string) (*ledger.Input, io.ReadCloser, error) {
	i, ok := p.find(key)
	if !ok {
		return nil, nil, p.changed(key, "the run did not list it")
	}
	body, err := p.Open(ctx, p.infos[i], 0)
	return &p.inputs[i], body, err
}

// Input returns what the run noted of an object, nil when it did not list it.
func (p *Pinned) Input(key string) *ledger.Input {
	i, ok := p.find(key)
	if !ok {
		return nil
	}
	return &p.inputs[i]
}

// Part returns a part of an object that the run looked into. Its bytes have no hash of
// their own.
func (p *Pinned) Part(ctx context.Context, info object.Info, from int64, n int) ([]byte, error) {
	i, ok := p.find(info.Key)
	if !ok {
		return nil, p.changed(info.Key, "the run did not list it")
	}
	now, err := p.where(i)
	if p.few {
		now, err = p.seek(ctx, i)
	}
	if err != nil {
		return nil, err
	}
	b, err := p.Store.Part(ctx, now, from, n)
	if errors.Is(err, object.ErrChanged) {
		return nil, p.changed(info.Key, "it changed or is gone")
	}
	return b, err
}

// seek finds the object that holds an input, at which nobody has looked yet.
func (p *Pinned) seek(ctx context.Context, i int) (object.Info, error) {
	now, body, err := p.Store.Get(ctx, p.inputs[i].Key)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return now, err
	}
	if err == nil {
		_ = body.Close() // only its description was wanted
	}
	return p.whereOf(i, now, err == nil)
}

func (p *Pinned) body(ctx context.Context, i int, from int64) (io.ReadCloser, error) {
	if p.few {
		return p.opened(ctx, i, from)
	}
	now, err := p.where(i)
	if err != nil {
		return nil, err
	}
	return p.Store.Open(ctx, now, from)
}

func (p *Pinned) changed(key, detail string) error {
	return &ChangedError{p.Store.String() + key, detail}
}

// opened opens an input at which nobody has looked yet.
func (p *Pinned) opened(ctx context.Context, i int, from int64) (io.ReadCloser, error) {
	now, body, err := p.Store.Get(ctx, p.inputs[i].Key)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	want, wrong := p.whereOf(i, now, err == nil)
	if body != nil && (wrong != nil || want != now || from > 0) {
		wrong = cmp.Or(wrong, body.Close())
		body = nil
	}
	if wrong != nil || body != nil {
		return body, wrong
	}
	return p.Store.Open(ctx, want, from)
}

// where returns the object that holds the bytes of an input today. A version
// stays readable after it was overwritten. A copy of the inputs has no versions:
// there it is the object with the same key.
func (p *Pinned) where(i int) (object.Info, error) {
	now, there := p.today[p.inputs[i].Key]
	return p.whereOf(i, now, there)
}

func (p *Pinned) whereOf(i int, now object.Info, there bool) (object.Info, error) {
	in := &p.inputs[i]
	switch {
	// An ETag today means that the store is a bucket, which can open versions.
	case in.VersionID != "" && (!there || now.ETag != ""):
		return p.infos[i], nil
	case !there:
		return now, p.changed(in.Key, "it is gone")
	case now.Size != in.Size:
		return now, p.changed(in.Key, fmt.Sprintf("it has %d bytes, and the run read %d", now.Size, in.Size))
	case in.SHA256 == "" && in.ETag != "" && now.ETag != "" && in.ETag != now.ETag:
		return now, p.changed(in.Key, fmt.Sprintf("its ETag is %s, and the run saw %s", now.ETag, in.ETag))
	}
	return now, nil
}

// hashed is a body that fails at its end if its bytes are not those wanted.
type hashed struct {
	io.ReadCloser
	sum  hash.Hash
	want []byte
	fail func() error
}

func (h *hashed) Read(b []byte) (int, error) {
	n, err := h.ReadCloser.Read(b)
	h.sum.Write(b[:n])

	switch {
	case errors.Is(err, object.ErrChanged), errors.Is(err, object.ErrCorrupt):
		err = h.fail()
	case err == io.EOF && !bytes.Equal(h.sum.Sum(nil), h.want):
		err = h.fail()
	}
	return n, err
}

// Unlisted returns the objects that are there today where the run looked, and that it
// did not list.
func (p *Pinned) Unlisted() []object.Info { return p.more }

// Inputs returns what the run listed, in byte order of the keys.
func (p *Pinned) Inputs() []ledger.Input { return p.inputs }

// Compare reads an input that the run read, and only looks up one that the run
// only listed. It returns how many bytes it read; the error is a [ChangedError]
// if the input is another.
func (p *Pinned) Compare(ctx context.Context, i int) (int64, error) {
	if p.inputs[i].SHA256 == "" {
		_, err := p.where(i)
		return 0, err
	}

	body, err := p.Open(ctx, p.infos[i], 0)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	return io.Copy(io.Discard, body)
}
