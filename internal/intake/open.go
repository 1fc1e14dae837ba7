package intake

import (
	"context"
	"io"

	"cdrmend/internal/object"
	"cdrmend/internal/pack"
	"cdrmend/internal/stream"
)

// Open opens an object as it is stored, pinned to the version that was listed, from a
// pack or from its source. Nothing else opens what sources delivered.
func (in *Inputs) Open(ctx context.Context, n uint32) (io.ReadCloser, error) {
	o := &in.Objects[n]
	if body := in.packs.Open(ctx, n, o.Size); body != nil {
		return body, nil
	}
	in.requested.Add(1)
	return in.stores[o.Source].Open(ctx, o.Info, 0)
}

// NewPacks returns a set of packs for the inputs, to which packs are added before they
// serve; see [Inputs.ServeFrom].
func (in *Inputs) NewPacks(warn func(pack string, err error)) *pack.Set {
	return pack.NewSet(len(in.Objects), in.config.Scratch, warn)
}

// ServeFrom has packs serve the inputs that they hold.
func (in *Inputs) ServeFrom(packs *pack.Set) { in.packs = packs }

// Described returns what pins an input, and its source: it is a [pack.Wanted].
func (in *Inputs) Described(n int) (source string, info *object.Info) {
	o := &in.Objects[n]
	return in.Sources[o.Source].Name, &o.Info
}

// Opened returns how often an object was opened in its source, and how many were served
// by packs, with their bytes.
func (in *Inputs) Opened() (requested, served, bytes int64) {
	served, bytes = in.packs.Served()
	return in.requested.Load(), served, bytes
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
