package registration

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

func span(from, to int) record.Span {
	return record.Span{Start: start + record.Time(from)*second, End: start + record.Time(to)*second}
}

// outage returns an outage of a trunk and a line whose id is its name.
func outage(texts *intern.Table, id, trunk, line string, s record.Span) Outage {
	return Outage{ID: id, Trunk: texts.OfString(trunk), Line: texts.OfString(line), Span: s, EndedBy: EndedByExpiry}
}

func TestTheCoincidingOutage(t *testing.T) {
	texts := intern.NewTable()
	outages := []Outage{
		outage(texts, "L7", "", "L7", span(0, 600)),
		outage(texts, "T1", "T1", "", span(-3600, 3600)),
		outage(texts, "T1-L1", "T1", "L1", span(240, 600)),
		outage(texts, "T1-L2", "T1", "L2", span(-3600, 3600)),
		outage(texts, "T2-L8", "T2", "L8", span(120, 300)),
		outage(texts, "T2-L9", "T2", "L9", span(60, 120)),
		outage(texts, "T3", "T3", "", span(0, 100)),
		outage(texts, "far", "T4", "", span(50_000, 50_001)),
	}
	outages[6].EndedBy = EndedByAssumed
	foreign := outage(texts, "foreign", "T9", "", span(0, 600))
	foreign.Org = texts.OfString("o")
	index := NewIndex(append(outages, foreign))

	call := span(0, 300)
	tests := []struct {
		name        string
		trunk, line string
		change      func(*Subject)
		want        string
	}{
		{"the line before the trunk", "T1", "L1", nil, "T1-L1 edge 60000"},
		{"the trunk when the line has none", "T1", "L3", nil, "T1 inside 300000"},
		{"the trunk before other lines of it", "T1", "", nil, "T1 inside 300000"},
		{"other lines of the trunk, the longest", "T2", "", nil, "T2-L8 possible 180000"},
		{"a line without its trunk", "", "L1", nil, "T1-L1 edge 60000"},
		{"an outage without trunk", "T5", "L7", nil, "L7 inside 300000"},
		{"a line that registered on another trunk", "T6", "L1", nil, "- none -1"},
		{"an outage never seen to end", "T3", "", nil, "T3 possible 100000"},
		{"nothing to compare", "", "", nil, "- unknown -1"},
		{"only a trunk, while a line without trunk is out", "T6", "", nil, "- unknown -1"},
		{"only a line, while a trunk without line is out", "", "L3", nil, "- unknown -1"},
		{"only a trunk, while nothing without trunk is out", "T6", "", func(s *Subject) { s.Span = span(900, 960) }, "- none -1"},
		{"both parts, while both kinds are out", "T6", "L6", nil, "- none -1"},
		{"another organisation", "T9", "L1", nil, "- none -1"},
		{"registrations incomplete", "T6", "L6", func(s *Subject) { s.Incomplete = true }, "- unknown -1"},
		{"registrations incomplete, and yet an outage", "T1", "L1", func(s *Subject) { s.Incomplete = true }, "T1-L1 edge 60000"},
		{"no time", "T1", "L1", func(s *Subject) { s.Timed = false }, "- none -1"},
		{"no time, only a trunk", "T1", "", func(s *Subject) { s.Timed = false }, "- none -1"},
		{"an instant", "T1", "L1", func(s *Subject) { s.Instant, s.Span.Start = true, start+270*second }, "T1-L1 inside 0"},
		{"an instant at the start", "T1", "L1", func(s *Subject) { s.Instant, s.Span.Start = true, start+240*second }, "T1-L1 inside 0"},
		{"an instant at the end", "", "L1", func(s *Subject) { s.Instant, s.Span.Start = true, start+600*second }, "- unknown -1"},
		{"an empty span inside", "T1", "L1", func(s *Subject) { s.Span = span(270, 270) }, "T1-L1 inside 0"},
		{"an empty span at the start", "T2", "L9", func(s *Subject) { s.Span = span(60, 60) }, "- none -1"},
		{"a span that touches the start", "T2", "L9", func(s *Subject) { s.Span = span(0, 60) }, "- none -1"},
		{"a span that touches the end", "T2", "L9", func(s *Subject) { s.Span = span(120, 180) }, "- none -1"},
		{"less than a millisecond", "T2", "L9", func(s *Subject) { s.Span = span(0, 60); s.Span.End += 999 }, "T2-L9 edge 0"},
	}
	for _, tt := range tests {
		s := Subject{Trunk: texts.OfString(tt.trunk), Line: texts.OfString(tt.line), Span: call, Timed: true}
		if tt.change != nil {
			tt.change(&s)
		}
		if got := briefCoincidence(index, index.Coinciding(s)); got != tt.want {
			t.Errorf("%s (trunk %q, line %q): got %s, want %s", tt.name, tt.trunk, tt.line, got, tt.want)
		}
	}
}

