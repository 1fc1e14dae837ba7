package intake

import (
	"context"
	"io"

	"cdrmend/internal/manifest"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/stream"
)

// Again opens a document of a decision as it is stored: from the copy that was kept while
// it was read, or else as [Opener.Open] does.
func (in *Inputs) Again(ctx context.Context, d *reconcile.Decision, doc *manifest.Document) (io.ReadCloser, error) {
	if doc.Extra == nil || doc.Extra.Copy.End == 0 {
		return in.Opener.Open(ctx, doc.Object)
	}
	kept := doc.Extra.Copy
	return io.NopCloser(io.NewSectionReader(d.Rests, kept.Start, kept.End-kept.Start)), nil
}

// ContentAgain opens the uncompressed content of such a document. The caller calls done.
func (in *Inputs) ContentAgain(ctx context.Context, d *reconcile.Decision, doc *manifest.Document) (content *stream.Stream, done func(), err error) {
	body, err := in.Again(ctx, d, doc)
	if err != nil {
		return nil, nil, err
	}
	content, done = in.unpacked(doc.Object, body)
	return content, done, nil
}

// unpacked returns the uncompressed content of an object. The function done closes its
// body, too.
func (in *Inputs) unpacked(n uint32, body io.ReadCloser) (content *stream.Stream, done func()) {
	content = stream.Open(body, in.Objects[n].Size, &in.config.Limits)
	return content, func() { content.Close(); body.Close() }
}
