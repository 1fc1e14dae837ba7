package manifest

import (
	"bufio"
	"errors"
	"strings"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/steps"
	"cdrmend/internal/stream"
)

// Repairable are the fields that a repair can fill in, in the order in which
// they are appended to an entry.
var Repairable = [NumRepairable]record.Field{
	record.RecordingID, record.ConversationID, record.TrunkID, record.StartTime, record.EndTime, record.DurationMS,
}

// NumRepairable is the number of fields that a repair can fill in.
const NumRepairable = 6

// Reader reads the manifests of one source. It is not safe for concurrent use.
type Reader struct {
	// AllPositions notes the positions of required fields that are present, too:
	// when everything is read, a value may turn out to mean nothing.
	AllPositions bool
	// MediaKeys keeps media keys with the entries, to look them up.
	MediaKeys bool
	// Filter drops entries that are only counted, and the details of all entries;
	// nil keeps everything. The reader's texts are those of the filter.
	Filter *intern.Filter

	limits   *stream.Limits
	norm     profile.Normalizer
	mapping  *rows.Mapping
	required []record.Field // repairable ones
	envelope envelope
	walk     *jsonscan.Document          // of one JSON document after another
	keep     func([]byte) (Range, error) // Input.Keep of the current document
	values   values                      // of the current entry
	links    []intern.Link               // of the entry that the filter is asked about
	spare    spare
}

// NewReader returns a reader for a profile and for documents within the
// limits. Positions are noted for the required fields.
func NewReader(p *profile.Profile, texts *intern.Table, required record.Fields, limits *stream.Limits) *Reader {
	r := &Reader{
		limits: limits, norm: profile.NewNormalizer(p, texts), mapping: rows.NewMapping(p, record.EntryFields, limits),
	}
	r.values.norm = &r.norm
	for _, f := range Repairable {
		if required.Has(f) {
			r.required = append(r.required, f)
		}
	}

	var wanted []int
	path := func(pointer string) int {
		if pointer == "" {
			return 0
		}
		n := r.mapping.Paths.Add(pointer)
		wanted = append(wanted, n)
		return n
	}
	r.envelope = envelope{org: path(p.DocOrg), total: path(p.DocTotal), failed: path(p.DocFailed), skipped: path(p.DocSkipped)}
	marker := path(p.Format)
	wanted = append(wanted, r.mapping.Outer()...)

	// The walk comes last: its slots are as many as there are paths by now.
	r.walk = jsonscan.NewDocument(jsonscan.NewScanner(nil, limits), r.mapping.Paths, p.List, marker, wanted)
	return r
}

// Batch is what one document holds, or a chunk of one.
type Batch struct {
	Doc      Document
	Entries  []Row  // the last ones; see Blocks
	Details  []byte // of the entries, those that were not handed to Input.Keep
	Rejects  int64
	Rows     int64 // rejects and comments included
	Skipped  int64 // comments of CSV, and elements of XML next to the entries
	Length   int64 // of the uncompressed content, as far as it was read
	Filtered intern.Filtered

	Page    profile.Page  // what the document tells of the list that it is a page of
	Framed  bool          // it has a list, so that it may have no entries
	Tabular bool          // the document is in Parquet, and its schema could be read
	Places  record.Fields // fields with a place: a column of the schema, or of JSON a member of some entry, of whatever value

	full     [][]Row  // before Entries
	gaps     []Gap    // of Doc, until it is complete
	keyLinks keyLinks // for the filter
	whole    int64    // end of the last complete value of a sound document
	used     int64    // end of the last record of XML
	lines    lines
}

// spare is the memory in which the lists of one batch after another grow.
type spare struct {
	entries []Row
	gaps    []Gap
	details []byte
}

// batch returns a batch whose lists grow in the spare memory.
func (s *spare) batch(d Document) *Batch {
	return &Batch{Doc: d, Entries: s.entries, gaps: s.gaps, Details: s.details}
}

// detach copies the lists of a finished batch out of the spare memory.
func (s *spare) detach(b *Batch) {
	b.Entries, s.entries = record.Detach(b.Entries)
	b.gaps, s.gaps = record.Detach(b.gaps)
	b.Details, s.details = record.Detach(b.Details)
}

// Blocks returns all entries, in order.
func (b *Batch) Blocks() [][]Row { return append(b.full[:len(b.full):len(b.full)], b.Entries) }

// Unplaceable returns how many entries have a conversation that cannot be read, as two
// calls in one record: they may be the recordings of any call. What the canonical
// layouts cannot read is a missing value, as their contract says, and is not counted.
func (b *Batch) Unplaceable(p *profile.Profile) (n int64) {
	canonical := !p.IsOwn() && b.Doc.Format != profile.XML && b.Doc.Format != profile.CSV
	if canonical || b.Doc.Extra == nil || b.Doc.Key.Conversation != intern.None {
		return 0
	}
	for i := range b.Doc.Extra.Invalid {
		if b.Doc.Extra.Invalid[i].Field == record.ConversationID {
			n++
		}
	}
	return n
}

