package job

import (
	"cmp"
	"context"
	"slices"

	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
)

// margin is what is left of the rows of the days beside the interval that were
// let go, see [record.Sieve]. That the output does not show whether they were:
//
//   - Whatever is said of an owned entry, leg or document rests on rows that it
//     is linked with by conversations and recordings, on the events, and on
//     what is incomplete; all of these are kept, or known without rows.
//   - Rows of one leg share their conversation or are equal, and those without
//     any id are kept, so that of two of them both are kept or none. Legs that
//     were let go are told apart by a hash of 63 bits, and further rows of one
//     count as superseded. When several sources deliver a leg, it depends on its
//     values which of them it counts for: these are kept.
//   - An id that too many rows carry is carried by kept ones only, or by none.
//     Of the latter all rows are kept, to be counted as always.
//   - Everything else counts rows: those of owned subjects, or those that lack
//     an organisation, by source.
type margin struct {
	known *record.Mark  // the texts of the interval's own partitions
	links *record.Links // ids that turned out to matter

	gone []gone
	met  []uint32 // ids of kept rows that have not been looked for yet

	rounds, again int // of reading again, and how many objects
}

// gone is what was let go of one object.
type gone struct {
	object, rows, orgless uint32
	ids                   []uint32
	legs                  []uint64
}

// sparse is the least that the margins are expected to take in memory before
// their rows are sifted.
const sparse = baseMemory

// siftEvery is after how many rows a reader forgets the texts of margins.
const siftEvery = 1 << 10

// isMargin reports whether nothing of an object can be owned but legs that
// start in the interval.
func (s *snapshot) isMargin(n uint32) bool {
	return !s.interval.Overlaps(s.partitions[s.inputs[n].partition].Span)
}

// inOrder splits the documents into those of the interval's own partitions and
// those beside.
func (s *snapshot) inOrder() (own, beside []uint32) {
	for i := range s.inputs {
		switch n := uint32(i); {
		case !s.inputs[i].document:
		case s.isMargin(n):
			beside = append(beside, n)
		default:
			own = append(own, n)
		}
	}
	return own, beside
}

// sift makes the rest be read by sieves.
func (sc *scanner) sift() {
	every := cmp.Or(sc.job.Sift, siftEvery)
	sc.margin = &margin{known: sc.out.texts.Mark(), links: record.NewLinks()}
	sc.sifters = make([]readers, len(sc.readers))
	for i := range sc.sifters {
		sc.sifters[i].more = func() any {
			return sc.newReader(i, record.NewSieve(sc.snap.interval, sc.margin.known, sc.margin.links, every))
		}
	}
}

// sifts reports whether rows of an object may be let go.
func (sc *scanner) sifts(n uint32) bool {
	kind := sc.snap.sources[sc.snap.inputs[n].source].Kind
	return sc.margin != nil && kind != policy.Registrations && sc.snap.isMargin(n)
}

// thin takes over what is left of the entries of a document, and gives up one
// of which nothing is left.
func (s *scan) thin(sc *scanner, n uint32, b *manifest.Batch) {
	orgless := b.Sifted.Orgless
	if cmp.Or(b.Doc.Org, b.Doc.Key.Org, sc.snap.sources[sc.snap.inputs[n].source].Org, sc.org) != record.None {
		orgless = 0
	}
	b.Thin()
	sc.margin.take(n, &b.Sifted, orgless)
	if b.Doc.N == 0 {
		s.manifests[n] = nil
	}
}

// take notes what became of the rows of an object; orgless of those that are
// gone lack an organisation.
func (m *margin) take(n uint32, s *record.Sifted, orgless uint32) {
	m.met = append(m.met, s.Met...)
	if s.Gone == 0 {
		return
	}
	m.gone = append(m.gone, gone{n, s.Gone, orgless, record.Clipped(s.IDs), record.Clipped(s.Legs)})
	*s = record.Sifted{}
}

// mostRounds is how many times objects are read again because rows that were
// kept the last time link others, before all rows are kept.
const mostRounds = 5

