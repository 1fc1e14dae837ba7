package intake

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync/atomic"

	"cdrmend/internal/evidence"
	"cdrmend/internal/parallel"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/rows"
	"cdrmend/internal/token"

	"golang.org/x/sync/errgroup"
)

// Options say how inputs are read. They change nothing in the results.
type Options struct {
	Everything bool // keep all rows of margins, also those that decide nothing
	Log        *slog.Logger
	Progress   func(stage string, done, total int64)
	Release    func() // returns memory that the next step does not reuse
	Keep       *Keep  // takes the bytes of inputs; nil: nobody
	Only       *Only  // the objects to read, with everything in them; nil: all objects
	Tuning     Tuning
}

// Only names objects to read by their numbers.
type Only struct {
	First map[uint32]bool // that are surely read

	// Rest returns the others. It may take its time, as the first ones are read
	// meanwhile.
	Rest func(ctx context.Context) (map[uint32]bool, error)
}

// Tuning overrides what otherwise follows from the size of the inputs, for
// tests. The zero value overrides nothing.
type Tuning struct {
	ChunkSize   int // bytes of a large object that are decoded at once
	FilterEvery int // filter margins however few rows they have, and forget texts after so many rows
}

// scanner decodes objects for a collector. It has one pool of readers for each
// source.
type scanner struct {
	Options
	*Inputs
	out       *collector
	rules     *token.Rules
	chunks    *chunks
	readers   []decoder // by source
	filtering []decoder // by source; for margins that are filtered, nil until then
}

// Read decodes all objects, once. The caller closes the account when it no longer
// uses the evidence.
func Read(ctx context.Context, in *Inputs, o Options) (*evidence.Evidence, *Account, error) {
	out := newCollector(in)
	s := &scanner{
		Options: o, Inputs: in, out: out, rules: in.config.TokenRules(),
		chunks: newChunks(cmp.Or(o.Tuning.ChunkSize, chunkSize)),
	}
	for i := range in.Sources {
		s.readers = append(s.readers, s.newDecoder(i, noFilter))
	}

	_, margin := in.rowMemory()
	err := s.all(ctx, !o.Everything && (o.Tuning.FilterEvery > 0 || margin >= sparse))
	var ev *evidence.Evidence
	if err == nil {
		o.Keep.finish()
		ev, err = out.finish(o.Release)
	}
	if err != nil {
		out.account.Close()
		return nil, nil, err
	}

	return ev, out.account, nil
}

// all decodes every document. With filter, those of the interval come first:
// they tell which rows of the margins may matter.
func (s *scanner) all(ctx context.Context, filter bool) error {
	var done atomic.Int64
	note := func(size int64) { s.Progress("reading", done.Add(size), s.Bytes) }
	own, margins := s.inOrder()
	switch {
	case s.Only != nil:
		return s.few(ctx, append(own, margins...), note)
	case !filter:
		return s.each(ctx, append(own, margins...), note)
	}

	if err := s.each(ctx, own, note); err != nil {
		return err
	}

	s.Release() // from here on most rows are dropped as soon as they are read
	s.beginFilter()
	if err := s.each(ctx, margins, note); err != nil {
		return err
	}
	if err := s.reread(ctx); err != nil {
		return err
	}

	s.countDropped()
	return nil
}

// few decodes those of the documents that are to be read.
func (s *scanner) few(ctx context.Context, documents []uint32, note func(size int64)) error {
	var rest map[uint32]bool
	in := func(some map[uint32]bool) []uint32 {
		return slices.DeleteFunc(slices.Clone(documents), func(n uint32) bool { return !some[n] })
	}

	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.each(gctx, in(s.Only.First), note) })
	g.Go(func() (err error) {
		rest, err = s.Only.Rest(gctx)
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	rest = maps.Clone(rest)
	maps.DeleteFunc(rest, func(n uint32, _ bool) bool { return s.Only.First[n] })
	return s.each(ctx, in(rest), note)
}

// each decodes some documents, several at a time.
func (s *scanner) each(ctx context.Context, documents []uint32, note func(size int64)) error {
	// Decoding keeps processors busy, and opening waits for the store.
	limit := max(runtime.GOMAXPROCS(0), s.config.Concurrency)
	keep, end := newKeeper(ctx, s.Keep)
	defer end()
	if s.Only == nil { // else what follows is not read
		defer s.Opener.readAhead(ctx)()
	}
	return parallel.Each(ctx, limit, len(documents), func(ctx context.Context, i int) error {
		n := documents[i]
		bytes, err := s.one(ctx, n)
		if err == nil {
			err = keep.deliver(i, bytes)
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", s.Opener.URL(n), err)
		}
		note(s.Objects[n].Size)
		return nil
	})
}

// one decodes one object. It returns its bytes if somebody keeps them.
func (s *scanner) one(ctx context.Context, n uint32) (*parcel, error) {
	object := &s.Objects[n]
	source := &s.Sources[object.Source]
	if object.Virtual {
		return nil, s.virtual(ctx, &opened{Object: object, n: n})
	}

	body, err := s.Opener.Open(ctx, n)
	if err != nil {
		return nil, err
	}
	defer body.Close()

	// Only documents of the interval itself are repaired.
	keep := source.Kind == policy.Manifests && object.Size <= smallDocument && !s.isMargin(n)
	kept, err := s.parcelFor(n)
	if err != nil {
		return nil, err
	}
	defer kept.drop()
	o := newOpened(n, object, kept.through(body), source.Profile, &s.config.Limits, keep)
	defer o.stream.Close()

	s.directRejects(o)
	if o.format == profile.Parquet {
		spool, err := o.spool(ctx, s.config.Scratch)
		if err != nil {
			return nil, err
		}
		defer spool.Close()
	}

	// The batch is added only when the object was read to its end, which its hash
	// needs anyway: the stream may break off after the last row.
	take, err := s.decoderOf(n).decode(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := o.flush(); err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, o.stored); err != nil {
		return nil, err
	}
	if err := take(); err != nil {
		return nil, err
	}

	s.out.account.Objects[n].SHA256 = [32]byte(o.hash.Sum(nil))
	return kept.done(s.out.account.Objects[n].SHA256), nil
}

// virtual decodes a document that is not stored. Only one that is made of
// keys can have rejects.
func (s *scanner) virtual(ctx context.Context, o *opened) error {
	s.directRejects(o)
	take, err := s.decoderOf(o.n).decode(ctx, o)
	if err != nil {
		return err
	}
	if err := o.flush(); err != nil {
		return err
	}
	return take()
}

// directRejects sends the rejects of an object to the account. When the object is
// read again, it drops them, as the account has them already.
func (s *scanner) directRejects(o *opened) {
	account := s.out.account
	if account.Objects[o.n].Read {
		o.reject, o.flush, o.forget = func(rows.Reject) error { return nil }, func() error { return nil }, func() {}
		return
	}

	kind := s.Sources[s.Objects[o.n].Source].Kind
	log := &rejectLog{account: account, n: o.n, secret: hidesRejects(kind), lines: kind == policy.Manifests && o.format.InLines()}
	o.reject, o.flush, o.forget = log.add, log.end, log.forget
}

// hidesRejects reports whether rows of a kind of source may hold secrets.
func hidesRejects(kind policy.Kind) bool { return kind == policy.Registrations }
