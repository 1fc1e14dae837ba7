package intern

import (
	"slices"

	"cdrmend/internal/record"
)

// A Filter drops rows that are only counted. The days around an interval are as
// large as the interval itself, and hardly any of their rows says anything
// about it. A row matters when it shares a conversation or a recording with a
// row that matters; the rows of the interval itself do. Organisations are not
// compared, so that a few more rows are kept than necessary, and never fewer.
//
// While a row is read, only the ids of the interval's own rows are known. When a
// row is dropped, the hashes of its ids are kept in [Filtered]. After everything
// has been read, they show which dropped rows are linked after all, and the
// objects with such rows are read again. Two ids with equal hashes link more
// rows than necessary, which does no harm.
//
// A reader with a filter interns texts in a local table, which it empties after a
// number of rows. The texts of rows that are kept are adopted by the final table.
type Filter struct {
	Interval record.Span // its own legs are always kept

	known  *Mark
	links  *Links
	local  *Table
	every  int // after how many rows the local table is full
	passed int // rows since it was emptied
}

// NewFilter returns a filter for one reader, which forgets its texts after every
// so many rows. It keeps rows with an id that is known or among links.
func NewFilter(interval record.Span, known *Mark, links *Links, every int) *Filter {
	return &Filter{Interval: interval, known: known, links: links, every: every, local: known.texts.Local()}
}

// Texts returns the local table.
func (f *Filter) Texts() *Table { return f.local }

// Filtered is the outcome for the rows of an object.
type Filtered struct {
	Dropped uint32   // number of dropped rows
	Orgless uint32   // dropped rows without an organisation of their own
	IDs     []uint32 // hashes of the ids of dropped rows
	Met     []uint32 // hashes of the ids of kept rows that were not known
}

// Add appends the outcome for the next chunk, and empties next.
func (f *Filtered) Add(next *Filtered) {
	f.Dropped, f.Orgless = f.Dropped+next.Dropped, f.Orgless+next.Orgless
	f.IDs, f.Met = append(f.IDs, next.IDs...), append(f.Met, next.Met...)
	*next = Filtered{}
}

// Link is an id of a row.
type Link struct {
	hash  uint32
	known bool
}

// Link returns the link of an id, which must not be missing.
func (f *Filter) Link(id Text) Link {
	hash := f.local.hashOf(id)
	return Link{uint32(hash >> 32), f.known.had(f.local, id, hash)}
}

// Keep decides whether a row is kept, and adds its ids to out. A row that is
// needed is kept in any case.
func (f *Filter) Keep(out *Filtered, needed bool, links []Link) bool {
	f.passed++

	// During the first reading links is empty. It grows before objects are read again.
	keep := needed || f.links.all || slices.ContainsFunc(links, func(l Link) bool { return l.known || f.links.ids[l.hash] })

	for _, l := range links {
		switch {
		case !keep:
			out.IDs = append(out.IDs, l.hash)
		case !l.known: // dropped rows with this id matter now
			out.Met = append(out.Met, l.hash)
		}
	}
	if !keep {
		out.Dropped++
	}

	return keep
}

// Near reports whether what ends at a time may be linked by its times alone.
func (f *Filter) Near(end record.Time) bool {
	w := f.links.window
	return end.Known() && w.Start <= end && end <= w.End
}

// Local returns the text of the local table for a text of the final table.
func (f *Filter) Local(final Text) Text {
	if final == None {
		return None
	}
	return f.local.of(f.known.texts.stored(final), uint32(final)&1, f.known.texts.hashOf(final))
}

// Adopt moves the texts of a row that is kept to the final table.
func (f *Filter) Adopt(texts ...*Text) {
	for _, t := range texts {
		*t = f.known.texts.adopt(f.local, *t)
	}
}

// Full reports whether it is time to forget texts. A nil filter is never full.
func (f *Filter) Full() bool { return f != nil && f.passed >= f.every }

// Forget empties the local table and the reader's cache of it. Nothing may
// refer to a local text any longer.
func (f *Filter) Forget(c *Cache) {
	f.local.forget()
	*c = Cache{}
	f.passed = 0
}

// Links are the ids that turned out to matter. Filters of several readers
// look them up at once, so nothing may be added while objects are read.
type Links struct {
	ids    map[uint32]bool
	all    bool
	window record.Span
}

// NewLinks returns an empty set.
func NewLinks() *Links { return &Links{ids: map[uint32]bool{}, window: record.Span{Start: 1}} }

// Widen makes rows matter that end in a span, both ends included, and reports
// whether that is news.
func (l *Links) Widen(w record.Span) bool {
	if w.Start > w.End {
		return false
	}
	before := l.window
	if l.window = w; before.Start <= before.End {
		l.window = record.Span{Start: min(before.Start, w.Start), End: max(before.End, w.End)}
	}
	return l.window != before
}

// Add adds hashes of ids.
func (l *Links) Add(ids []uint32) {
	for _, id := range ids {
		l.ids[id] = true
	}
}

// AddAll makes every row matter.
func (l *Links) AddAll() { l.all = true }

// Any reports whether some of the rows with these hashes matter.
func (l *Links) Any(ids []uint32) bool {
	// An empty set needs no pass over the hashes.
	return l.all || len(l.ids) > 0 && slices.ContainsFunc(ids, func(id uint32) bool { return l.ids[id] })
}
