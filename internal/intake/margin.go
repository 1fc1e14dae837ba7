package intake

import (
	"cmp"
	"context"
	"slices"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// margin keeps track of the rows of neighbouring days that were dropped: see
// [intern.Filter]. The output does not show whether rows were dropped:
//
//   - A statement about an owned entry, leg or document depends on the rows that
//     conversations and recordings link with it, on the events, and on which
//     inputs are incomplete. These rows and events are kept, and incomplete inputs
//     are known without rows.
//   - An entry that only looks like the recording of a call ends when the call ends.
//     Whether it is the only one, and looks like no other call, depends on what ends
//     near it: see near.
//   - A blank document damages its partition or not, so it is kept without entries.
//   - Rows of one leg share their conversation or are equal, and those without
//     any id are kept, so that two of them are both kept or both dropped. A row that
//     was dropped cannot have lost to a leg of the interval.
//   - If an id is overused, either all rows that carry it were kept, or they are
//     read again and kept, and are counted as always.
//   - Everything else counts rows: those of owned subjects, or those that lack
//     an organisation, by source.
type margin struct {
	known *intern.Mark  // the texts of the interval's own partitions
	links *intern.Links // ids that turned out to matter

	dropped []dropped
	met     []uint32 // ids of kept rows that have not been looked for yet

	rounds, again int // of reading again, and how many objects
}

// dropped holds counts, and hashes of the ids, of the rows of one object that were
// dropped.
type dropped struct {
	object, rows, orgless uint32
	ids                   []uint32
}

// sparse is the expected size of the margins in memory, in bytes, from which on
// their rows are filtered.
const sparse = baseMemory

// filterEvery is the number of rows after which a reader forgets the texts of
// margins.
const filterEvery = 1 << 10

// isMargin reports whether an object is of a partition outside the interval.
// Nothing in it can be owned, except legs that start in the interval.
func (in *Inputs) isMargin(n uint32) bool {
	return !in.Interval.Overlaps(in.Partitions[in.Objects[n].Partition].Span)
}

// inOrder splits the documents into those of the interval's own partitions and
// those of the margins.
func (in *Inputs) inOrder() (own, margins []uint32) {
	for i := range in.Objects {
		switch n := uint32(i); {
		case !in.Objects[i].Document:
		case in.isMargin(n):
			margins = append(margins, n)
		default:
			own = append(own, n)
		}
	}

	return own, margins
}

// beginFilter has margins read through filters from now on.
func (s *scanner) beginFilter() {
	every := cmp.Or(s.Tuning.FilterEvery, filterEvery)
	m := &margin{known: s.out.ev.Texts.Mark(), links: intern.NewLinks()}
	s.out.margin = m
	m.links.Widen(s.out.near())
	for i := range s.Sources {
		s.filtering = append(s.filtering, s.newDecoder(i, func() *intern.Filter {
			return intern.NewFilter(s.Interval.Span, m.known, m.links, every)
		}))
	}
}

// filters reports whether rows of an object may be dropped.
func (c *collector) filters(n uint32) bool {
	return c.margin != nil && c.in.Sources[c.in.Objects[n].Source].Kind != policy.Registrations && c.in.isMargin(n)
}

// filterManifest counts the entries that the filter kept of a document, and drops
// a document without any. One that is blank stays, as it damages its partition only
// where a recording is missing.
func (c *collector) filterManifest(n uint32, b *manifest.Batch) {
	// An organisation of the document or its source is that of all its entries.
	orgless := b.Filtered.Orgless
	if c.ev.OrgOf(c.in.Objects[n].Source, b.Doc.Org, b.Doc.Key.Org) != intern.None {
		orgless = 0
	}
	b.CountKept()
	c.margin.take(n, &b.Filtered, orgless)
	if b.Doc.N == 0 && !b.Doc.Blank {
		c.manifests[n] = nil
	}
}

// take records the outcome of filtering an object. Orgless is how many of its
// dropped rows lack an organisation.
func (m *margin) take(n uint32, s *intern.Filtered, orgless uint32) {
	m.met = append(m.met, s.Met...)
	if s.Dropped == 0 {
		return
	}
	m.dropped = append(m.dropped, dropped{n, s.Dropped, orgless, record.Clip(s.IDs)})
	*s = intern.Filtered{}
}

// mostRounds is how many times objects are read again because newly kept rows link
// others. After that all rows are kept.
const mostRounds = 5

// reread reads objects again as long as some of their dropped rows turn out to
// matter.
func (s *scanner) reread(ctx context.Context) error {
	m := s.out.margin

	// All rows of an id that may be overused are wanted, and all that end near the
	// calls of the interval that were found in the margins.
	m.links.Add(m.crowded())
	for round := 0; ; round++ {
		m.links.Add(m.met)
		m.met = nil
		wider := m.links.Widen(s.out.near())

		// With all links, every object that lacks rows is read, and none after it.
		if round == mostRounds {
			m.links.AddAll()
		}

		objects := m.recall(wider)
		if len(objects) == 0 {
			return nil
		}

		m.rounds, m.again = m.rounds+1, m.again+len(objects)
		if err := s.each(ctx, objects, func(int64) {}); err != nil {
			return err
		}
	}
}

// recall forgets the objects whose dropped rows matter, and returns them; all of
// them when rows may matter by their times.
func (m *margin) recall(all bool) (objects []uint32) {
	m.dropped = slices.DeleteFunc(m.dropped, func(d dropped) bool {
		matters := all || m.links.Any(d.ids)
		if matters {
			objects = append(objects, d.object)
		}
		return matters
	})
	return objects
}

// crowded returns the ids that may be carried by too many of the dropped rows.
func (m *margin) crowded() []uint32 {
	// Counting by the first bits needs no map, and leaves few ids to be counted
	// exactly.
	const bits = 20
	few := make([]uint32, 1<<bits) // how many begin with the same bits
	for _, d := range m.dropped {
		for _, id := range d.ids {
			few[id>>(32-bits)]++
		}
	}

	counts := map[uint32]int{}
	for _, d := range m.dropped {
		for _, id := range d.ids {
			if few[id>>(32-bits)] > evidence.Overuse {
				counts[id]++
			}
		}
	}

	var ids []uint32
	for id, n := range counts {
		if n > evidence.Overuse {
			ids = append(ids, id)
		}
	}

	return ids
}

// near returns where the calls of the interval end, widened by what may lie between
// the ends of a call and of a row that decides what the call looks like. A recording
// that looks like a call ends within the tolerance of it. So does any other call that
// this recording looks like, if it is the only recording that looks like that call:
// which depends on recordings within the tolerance of that call's end. All other
// rows that matter to any of these have an id in common with them.
func (c *collector) near() record.Span {
	w := record.Span{Start: 1} // empty
	for _, b := range c.cdrs {
		if b == nil {
			continue
		}
		for _, part := range b.Parts() {
			for i := range part.Legs {
				l := &part.Legs[i]
				if !l.End.Known() || !c.in.Interval.Contains(l.Start) {
					continue // without both times nothing looks like it
				}
				if w.Start > w.End {
					w = record.Span{Start: min(l.End, c.in.Interval.Start), End: max(l.End, c.in.Interval.End)}
				}
				w.Start, w.End = min(w.Start, l.End), max(w.End, l.End)
			}
		}
	}
	if w.Start > w.End {
		return w
	}
	const steps = 3 // call, recording, other call, other recording
	reach := steps * c.in.config.Policy.CoverageTolerance
	return record.Span{Start: w.Start.Add(-reach), End: w.End.Add(reach)}
}

// countDropped adds the rows that were dropped to the account.
func (s *scanner) countDropped() {
	m, account, rows := s.out.margin, s.out.account, uint32(0)
	for _, d := range m.dropped {
		source := s.Objects[d.object].Source
		rows += d.rows
		account.Balance[s.Sources[source].Kind].Margin += int64(d.rows)
		account.addFiltered(source, int64(d.orgless), int64(d.rows-d.orgless))
	}

	s.Log.Info("dropped rows beside the interval that decide nothing", "rows", rows, "read_again", m.again, "rounds", m.rounds)
}