func briefCoincidence(x *Index, c Coincidence) string {
	id := "-"
	if c.Outage >= 0 {
		id = x.outages[c.Outage].ID
	}
	return fmt.Sprintf("%s %s %d", id, c.Relation, c.OverlapMS)
}

func TestTheIndexFindsWhatLookingAtAllOutagesFinds(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		texts := intern.NewTable()
		pick := func(names ...string) intern.Text { return texts.OfString(names[r.IntN(len(names))]) }
		var outages []Outage
		for i := range r.IntN(40) {
			from := r.IntN(60)
			o := Outage{ID: fmt.Sprintf("%03d", (i*37)%100), Org: pick("", "o"), Trunk: pick("", "T1", "T2"), Line: pick("", "L1", "L2"), EndedBy: EndedByExpiry}
			o.Span = span(from, from+1+r.IntN(20))
			if o.Trunk != intern.None || o.Line != intern.None {
				outages = append(outages, o)
			}
		}
		index := NewIndex(outages)
		for range 100 {
			from := r.IntN(70)
			s := Subject{Org: pick("", "o"), Trunk: pick("", "T1", "T2"), Line: pick("", "L1", "L2"), Span: span(from, from-1+r.IntN(25)), Instant: r.IntN(4) == 0, Timed: true}
			got, want := briefCoincidence(index, index.Coinciding(s)), briefCoincidence(index, naiveCoinciding(outages, s))
			if got != want {
				t.Fatalf("seed %d, subject %+v: got %s, want %s among %+v", seed, s, got, want, outages)
			}
		}
	}
}

func naiveCoinciding(outages []Outage, s Subject) Coincidence {
	type candidate struct {
		tier, outage int
		overlap      record.Time
	}
	var found []candidate
	none := Coincidence{Outage: -1, Relation: NoOutage, OverlapMS: -1}
	if s.Trunk == intern.None && s.Line == intern.None {
		none.Relation = Uncertain
	}
	for i, o := range outages {
		overlaps := s.Span.Overlaps(o.Span)
		length := max(0, min(s.Span.End, o.Span.End)-max(s.Span.Start, o.Span.Start))
		if s.Instant {
			overlaps, length = o.Span.Contains(s.Span.Start), 0
		}
		if o.Org != s.Org || !overlaps {
			continue
		}
		bothLine := o.Line != intern.None && s.Line != intern.None
		bothTrunk := o.Trunk != intern.None && s.Trunk != intern.None
		sameTrunk := bothTrunk && o.Trunk == s.Trunk
		switch {
		case bothLine && o.Line == s.Line && (sameTrunk || !bothTrunk):
			found = append(found, candidate{1, i, length})
		case o.Line == intern.None && sameTrunk:
			found = append(found, candidate{2, i, length})
		case s.Line == intern.None && sameTrunk:
			found = append(found, candidate{3, i, length})
		case !bothLine && !bothTrunk:
			none.Relation = Uncertain
		}
	}
	if len(found) == 0 {
		return none
	}
	best := slices.MinFunc(found, func(a, b candidate) int {
		p, q := outages[a.outage], outages[b.outage]
		return cmp.Or(cmp.Compare(a.tier, b.tier), cmp.Compare(b.overlap, a.overlap), cmp.Compare(p.Span.Start, q.Span.Start), cmp.Compare(p.ID, q.ID))
	})
	c := Coincidence{Outage: int32(best.outage), Relation: Edge, OverlapMS: int64(best.overlap) / 1000}
	if outages[best.outage].Span.Contains(s.Span.Start) {
		c.Relation = Inside
	}
	if best.tier == 3 {
		c.Relation = Possible
	}
	return c
}

// A provider's failure: every line of one trunk is out at once, and the calls
// name only the trunk.
func BenchmarkCoinciding(b *testing.B) {
	texts := intern.NewTable()
	r := rand.New(rand.NewPCG(1, 1))
	var outages []Outage
	for i := range 20_000 {
		from := r.IntN(3600)
		outages = append(outages, outage(texts, fmt.Sprint(i), "T1", fmt.Sprintf("L%d", i), span(from, from+1+r.IntN(3600))))
	}
	index := NewIndex(outages)
	s := Subject{Trunk: texts.OfString("T1"), Timed: true}
	for b.Loop() {
		from := r.IntN(7200)
		s.Span = span(from, from+r.IntN(600))
		index.Coinciding(s)
	}
}
