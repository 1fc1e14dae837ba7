package page

import (
	"cmp"
	"html/template"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/registration"
	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// causeView is one cause of outages, in plain words.
type causeView struct {
	Name, Class      string
	Sentence, Remedy string
	Outages          int64
	Lasting          string
	Missing, Partial [2]int64 // number of calls that coincide, and of those that possibly do
	micros           int64
	calls            [len(marked)]tally
	opening          wording.Opening
}

// causeGroup is the causes of outages that opened in the same way. A registration
// that ended without a failure is no failure.
type causeGroup struct {
	Title  string
	Causes []causeView
}

// registrations says what the logs of registrations show besides outages.
func registrations(s *report.Summary) string {
	var sentences []string
	if s.Renewals > 0 {
		sentences = append(sentences, report.RenewalsFailed(s.Renewals)+".")
	}
	if text := s.Registrations.Text(); text != "" {
		sentences = append(sentences, text+".")
	}
	return strings.Join(sentences, " ")
}

// causeGroups groups causes, which keep their order: failures first, then lapses
// and removals. Groups without a cause are left out.
func causeGroups(causes []causeView) (groups []causeGroup) {
	for opening, title := range []string{
		wording.Failure: "Registrations failed", wording.Lapse: "Registrations lapsed", wording.Removal: "Registrations were removed",
	} {
		g := causeGroup{Title: title}
		for _, c := range causes {
			if c.opening == wording.Opening(opening) {
				g.Causes = append(g.Causes, c)
			}
		}
		if len(g.Causes) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// addOutage counts an outage of some length in microseconds.
func (c *causeView) addOutage(micros int64) {
	c.Outages++
	c.micros += micros
}

type causesByName map[string]*causeView

// named returns the cause with a name and adds it if it is new.
func (m causesByName) named(name string) *causeView {
	if c := m[name]; c != nil {
		return c
	}

	c := &causeView{Name: name, Class: causeClass(name), opening: wording.OpenedBy(name)}
	if words, ok := wording.Cause(name); ok {
		c.Sentence, c.Remedy = wording.Capital(words.Sentence), words.Remedy
	}
	m[name] = c
	return c
}

// causeClass returns the class of a cause in the style sheet. An unknown name, in
// a table that another program wrote, gets the class of the unknown cause.
func causeClass(name string) string {
	if _, ok := wording.Cause(name); ok {
		return name
	}
	return registration.Unknown.String()
}

// causeViews returns the causes, the one that coincides with most missing calls
// first.
func (g *gathering) causeViews(s *report.Summary) []causeView {
	var list []causeView
	for _, c := range slices.SortedFunc(maps.Values(g.causes), func(a, b *causeView) int {
		return cmp.Or(
			cmp.Compare(b.calls[markMissing][coincides], a.calls[markMissing][coincides]),
			cmp.Compare(b.calls[markMissing][possibly], a.calls[markMissing][possibly]),
			cmp.Compare(b.micros, a.micros), cmp.Compare(a.Name, b.Name))
	}) {
		c.Lasting = report.Duration(c.micros)
		c.Missing = [2]int64{c.calls[markMissing][coincides], c.calls[markMissing][possibly]}
		c.Partial = [2]int64{c.calls[markPartial][coincides], c.calls[markPartial][possibly]}
		if scopes := s.Config.Policy.RequiredScopes; c.Name == registration.ScopeMissing.String() {
			c.Sentence += " (required: " + strings.Join(scopes, ", ") + ")"
		}
		list = append(list, *c)
	}
	return list
}

// pattern is the pattern in which outages of a cause are drawn, in addition to
// their colour.
type pattern struct {
	Name, Shape string
	Size, Turn  int
}

var patterns = func() []pattern {
	shapes := []pattern{
		{"", "line", 6, 45},
		{"", "line", 6, -45},
		{"", "dot", 4, 0},
		{"", "cross", 6, 0},
		{"", "line", 4, 0},
		{"", "line", 5, 90},
		{"", "cross", 6, 45},
		{"", "none", 8, 0},
	}

	var list []pattern
	for c := range registration.NumCauses {
		p := shapes[int(c)%len(shapes)]
		p.Name = c.String()
		list = append(list, p)
	}
	return list
}()

// classWords explains a class of findings in a sentence, and says what to do.
func classWords(class string) (sentence, remedy string) {
	words, ok := wording.Class(class)
	if !ok {
		return "", ""
	}
	return wording.Sentence(words.Sentence), wording.Sentence(words.Remedy)
}

// classView is one class of findings, with their numbers by status.
type classView struct {
	Name, Severity, Words, Remedy           string
	Link                                    template.URL // to its findings
	Open, Indeterminate, Accepted, Repaired int64
}

// classViews returns the classes that have findings, the most severe first.
func classViews(counts []report.FindingCount) []classView {
	var list []classView
	for _, c := range counts {
		at := slices.IndexFunc(list, func(v classView) bool { return v.Name == c.Class && v.Severity == c.Severity })
		if at < 0 {
			at = len(list)
			v := classView{Name: c.Class, Severity: c.Severity, Link: listAddress("findings", "class", c.Class, "severity", c.Severity)}
			v.Words, v.Remedy = classWords(c.Class)
			list = append(list, v)
		}
		list[at].add(c.Status, c.Count)
	}
	slices.SortStableFunc(list, func(a, b classView) int {
		return cmp.Or(
			cmp.Compare(severityRank(a.Severity), severityRank(b.Severity)),
			cmp.Compare(b.Open+b.Indeterminate, a.Open+a.Indeterminate), cmp.Compare(a.Name, b.Name))
	})
	return list
}

func (v *classView) add(status string, n int64) {
	switch status {
	case "open":
		v.Open += n
	case "indeterminate":
		v.Indeterminate += n
	case "accepted":
		v.Accepted += n
	case "repaired":
		v.Repaired += n
	}
}

func severityRank(severity string) int {
	return slices.Index([]string{"critical", "major", "minor"}, severity)
}
