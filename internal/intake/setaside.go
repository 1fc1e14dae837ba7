package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/parallel"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// SetAside adds the unused bytes of the interval's documents, and of all other
// damaged objects, to the rejects of the account: every byte is either used or
// rejected. Which documents are the interval's is known only after the decision,
// so the objects are opened again, or the copies that were kept of them.
func SetAside(ctx context.Context, in *Inputs, d *reconcile.Decision, a *Account) error {
	var rests []rest
	for n, from := range a.unused {
		rests = append(rests, rest{n, from, func(ctx context.Context) (io.ReadCloser, error) { return in.Opener.Open(ctx, n) }})
	}
	for i := range d.Documents {
		doc := &d.Documents[i]
		if from, any := doc.SetAside(); any && d.OwnedDocument(uint32(i)) {
			rests = append(rests, rest{doc.Object, from, func(ctx context.Context) (io.ReadCloser, error) { return in.Opener.Again(ctx, doc, d.Rests) }})
		}
	}

	// The order does not matter: each object has rejects of its own.
	return parallel.Each(ctx, min(in.config.Concurrency, asideAtOnce), len(rests), func(ctx context.Context, i int) error {
		if err := rests[i].setAside(ctx, in, a); err != nil {
			return fmt.Errorf("setting aside the rest of %q: %w", in.Objects[rests[i].object].Key, err)
		}
		return nil
	})
}

// asideAtOnce is how many objects are set aside at once: each takes the memory of a few
// rejects of a mebibyte.
const asideAtOnce = 8

// rest is what was not used of an object: its content from an offset on.
type rest struct {
	object uint32
	from   int64
	open   func(ctx context.Context) (io.ReadCloser, error) // the object as it is stored
}

// setAside keeps the rest. Bytes after the break of a broken stream have no offset in the
// content, so such an object is also kept as it is stored.
func (r *rest) setAside(ctx context.Context, in *Inputs, a *Account) error {
	body, err := r.open(ctx)
	if err != nil {
		return err
	}
	content, done := in.Opener.unpacked(r.object, body)
	defer done()

	secret, why := hidesRejects(in.Sources[in.Objects[r.object].Source].Kind), a.Broken[r.object]
	reason := "the object as it is stored, as its compression breaks off"
	if isBomb(why, content.Compression) {
		reason = "the object as it is stored" + because(why)
	} else {
		// The bytes before it were used.
		_, err = io.CopyN(io.Discard, content, r.from)
		if err == nil {
			err = a.keepRest(r.object, secret, content, r.from, "set aside in recovery"+because(why))
		}
		if err = ignoreDamage(err); err != nil || content.Failed() == nil {
			return err
		}
	}

	stored, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer stored.Close()
	return a.keepRest(r.object, secret, stored, 0, reason)
}

func because(why error) string {
	if why == nil {
		return ""
	}
	return ": " + why.Error()
}

// isBomb reports whether an object is beyond a limit, and may have more content
// than anybody wants to keep. Such an object is set aside only as it is stored.
func isBomb(why error, packed stream.Compression) bool {
	var limit *stream.LimitError
	return errors.As(why, &limit) && (packed != stream.Plain || limit.OfContent())
}

// keepRest reads src to its end and keeps its bytes as rejects, each of a mebibyte
// at most. The first byte of src has the offset at.
func (a *Account) keepRest(n uint32, secret bool, src io.Reader, at int64, reason string) error {
	var chunk bytes.Buffer
	for {
		chunk.Reset()
		size, err := io.CopyN(&chunk, src, 1<<20)
		if size > 0 {
			r := rows.Reject{Row: -1, Offset: at, Reason: reason, Bytes: chunk.Bytes()}
			if err := a.reject(n, secret, r, 1); err != nil {
				return err
			}
			at += size
		}

		if err != nil {
			return errors.Join(ignoreDamage(err), a.settle(n))
		}
	}
}

// ignoreDamage returns nil for the end of a stream, even of a damaged one.
func ignoreDamage(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF || jsonscan.IsDamage(err) {
		return nil
	}
	return err
}
