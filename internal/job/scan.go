package job

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"cdrmend/internal/cdr"
	"cdrmend/internal/ledger"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/token"

	"golang.org/x/sync/errgroup"
)

// scan is everything that the inputs said, decoded once. Nothing is decided
// in it, as organisations, claims and duplicates are known only when all of
// it has been read.
type scan struct {
	texts *record.Texts
	mu    sync.Mutex

	// What each object held, by input, until all is read.
	manifests     []*manifest.Batch
	cdrs          []*cdr.Batch
	registrations []*registration.Batch

	documents  []manifest.Document
	entries    []manifest.Entry
	rests      rests
	legs       []cdr.Leg
	recordings []record.Text
	talk       []record.Span
	invalid    []reconcile.LegInvalid
	events     []registration.Event
	refreshes  map[refreshKey][]record.Time

	read    []readObject             // by input
	rejects map[uint32]*ledger.Spool // by input: lines of rejects
	lost    map[uint32]int64         // by input that is damaged and no manifest: where what was not used begins
	damage  map[uint32]bool          // partitions
	broken  map[uint32]error         // by input: what is wrong with it as a whole
	rows    map[uint32]*rowCount     // by partition
	usable  map[uint32]bool          // sources with something that is evidence
	balance [policy.NumKinds]record.Balance
}

type refreshKey struct {
	source uint32
	org    record.Text
}

type rowCount struct{ rows, rejects int64 }

func (c *rowCount) tooMany(share float64) bool { return float64(c.rejects) > share*float64(c.rows) }

// readObject is what inputs.jsonl says about one object.
type readObject struct {
	SHA256  [32]byte
	Rows    int64
	Rejects int64
	Read    bool
}

func (s *scan) close() {
	for _, spool := range s.rejects {
		spool.Close()
	}
	s.rests.close()
}

// scanner decodes objects for a scan; it keeps one reader for each source and
// worker.
type scanner struct {
	job     *Job
	snap    *snapshot
	out     *scan
	rules   *token.Rules
	readers []sync.Pool // by source
	chunks  *chunks
	org     record.Text
}

func (j *Job) scan(ctx context.Context, snap *snapshot) (*scan, error) {
	out := &scan{
		texts: record.NewTexts(), refreshes: map[refreshKey][]record.Time{}, read: make([]readObject, len(snap.inputs)),
		rejects: map[uint32]*ledger.Spool{}, lost: map[uint32]int64{}, damage: map[uint32]bool{}, broken: map[uint32]error{}, rows: map[uint32]*rowCount{}, usable: map[uint32]bool{},
		manifests: make([]*manifest.Batch, len(snap.inputs)), cdrs: make([]*cdr.Batch, len(snap.inputs)),
		registrations: make([]*registration.Batch, len(snap.inputs)), rests: rests{scratch: j.Config.Scratch},
	}
	rules, err := TokenRules(j.Config)
	if err != nil {
		return nil, err
	}
	sc := &scanner{job: j, snap: snap, out: out, rules: rules, chunks: newChunks(cmp.Or(j.Chunk, chunkSize))}
	sc.org = sc.id(j.Config.Org)
	sc.prepareReaders()
	if err := sc.all(ctx); err != nil {
		out.close()
		return nil, err
	}
	out.assembleEntries()
	j.release(snap) // before another copy of most of it is made
	out.assembleLegs()
	out.assembleEvents()
	return out, nil
}

// TokenRules returns what tokens are held against; an error names what is
// wrong with the configured keys.
func TokenRules(c *policy.Config) (*token.Rules, error) {
	p := &c.Policy
	rules := &token.Rules{Required: p.RequiredScopes, Leeway: p.Leeway, Race: p.RefreshRace, Limits: c.Limits}
	if p.TokenKeys == nil {
		return rules, nil
	}
	keys, err := token.ParseKeys(p.TokenKeys)
	if err != nil {
		return nil, fmt.Errorf("reading policy.token_keys: %w", err)
	}
	rules.Keys = keys
	return rules, nil
}

// id brings an id of the configuration into normal form.
func (sc *scanner) id(v string) record.Text {
	n := record.Normalizer{Profile: &record.Profile{}, Texts: sc.out.texts}
	id, _ := n.ID(record.Value{Kind: record.Cell, Raw: []byte(v)})
	return id
}

