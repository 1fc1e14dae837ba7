package report

import (
	"cmp"
	"slices"

	"cdrmend/internal/wording"
)

// Action is one kind of work that a run leaves to people, and why. Names with
// equal titles in the table of words are one action.
type Action struct {
	Title    string // a clause, such as: export again what is incomplete
	Severity string // of the worst reason; empty when outages alone ask for it
	Counts
	Reasons []ActionReason // the worst first
}

// ActionReason is one class of findings, cause of outages or reason of verdicts that
// asks for an action.
type ActionReason struct {
	Name     string // as in the tables
	Severity string
	wording.Words
	Counts
}

// Counts are how many findings, outages or calls ask for an action, and how many may.
type Counts struct{ Open, Undecided int64 }

func (c *Counts) add(o Counts) {
	c.Open += o.Open
	c.Undecided += o.Undecided
}

// Actions collects what is to be done. The zero value is empty.
type Actions struct{ list []Action }

// Add adds a reason. One without a title or without numbers asks for nothing. A name
// that comes again, as with another status, adds to what is there.
func (a *Actions) Add(r ActionReason) {
	if r.Title == "" || r.Counts == (Counts{}) {
		return
	}

	at := slices.IndexFunc(a.list, func(o Action) bool { return o.Title == r.Title })
	if at < 0 {
		at = len(a.list)
		a.list = append(a.list, Action{Title: r.Title, Severity: r.Severity})
	}

	act := &a.list[at]
	act.add(r.Counts)
	if worse(r.Severity, act.Severity) < 0 {
		act.Severity = r.Severity
	}
	same := slices.IndexFunc(act.Reasons, func(o ActionReason) bool { return o.Name == r.Name && o.Severity == r.Severity })
	if same < 0 {
		act.Reasons = append(act.Reasons, r)
	} else {
		act.Reasons[same].add(r.Counts)
	}
}

// List returns the actions, the worst first: by severity, what is sure before what
// nobody can tell, the most frequent first.
func (a *Actions) List() []Action {
	list := slices.Clone(a.list)
	for i := range list {
		list[i].Reasons = slices.Clone(list[i].Reasons)
		slices.SortFunc(list[i].Reasons, func(x, y ActionReason) int {
			return cmp.Or(worse(x.Severity, y.Severity), x.compare(y.Counts), cmp.Compare(x.Name, y.Name))
		})
	}
	slices.SortFunc(list, func(x, y Action) int {
		return cmp.Or(worse(x.Severity, y.Severity), x.compare(y.Counts), cmp.Compare(x.Title, y.Title))
	})
	return list
}

func (c Counts) compare(o Counts) int {
	return cmp.Or(cmp.Compare(o.Open, c.Open), cmp.Compare(o.Undecided, c.Undecided))
}

// worse orders severities, the worst first and none last.
func worse(a, b string) int {
	rank := func(severity string) int {
		if at := slices.Index(severities, severity); at >= 0 {
			return at
		}
		return len(severities)
	}
	return cmp.Compare(rank(a), rank(b))
}

var severities = []string{"critical", "major", "minor"}

// Todo is one thing to do, as a page says it: in its order, and with its numbers.
type Todo struct {
	Title, Numbers string
	Remedy         string // a sentence
	Command        string // without what names the configuration; empty when none helps
	Critical       bool   // something critical is open
}
