package intern_test

import (
	"fmt"
	"slices"
	"testing"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// tester is a filter with the normalizer of its reader.
type tester struct {
	*intern.Filter
	norm profile.Normalizer
	out  intern.Filtered
}

func newTester(known *intern.Mark, links *intern.Links) *tester {
	s := intern.NewFilter(record.Span{}, known, links, 2)
	return &tester{Filter: s, norm: profile.NewNormalizer(&profile.Profile{}, s.Texts())}
}

// row passes a row with some ids, and returns the first of them if it is kept.
func (s *tester) row(ids ...string) (first intern.Text, kept bool) {
	var links []intern.Link
	var texts []intern.Text
	for _, id := range ids {
		t, _ := s.norm.ID(jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(id)})
		texts, links = append(texts, t), append(links, s.Link(t))
	}
	if kept = s.Keep(&s.out, false, links); kept {
		s.Adopt(&texts[0])
	}
	if s.Full() {
		s.Forget(s.norm.Recent)
	}
	return texts[0], kept
}

func TestAFilterKeepsWhatWasKnownWhenItWasMade(t *testing.T) {
	texts := intern.NewTable()
	for i := range 100 {
		texts.OfString(fmt.Sprint("known", i))
	}
	texts.OfString(upperUUID) // which is no id in normal form
	s := newTester(texts.Mark(), intern.NewLinks())
	texts.OfString("later")
	for _, c := range []struct {
		ids  []string
		kept bool
	}{
		{[]string{"unknown", "known7"}, true},
		{[]string{"unknown", "stranger"}, false},
		{[]string{"known99"}, true},
		{[]string{"later"}, false},
		{[]string{upperUUID}, false},
		{[]string{"known0", "unknown"}, true},
	} {
		first, kept := s.row(c.ids...)
		if kept != c.kept {
			t.Errorf("row %q is kept: %v, want %v", c.ids, kept, c.kept)
		}
		if kept && texts.String(first) != c.ids[0] {
			t.Errorf("the first id of %q is kept as %q", c.ids, texts.String(first))
		}
	}
	if s.out.Dropped != 3 || len(s.out.IDs) != 4 || len(s.out.Met) != 2 {
		t.Errorf("of 3 rows with 4 ids gone and 2 ids met: %+v", s.out)
	}
}

func TestLinksAreTheIDsOfRowsThatWereKept(t *testing.T) {
	texts := intern.NewTable()
	texts.OfString("a")
	known, links := texts.Mark(), intern.NewLinks()
	s := newTester(known, links)
	s.row("a", "b")
	s.row("b", "c")
	if !slices.Equal(s.out.IDs[:1], s.out.Met) {
		t.Fatalf("b has one hash in the row that is kept and another in the one that is gone: %+v", s.out)
	}
	links.Add(s.out.Met)
	if !links.Any(s.out.IDs) {
		t.Fatal("the ids of b's other row are not linked")
	}
	again := newTester(known, links)
	if _, kept := again.row("b", "c"); !kept {
		t.Error("the row that b links is not kept")
	}
	if _, kept := again.row("c", "d"); kept {
		t.Error("a row that nothing links yet is kept")
	}
}
