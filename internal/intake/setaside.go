package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// SetAside adds the unused bytes of the interval's documents, and of all other
// damaged objects, to the rejects of the account: every byte is either used or
// rejected. Which documents are the interval's is known only after the decision,
// so the objects are read again.
func SetAside(ctx context.Context, in *Inputs, d *reconcile.Decision, a *Account) error {
	unused := maps.Clone(a.unused)
	for i := range d.Documents {
		doc := &d.Documents[i]
		if from, any := doc.SetAside(); any && d.OwnedDocument(uint32(i)) {
			unused[doc.Object] = from
		}
	}

	// The order does not matter: each object has rejects of its own.
	for n, from := range unused {
		if err := setAside(ctx, in, a, n, from); err != nil {
			return fmt.Errorf("setting aside the rest of %q: %w", in.Objects[n].Key, err)
		}
	}

	return nil
}

// setAside keeps the content of an object from an offset on. Bytes after the break
// of a broken stream have no offset in the content, so such an object is also kept
// as it is stored.
func setAside(ctx context.Context, in *Inputs, a *Account, n uint32, from int64) error {
	stream, done, err := in.Opener.Content(ctx, n)
	if err != nil {
		return err
	}
	defer done()

	secret, why := hidesRejects(in.Sources[in.Objects[n].Source].Kind), a.Broken[n]
	reason := "the object as it is stored, as its compression breaks off"
	if isBomb(why, stream.Compression) {
		reason = "the object as it is stored" + because(why)
	} else {
		// The bytes before from were used.
		_, err = io.CopyN(io.Discard, stream, from)
		if err == nil {
			err = a.keepRest(n, secret, stream, from, "set aside in recovery"+because(why))
		}
		if err = ignoreDamage(err); err != nil || stream.Failed() == nil {
			return err
		}
	}

	stored, err := in.Opener.Open(ctx, n)
	if err != nil {
		return err
	}
	defer stored.Close()
	return a.keepRest(n, secret, stored, 0, reason)
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
