package job

import (
	"cmp"
	"context"
	"runtime"
	"sync"

	"cdrmend/internal/cdr"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

func (sc *scanner) prepareReaders() {
	sc.readers = make([]readers, len(sc.snap.sources))
	for i := range sc.snap.sources {
		sc.snap.sources[i].Org = sc.id(sc.snap.config[i].Org)
		sc.readers[i].more = func() any { return sc.newReader(i, nil) }
	}
}

// readers are those of one source that nobody uses, as many as are at work at
// a time: what a reader has grown in is much when each request in flight has one.
// A pool of the library would give them up with each collection.
type readers struct {
	mu   sync.Mutex
	idle []any
	more func() any
}

func (r *readers) get() any {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.idle) - 1
	if last < 0 {
		return r.more()
	}
	reader := r.idle[last]
	r.idle = r.idle[:last]
	return reader
}

func (r *readers) put(reader any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.idle) < runtime.GOMAXPROCS(0) {
		r.idle = append(r.idle, reader)
	}
}

// newReader returns a reader for a source; sieve is nil for one that keeps all
// rows.
func (sc *scanner) newReader(source int, sieve *record.Sieve) any {
	s, texts, required := &sc.snap.sources[source], sc.out.texts, record.Fields(0)
	if sieve != nil {
		texts = sieve.Texts()
	} else {
		required = s.Required
	}
	switch s.Kind {
	case policy.Manifests:
		r := manifest.NewReader(s.Profile, texts, required, sc.snap.limits)
		r.MediaKeys = sieve == nil && sc.job.Config.Media.Check != policy.MediaNone
		r.Sieve = sieve
		return r
	case policy.CDRs:
		r := cdr.NewReader(s.Profile, texts, sc.snap.limits)
		r.Numberless = !sc.job.Config.Policy.AsksForNumbers()
		r.Sieve = sieve
		return r
	default:
		return registration.NewReader(s.Profile, sc.out.texts, sc.rules)
	}
}

// readersOf returns where the readers of an object's kind are.
func (sc *scanner) readersOf(n uint32) *readers {
	source := sc.snap.inputs[n].source
	if sc.sifts(n) {
		return &sc.sifters[source]
	}
	return &sc.readers[source]
}

// decode reads an object's rows. What it returns takes them over, once the
// rest of the object has been read too. Rejects of one that is read again are
// there already.
func (sc *scanner) decode(ctx context.Context, n uint32, o *opened, reader any) (take func() error, err error) {
	reject := func(r record.Reject) error { return sc.out.reject(sc, n, r) }
	forget := func() { sc.out.forget(n) }
	if sc.out.read[n].Read {
		reject, forget = func(record.Reject) error { return nil }, func() {}
	}
	switch r := reader.(type) {
	case *manifest.Reader:
		batch, err := sc.decodeManifest(ctx, n, o, r, reject, forget)
		return func() error { return sc.out.addManifest(sc, n, batch, o.copy) }, err
	case *cdr.Reader:
		batch, err := sc.decodeLegs(ctx, n, o, r, reject, forget)
		return func() error { o.noteDamage(&batch.Reading); sc.out.addLegs(sc, n, batch); return nil }, err
	default:
		batch, err := sc.decodeEvents(ctx, n, o, reader.(*registration.Reader), reject, forget)
		return func() error { o.noteDamage(&batch.Reading); sc.out.addEvents(sc, n, batch); return nil }, err
	}
}

func (sc *scanner) decodeManifest(ctx context.Context, n uint32, o *opened, r *manifest.Reader, reject func(record.Reject) error, forget func()) (*manifest.Batch, error) {
	in := &sc.snap.inputs[n]
	input := manifest.Input{
		Key: in.Key, Packed: in.Size, Stream: o.stream, Body: o.body, Format: o.format, Reject: reject,
		Forget: forget, Keep: sc.out.rests.keep,
	}
	switch {
	case o.file != nil:
		return r.ReadParquet(input, o.file, o.size)
	case !sc.chunks.split(o, in):
		return r.Read(input)
	}
	batch := r.Begin(input)
	err := inChunks(ctx, sc, n, o, reject, func(r any, c *record.Chunk, reject func(record.Reject) error) (*manifest.Batch, error) {
		input := input
		input.Reject = reject
		return r.(*manifest.Reader).ReadRows(c, input)
	}, batch.Add)
	if err != nil {
		return batch, err
	}
	return r.Finish(batch, input)
}

func (sc *scanner) decodeLegs(ctx context.Context, n uint32, o *opened, r *cdr.Reader, reject func(record.Reject) error, forget func()) (*cdr.Batch, error) {
	org := sc.orgOf(n)
	r.Forget, r.Org = forget, org
	switch {
	case o.file != nil:
		return r.ReadParquet(o.file, o.size, reject)
	case !sc.chunks.split(o, &sc.snap.inputs[n]):
		return r.Read(o.body, o.format, reject)
	}
	batch := &cdr.Batch{}
	return batch, inChunks(ctx, sc, n, o, reject, func(r any, c *record.Chunk, reject func(record.Reject) error) (*cdr.Batch, error) {
		legs := r.(*cdr.Reader)
		legs.Org = org
		return legs.ReadRows(c, reject)
	}, func(next *cdr.Batch) { r.Add(batch, next) })
}

func (sc *scanner) decodeEvents(ctx context.Context, n uint32, o *opened, r *registration.Reader, reject func(record.Reject) error, forget func()) (*registration.Batch, error) {
	org := sc.orgOf(n)
	r.Forget = forget
	switch {
	case o.file != nil:
		return r.ReadParquet(o.file, o.size, org, reject)
	case !sc.chunks.split(o, &sc.snap.inputs[n]):
		return r.Read(o.body, o.format, org, reject)
	}
	batch := &registration.Batch{}
	return batch, inChunks(ctx, sc, n, o, reject, func(r any, c *record.Chunk, reject func(record.Reject) error) (*registration.Batch, error) {
		return r.(*registration.Reader).ReadRows(c, org, reject)
	}, batch.Add)
}

// orgOf returns the organisation of records that carry none: that of their
// object key, of their source, of the configuration.
func (sc *scanner) orgOf(n uint32) record.Text {
	in := &sc.snap.inputs[n]
	source := &sc.snap.sources[in.source]
	norm := record.Normalizer{Profile: source.Profile, Texts: sc.out.texts}
	return cmp.Or(manifest.KeyOf(source.Profile, in.Key, &norm).Org, source.Org, sc.org)
}