func (sc *scanner) prepareReaders() {
	sc.readers = make([]sync.Pool, len(sc.snap.sources))
	for i := range sc.snap.sources {
		s := &sc.snap.sources[i]
		s.Org = sc.id(sc.snap.config[i].Org)
		sc.readers[i].New = func() any {
			switch s.Kind {
			case policy.Manifests:
				r := manifest.NewReader(s.Profile, sc.out.texts, s.Required, sc.snap.limits)
				r.MediaKeys = sc.job.Config.Media.Check != policy.MediaNone
				return r
			case policy.CDRs:
				r := cdr.NewReader(s.Profile, sc.out.texts, sc.snap.limits)
				r.Numberless = !sc.job.Config.Policy.AsksForNumbers()
				return r
			default:
				return registration.NewReader(s.Profile, sc.out.texts, sc.rules)
			}
		}
	}
}

// all decodes every document, several at a time.
func (sc *scanner) all(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(runtime.GOMAXPROCS(0), sc.job.Config.Concurrency))
	var done atomic.Int64
	for i := range sc.snap.inputs {
		in := &sc.snap.inputs[i]
		if !in.document {
			continue
		}
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			if err := sc.one(ctx, uint32(i)); err != nil {
				return fmt.Errorf("reading %s%s: %w", sc.snap.stores[in.source], in.Key, err)
			}
			sc.job.Watch("reading", done.Add(in.Size), sc.snap.bytes)
			return nil
		})
	}
	return g.Wait()
}

// one decodes one object.
func (sc *scanner) one(ctx context.Context, n uint32) error {
	in := &sc.snap.inputs[n]
	source := &sc.snap.sources[in.source]
	reader := sc.readers[in.source].Get()
	defer sc.readers[in.source].Put(reader)
	if in.virtual {
		return sc.out.addManifest(sc, n, reader.(*manifest.Reader).Virtual(in.Key))
	}
	body, err := sc.snap.stores[in.source].Open(ctx, in.Info, 0)
	if err != nil {
		return err
	}
	defer body.Close()
	o := newOpened(body, in, source.Profile, sc.snap.limits)
	defer o.stream.Close()
	if o.format == record.Parquet {
		spool, err := sc.spooled(ctx, o)
		if err != nil {
			return err
		}
		defer spool.Close()
	}
	take, err := sc.decode(ctx, n, o, reader)
	if err != nil {
		return err
	}
	if err := o.drain(); err != nil {
		return err
	}
	if err := take(); err != nil {
		return err
	}
	sc.out.read[n].SHA256 = o.sum()
	return nil
}

// decode reads an object's rows. What it returns takes them over, once the
// rest of the object has been read too.
func (sc *scanner) decode(ctx context.Context, n uint32, o *opened, reader any) (take func() error, err error) {
	in := &sc.snap.inputs[n]
	split := sc.chunks.split(o, in)
	reject := func(r record.Reject) error { return sc.out.reject(sc, n, r) }
	forget := func() { sc.out.forget(n) }
	switch r := reader.(type) {
	case *manifest.Reader:
		var batch *manifest.Batch
		input := manifest.Input{
			Key: in.Key, Packed: in.Size, Stream: o.stream, Body: o.body, Format: o.format, Reject: reject,
			Forget: forget, Keep: sc.out.rests.keep,
		}
		switch {
		case o.file != nil:
			batch, err = r.ReadParquet(input, o.file, o.size)
		case split:
			batch = r.Begin(input)
			err = inChunks(ctx, sc, n, o, func(r any, c *record.Chunk, reject func(record.Reject) error) (*manifest.Batch, error) {
				input := input
				input.Reject = reject
				return r.(*manifest.Reader).ReadRows(c, input)
			}, batch.Add)
			if err == nil {
				batch, err = r.Finish(batch, input)
			}
		default:
			batch, err = r.Read(input)
		}
		return func() error { return sc.out.addManifest(sc, n, batch) }, err
	case *cdr.Reader:
		var batch *cdr.Batch
		r.Forget = forget
		switch {
		case o.file != nil:
			batch, err = r.ReadParquet(o.file, o.size, reject)
		case split:
			batch = &cdr.Batch{}
			err = inChunks(ctx, sc, n, o, func(r any, c *record.Chunk, reject func(record.Reject) error) (*cdr.Batch, error) {
				return r.(*cdr.Reader).ReadRows(c, reject)
			}, func(next *cdr.Batch) error { r.Add(batch, next); return nil })
		default:
			batch, err = r.Read(o.body, o.format, reject)
		}
		return func() error { o.noteDamage(&batch.Reading); sc.out.addLegs(sc, n, batch); return nil }, err
	default:
		var batch *registration.Batch
		log := reader.(*registration.Reader)
		log.Forget = forget
		switch org := sc.orgOf(n); {
		case o.file != nil:
			batch, err = log.ReadParquet(o.file, o.size, org, reject)
		case split:
			batch = &registration.Batch{}
			err = inChunks(ctx, sc, n, o, func(r any, c *record.Chunk, reject func(record.Reject) error) (*registration.Batch, error) {
				return r.(*registration.Reader).ReadRows(c, org, reject)
			}, func(next *registration.Batch) error { batch.Add(next); return nil })
		default:
			batch, err = log.Read(o.body, o.format, org, reject)
		}
		return func() error { o.noteDamage(&batch.Reading); sc.out.addEvents(sc, n, batch); return nil }, err
	}
}