// count returns how many entries there are.
func (b *Batch) count() (n int) {
	for _, block := range b.Blocks() {
		n += len(block)
	}
	return n
}

// Input is one manifest object.
type Input struct {
	Key        string
	StoredSize int64 // of the object, compressed if it is
	Stream     *stream.Stream
	Body       *bufio.Reader // of Stream
	Format     profile.Format
	Reject     func(rows.Reject) error
	Forget     func()                      // what was rejected so far does not count; nil when nobody keeps it
	Keep       func([]byte) (Range, error) // takes over details of entries; nil leaves them in the batch, but ReadRows needs it
}

func (in *Input) forget() {
	if in.Forget != nil {
		in.Forget()
	}
}

// Begin returns the batch of a document of which nothing is read.
func (r *Reader) Begin(in Input) *Batch {
	r.keep = in.Keep
	return r.spare.batch(Document{Key: KeyOf(r.norm.Profile, in.Key, &r.norm), Format: in.Format})
}

// About says what the object that is read next says about the times in it.
func (r *Reader) About(c steps.Context) { r.mapping.Context = c }

// Read reads one document. Damage is part of the batch; the error is a
// failure to read.
func (r *Reader) Read(in Input) (*Batch, error) {
	b := r.Begin(in)
	// As JSON it would only be a syntax error at the first byte.
	if head, _ := in.Body.Peek(2); stream.IsUTF16(head) {
		return r.undecodable(b, in, stream.ErrUTF16)
	}

	switch in.Format {
	case profile.CSV:
		t := tableReader{Reader: r, b: b, in: in}
		return t.document()
	case profile.XML:
		x := xmlReader{Reader: r, b: b, in: in}
		return x.document()
	}
	if in.Format != profile.JSONLines {
		err := r.document(b, in)
		b.settle(&r.norm)
		return r.finish(b, in, err)
	}

	if err := r.lines(b, rows.NewChunk(in.Body, r.norm.Profile, in.Format, r.limits), in); err != nil {
		return nil, err
	}
	return r.Finish(b, in)
}

// Finish completes the batch of a document in JSON Lines that was read to its end.
func (r *Reader) Finish(b *Batch, in Input) (*Batch, error) {
	b.whole = b.Length
	b.recoverLines(in)
	if b.Rows == 0 && in.Stream.Failed() == nil && in.Stream.Checksum == nil {
		extra := b.Doc.extra()
		extra.Truncated, extra.Why, b.Doc.Blank = &Break{}, errBlank, true
	}
	return r.finish(b, in, nil)
}

// finish completes the batch of a document whose reading ended with err.
func (r *Reader) finish(b *Batch, in Input, err error) (*Batch, error) {
	// The stream is asked as well: the reading of JSON Lines ends without an error.
	for _, err := range []error{in.Stream.Failed(), err} {
		if isUndecodable(err) {
			return r.undecodable(b, in, err)
		}
	}
	if err != nil && !jsonscan.IsDamage(err) {
		return nil, err
	}

	b.Doc.Compression = in.Stream.Compression
	// Damage that was found in the text itself says more than a wrong checksum.
	if in.Stream.Checksum != nil && b.Doc.extra().Truncated == nil && b.Doc.Extra.Malformed == nil {
		b.Doc.Extra.Malformed = &Break{Offset: b.Length}
		b.Doc.Extra.Why = in.Stream.Checksum
		b.Doc.Extra.Recovery = &Recovery{Keep: b.whole}
	}

	r.complete(b)
	return b, nil
}

