package intake

import (
	"context"
	"io"

	"cdrmend/internal/manifest"
	"cdrmend/internal/stream"
)

// Again opens a document that was read before, as it is stored: from its copy among what
// was kept, or else as Open does.
func (p *Opener) Again(ctx context.Context, doc *manifest.Document, kept io.ReaderAt) (io.ReadCloser, error) {
	if doc.Extra == nil || doc.Extra.Copy.End == 0 {
		return p.Open(ctx, doc.Object)
	}
	at := doc.Extra.Copy
	return io.NopCloser(io.NewSectionReader(kept, at.Start, at.End-at.Start)), nil
}

// ContentAgain opens the uncompressed content of such a document. The caller calls done.
func (p *Opener) ContentAgain(ctx context.Context, doc *manifest.Document, kept io.ReaderAt) (content *stream.Stream, done func(), err error) {
	body, err := p.Again(ctx, doc, kept)
	if err != nil {
		return nil, nil, err
	}
	content, done = p.unpacked(doc.Object, body)
	return content, done, nil
}

// unpacked returns the uncompressed content of an object. The function done closes its
// body, too.
func (p *Opener) unpacked(n uint32, body io.ReadCloser) (content *stream.Stream, done func()) {
	content = stream.Open(body, p.objects[n].Size, &p.config.Limits)
	return content, func() { content.Close(); body.Close() }
}
