package page

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/registration"
	"cdrmend/internal/report"
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

	c := &causeView{Name: name, Class: causeClass(name)}
	if cause, ok := registration.CauseByName(name); ok {
		c.Sentence, c.Remedy = sentence(cause.Sentence()), cause.Remedy()
	}
	m[name] = c
	return c
}

// sentence returns a text with a capital first letter.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// causeClass returns the class of a cause in the style sheet. An unknown name, in
// a table that another program wrote, gets the class of the unknown cause.
func causeClass(name string) string {
	if _, ok := registration.CauseByName(name); ok {
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
		c.Lasting = duration(c.micros)
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

// causeWords returns sentence and remedy of each cause, for the script.
func causeWords() map[string][2]string {
	words := map[string][2]string{}
	for c := range registration.NumCauses {
		words[c.String()] = [2]string{c.Sentence(), c.Remedy()}
	}
	return words
}

// classWords explains each class of findings.
var classWords = map[string]string{
	"ambiguous_field":    "A required value is missing, and the evidence names more than one; none was filled in.",
	"conflict":           "The metadata contradicts the name of its object, the call detail records, or itself.",
	"count_mismatch":     "The manifest announces another number of recordings than it holds.",
	"duplicate":          "An earlier entry describes the same recording.",
	"export_failed":      "The export itself says that recordings failed.",
	"input_missing":      "Nothing was delivered for a time in which something was needed.",
	"invalid_field":      "A value could not be read, occurs twice in local time, or the end precedes the start.",
	"malformed_document": "The document is broken; what could be recovered was kept, and the rest was set aside.",
	"media_mismatch":     "The audio has another size than its metadata says.",
	"media_missing":      "The audio that the metadata names is not there.",
	"metadata_missing":   "The audio came without its metadata; a document was written for it.",
	"missing_field":      "A required value is missing, and no evidence says what it was.",
	"missing_recording":  "The call was to be recorded, and no manifest delivered the recording.",
	"no_cdr":             "No call detail record belongs to the recording.",
	"recorded_in_error":  "There is a recording of a call that was not to be recorded.",
	"repaired_field":     "A missing value was filled in from evidence.",
	"short_recording":    "The recording covers less than the time in which somebody could be heard.",
	"truncated_document": "The document ends too early; what came before the cut was recovered.",
}

// ruleWords explains how each rule finds a repaired value.
var ruleWords = map[string]string{
	"object-key":        "taken from the name of its object",
	"media-key":         "taken from the name of its audio",
	"sole-unclaimed":    "the one recording of the conversation that nothing else describes",
	"cdr-recording":     "the call detail records that list the recording agree on it",
	"cdr-conversation":  "the call detail records of the conversation agree on it",
	"registration-line": "the registrations of its line name it",
	"arithmetic":        "computed from start, end and duration",
}

// classView is one class of findings, with their numbers by status.
type classView struct {
	Name, Severity, Words                   string
	Open, Indeterminate, Accepted, Repaired int64
}

// classViews returns the classes that have findings, the most severe first.
func classViews(counts []report.FindingCount) []classView {
	var list []classView
	for _, c := range counts {
		at := slices.IndexFunc(list, func(v classView) bool { return v.Name == c.Class && v.Severity == c.Severity })
		if at < 0 {
			at = len(list)
			list = append(list, classView{Name: c.Class, Severity: c.Severity, Words: classWords[c.Class]})
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
