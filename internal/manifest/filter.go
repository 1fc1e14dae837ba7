package manifest

import (
	"slices"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/record"
)

// keyLinks are the ids in the object key of a document, which the filter links
// with all of its entries.
type keyLinks struct {
	known bool // links are those of the key
	links []intern.Link
	final bool // the texts of the key are interned for good
}

// found is how many entries the document has.
func (b *Batch) found() int { return b.count() + int(b.Filtered.Dropped) }

// discard drops the entries that were found so far.
func (b *Batch) discard() {
	b.full, b.Entries, b.gaps, b.Rest, b.Rows, b.Rejects = nil, nil, nil, nil, 0, 0
	b.Doc.Rest = nil
	b.Filtered = intern.Filtered{}
}

// keeps asks the filter, if there is one, about an entry with these values. Only
// its ids are looked at, as no entry of a margin is owned.
func (r *Reader) keeps(b *Batch, value func(record.Field) jsonscan.Value) bool {
	s := r.Filter
	if s == nil {
		return true
	}
	if s.Full() {
		r.adoptKey(b)
		s.Forget(r.norm.Recent)
	}
	r.linkKey(b)
	r.links = append(r.links[:0], b.keyLinks.links...)
	for _, f := range []record.Field{record.ConversationID, record.RecordingID} {
		id, _, _ := r.norm.Later(value(f), 0) // a local table interns at once
		r.link(id)
	}
	if key, _ := r.norm.PlainBytes(value(record.MediaKey)); len(key) > 0 {
		r.link(r.named(key, 0))
	}
	if s.Keep(&b.Filtered, false, r.links) {
		return true
	}
	if org, _ := r.norm.ID(value(record.OrgID)); org == intern.None {
		b.Filtered.Orgless++
	}
	return false
}

// nothing are the values of an entry without members.
func nothing(record.Field) jsonscan.Value { return jsonscan.Value{} }

// link adds what an id links an entry with.
func (r *Reader) link(id intern.Text) {
	if id == intern.None {
		return
	}
	if l := r.Filter.Link(id); !slices.Contains(r.links, l) {
		r.links = append(r.links, l)
	}
}

// linkKey finds out what the object key links all entries with.
func (r *Reader) linkKey(b *Batch) {
	if b.keyLinks.known {
		return
	}
	key := &b.Doc.Key
	r.links = r.links[:0]
	r.link(key.Conversation)
	r.link(key.Recording)
	if key.Media != intern.None {
		r.link(FromMediaKey(r.norm.Profile, r.norm.Texts.AppendTo(nil, key.Media), &r.norm))
	}
	b.keyLinks.known, b.keyLinks.links = true, slices.Clone(r.links)
}

// adoptKey interns what the object key says for good.
func (r *Reader) adoptKey(b *Batch) {
	if key := &b.Doc.Key; !b.keyLinks.final {
		r.linkKey(b)
		r.Filter.Adopt(&key.Org, &key.Conversation, &key.Recording, &key.Media)
		b.keyLinks.final = true
	}
}

// adoptDocument makes a document, all of which is read, one that outlives its
// reader. What did not parse of its entries is for nobody.
func (r *Reader) adoptDocument(b *Batch) {
	if r.Filter == nil {
		return
	}
	if b.count() > 0 {
		r.adoptKey(b)
		r.Filter.Adopt(&b.Doc.Org)
	}
	if b.Doc.Rare != nil {
		b.Doc.Rare.Invalid = nil
	}
}

// texts are those of an entry that outlive the reading of its document.
func (e *Entry) texts() []*intern.Text {
	return []*intern.Text{
		&e.Org, &e.Recording, &e.Conversation, &e.Trunk, &e.Line, &e.Leg, &e.Direction, &e.State, &e.Users, &e.MediaType, &e.MediaSubtype, &e.MediaKey, &e.Named,
	}
}

// CountPassed makes the entries that passed the filter all that the document has.
// A document whose key names ids has kept all of them or none, as the key links
// them.
func (b *Batch) CountPassed() { b.Doc.N = uint32(b.count()) }
