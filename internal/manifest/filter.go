package manifest

import (
	"slices"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// keyLinks are the ids in the object key of a document, which the filter links
// with all of its entries.
type keyLinks struct {
	known bool // links are those of the key
	links []intern.Link
	final bool // the texts of the key are in the final table
}

// found returns how many entries the document has, dropped ones included.
func (b *Batch) found() int { return b.count() + int(b.Filtered.Dropped) }

// discard drops the entries that were found so far.
func (b *Batch) discard() {
	b.full, b.Entries, b.gaps, b.Details, b.Rows, b.Rejects = nil, nil, nil, nil, 0, 0
	b.Doc.Details, b.Places = nil, 0
	b.Filtered = intern.Filtered{}
}

// findLinks finds the ids that link an entry with these values to others. Only
// they and its times are looked at, as no entry of a margin is owned.
func (r *Reader) findLinks(b *Batch, value func(record.Field) jsonscan.Value) {
	s := r.Filter
	if s.Full() {
		r.adoptKey(b) // its texts are local ones, and later entries need them
		s.Forget(r.norm.Recent)
	}

	r.linkKey(b)
	r.links = append(r.links[:0], b.keyLinks.links...)
	for _, f := range []record.Field{record.ConversationID, record.RecordingID} {
		id, _, _ := r.norm.Later(value(f), 0) // a local table interns at once
		r.links = addLink(r.links, r.Filter, id)
	}
	if key, _ := r.norm.PlainBytes(value(record.MediaKey)); len(key) > 0 {
		id, _, _ := r.norm.Later(idInMediaKey(r.norm.Profile, key), 0)
		r.links = addLink(r.links, r.Filter, id)
	}
}

// keeps asks the filter about an entry with these values, whose links were found.
func (r *Reader) keeps(b *Batch, value func(record.Field) jsonscan.Value) bool {
	if r.Filter.Keep(&b.Filtered, near(r.Filter, &r.norm, value), r.links) {
		return true
	}
	if org, _ := r.norm.ID(value(record.OrgID)); org == intern.None {
		b.Filtered.Orgless++
	}
	return false
}

// near reports whether the entry ends where one without common ids may be the
// recording of a call of the interval.
func near(filter *intern.Filter, norm *profile.Normalizer, value func(record.Field) jsonscan.Value) bool {
	end, _ := norm.Time(value(record.EndTime))
	if !end.Known() {
		start, _ := norm.Time(value(record.StartTime))
		duration, _ := norm.Int(value(record.DurationMS))
		if !start.Known() || duration == profile.NoInt || duration > longestDuration {
			return false // it has no valid span
		}
		end = start.Add(time.Duration(duration) * time.Millisecond)
	}
	return filter.Near(end)
}

// longestDuration is longer, in milliseconds, than any valid span.
const longestDuration = 48 * 3600 * 1000

// nothing returns the values of an entry without members.
func nothing(record.Field) jsonscan.Value { return jsonscan.Value{} }

// addLink adds the link of an id to those of an entry, once.
func addLink(links []intern.Link, filter *intern.Filter, id intern.Text) []intern.Link {
	if id == intern.None {
		return links
	}
	if l := filter.Link(id); !slices.Contains(links, l) {
		links = append(links, l)
	}
	return links
}

// linkKey finds out what the object key links all entries with.
func (r *Reader) linkKey(b *Batch) {
	if b.keyLinks.known {
		return
	}

	key := &b.Doc.Key
	r.links = r.links[:0]
	r.links = addLink(r.links, r.Filter, key.Conversation)
	r.links = addLink(r.links, r.Filter, key.Recording)
	if key.Media != intern.None {
		id := IDFromMediaKey(r.norm.Profile, r.norm.Texts.AppendTo(nil, key.Media), &r.norm)
		r.links = addLink(r.links, r.Filter, id)
	}
	b.keyLinks.known, b.keyLinks.links = true, slices.Clone(r.links)
}

// adoptKey moves the texts of the object key to the final table.
func (r *Reader) adoptKey(b *Batch) {
	if key := &b.Doc.Key; !b.keyLinks.final {
		r.linkKey(b) // links are made of local texts, which are gone afterwards
		r.Filter.Adopt(&key.Org, &key.Conversation, &key.Recording, &key.Media)
		b.keyLinks.final = true
	}
}

// adoptDocument moves the texts of a document, or of a chunk, to the final table. It
// is due when all of it was read.
func (r *Reader) adoptDocument(b *Batch) {
	if r.Filter == nil {
		return
	}

	// A document without entries is dropped with its texts, unless it is blank: whether
	// it is damage is decided later.
	if b.count() > 0 || b.Doc.Blank {
		r.adoptKey(b)
		r.Filter.Adopt(&b.Doc.Org)
	}
	// Values that did not parse are reported only for owned entries.
	if b.Doc.Extra != nil {
		b.Doc.Extra.Invalid = nil
	}
}

// adopt moves the texts of an entry to the final table.
func (e *Row) adopt(filter *intern.Filter) {
	filter.Adopt(e.texts()...)
	filter.AdoptNumber(&e.ANI)
	filter.AdoptNumber(&e.DNIS)
}

// texts returns all texts of an entry.
func (e *Row) texts() []*intern.Text {
	return []*intern.Text{
		&e.Org, &e.Recording, &e.Conversation, &e.Trunk, &e.Line, &e.Leg, &e.Direction, &e.State, &e.Users,
		&e.MediaType, &e.MediaSubtype, &e.MediaKey, &e.IDInMediaKey,
	}
}

// CountKept makes the entries that the filter kept all that the document has. A
// document whose key names ids has kept all of them or none, as the key links
// them.
func (b *Batch) CountKept() { b.Doc.N = uint32(b.count()) }
