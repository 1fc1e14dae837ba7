package job

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"cdrmend/internal/cdr"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/scratch"
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

	read    []readObject              // by input
	rejects map[uint32]*scratch.Spool // by input: lines of rejects
	lost    map[uint32]int64          // by input that is damaged and no manifest: where what was not used begins
	damage  map[uint32]bool           // partitions
	broken  map[uint32]error          // by input: what is wrong with it as a whole
	rows    map[uint32]*rowCount      // by partition
	usable  map[uint32]bool           // sources with something that is evidence
	letGo   map[uint32]orgCount       // by source: rows that are in none of the lists
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
	readers []readers // by source
	chunks  *chunks
	sifters []readers // by source; of margins whose rows are sifted
	margin  *margin   // nil as long as nothing is let go
	org     record.Text
}

// scan reads all objects. Of margins it keeps all rows when these are asked for,
// or few.
func (j *Job) scan(ctx context.Context, snap *snapshot, everything bool) (*scan, error) {
	out := &scan{
		texts: record.NewTexts(), refreshes: map[refreshKey][]record.Time{}, read: make([]readObject, len(snap.inputs)),
		rejects: map[uint32]*scratch.Spool{}, lost: map[uint32]int64{}, damage: map[uint32]bool{}, broken: map[uint32]error{}, rows: map[uint32]*rowCount{}, usable: map[uint32]bool{}, letGo: map[uint32]orgCount{},
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
	readers := sc.readersOf(n)
	reader := readers.get()
	defer readers.put(reader)
	if in.virtual {
		return sc.out.addManifest(sc, n, reader.(*manifest.Reader).Virtual(in.Key), nil)
	}
	body, err := sc.snap.stores[in.source].Open(ctx, in.Info, 0)
	if err != nil {
		return err
	}
	defer body.Close()
	keep := source.Kind == policy.Manifests && in.Size <= smallDocument && !sc.snap.isMargin(n)
	o := newOpened(body, in, source.Profile, sc.snap.limits, keep)
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
