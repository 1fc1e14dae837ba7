package profile

import (
	"fmt"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/record"
)

// Pages says where a document tells that it is one page of a longer list. These are the
// places of members of JSON, or elements and attributes of XML, around the list; empty for
// those that do not exist.
type Pages struct{ More, Total, Until string }

// Pointers returns the places in the order in which [Normalizer.Page] takes their
// values, nil when documents are no pages.
func (p *Pages) Pointers() []string {
	if *p == (Pages{}) {
		return nil
	}
	return []string{p.More, p.Total, p.Until}
}

// detailPages are the pages of conversation details.
var detailPages = Pages{More: "/cursor", Total: "/totalHits", Until: "/dataAvailabilityDate"}

// Page is what one document tells of the list that it is a page of. The zero value
// tells nothing.
type Page struct {
	More  bool        // another page follows
	Total int64       // how many elements there are in all pages
	Until record.Time // up to when the list is complete; 0 when it does not say
	Odd   bool        // it says a total or a time that cannot be read
}

// Page reads the values at the places of pages.
func (n *Normalizer) Page(more, total, until jsonscan.Value) (p Page) {
	// A truth value says it outright. Conversation details have a token or none.
	isFalse := more.Kind == jsonscan.Bool && string(more.Raw) == "false" && n.Profile.Shape != ConversationDetail
	p.More = !isFalse && !n.Profile.IsMissing(more)

	count, isCount := n.Int(total)
	p.Total = max(count, 0)
	t, isTime := n.Time(until)
	if t.Known() {
		p.Until = t
	}
	p.Odd = (!isCount || !isTime && !t.Known()) && n.Profile.Shape != ConversationDetail
	return p
}

// Paging is what the objects of one partition tell together.
type Paging struct {
	Page           // the greatest total, and the latest time
	elements int64 // that the objects list
	lists    int   // objects that are lists
	ongoing  int   // those of them after which another page follows
}

// Add adds an object with so many elements.
func (g *Paging) Add(p Page, elements int64, lists bool) {
	g.elements += elements
	g.Total, g.Until, g.Odd = max(g.Total, p.Total), max(g.Until, p.Until), g.Odd || p.Odd
	if lists {
		g.lists++
		if p.More {
			g.ongoing++
		}
	}
}

// Lacks says what is missing of a list that stands for a span of time, empty when
// nothing tells that something is.
func (g *Paging) Lacks(span record.Span) string {
	switch {
	case g.Odd:
		return "its objects say a total, or up to when they are complete, in a form that the profile does not read (pages)"
	case g.Total > g.elements:
		return fmt.Sprintf("its objects say that there are %d records in all, and they hold %d", g.Total, g.elements)
	case g.lists > 0 && g.ongoing == g.lists:
		return "its last page is missing: each of its objects says that another page follows"
	case g.Until != 0 && span != record.Forever && g.Until < span.End:
		return fmt.Sprintf("its list is complete until %s, and the partition ends at %s", g.Until, span.End)
	}
	return ""
}