// complete fills in what depends on how many entries were found.
func (r *Reader) complete(b *Batch) {
	sieve{r, b}.adoptDocument()
	b.Doc.N = uint32(b.found())
	r.spare.detach(b) // before the document refers to the gaps, which are copied
	if len(b.gaps) > 0 {
		b.Doc.extra().Gaps = b.gaps
	}

	if b.Doc.Extra == nil {
		return
	}
	for _, broken := range []*Break{b.Doc.Extra.Truncated, b.Doc.Extra.Malformed} {
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

// undecodable returns the batch of a document of which nothing can be used.
func (r *Reader) undecodable(b *Batch, in Input, why error) (*Batch, error) {
	in.forget()
	// The links of the key stay: its texts may be interned for good already.
	*b = Batch{Doc: Document{Key: b.Doc.Key, Format: in.Format, Compression: in.Stream.Compression}, keyLinks: b.keyLinks}
	extra := b.Doc.extra()
	extra.Malformed, extra.Why = &Break{}, why

	// A key that names a recording proves that there is one, whatever the body says.
	if b.Doc.Key.Recording != intern.None {
		r.empty(b)
	}
	r.complete(b)
	return b, nil
}

// empty makes the document one entry without members, written from {}.
func (r *Reader) empty(b *Batch) {
	b.Doc.Keyed = true
	b.Doc.extra().Recovery = &Recovery{Empty: true}
	b.Details, b.Doc.Details = nil, nil
	b.Entries = b.Entries[:0]
	if r.Filter != nil {
		sieve{r, b}.findLinks(nothing)
	}
	if r.Filter == nil || (sieve{r, b}).keeps(nothing) {
		b.Entries = append(b.Entries, r.blank(b))
	}
	b.Rows = max(b.Rows, 1)
}

// Virtual returns the batch of a media object without metadata: one entry
// without members, under the key that its metadata would have.
func (r *Reader) Virtual(key string) *Batch {
	b := r.spare.batch(Document{Key: KeyOf(r.norm.Profile, key, &r.norm), Format: profile.JSON, Virtual: true})
	r.empty(b)
	if screen := r.norm.Profile.ScreenPattern; screen != nil && screen.MatchString(strings.TrimSuffix(key, r.norm.Profile.Suffix)) {
		for i := range b.Entries { // one, unless the filter dropped it
			b.Entries[i].MediaSubtype = r.norm.Texts.OfString("screen")
			if r.Filter != nil {
				r.Filter.Adopt(&b.Entries[i].MediaSubtype)
			}
		}
	}
	r.complete(b)
	return b
}

// blank returns an entry that lacks everything, with its gaps.
func (r *Reader) blank(b *Batch) Row {
	e := Row{
		Entry{Start: record.NoTime, End: record.NoTime, Duration: profile.NoInt},
		Particulars{MediaBytes: profile.NoInt, DetailsHash: r.storeDetails(b, &noDetails)},
	}
	if b.Doc.Key.identifies() {
		e.Present = identified
	}
	b.gaps = b.gaps[:0]
	for _, f := range r.required {
		b.gaps = append(b.gaps, Gap{Field: f, Start: 1, Append: true, EmptyParent: true}) // after the brace of {}
	}
	return e
}

// document reads a document that is not in JSON Lines.
func (r *Reader) document(b *Batch, in Input) error {
	d := r.walk
	d.Reset(in.Body)
	d.Visit = func(e *jsonscan.Element) error { return r.element(b, e, in.Reject) }
	d.Restart = func() {
		in.forget()
		r.norm.Forget() // waiting ids would be filled into entries that are gone
		b.discard()
		b.Doc.Extra = nil
	}
	err := d.Walk()

	b.Length = d.Scanner.Offset()
	r.envelope.read(&b.Doc, d, &r.norm)
	if b.Framed = d.Framed(); d.Batch() {
		b.Page = r.mapping.Page(d)
	}
	b.Doc.Keyed = b.Doc.Key.Recording != intern.None && !d.Batch() &&
		(d.RootKind == jsonscan.Object || d.RootKind == jsonscan.Absent)
	if err == nil {
		b.whole = d.Keep
		if d.Batch() && !d.Listed() {
			extra := b.Doc.extra()
			extra.Malformed, extra.Why = &Break{}, errNoList
		}
		return nil
	}
	if !jsonscan.IsDamage(err) {
		return err
	}

	b.Doc.noteDamage(err, in.StoredSize)
	if d.Blank {
		b.Doc.Extra.Truncated.Offset = 0 // nothing is there that could be cut
	}
	switch {
	case b.found() > 0:
		b.Doc.extra().Recovery = &Recovery{Keep: d.Keep, Closers: d.Closers}
	case b.Doc.Keyed:
		r.empty(b) // the key still proves one entry
	}
	return err
}

// errBlank says that there is nothing in a document in JSON Lines.
var errBlank = errors.New("it holds nothing but white space")

// errNoList says that a document calls itself a batch and lacks the entries.
var errNoList = errors.New("it names its format, and has no list of entries")

// envelope has the paths of the values that a batch states about itself. A
// path is 0, at which nothing is found, when the profile has none.
type envelope struct{ org, total, failed, skipped int }

// read takes the values over from a batch.
func (p envelope) read(doc *Document, d *jsonscan.Document, n *profile.Normalizer) {
	if !d.Batch() {
		return
	}
	doc.Org, _ = n.ID(d.Outer(p.org))
	total, _ := n.Int(d.Outer(p.total))
	failed, _ := n.Int(d.Outer(p.failed))
	skipped, _ := n.Int(d.Outer(p.skipped))
	if total != profile.NoInt || failed != profile.NoInt || skipped != profile.NoInt {
		doc.extra().Total, doc.Extra.Failed, doc.Extra.Skipped = total, failed, skipped
	}
}

// noteDamage notes where and how the document is damaged.
func (d *Document) noteDamage(err error, storedSize int64) {
	extra := d.extra()
	extra.Why = err
	var syntax *jsonscan.SyntaxError
	var content *stream.Error
	var limit *stream.LimitError
	switch {
	case errors.As(err, &limit):
		extra.Malformed = &Break{Offset: limit.Offset}
	case errors.As(err, &syntax) && syntax.Truncated:
		extra.Truncated = &Break{Offset: syntax.Offset}
	case errors.As(err, &syntax):
		extra.Malformed = &Break{Offset: syntax.Offset}
	case errors.As(err, &content) && content.Truncated:
		extra.Truncated = &Break{Offset: storedSize}
	default:
		extra.Malformed = &Break{Offset: storedSize}
	}
}

// element turns an element into an entry.
func (r *Reader) element(b *Batch, e *jsonscan.Element, reject func(rows.Reject) error) error {
	b.Rows++
	if e.Kind != jsonscan.Object {
		b.Rejects++
		return reject(rows.Reject{Row: int64(e.Index), Offset: e.Start, Reason: "not an object", Bytes: e.Raw(), Before: e.Before})
	}

	r.mapping.Note(e, &b.Places)
	r.mapping.Next()
	entry, outcome := r.take(b, e.Index, r.valuesOf(e))
	switch outcome {
	case dropped:
		return nil
	case unknown:
		end := e.End
		if e.Partial { // the rest is set aside
			end, _ = e.Slots.Tail()
		}
		return reject(rows.Reject{Row: int64(e.Index), Offset: e.Start, Reason: noKnownField, Bytes: e.Scanner.Bytes(e.Start, end), Before: e.Before})
	}

	for _, f := range r.required {
		if r.AllPositions || !entry.Has(f) {
			b.gaps = append(b.gaps, gapOf(e, f, r.mapping.Pointers(f), r.norm.Texts))
		}
	}
	return r.add(b, entry)
}

// valuesOf returns what finds the values of an element.
func (r *Reader) valuesOf(e *jsonscan.Element) func(record.Field) jsonscan.Value {
	return func(f record.Field) jsonscan.Value { return r.mapping.Find(e, f) }
}

// What becomes of a row.
const (
	kept    = iota
	dropped // by the filter
	unknown // it says nothing, and is a reject
)

// take reads an entry with these values, unless the filter drops it.
func (r *Reader) take(b *Batch, index uint32, value func(record.Field) jsonscan.Value) (e Row, outcome int) {
	// Most entries of a margin are dropped here, before their other fields are read.
	if r.Filter != nil {
		sieve{r, b}.findLinks(value)
		if len(r.links) > 0 && !(sieve{r, b}).keeps(value) {
			return e, dropped
		}
	}

	from := len(b.Details)
	e = r.entry(b, index, value)
	if b.saysNothing(&r.values) {
		b.Details = b.Details[:from]
		b.Rejects++
		return e, unknown
	}
	if r.Filter != nil && len(r.links) == 0 && !(sieve{r, b}).keeps(value) {
		return e, dropped
	}
	return e, kept
}

// noKnownField is the reason why an entry is a reject.
const noKnownField = "no known field"

// saysNothing reports whether the entry that was just read says nothing: it has no
// field, none of its values did not parse, and the key does not name its recording
// either, as it does not where the document has another entry.
func (b *Batch) saysNothing(v *values) bool {
	return v.present == 0 && !v.failed && (b.Doc.Key.Recording == intern.None || b.found() > 0)
}

// gapOf finds where the value of a missing field goes. It replaces the value at the
// first pointer that is present. Without one it is appended after the last
// member: of the deepest parent of the first pointer that is present, or of the
// entry if the profile has no pointer for the field.
func gapOf(e *jsonscan.Element, f record.Field, pointers []int, texts *intern.Table) Gap {
	g := Gap{Entry: e.Index, Field: f}
	for _, path := range pointers {
		if start, end, ok := e.Slots.Position(path); ok {
			g.Start, g.Size, g.Raw = start, uint32(end-start), texts.Of(profile.ShownBytes(e.Value(path)))
			return g
		}
	}

	tail, members, depth := int64(0), 0, 0
	if len(pointers) > 0 {
		tail, members, depth = e.Slots.Parent(pointers[0])
	} else {
		tail, members = e.Slots.Tail()
	}
	g.Start, g.Append, g.EmptyParent, g.Depth = tail, true, members == 0, uint8(depth)
	return g
}
