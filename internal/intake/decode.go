package intake

import (
	"context"
	"runtime"
	"sync"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/rows"
	"cdrmend/internal/steps"
	"cdrmend/internal/stream"
)

// reader is what the readers of manifests, CDRs and registrations have in
// common. B is the batch that one object becomes. A reader serves one goroutine
// at a time, and what it returns refers to nothing of the reader.
//
// Damage is part of the batch; errors are failures to read.
type reader[B any] interface {
	// read reads a whole object that is not Parquet.
	read(o *opened) (B, error)
	// readParquet reads a whole Parquet object.
	readParquet(o *opened) (B, error)

	// A large object is read in chunks, each by any reader. One of them begins
	// a batch, adds the batches of the chunks in order, and finishes it.
	begin(o *opened) B
	readChunk(o *opened, c *rows.Chunk, reject func(rows.Reject) error) (B, error)
	add(all, next B)
	finish(all B, o *opened) (B, error)

	// About says what the object whose rows come next says about the times in it.
	About(steps.Context)
}

// decoder decodes the objects of one source. It is safe for concurrent use.
type decoder interface {
	// decode reads an object's rows. The function take adds them to the collector;
	// call it only when the object was read to its end.
	decode(ctx context.Context, o *opened) (take func() error, err error)
}

// pool decodes the objects of one source with as many readers as are at work at
// a time. Idle readers are kept, as the lists inside them have grown to a size
// that fits: a sync.Pool would drop them at each collection.
type pool[B any] struct {
	chunks  *chunks
	limits  *stream.Limits
	profile *profile.Profile
	context func(*opened) steps.Context
	more    func() reader[B]
	collect func(o *opened, b B) error
	torn    func(object uint32) // notes an object whose years are not certain

	mu   sync.Mutex
	idle []reader[B]
}

// get returns a reader for an object.
func (p *pool[B]) get(o *opened) reader[B] {
	r := p.take()
	r.About(p.context(o))
	return r
}

func (p *pool[B]) take() reader[B] {
	p.mu.Lock()
	defer p.mu.Unlock()

	last := len(p.idle) - 1
	if last < 0 {
		return p.more()
	}

	r := p.idle[last]
	p.idle = p.idle[:last]
	return r
}

func (p *pool[B]) put(r reader[B]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) < runtime.GOMAXPROCS(0) {
		p.idle = append(p.idle, r)
	}
}

func (p *pool[B]) decode(ctx context.Context, o *opened) (take func() error, err error) {
	r := p.get(o)
	defer p.put(r)

	var b B
	switch {
	case o.file != nil:
		b, err = r.readParquet(o)
	case o.Virtual || !p.profile.Splits(o.format) || !p.chunks.split(o):
		b, err = r.read(o)
	default:
		b, err = p.readChunks(ctx, o, r)
	}

	return func() error {
		if o.torn.Load() {
			p.torn(o.n)
		}
		return p.collect(o, b)
	}, err
}

// decoderOf returns the decoder of an object.
func (s *scanner) decoderOf(n uint32) decoder {
	source := s.Objects[n].Source
	if s.out.filters(n) {
		return s.filtering[source]
	}
	return s.readers[source]
}

// noFilter keeps all rows.
func noFilter() *intern.Filter { return nil }

// newDecoder returns a decoder for a source. Each of its readers has a filter of
// its own.
func (s *scanner) newDecoder(source int, newFilter func() *intern.Filter) decoder {
	switch s.Sources[source].Kind {
	case policy.Manifests:
		return newPool(s, source, s.out.addManifest, func() reader[*manifest.Batch] { return s.newManifests(source, newFilter()) })
	case policy.CDRs:
		return newPool(s, source, s.out.addLegs, func() reader[*cdr.Batch] { return s.newLegs(source, newFilter()) })
	}
	return newPool(s, source, s.out.addEvents, func() reader[*registration.Batch] {
		return &eventReader{Reader: registration.NewReader(s.Sources[source].Profile, s.out.ev.Texts, s.rules), out: s.out}
	})
}

func newPool[B any](s *scanner, source int, collect func(*opened, B) error, more func() reader[B]) *pool[B] {
	p := &pool[B]{chunks: s.chunks, limits: &s.config.Limits, profile: s.Sources[source].Profile, more: more, collect: collect, torn: s.out.addTorn}
	p.context = func(o *opened) steps.Context {
		return steps.Context{Modified: record.TimeOf(o.Modified), Partition: s.Partitions[o.Partition].Span, Zone: p.profile.Zone, YearTorn: &o.torn}
	}
	return p
}

