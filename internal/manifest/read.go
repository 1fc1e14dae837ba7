package manifest

import (
	"bufio"
	"errors"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// Repairable are the fields that a repair can fill in, in the order in which
// they are appended to an entry.
var Repairable = [NumRepairable]record.Field{
	record.RecordingID, record.ConversationID, record.TrunkID, record.StartTime, record.EndTime, record.DurationMS,
}

// NumRepairable is how many fields a repair can fill in.
const NumRepairable = 6

// Reader reads the manifests of one source. It is not safe for concurrent use.
type Reader struct {
	// Everywhere notes positions of required fields that are present, too: when all
	// is read, a value may turn out to mean nothing.
	Everywhere bool
	// MediaKeys keeps media keys with the entries, to look them up.
	MediaKeys bool
	// Filter drops entries that are only counted, and the further fields of all
	// entries; nil keeps everything. The reader's texts are those of the filter.
	Filter *intern.Filter

	limits   *stream.Limits
	norm     profile.Normalizer
	keep     func([]byte) (Range, error)
	room     room
	values   values // of the entry at hand,
	beside   Rest   // likewise
	text     []byte // of ids of users
	mapping  *rows.Mapping
	required []record.Field // repairable ones
	docOrg   int            // paths of the document's own values, 0 without
	total    int
	failed   int
	marker   int
	wanted   []int
	links    []intern.Link      // of the entry that the filter is asked about
	walk     *jsonscan.Document // of one JSON document after another
}

// NewReader returns a reader for a profile and for documents within the
// limits. Positions are noted for the required fields.
func NewReader(p *profile.Profile, texts *intern.Table, required record.Fields, limits *stream.Limits) *Reader {
	r := &Reader{
		limits: limits, norm: profile.NewNormalizer(p, texts), mapping: rows.NewMapping(p, record.EntryFields, limits),
	}
	for _, f := range Repairable {
		if required.Has(f) {
			r.required = append(r.required, f)
		}
	}
	path := func(pointer string) int {
		if pointer == "" {
			return 0
		}
		n := r.mapping.Paths.Add(pointer)
		r.wanted = append(r.wanted, n)
		return n
	}
	r.docOrg, r.total, r.failed, r.marker = path(p.DocOrg), path(p.DocTotal), path(p.DocFailed), path(p.Format)
	r.walk = jsonscan.NewDocument(jsonscan.NewScanner(nil, limits), r.mapping.Paths, p.List, r.marker, r.wanted)
	return r
}

// Batch is what one document holds, or a chunk of one.
type Batch struct {
	Doc      Document
	Entries  []Entry // the last ones; see Blocks
	Rest     []byte  // of the entries, as far as nobody keeps them
	Rejects  int64
	Rows     int64 // rejects included
	Length   int64 // of the uncompressed content, as far as it was read
	Filtered intern.Filtered

	full     [][]Entry // before Entries
	gaps     []Gap     // of Doc, until it is complete
	keyLinks keyLinks  // for the filter
	whole    int64     // end of the last complete value of a sound document
	lines    lines
}

// room is memory that the lists of one batch after another grow in.
type room struct {
	entries []Entry
	gaps    []Gap
	rest    []byte
}

// own makes what the batch holds its own, and leaves the room for the next.
func (r *room) own(b *Batch) {
	b.Entries, r.entries = record.Detach(b.Entries)
	b.gaps, r.gaps = record.Detach(b.gaps)
	b.Rest, r.rest = record.Detach(b.Rest)
}

// Blocks returns all entries, in order.
func (b *Batch) Blocks() [][]Entry { return append(b.full[:len(b.full):len(b.full)], b.Entries) }

// count returns how many entries there are.
func (b *Batch) count() (n int) {
	for _, block := range b.Blocks() {
		n += len(block)
	}
	return n
}

// Input is one manifest object.
type Input struct {
	Key    string
	Packed int64 // size of the object as stored
	Stream *stream.Stream
	Body   *bufio.Reader // of Stream
	Format profile.Format
	Reject func(rows.Reject) error
	Forget func()                      // what was rejected so far does not count; nil when nobody keeps it
	Keep   func([]byte) (Range, error) // takes over rests of entries; nil leaves them in the batch
}

func (in *Input) forget() {
	if in.Forget != nil {
		in.Forget()
	}
}

// Begin returns the batch of a document of which nothing is read.
func (r *Reader) Begin(in Input) *Batch {
	r.keep = in.Keep
	return r.batch(Document{Key: KeyOf(r.norm.Profile, in.Key, &r.norm), Format: in.Format})
}

func (r *Reader) batch(d Document) *Batch {
	return &Batch{Doc: d, Entries: r.room.entries, gaps: r.room.gaps, Rest: r.room.rest}
}

// Read reads one document. Damage is part of the batch; the error is a
// failure to read.
func (r *Reader) Read(in Input) (*Batch, error) {
	b := r.Begin(in)
	if head, _ := in.Body.Peek(2); stream.IsUTF16(head) {
		return r.undecodable(b, in, stream.ErrUTF16)
	}
	if in.Format != profile.JSONLines {
		err := r.document(b, in)
		r.settle(b)
		return r.finish(b, in, err)
	}
	if err := r.lines(b, rows.NewChunk(in.Body, in.Format, r.limits), in); err != nil {
		return nil, err
	}
	return r.Finish(b, in)
}

// Finish completes the batch of a document in JSON Lines, all of which is read.
func (r *Reader) Finish(b *Batch, in Input) (*Batch, error) {
	b.whole = b.Length
	r.recoverLines(b, in)
	return r.finish(b, in, nil)
}

// finish completes the batch of a document whose reading ended with err.
func (r *Reader) finish(b *Batch, in Input, err error) (*Batch, error) {
	for _, err := range []error{in.Stream.Failed(), err} {
		if isUndecodable(err) {
			return r.undecodable(b, in, err)
		}
	}
	if err != nil && !jsonscan.IsDamage(err) {
		return nil, err
	}
	b.Doc.Packed = in.Stream.Compression
	if in.Stream.Checksum != nil && b.Doc.rare().Truncated == nil && b.Doc.Rare.Malformed == nil {
		b.Doc.Rare.Malformed = &Break{Offset: b.Length}
		b.Doc.Rare.Why = in.Stream.Checksum
		b.Doc.Rare.Recovery = &Recovery{Keep: b.whole}
	}
	r.complete(b)
	return b, nil
}

// complete fills in what depends on how many entries were found.
func (r *Reader) complete(b *Batch) {
	r.adoptDocument(b)
	b.Doc.N = uint32(b.found())
	r.room.own(b)
	if len(b.gaps) > 0 {
		b.Doc.rare().Gaps = b.gaps
	}
	if b.Doc.Rare == nil {
		return
	}
	for _, broken := range []*Break{b.Doc.Rare.Truncated, b.Doc.Rare.Malformed} {
		if broken != nil {
			broken.Entries = int64(b.Doc.N)
		}
	}
}

// isUndecodable reports whether a document that broke with err is one that
// cannot be decoded at all.
func isUndecodable(err error) bool {
	var limit *stream.LimitError
	var content *stream.Error
	return errors.As(err, &limit) || errors.As(err, &content) && content.Unknown
}

// undecodable is a document of which nothing can be used.
func (r *Reader) undecodable(b *Batch, in Input, why error) (*Batch, error) {
	in.forget()
	b.discard()
	*b = Batch{Doc: Document{Key: b.Doc.Key, Format: in.Format, Packed: in.Stream.Compression}, keyLinks: b.keyLinks}
	rare := b.Doc.rare()
	rare.Malformed, rare.Why = &Break{}, why
	if b.Doc.Key.Recording != intern.None {
		r.empty(b)
	}
	r.complete(b)
	return b, nil
}

// empty makes the document one entry without members, written from {}.
func (r *Reader) empty(b *Batch) {
	b.Doc.Keyed = true
	b.Doc.rare().Recovery = &Recovery{Empty: true}
	b.Rest, b.Doc.Rest = nil, nil
	if b.Entries = b.Entries[:0]; r.keeps(b, nothing) {
		b.Entries = append(b.Entries, r.blank(b))
	}
	b.Rows = max(b.Rows, 1)
}

// Virtual returns the batch of a media object without metadata: one entry
// without members, under the key that its metadata would have.
func (r *Reader) Virtual(key string) *Batch {
	b := r.batch(Document{Key: KeyOf(r.norm.Profile, key, &r.norm), Format: profile.JSON, Virtual: true})
	r.empty(b)
	r.complete(b)
	return b
}

// blank returns an entry that lacks everything, with its gaps.
func (r *Reader) blank(b *Batch) Entry {
	e := Entry{Start: record.NoTime, End: record.NoTime, Duration: profile.NoInt, MediaBytes: profile.NoInt}
	e.Rest = r.rest(b, &blankRest)
	b.gaps = b.gaps[:0]
	for _, f := range r.required {
		b.gaps = append(b.gaps, Gap{Field: f, Start: 1, Append: true, Alone: true})
	}
	return e
}

func (r *Reader) document(b *Batch, in Input) error {
	d := r.walk
	d.Reset(in.Body)
	d.Visit = func(e *jsonscan.Element) error { return r.element(b, e, in.Reject) }
	d.Restart = func() {
		in.forget()
		r.norm.Forget()
		b.discard()
		b.Doc.Rare = nil
	}
	err := d.Walk()
	b.Length = d.Scanner.Offset()
	r.envelope(b, d)
	b.Doc.Keyed = b.Doc.Key.Recording != intern.None && !d.Batch() &&
		(d.RootKind == jsonscan.Object || d.RootKind == jsonscan.Absent)
	if err == nil {
		b.whole = d.Keep
		return nil
	}
	if !jsonscan.IsDamage(err) {
		return err
	}
	r.broken(b, err, in)
	switch {
	case b.found() > 0:
		b.Doc.rare().Recovery = &Recovery{Keep: d.Keep, Closers: d.Closers}
	case b.Doc.Keyed:
		r.empty(b)
	}
	return err
}

// envelope takes over what a batch says about itself.
func (r *Reader) envelope(b *Batch, d *jsonscan.Document) {
	if !d.Batch() {
		return
	}
	if r.docOrg != 0 {
		b.Doc.Org, _ = r.norm.ID(d.Outer(r.docOrg))
	}
	if r.total == 0 && r.failed == 0 {
		return
	}
	total, _ := r.norm.Int(d.Outer(r.total))
	failed, _ := r.norm.Int(d.Outer(r.failed))
	if total != profile.NoInt || failed != profile.NoInt {
		b.Doc.rare().Total, b.Doc.Rare.Failed = total, failed
	}
}

// broken notes where and how the document is damaged.
func (r *Reader) broken(b *Batch, err error, in Input) {
	rare := b.Doc.rare()
	rare.Why = err
	var syntax *jsonscan.SyntaxError
	var content *stream.Error
	var limit *stream.LimitError
	switch {
	case errors.As(err, &limit):
		rare.Malformed = &Break{Offset: limit.Offset}
	case errors.As(err, &syntax) && syntax.Truncated:
		rare.Truncated = &Break{Offset: syntax.Offset}
	case errors.As(err, &syntax):
		rare.Malformed = &Break{Offset: syntax.Offset}
	case errors.As(err, &content) && content.Truncated:
		rare.Truncated = &Break{Offset: in.Packed}
	default:
		rare.Malformed = &Break{Offset: in.Packed}
	}
}

// element turns an element into an entry.
func (r *Reader) element(b *Batch, e *jsonscan.Element, reject func(rows.Reject) error) error {
	b.Rows++
	if e.Kind != jsonscan.Object {
		b.Rejects++
		return reject(rows.Reject{Row: int64(e.Index), Offset: e.Start, Reason: "not an object", Bytes: e.Raw()})
	}
	value := func(f record.Field) jsonscan.Value { return r.mapping.Find(e, f) }
	if !r.keeps(b, value) {
		return nil
	}
	entry := r.entry(b, e.Index, value)
	for _, f := range r.required {
		if r.Everywhere || !entry.Has(f) {
			b.gaps = append(b.gaps, r.gap(e, f))
		}
	}
	return r.add(b, entry)
}

// gap finds where the value of a missing field goes: in place of the first
// pointer that is there, else after the last member of the first pointer's
// deepest parent that is. One that the profile has no pointer for goes after
// the last member of the entry.
func (r *Reader) gap(e *jsonscan.Element, f record.Field) Gap {
	g := Gap{Entry: e.Index, Field: f}
	for _, path := range r.mapping.Pointers(f) {
		if start, end, ok := e.Slots.Position(path); ok {
			g.Start, g.Size, g.Raw = start, uint32(end-start), r.norm.Texts.Of(e.Scanner.Bytes(start, end))
			return g
		}
	}
	tail, members, depth := int64(0), 0, 0
	if pointers := r.mapping.Pointers(f); len(pointers) > 0 {
		tail, members, depth = e.Slots.Parent(pointers[0])
	} else {
		tail, members = e.Slots.Tail()
	}
	g.Start, g.Append, g.Alone, g.Depth = tail, true, members == 0, uint8(depth)
	return g
}
