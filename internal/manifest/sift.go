package manifest

import (
	"slices"

	"cdrmend/internal/record"
)

// sifting is how far the entries of a batch are sifted.
type sifting struct {
	kept  int           // entries that passed
	named bool          // it is known what the object key links the entries with
	links []record.Link // namely
	final bool          // the texts of the key are interned for good
}

// found is how many entries the document has.
func (b *Batch) found() int { return b.count() + int(b.Sifted.Gone) }

// discard gives up the entries that were found so far.
func (b *Batch) discard() {
	b.full, b.Entries, b.Rest, b.Rows, b.Rejects = nil, nil, nil, 0, 0
	b.Doc.Rest = nil
	b.Sifted, b.sifting.kept = record.Sifted{}, 0
}

// sift passes the entries since the last time through the sieve, if there is
// one. What did not parse of them is for nobody, as none of them is owned.
func (r *Reader) sift(b *Batch) {
	s := r.Sieve
	if s == nil {
		return
	}
	r.linkKey(b)
	from := b.sifting.kept
	kept := b.Entries[:from]
	for _, e := range b.Entries[from:] {
		r.links = append(r.links[:0], b.sifting.links...)
		r.link(e.Conversation)
		if r.link(e.Recording); e.Named != e.Recording {
			r.link(e.Named)
		}
		if s.Keep(&b.Sifted, false, r.links) {
			s.Adopt(e.texts()...)
			kept = append(kept, e)
		} else if e.Org == record.None {
			b.Sifted.Orgless++
		}
	}
	passed := len(b.Entries) - from
	b.Entries, b.sifting.kept = kept, len(kept)
	if b.Doc.Rare != nil {
		b.Doc.Rare.Invalid = nil
	}
	if b.count() > 0 || s.Full(passed) {
		r.adoptDocument(b)
	}
	s.Forget(&r.norm, passed)
}

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

// adoptDocument interns the texts of the document for good. Its organisation
// is known only at its end.
func (r *Reader) adoptDocument(b *Batch) {
	key := &b.Doc.Key
	if !b.sifting.final {
		r.Sieve.Adopt(&key.Org, &key.Conversation, &key.Recording, &key.Media)
	}
	b.sifting.final = true
	r.Sieve.Adopt(&b.Doc.Org)
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