// orgOf returns the organisation of records that carry none: that of their
// object key, of their source, of the configuration.
func (sc *scanner) orgOf(n uint32) record.Text {
	in := &sc.snap.inputs[n]
	source := &sc.snap.sources[in.source]
	norm := record.Normalizer{Profile: source.Profile, Texts: sc.out.texts}
	return cmp.Or(manifest.KeyOf(source.Profile, in.Key, &norm).Org, source.Org, sc.org)
}

// addManifest takes over what a document holds.
func (s *scan) addManifest(sc *scanner, n uint32, b *manifest.Batch) error {
	in := &sc.snap.inputs[n]
	if err := b.Keep(s.rests.keep); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b.Doc.Object, b.Doc.Partition, b.Rest = n, in.partition, nil
	s.manifests[n] = b
	if !b.Doc.Virtual {
		s.usable[in.source] = true
	}
	s.account(n, in.partition, policy.Manifests, b.Rows, b.Rejects)
	if why := b.Doc.Why(); why != nil {
		s.broken[n] = why
	}
	if b.Doc.Damaged() {
		s.damage[in.partition] = true
	}
	return nil
}

// addLegs takes over the legs of an object.
func (s *scan) addLegs(sc *scanner, n uint32, b *cdr.Batch) {
	in := &sc.snap.inputs[n]
	org := sc.orgOf(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	legs := int64(0)
	for _, part := range b.Parts() {
		for i := range part.Legs {
			l := &part.Legs[i]
			l.Org = cmp.Or(l.Org, org)
		}
		legs += int64(len(part.Legs))
	}
	s.cdrs[n] = b
	s.usable[in.source] = true
	s.balance[policy.CDRs].Skipped += b.Skipped
	s.account(n, in.partition, policy.CDRs, b.Rows, b.Rejected)
	if sc.snap.sources[in.source].Profile.Shape != "" {
		s.balance[policy.CDRs].Read += legs + b.Skipped - (b.Rows - b.Rejected)
	}
	s.noteDamage(n, in.partition, &b.Reading)
}

// addEvents takes over the events of an object.
func (s *scan) addEvents(sc *scanner, n uint32, b *registration.Batch) {
	in := &sc.snap.inputs[n]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.registrations[n] = b
	for _, r := range b.Refreshes {
		key := refreshKey{in.source, r.Org}
		s.refreshes[key] = append(s.refreshes[key], r.Time)
	}
	if len(b.Events) > 0 {
		s.usable[in.source] = true
	}
	balance := &s.balance[policy.Registrations]
	balance.Skipped += b.Skipped
	balance.Rejected += b.Unusable
	balance.Margin += int64(len(b.Events))
	s.account(n, in.partition, policy.Registrations, b.Rows, b.Rejected)
	s.noteDamage(n, in.partition, &b.Reading)
}

// noteDamage notes that an object of rows is damaged, and its partition.
func (s *scan) noteDamage(n, partition uint32, r *record.Reading) {
	if r.Damage != nil {
		s.damage[partition] = true
		s.lost[n], s.broken[n] = r.Used, r.Damage
	}
}

// account counts the rows of an object.
func (s *scan) account(n, partition uint32, kind policy.Kind, rows, rejects int64) {
	s.read[n].Rows, s.read[n].Rejects, s.read[n].Read = rows, rejects, true
	s.balance[kind].Read += rows
	s.balance[kind].Rejected += rejects
	count := s.rows[partition]
	if count == nil {
		count = &rowCount{}
		s.rows[partition] = count
	}
	count.rows += rows
	count.rejects += rejects
}
