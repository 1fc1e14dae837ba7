package guess

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/jsonscan"
)

// What members around a list are called that tell of its other pages. A total may be
// that of something else, so its value has to fit, too.
var (
	nextPage = regexp.MustCompile(`^(?:next|next (?:page )?(?:token|cursor|uri|url|link|page|marker|key)|odata next link|(?:page )?cursor|continuation token|has (?:more|next)(?: pages?)?|more(?: (?:records|pages|results|data))?|is truncated|truncated)$`)
	totals   = regexp.MustCompile(`^(?:total|total (?:records?|hits|counts?|elements|results?|items|rows|size|calls|recordings|number)(?: count)?|(?:records?|items?|results?|rows?|hits?|calls?|recordings?) (?:total|count)|(?:num|number of) (?:records|items|results|rows|calls|recordings)|count total)$`)
)

// page is a member around a list that tells whether the list goes on.
type page struct {
	key   string // more or total
	place string
	total int64 // the greatest number that a sample says
}

// around finds the members of a document that tell whether its list goes on: those of
// the object that holds the list, and of objects in it.
func (t *table) around(v jsonscan.Value, list string) {
	elements := int64(0)
	for range v.Member(list).Elements {
		elements++
	}
	t.aroundIn(v, list, "", elements)
}

func (t *table) aroundIn(v jsonscan.Value, list, above string, elements int64) {
	for member, value := range v.Members {
		name := string(member)
		place, spoken := above+"/"+escape(name), strings.Join(splitWords(name), " ")
		switch {
		case above == "" && name == list:
		case value.Kind == jsonscan.Object && strings.Count(place, "/") < 3:
			t.aroundIn(value, list, place, elements)
		case nextPage.MatchString(spoken) && (value.Kind == jsonscan.String || value.Kind == jsonscan.Null || value.Kind == jsonscan.Bool):
			t.page("more", place, 0)
		case totals.MatchString(spoken) && value.Kind == jsonscan.Number:
			// A total of fewer than these is not that of the list.
			if n, err := strconv.ParseInt(string(bytes.TrimSpace(value.Text())), 10, 64); err == nil && n >= elements {
				t.page("total", place, n)
			} else {
				t.oddTotals = append(t.oddTotals, place)
			}
		}
	}
}

// page notes a place of pages. The first one of its key counts.
func (t *table) page(key, place string, total int64) {
	for i := range t.pages {
		if t.pages[i].key == key {
			if t.pages[i].place == place {
				t.pages[i].total = max(t.pages[i].total, total)
			}
			return
		}
	}
	t.pages = append(t.pages, page{key, place, total})
	slices.SortFunc(t.pages, func(a, b page) int { return cmp.Compare(a.key, b.key) })
}

// pageEdits asks about what the samples do not show of pages.
func (g *guesser) pageEdits() {
	for _, p := range g.table.pages {
		if p.key == "total" && strings.HasSuffix(p.place, "/total") && p.total != int64(g.table.listed) { // longer names say of what
			g.edit("pages.total: whether %s is how many records there are in all: it is %d, and the samples hold %d", p.place, p.total, g.table.listed)
		}
	}
	for _, place := range g.table.oddTotals {
		g.notes = append(g.notes, "pages.total: "+place+" is less than the number of records around it")
	}
}