// rescue reads the objects again of which rows were let go that matter after
// all, until there are none.
func (sc *scanner) rescue(ctx context.Context) error {
	m := sc.margin
	m.links.Add(m.crowded(), m.shared(sc.snap))
	for round := 0; ; round++ {
		m.links.Add(m.met, nil)
		m.met = nil
		if round == mostRounds {
			m.links.AddAll()
		}
		objects := m.recall()
		if len(objects) == 0 {
			return nil
		}
		m.rounds, m.again = m.rounds+1, m.again+len(objects)
		if err := sc.each(ctx, objects, func(int64) {}); err != nil {
			return err
		}
	}
}

// recall takes back what was let go of objects with rows that matter, and
// returns these.
func (m *margin) recall() (objects []uint32) {
	m.gone = slices.DeleteFunc(m.gone, func(g gone) bool {
		matters := m.links.Any(g.ids, g.legs)
		if matters {
			objects = append(objects, g.object)
		}
		return matters
	})
	return objects
}

// crowded returns the ids that may be carried by too many of the rows that are
// gone.
func (m *margin) crowded() []uint32 {
	const bits = 20
	few := make([]uint32, 1<<bits) // how many begin with the same bits
	for _, g := range m.gone {
		for _, id := range g.ids {
			few[id>>(32-bits)]++
		}
	}
	counts := map[uint32]int{}
	for _, g := range m.gone {
		for _, id := range g.ids {
			if few[id>>(32-bits)] > reconcile.Overuse {
				counts[id]++
			}
		}
	}
	var ids []uint32
	for id, n := range counts {
		if n > reconcile.Overuse {
			ids = append(ids, id)
		}
	}
	return ids
}

// countLegs returns how many legs are gone of each source.
func (m *margin) countLegs(snap *snapshot) map[uint32]int {
	counts := map[uint32]int{}
	for _, g := range m.gone {
		if len(g.legs) > 0 {
			counts[snap.inputs[g.object].source] += len(g.legs)
		}
	}
	return counts
}

// bySource returns the legs that are gone by source, each list in order.
func (m *margin) bySource(snap *snapshot) map[uint32][]uint64 {
	lists := map[uint32][]uint64{}
	for source, n := range m.countLegs(snap) {
		lists[source] = make([]uint64, 0, n)
	}
	for _, g := range m.gone {
		if len(g.legs) > 0 {
			source := snap.inputs[g.object].source
			lists[source] = append(lists[source], g.legs...)
		}
	}
	for _, list := range lists {
		slices.Sort(list)
	}
	return lists
}

// shared returns the legs that rows of several sources tell of.
func (m *margin) shared(snap *snapshot) []uint64 {
	if len(m.countLegs(snap)) < 2 {
		return nil
	}
	var all []uint64
	for _, list := range m.bySource(snap) {
		all = append(all, slices.Compact(list)...)
	}
	slices.Sort(all)
	return repeated(all)
}

func repeated(sorted []uint64) []uint64 {
	var list []uint64
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			list = append(list, sorted[i])
		}
	}
	return list
}

// count adds the rows that are gone to what a run counts.
func (m *margin) count(sc *scanner) {
	s, rows := sc.out, uint32(0)
	for _, g := range m.gone {
		in := &sc.snap.inputs[g.object]
		rows += g.rows
		if sc.snap.sources[in.source].Kind == policy.Manifests {
			s.balance[policy.Manifests].Margin += int64(g.rows)
			s.countOrgs(in.source, int64(g.orgless), int64(g.rows-g.orgless))
		}
	}
	cdrs := &s.balance[policy.CDRs]
	for source, list := range m.bySource(sc.snap) {
		rows := len(list)
		list = slices.Compact(list)
		cdrs.Margin += int64(len(list))
		cdrs.Superseded += int64(rows - len(list))
		orgless := int64(0)
		for _, leg := range list {
			orgless += int64(leg & 1)
		}
		s.countOrgs(source, orgless, int64(len(list))-orgless)
	}
	sc.job.Log.Info("let go of rows beside the interval that decide nothing", "rows", rows, "read_again", m.again, "rounds", m.rounds)
}

// countOrgs counts records of a source that are in none of the lists.
func (s *scan) countOrgs(source uint32, lacking, having int64) {
	c := s.letGo[source]
	s.letGo[source] = orgCount{c.lacking + lacking, c.having + having}
}
