package page

import (
	"cmp"
	"html/template"
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// askedKey is findings of a class and a severity that ask for the same work. Their
// details may ask for another work than their class does.
type askedKey struct{ class, severity, title string }

// asked counts findings that are open or undecided by the work that they ask for, and
// keeps one of each kind for the commands that a page offers. Its size is bounded by the
// table of words.
type asked struct {
	kinds map[askedKey]*askedKind
	words map[string]wording.Words // by class and form of the detail
	key   []byte
}

// askedKind is the findings of one kind.
type askedKind struct {
	words wording.Words
	report.Counts
	example askedExample
}

// askedExample is the finding that the commands of a card are about: an open one if there
// is one, the one that started first, the first by its id. It follows from the findings
// alone, so that the pages of a run and of a span name the same.
type askedExample struct {
	open                 bool
	start                record.Time
	id, detail, interval string
}

// before reports whether a finding is a better example than the one that is kept.
func (e *askedExample) before(row *table.Row, open bool, start record.Time) bool {
	switch {
	case e.id == "" || open != e.open:
		return e.id == "" || open
	case start != e.start:
		return later(e.start, start)
	}
	return string(row.Bytes(0)) < e.id
}

// findingsOf returns the address of the findings that ask for a work and of which one is
// an example of a reason: those that the card counts.
func findingsOf(a *report.ActionReason) template.URL {
	return listAddress("findings", "class", a.Name, "severity", a.Severity, "todo", wording.Capital(a.Title))
}

func newAsked() asked {
	return asked{kinds: map[askedKey]*askedKind{}, words: map[string]wording.Words{}}
}

// titled holds the classes whose work depends on the detail of the finding.
var titled = func() map[string]bool {
	classes := map[string]bool{}
	for _, d := range wording.All().Details {
		classes[d.Class] = classes[d.Class] || d.Title != ""
	}
	return classes
}()

// mostForms is how many forms of details are remembered. There are fewer, unless another
// program wrote the table.
const mostForms = 256

// wordsOf explains a finding: what its detail asks for, else its class.
func (a *asked) wordsOf(class string, detail []byte) wording.Words {
	var d wording.Words
	form := "?" // of a detail that no form explains
	if titled[class] {
		if f, known := wording.Form(class, string(detail)); known {
			form = f
			d, _ = wording.Detail(class, f)
		}
	}
	a.key = append(append(append(a.key[:0], class...), 0), form...)
	if w, ok := a.words[string(a.key)]; ok {
		return w
	}

	w, _ := wording.Class(class)
	w.Sentence, w.Remedy = cmp.Or(d.Sentence, w.Sentence), cmp.Or(d.Remedy, w.Remedy)
	w.Title, w.Command = cmp.Or(d.Title, w.Title), cmp.Or(d.Command, w.Command)
	if len(a.words) < mostForms {
		a.words[string(a.key)] = w
	}
	return w
}

// add counts a finding, given as the table has it, and returns the title of the work
// that it asks for. A finding that is settled counts for nothing.
func (a *asked) add(row *table.Row, class, severity, status, interval string, detail int) string {
	w := a.wordsOf(class, row.Bytes(detail))
	if status != "open" && status != "indeterminate" {
		return w.Title
	}
	key := askedKey{class, severity, w.Title}
	k := a.kinds[key]
	if k == nil {
		k = &askedKind{words: w}
		a.kinds[key] = k
	}

	open := status == "open"
	if open {
		k.Open++
	} else {
		k.Undecided++
	}
	if start := row.Time(startColumn); k.example.before(row, open, start) {
		k.example = askedExample{open, start, row.Text(0), row.Text(detail), interval}
	}
	return w.Title
}

// actions returns what the findings ask for.
func (a *asked) actions() *report.Actions {
	actions := &report.Actions{}
	for key, k := range a.kinds {
		actions.Add(report.ActionReason{Name: key.class, Severity: key.severity, Words: k.words, Counts: k.Counts})
	}
	return actions
}

// counted makes the numbers those of a summary, which counts findings by class alone:
// what no detail asks for is the work of the class.
func (a *asked) counted(findings []report.FindingCount) {
	for _, f := range findings {
		key := askedKey{class: f.Class, severity: f.Severity}
		w := a.wordsOf(f.Class, nil)
		key.title = w.Title
		counts := report.Counts{}
		for _, of := range findings {
			if of.Class == f.Class && of.Severity == f.Severity {
				switch of.Status {
				case "open":
					counts.Open += of.Count
				case "indeterminate":
					counts.Undecided += of.Count
				}
			}
		}
		for other, k := range a.kinds {
			if other.class == key.class && other.severity == key.severity && other.title != key.title {
				counts.Open, counts.Undecided = counts.Open-k.Open, counts.Undecided-k.Undecided
			}
		}
		if a.kinds[key] == nil {
			a.kinds[key] = &askedKind{words: w}
		}
		a.kinds[key].Counts = report.Counts{Open: max(counts.Open, 0), Undecided: max(counts.Undecided, 0)}
	}
}

// values returns what commands about findings are made of. Pseudonyms lead nowhere, so
// that a page with them names only intervals.
func (a *asked) values(r *report.ActionReason, redaction policy.Redaction) commandValues {
	k := a.kinds[askedKey{r.Name, r.Severity, r.Title}]
	if k == nil {
		return commandValues{}
	}
	v := commandValues{Interval: k.example.interval}
	if stray, ok := wording.StrayOf(k.example.detail); ok {
		v.Rows = stray.Interval
	}
	if redaction != policy.RedactAll {
		v.Finding = k.example.id
	}
	return v
}

// order puts cards into the order in which to work on them, the same on every page: the
// worst first, what is sure before what nobody can tell. Among the worst, missing calls
// are first, and directly after them the outages that they coincide with, most first.
func order(cards []card, causes causesByName) {
	sure := func(c *card) int {
		if c.counts.Open > 0 || c.counts == (report.Counts{}) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(cards, func(a, b card) int {
		return cmp.Or(cmp.Compare(tones[a.Tone], tones[b.Tone]), cmp.Compare(sure(&a), sure(&b)))
	})

	missing := func(c *card) bool { return c.about("missing_recording") && c.counts.Open > 0 }
	if !slices.ContainsFunc(cards, func(c card) bool { return missing(&c) }) {
		return
	}
	rank := func(c *card) (first int, sure, maybe int64) {
		if missing(c) {
			return 0, 0, 0
		}
		for _, r := range c.Reasons {
			if cause := causes[r.Name]; cause != nil && r.tone == toneOutage {
				sure, maybe = sure+cause.calls[markMissing][coincides], maybe+cause.calls[markMissing][possibly]
			}
		}
		if sure+maybe > 0 {
			return 1, sure, maybe
		}
		return 2, 0, 0
	}
	slices.SortStableFunc(cards, func(a, b card) int {
		x, sureX, maybeX := rank(&a)
		y, sureY, maybeY := rank(&b)
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(sureY, sureX), cmp.Compare(maybeY, maybeX))
	})
}

// todo returns the cards as a terminal shows them.
func todo(cards []card) (list []report.Todo) {
	for _, c := range cards {
		t := report.Todo{Title: c.Title, Numbers: c.Numbers, Critical: c.Tone == "critical" && c.counts.Open > 0}
		if len(c.Remedies) > 0 {
			t.Remedy = c.Remedies[0]
		}
		if len(c.Commands) > 0 {
			t.Command = c.Commands[0][:len(c.Commands[0])-len(configured)]
		}
		list = append(list, t)
	}
	return list
}
