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
	legs       []cdr.Shown
	beside     []cdr.Particulars // of legs
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
	letGo   map[uint32]orgCount      // by source: rows that are in none of the lists
	balance [policy.NumKinds]record.Balance
}

type refreshKey struct {
	source uint32
	org    record.Text
}

// orgCount is how many records lack an organisation, and how many have one.
type orgCount struct{ lacking, having int64 }

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
	sifters []sync.Pool // by source; of margins whose rows are sifted
	margin  *margin     // nil as long as nothing is let go
	org     record.Text
}

// scan reads all objects. Of margins it keeps all rows when these are asked for,
// or few.
func (j *Job) scan(ctx context.Context, snap *snapshot, everything bool) (*scan, error) {
	out := &scan{
		texts: record.NewTexts(), refreshes: map[refreshKey][]record.Time{}, read: make([]readObject, len(snap.inputs)),
		rejects: map[uint32]*ledger.Spool{}, lost: map[uint32]int64{}, damage: map[uint32]bool{}, broken: map[uint32]error{}, rows: map[uint32]*rowCount{}, usable: map[uint32]bool{}, letGo: map[uint32]orgCount{},
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
	_, margin := snap.rowMemory()
	if err := sc.all(ctx, !everything && (j.Sift > 0 || margin >= sparse)); err != nil {
		out.close()
		return nil, err
	}
	out.assemble(func() { j.release(snap) })
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
		sc.snap.sources[i].Org = sc.id(sc.snap.config[i].Org)
		sc.readers[i].New = func() any { return sc.newReader(i, nil) }
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

// poolOf returns where the readers of an object's kind are.
func (sc *scanner) poolOf(n uint32) *sync.Pool {
	source := sc.snap.inputs[n].source
	if sc.sifts(n) {
		return &sc.sifters[source]
	}
	return &sc.readers[source]
}

// all decodes every document, those of the interval first: they tell which
// rows beside it may matter.
func (sc *scanner) all(ctx context.Context, sift bool) error {
	var done atomic.Int64
	note := func(size int64) { sc.job.Watch("reading", done.Add(size), sc.snap.bytes) }
	own, beside := sc.snap.inOrder()
	if !sift {
		return sc.each(ctx, append(own, beside...), note)
	}
	if err := sc.each(ctx, own, note); err != nil {
		return err
	}
	sc.job.release(sc.snap) // what is read from here on mostly comes and goes
	sc.sift()
	if err := sc.each(ctx, beside, note); err != nil {
		return err
	}
	if err := sc.rescue(ctx); err != nil {
		return err
	}
	sc.margin.count(sc)
	return nil
}

// each decodes some documents, several at a time.
func (sc *scanner) each(ctx context.Context, documents []uint32, note func(size int64)) error {
	return each(ctx, max(runtime.GOMAXPROCS(0), sc.job.Config.Concurrency), len(documents), func(ctx context.Context, i int) error {
		in := &sc.snap.inputs[documents[i]]
		if err := sc.one(ctx, documents[i]); err != nil {
			return fmt.Errorf("reading %s%s: %w", sc.snap.stores[in.source], in.Key, err)
		}
		note(in.Size)
		return nil
	})
}

// one decodes one object.
func (sc *scanner) one(ctx context.Context, n uint32) error {
	in := &sc.snap.inputs[n]
	source := &sc.snap.sources[in.source]
	pool := sc.poolOf(n)
	reader := pool.Get()
	defer pool.Put(reader)
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
// rest of the object has been read too. Rejects of one that is read again are
// there already.
func (sc *scanner) decode(ctx context.Context, n uint32, o *opened, reader any) (take func() error, err error) {
	in := &sc.snap.inputs[n]
	split := sc.chunks.split(o, in)
	reject := func(r record.Reject) error { return sc.out.reject(sc, n, r) }
	forget := func() { sc.out.forget(n) }
	if sc.out.read[n].Read {
		reject, forget = func(record.Reject) error { return nil }, func() {}
	}
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
			err = inChunks(ctx, sc, n, o, reject, func(r any, c *record.Chunk, reject func(record.Reject) error) (*manifest.Batch, error) {
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
		org := sc.orgOf(n)
		r.Forget, r.Org = forget, org
		switch {
		case o.file != nil:
			batch, err = r.ReadParquet(o.file, o.size, reject)
		case split:
			batch = &cdr.Batch{}
			err = inChunks(ctx, sc, n, o, reject, func(r any, c *record.Chunk, reject func(record.Reject) error) (*cdr.Batch, error) {
				legs := r.(*cdr.Reader)
				legs.Org = org
				return legs.ReadRows(c, reject)
			}, func(next *cdr.Batch) { r.Add(batch, next) })
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
			err = inChunks(ctx, sc, n, o, reject, func(r any, c *record.Chunk, reject func(record.Reject) error) (*registration.Batch, error) {
				return r.(*registration.Reader).ReadRows(c, org, reject)
			}, batch.Add)
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
	if !s.read[n].Read {
		s.accountManifest(n, in, b)
	}
	if sc.sifts(n) {
		s.thin(sc, n, b)
	}
	return nil
}

// accountManifest notes what a document is like as a whole.
func (s *scan) accountManifest(n uint32, in *input, b *manifest.Batch) {
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
}

// addLegs takes over the legs of an object.
func (s *scan) addLegs(sc *scanner, n uint32, b *cdr.Batch) {
	in := &sc.snap.inputs[n]
	org := sc.orgOf(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, part := range b.Parts() {
		for i := range part.Legs {
			l := &part.Legs[i]
			l.Org = cmp.Or(l.Org, org)
		}
	}
	s.cdrs[n] = b
	if !s.read[n].Read {
		s.accountLegs(sc, n, in, b)
	}
	if sc.sifts(n) {
		sc.margin.take(n, &b.Sifted, 0)
	}
}

// accountLegs notes what an object of legs is like as a whole.
func (s *scan) accountLegs(sc *scanner, n uint32, in *input, b *cdr.Batch) {
	s.usable[in.source] = true
	s.balance[policy.CDRs].Skipped += b.Skipped
	s.account(n, in.partition, policy.CDRs, b.Rows, b.Rejected)
	if sc.snap.sources[in.source].Profile.Shape != "" {
		s.balance[policy.CDRs].Read += int64(b.Found()) + b.Skipped - (b.Rows - b.Rejected)
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
