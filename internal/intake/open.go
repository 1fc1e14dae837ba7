package intake

import (
	"context"
	"io"

	"cdrmend/internal/stream"
)

// Open opens an object as it is stored, pinned to the version that was listed.
// Nothing else opens what sources delivered.
func (in *Inputs) Open(ctx context.Context, n uint32) (io.ReadCloser, error) {
	o := &in.Objects[n]
	return in.stores[o.Source].Open(ctx, o.Info, 0)
}

// Content opens the uncompressed content of an object. The caller closes it.
func (in *Inputs) Content(ctx context.Context, n uint32) (*stream.Stream, func(), error) {
	body, err := in.Open(ctx, n)
	if err != nil {
		return nil, nil, err
	}
	content := stream.Open(body, in.Objects[n].Size, &in.config.Limits)
	return content, func() { content.Close(); body.Close() }, nil
}

// URL returns the name of an object in messages.
func (in *Inputs) URL(n uint32) string {
	o := &in.Objects[n]
	return in.stores[o.Source].String() + o.Key
}
