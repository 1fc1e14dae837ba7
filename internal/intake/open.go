package intake

import (
	"context"
	"io"
	"sync/atomic"

	"cdrmend/internal/evidence"
	"cdrmend/internal/object"
	"cdrmend/internal/pack"
	"cdrmend/internal/policy"
)

// Opener opens objects that were listed. Nothing else opens what sources delivered.
type Opener struct {
	objects []Object
	sources []evidence.Source
	stores  []object.Store // of the sources
	config  *policy.Config

	ahead     *ahead       // what was read while objects were listed
	packs     *pack.Set    // that serve inputs instead of their sources; nil: none
	requested atomic.Int64 // objects that were opened in their sources
}

// newOpener returns the opener of inputs whose objects have their final numbers.
func newOpener(in *Inputs, ahead *ahead) *Opener {
	p := &Opener{objects: in.Objects, sources: in.Sources, stores: in.stores, config: in.config, ahead: ahead}
	requests, _ := ahead.counts()
	p.requested.Store(requests)
	return p
}

// Open opens an object as it is stored, pinned to the version that was listed: what was
// read ahead of it, or else from a pack or from its source.
func (p *Opener) Open(ctx context.Context, n uint32) (io.ReadCloser, error) {
	o := &p.objects[n]
	if body := p.ahead.take(o); body != nil {
		return body, nil
	}
	if body := p.packs.Open(ctx, n, o.Size); body != nil {
		return body, nil
	}
	p.requested.Add(1)
	return p.stores[o.Source].Open(ctx, o.Info, 0)
}

// again returns what opens an object in its source once more, pinned as before; nil where
// that would take a request. Reading again is not counted, as nobody waits for it.
func (p *Opener) again(n uint32) func(context.Context) (io.ReadCloser, error) {
	o := &p.objects[n]
	store := p.stores[o.Source]
	if isRemote(store) || p.packs.Has(n) {
		return nil
	}
	return func(ctx context.Context) (io.ReadCloser, error) { return store.Open(ctx, o.Info, 0) }
}

// NewPacks returns a set of packs for the inputs, to which packs are added before they
// serve; see [Opener.ServeFrom].
func (p *Opener) NewPacks(warn func(pack string, err error)) *pack.Set {
	return pack.NewSet(len(p.objects), p.config.Scratch, warn)
}

// ServeFrom has packs serve the inputs that they hold.
func (p *Opener) ServeFrom(packs *pack.Set) { p.packs = packs }

// readAhead has packs fetch what follows the inputs that are opened, until stop is called.
func (p *Opener) readAhead(ctx context.Context) (stop func()) { return p.packs.ReadAhead(ctx) }

// Described returns what pins an input, and its source: it is a [pack.Wanted].
func (p *Opener) Described(n int) (source string, info *object.Info) {
	o := &p.objects[n]
	return p.sources[o.Source].Name, &o.Info
}

// Opened counts what was opened.
type Opened struct {
	Requested     int64 // how often an object was opened in its source
	Ahead         int64 // objects that were read while others were listed; requests for them are counted, too
	Packed, Bytes int64 // how many were served by packs, with how many bytes
}

// Opened returns what was opened by now.
func (p *Opener) Opened() (c Opened) {
	c.Requested = p.requested.Load()
	_, c.Ahead = p.ahead.counts()
	c.Packed, c.Bytes = p.packs.Served()
	return c
}

// URL returns the name of an object in messages.
func (p *Opener) URL(n uint32) string {
	o := &p.objects[n]
	return p.stores[o.Source].String() + o.Key
}
