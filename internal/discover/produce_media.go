package discover

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"cdrmend/internal/bag"
	"cdrmend/internal/ledger"
	"cdrmend/internal/policy"
)

// media writes the media of covered recordings, or says where it is.
func (w *nightWriter) media(ctx context.Context) error {
	if w.Media == NoMedia {
		return nil
	}
	for _, r := range w.night.Recordings {
		if r.Get("media_key") == "" {
			continue
		}
		e, err := w.soundOrWhy(ctx, r)
		if err != nil {
			return err
		}
		if e == nil {
			continue
		}
		if err := w.inputs.ask(ctx, e, w.Selection.show); err != nil {
			return err
		}
		if err := w.except(e); err != nil {
			return err
		}
	}
	return nil
}

// soundOrWhy writes the media of one recording, or returns the exception that says why not.
func (w *nightWriter) soundOrWhy(ctx context.Context, r *Recording) (*Exception, error) {
	e := &Exception{Night: w.night, Row: r.Shown, About: "media", Substitutes: w.night.substitutes(r.Cells, nil, r), media: r, story: r.story()}
	if w.Show.Redact != policy.RedactNothing {
		e.Reason, e.Why = Withheld, "the redaction that the request asks for hides personal data, and nobody redacted what is heard"
		return e, nil
	}
	err := w.sound(ctx, r)
	if err == nil {
		return nil, nil
	}
	return e, w.lack(ctx, e, err)
}

// sound writes the media of one recording.
func (w *nightWriter) sound(ctx context.Context, r *Recording) error {
	key := r.Get("media_key")
	name := "media/" + r.Control + extension(key)
	if there, err := w.soundThere(ctx, r, name); err != nil || there {
		return err
	}
	url, input, body, err := w.inputs.media(ctx, r.Get("source"), key)
	if err != nil {
		return err
	}

	var f bag.File
	if w.Media == CopyMedia {
		f, err = w.add(ctx, name, body)
	} else {
		f, err = w.elsewhere(name, body, url)
	}
	if err == nil {
		w.note(r, input, f)
	}
	return err
}

// note notes the media that is produced of a recording.
func (w *nightWriter) note(r *Recording, input *ledger.Input, f bag.File) {
	w.files[r].media = f
	w.books.produced.media++
	w.books.custody.object(w, input, f)
}

// soundThere adds the media of one recording if an interrupted production left it.
func (w *nightWriter) soundThere(ctx context.Context, r *Recording, name string) (bool, error) {
	if w.Media != CopyMedia {
		return false, nil
	}
	noted, err := w.inputs.noted(ctx, r.Get("source"), r.Get("media_key"))
	if err != nil {
		return false, err
	}
	for _, in := range noted {
		f, there, err := w.reuse(ctx, name, in, r.Get("media_sha256"))
		if err != nil {
			return false, err
		}
		if there {
			w.note(r, in, f)
			return true, nil
		}
	}
	return false, nil
}

// elsewhere reads media for its hash, and says in the bag where it is.
func (w *nightWriter) elsewhere(name string, body io.ReadCloser, url string) (bag.File, error) {
	sum := sha256.New()
	n, err := io.Copy(sum, body)
	if err = cmp.Or(err, body.Close()); err != nil {
		return bag.File{}, fmt.Errorf("%w: %w", bag.ErrUnread, err)
	}
	f := bag.File{Path: "data/" + name, Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}
	return f, w.Bag.Fetch(url, n, f.SHA256, name)
}