// manifestReader reads manifests.
type manifestReader struct {
	*manifest.Reader
	spill  *spill
	inputs *Inputs
}

func (s *scanner) newManifests(source int, filter *intern.Filter) *manifestReader {
	texts, required := s.out.ev.Texts, s.Sources[source].Required
	if filter != nil {
		texts, required = filter.Texts(), 0 // nothing of the margins is repaired
	}
	r := manifest.NewReader(s.Sources[source].Profile, texts, required, &s.config.Limits)
	r.MediaKeys = s.config.Media.Check != policy.MediaNone
	r.Filter = filter
	return &manifestReader{r, s.out.account.spill, s.Inputs}
}

func (r *manifestReader) input(o *opened) manifest.Input {
	return manifest.Input{
		Key: o.Key, StoredSize: o.Size, Stream: o.stream, Body: o.body, Format: o.format,
		Reject: o.reject, Forget: o.forget, Keep: r.spill.keep,
	}
}

func (r *manifestReader) read(o *opened) (*manifest.Batch, error) {
	switch {
	case o.Made:
		return r.ReadMedia(r.inputs.mediaOf(o.n), o.reject)
	case o.Virtual:
		return r.Virtual(o.Key), nil
	}
	return r.Read(r.input(o))
}

func (r *manifestReader) readParquet(o *opened) (*manifest.Batch, error) {
	return r.ReadParquet(r.input(o), o.file, o.size)
}

func (r *manifestReader) begin(o *opened) *manifest.Batch { return r.Begin(r.input(o)) }

func (r *manifestReader) readChunk(o *opened, c *rows.Chunk, reject func(rows.Reject) error) (*manifest.Batch, error) {
	input := r.input(o)
	input.Reject = reject
	return r.ReadRows(c, input)
}

func (r *manifestReader) add(all, next *manifest.Batch) { all.Add(next) }

func (r *manifestReader) finish(all *manifest.Batch, o *opened) (*manifest.Batch, error) {
	return r.Finish(all, r.input(o))
}

// rowList is the part that readers of lists of rows share: a batch begins empty,
// and is complete once its chunks were added.
type rowList[B any] struct{}

func (rowList[B]) begin(*opened) *B                     { return new(B) }
func (rowList[B]) finish(all *B, _ *opened) (*B, error) { return all, nil }

// legReader reads CDRs.
type legReader struct {
	rowList[cdr.Batch]
	*cdr.Reader
	out *collector
}

func (s *scanner) newLegs(source int, filter *intern.Filter) *legReader {
	texts := s.out.ev.Texts
	if filter != nil {
		texts = filter.Texts()
	}
	r := cdr.NewReader(s.Sources[source].Profile, texts, &s.config.Limits)
	r.Filter, r.Words = filter, s.config.Policy.ComparesWords()
	return &legReader{Reader: r, out: s.out}
}

func (r *legReader) read(o *opened) (*cdr.Batch, error) {
	r.Forget, r.Org = o.forget, r.out.objectOrg(o.n)
	return r.Read(o.body, o.format, o.reject)
}

func (r *legReader) readParquet(o *opened) (*cdr.Batch, error) {
	r.Forget, r.Org = o.forget, r.out.objectOrg(o.n)
	return r.ReadParquet(o.file, o.size, o.reject)
}

func (r *legReader) readChunk(o *opened, c *rows.Chunk, reject func(rows.Reject) error) (*cdr.Batch, error) {
	r.Org = r.out.objectOrg(o.n)
	return r.ReadRows(c, reject)
}

func (r *legReader) add(all, next *cdr.Batch) { r.Add(all, next) }

// eventReader reads registrations.
type eventReader struct {
	rowList[registration.Batch]
	*registration.Reader
	out *collector
}

func (r *eventReader) read(o *opened) (*registration.Batch, error) {
	r.Forget = o.forget
	return r.Read(o.body, o.format, r.out.objectOrg(o.n), o.reject)
}

func (r *eventReader) readParquet(o *opened) (*registration.Batch, error) {
	return r.ReadParquet(o.file, o.size, r.out.objectOrg(o.n), o.reject)
}

func (r *eventReader) readChunk(o *opened, c *rows.Chunk, reject func(rows.Reject) error) (*registration.Batch, error) {
	return r.ReadRows(c, r.out.objectOrg(o.n), reject)
}

func (r *eventReader) add(all, next *registration.Batch) { all.Add(next) }
