package manifest

import (
	"slices"

	"cdrmend/internal/record"
)

// sifting is what the sieve has to know of a document.
type sifting struct {
	named bool          // it is known what the object key links the entries with
	links []record.Link // namely
	final bool          // the texts of the key are interned for good
}

// found is how many entries the document has.
func (b *Batch) found() int { return b.count() + int(b.Sifted.Gone) }

// discard gives up the entries that were found so far.
func (b *Batch) discard() {
	b.full, b.Entries, b.gaps, b.Rest, b.Rows, b.Rejects = nil, nil, nil, nil, 0, 0
	b.Doc.Rest = nil
	b.Sifted = record.Sifted{}
}

// keeps asks the sieve, if there is one, about an entry with these values. Only
// its ids are looked at: none of a margin is owned.
func (r *Reader) keeps(b *Batch, value func(record.Field) record.Value) bool {
	s := r.Sieve
	if s == nil {
		return true
	}
	if s.Full() {
		r.adoptKey(b)
		s.Forget(&r.norm)
	}
	r.linkKey(b)
	r.links = append(r.links[:0], b.sifting.links...)
	for _, f := range []record.Field{record.ConversationID, record.RecordingID} {
		id, _, _ := r.norm.Later(value(f), 0) // a local table interns at once
		r.link(id)
	}
	if key, _ := r.norm.PlainBytes(value(record.MediaKey)); len(key) > 0 {
		r.link(r.named(key, 0))
	}
	if s.Keep(&b.Sifted, false, r.links) {
		return true
	}
	if org, _ := r.norm.ID(value(record.OrgID)); org == record.None {
		b.Sifted.Orgless++
	}
	return false
}

// nothing are the values of an entry without members.
func nothing(record.Field) record.Value { return record.Value{} }

// link adds what an id links an entry with.
func (r *Reader) link(id record.Text) {
	if id == record.None {
		return
	}
	if l := r.Sieve.Link(id); !slices.Contains(r.links, l) {
		r.links = append(r.links, l)
	}
}

// linkKey finds out what the object key links all entries with.
func (r *Reader) linkKey(b *Batch) {
	if b.sifting.named {
		return
	}
	key := &b.Doc.Key
	r.links = r.links[:0]
	r.link(key.Conversation)
	r.link(key.Recording)
	if key.Media != record.None {
		r.link(FromMediaKey(r.norm.Profile, r.norm.Texts.AppendTo(nil, key.Media), &r.norm))
	}
	b.sifting.named, b.sifting.links = true, slices.Clone(r.links)
}

// adoptKey interns what the object key says for good.
func (r *Reader) adoptKey(b *Batch) {
	if key := &b.Doc.Key; !b.sifting.final {
		r.linkKey(b)
		r.Sieve.Adopt(&key.Org, &key.Conversation, &key.Recording, &key.Media)
		b.sifting.final = true
	}
}

// adoptDocument makes a document, all of which is read, one that outlives its
// reader. What did not parse of its entries is for nobody.
func (r *Reader) adoptDocument(b *Batch) {
	if r.Sieve == nil {
		return
	}
	if b.count() > 0 {
		r.adoptKey(b)
		r.Sieve.Adopt(&b.Doc.Org)
	}
	if b.Doc.Rare != nil {
		b.Doc.Rare.Invalid = nil
	}
}

// texts are those of an entry that outlive the reading of its document.
func (e *Entry) texts() []*record.Text {
	return []*record.Text{
		&e.Org, &e.Recording, &e.Conversation, &e.Trunk, &e.Line, &e.MediaType, &e.MediaSubtype, &e.MediaKey, &e.Named,
	}
}

// Thin makes the entries that passed the sieve all that the document has. One
// whose key names ids has kept all of them or none, as the key links them.
func (b *Batch) Thin() { b.Doc.N = uint32(b.count()) }
