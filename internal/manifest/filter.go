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

// sieve asks the filter of a reader about the entries of a batch.
type sieve struct {
	*Reader
	b *Batch
}

// findLinks finds the ids that link an entry with these values to others. Only
// they and its times are looked at, as no entry of a margin is owned.
func (r sieve) findLinks(value func(record.Field) jsonscan.Value) {
	s := r.Filter
	if s.Full() {
		r.adoptKey() // its texts are local ones, and later entries need them
		s.Forget(r.norm.Recent)
	}

	r.linkKey()
	r.links = append(r.links[:0], r.b.keyLinks.links...)
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
func (r sieve) keeps(value func(record.Field) jsonscan.Value) bool {
	if r.Filter.Keep(&r.b.Filtered, near(r.Filter, &r.norm, value), r.links) {
		return true
	}
	if org, _ := r.norm.ID(value(record.OrgID)); org == intern.None {
		r.b.Filtered.Orgless++
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
func (r sieve) linkKey() {
	if r.b.keyLinks.known {
		return
	}

	key := &r.b.Doc.Key
	r.links = r.links[:0]
	r.links = addLink(r.links, r.Filter, key.Conversation)
	r.links = addLink(r.links, r.Filter, key.Recording)
	if key.Media != intern.None {
		id := IDFromMediaKey(r.norm.Profile, r.norm.Texts.AppendTo(nil, key.Media), &r.norm)
		r.links = addLink(r.links, r.Filter, id)
	}
	r.b.keyLinks.known, r.b.keyLinks.links = true, slices.Clone(r.links)
}

// adoptKey moves the texts of the object key to the final table.
func (r sieve) adoptKey() {
	if key := &r.b.Doc.Key; !r.b.keyLinks.final {
		r.linkKey() // links are made of local texts, which are gone afterwards
		r.Filter.Adopt(&key.Org, &key.Conversation, &key.Recording, &key.Media)
		r.b.keyLinks.final = true
	}
}

// adoptDocument moves the texts of a document, or of a chunk, to the final table. It
// is due when all of it was read.
func (r sieve) adoptDocument() {
	if r.Filter == nil {
		return
	}

	// A document without entries is dropped with its texts, unless it is blank: whether
	// it is damage is decided later.
	if r.b.count() > 0 || r.b.Doc.Blank {
		r.adoptKey()
		r.Filter.Adopt(&r.b.Doc.Org)
	}
	// Values that did not parse are reported only for owned entries.
	if r.b.Doc.Extra != nil {
		r.b.Doc.Extra.Invalid = nil
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
