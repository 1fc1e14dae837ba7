package record

import "slices"

// A Sieve lets go of rows that are only counted. Of the days beside an
// interval, which are as large as itself, hardly any row says anything about
// the interval: one that shares no conversation and no recording with a row
// that matters, nor with a row that shares one with such a row, and so on,
// decides nothing. Organisations are not looked at, so that more rows are kept
// than need to be, and never fewer.
//
// What is known when a row is read are the ids of the interval's own rows. The
// rest shows when everything has been read. So of every row that is let go the
// hashes of its ids stay, and rows turn out to be linked by them; the objects
// that hold such rows are read again. A hash that two ids have in common links
// more rows than are linked, and does no harm.
//
// A reader with a sieve interns texts in a table of its own, which it forgets
// every so many rows; those of rows that are kept are interned for good.
type Sieve struct {
	Interval Span // legs that start in it are kept

	known  *Mark
	links  *Links
	local  *Texts
	every  int
	passed int // rows since texts were forgotten
}

// NewSieve returns a sieve for one reader, whose texts are forgotten after so
// many rows. It keeps rows with an id that was known, or that is among links.
func NewSieve(interval Span, known *Mark, links *Links, every int) *Sieve {
	return &Sieve{Interval: interval, known: known, links: links, every: every, local: known.texts.Local()}
}

// Texts returns the table of texts that are not kept yet.
func (s *Sieve) Texts() *Texts { return s.local }

// Sifted is what became of the rows of an object.
type Sifted struct {
	Gone    uint32   // rows that were let go
	Orgless uint32   // those of them that have no organisation of their own
	IDs     []uint32 // of them: hashes of their ids
	Legs    []uint64 // of them, if legs: equal for rows of one leg; odd without an organisation
	Met     []uint32 // hashes of ids of rows that were kept that were not known
}

// Add adds what became of the rows of the next chunk.
func (s *Sifted) Add(next *Sifted) {
	s.Gone, s.Orgless = s.Gone+next.Gone, s.Orgless+next.Orgless
	s.IDs, s.Legs, s.Met = append(s.IDs, next.IDs...), append(s.Legs, next.Legs...), append(s.Met, next.Met...)
	*next = Sifted{}
}

// Link is an id of a row.
type Link struct {
	hash  uint32
	known bool
}

// Link returns what an id, which is not missing, links its row with.
func (s *Sieve) Link(id Text) Link {
	hash := s.local.hashOf(id)
	return Link{uint32(hash >> 32), s.known.had(s.local, id, hash)}
}

// Keep decides about a row, which needed says is kept in any case, and notes
// its ids.
func (s *Sieve) Keep(out *Sifted, needed bool, links []Link) bool {
	s.passed++
	keep := needed || s.links.all || slices.ContainsFunc(links, func(l Link) bool { return l.known || s.links.ids[l.hash] })
	for _, l := range links {
		switch {
		case !keep:
			out.IDs = append(out.IDs, l.hash)
		case !l.known:
			out.Met = append(out.Met, l.hash)
		}
	}
	if !keep {
		out.Gone++
	}
	return keep
}

// KeepLeg reports whether rows of a leg are kept whatever they link to.
func (s *Sieve) KeepLeg(hash uint64) bool { return s.links.legs[hash] }

// Local returns the text of the reader's table for one of the final table.
func (s *Sieve) Local(final Text) Text {
	if final == None {
		return None
	}
	return s.local.of(s.known.texts.stored(final), uint32(final)&1, s.known.texts.hashOf(final))
}

// Hash returns a hash of what x stands for.
func (s *Sieve) Hash(x Text) uint64 {
	if x == None {
		return 0
	}
	return s.local.hashOf(x)
}

// Adopt interns the texts of a row that is kept for good.
func (s *Sieve) Adopt(texts ...*Text) {
	for _, t := range texts {
		*t = s.known.texts.adopt(s.local, *t)
	}
}

// Full reports whether it is time to forget texts. It never is for a nil sieve.
func (s *Sieve) Full() bool { return s != nil && s.passed >= s.every }

// Forget forgets the texts of rows that have passed. Nothing may refer to one
// any longer.
func (s *Sieve) Forget(n *Normalizer) {
	s.local.forget()
	*n.recent = recently{}
	s.passed = 0
}

// Links are ids, and rows of legs, that turned out to matter.
type Links struct {
	ids  map[uint32]bool
	legs map[uint64]bool
	all  bool
}

// NewLinks returns none.
func NewLinks() *Links { return &Links{ids: map[uint32]bool{}, legs: map[uint64]bool{}} }

// Add adds hashes of ids and of legs.
func (l *Links) Add(ids []uint32, legs []uint64) {
	for _, id := range ids {
		l.ids[id] = true
	}
	for _, leg := range legs {
		l.legs[leg] = true
	}
}

// AddAll makes every row one that matters.
func (l *Links) AddAll() { l.all = true }

// Any reports whether some of the rows with these hashes matter.
func (l *Links) Any(ids []uint32, legs []uint64) bool {
	if l.all {
		return true
	}
	if len(l.ids) > 0 && slices.ContainsFunc(ids, func(id uint32) bool { return l.ids[id] }) {
		return true
	}
	return len(l.legs) > 0 && slices.ContainsFunc(legs, func(leg uint64) bool { return l.legs[leg] })
}
