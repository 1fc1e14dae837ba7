package worklist

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// column is one column of a sheet.
type column struct {
	title   string
	style   int // of its cells
	onPaper bool
	choices []string // that the spreadsheet program offers; other texts are allowed
	cell    func(b []byte, r *line) []byte
}

func (c column) offPaper() column {
	c.onPaper = false
	return c
}

// line is a row of a table: as it is, and as the redactor shows it.
type line struct{ raw, shown *table.Row }

// columns makes the columns of sheets for one run.
type columns struct {
	show *redact.Redactor
	zone *time.Location // nil: UTC alone
	work map[string]policy.Work

	accepted *policy.Acceptance
}

// of returns a column of a table as it is.
func of(s *table.Schema, name string) column {
	i := s.Index(name)
	return column{title: name, style: styleText, cell: func(b []byte, r *line) []byte { return r.shown.AppendCell(b, i) }}
}

// rest returns the columns of a table but those named.
func rest(s *table.Schema, but ...string) (list []column) {
	for _, c := range s.Columns {
		if !slices.Contains(but, c.Name) {
			list = append(list, of(s, c.Name))
		}
	}
	return list
}

// lead returns columns of a table that are printed.
func lead(s *table.Schema, names ...string) (list []column) {
	for _, name := range names {
		c := of(s, name)
		c.onPaper = true
		list = append(list, c)
	}
	return list
}

// text returns a printed column with a text for each row.
func text(title string, of func(r *line) string) column {
	return column{title: title, style: styleWrapped, onPaper: true, cell: func(b []byte, r *line) []byte { return append(b, of(r)...) }}
}

// call returns the columns by which people know a call: when it was, and who spoke. The
// table's own columns of these are in known.
func (c *columns) call(s *table.Schema) []column {
	var list []column
	if c.zone != nil {
		list = append(list, clock(s, c.zone.String(), c.zone))
	}
	return append(list, clock(s, "UTC", time.UTC), party(s, "from", "ani"), party(s, "to", "dnis"),
		c.named(s, "agents", "user_ids", policy.UserName), c.named(s, "trunk", "trunk_id", policy.TrunkName))
}

// clock returns a column with the starts of calls in a zone, to the second.
func clock(s *table.Schema, name string, zone *time.Location) column {
	start := s.Index("start_time")
	return column{title: "start (" + name + ")", style: styleText, onPaper: true, cell: func(b []byte, r *line) []byte {
		if t := r.raw.Time(start); t.Known() {
			b = t.Std().In(zone).AppendFormat(b, time.DateTime)
		}
		return b
	}}
}

func party(s *table.Schema, title, name string) column {
	c := of(s, name)
	c.title, c.onPaper = title, true
	return c
}

// known are the columns that call shows in another form.
var known = []string{"ani", "dnis", "user_ids", "trunk_id"}

// named returns a column with ids, each with the name that is configured for it.
func (c *columns) named(s *table.Schema, title, name string, kind policy.NameKind) column {
	i := s.Index(name)
	return text(title, func(r *line) string {
		raw := r.raw.Text(i)
		if raw == "" {
			return ""
		}
		ids := strings.Split(raw, ";")
		for n, id := range ids {
			ids[n] = c.show.Called(kind, id)
		}
		return strings.Join(ids, "; ")
	})
}

// Titles of columns that people fill in, and that a reader of the sheet looks for.
const (
	OwnerTitle   = "owner"
	StateTitle   = "state"
	ConfirmTitle = "confirm" // of orphans, in place of the state
	NoteTitle    = "note"
	DueTitle     = "due"
	BeforeTitle  = "filled in before"
	IDTitle      = "finding_id"
)

// AcceptState begins the states with which people accept a finding; the basis follows.
const AcceptState = "accept: "

// Bases are the grounds on which a finding can be accepted.
var Bases = []string{"lawful erasure", "retention ended", "known and explained"}

var (
	states = append([]string{"open", "in progress", "waiting", "done"}, accepting()...)

	// What people say of the call that an orphan most likely belongs to.
	answers = append([]string{"same call", "other call", "in progress", "waiting"}, accepting()...)
)

func accepting() (list []string) {
	for _, basis := range Bases {
		list = append(list, AcceptState+basis)
	}
	return list
}

// forPeople returns the columns that people fill in, with what they filled in before.
// A pseudonym must not be joined with what people wrote about the finding behind it.
func (c *columns) forPeople(state string, choices []string) []column {
	id := table.Findings.Index("finding_id")
	cell := func(title string, style int, choices []string, of func(w *policy.Work) string) column {
		return column{title: title, style: style, onPaper: true, choices: choices, cell: func(b []byte, r *line) []byte {
			w, ok := c.work[r.raw.Text(id)]
			if !ok || r.shown.Text(id) != r.raw.Text(id) {
				return b
			}
			return append(b, of(&w)...)
		}}
	}
	return []column{
		cell(OwnerTitle, styleInput, nil, func(w *policy.Work) string { return w.Owner }),
		cell(state, styleInput, choices, func(w *policy.Work) string { return w.State }),
		cell(NoteTitle, styleInput, nil, func(w *policy.Work) string { return w.Note }),
		cell(DueTitle, styleDue, nil, func(w *policy.Work) string { return w.Due }),
	}
}

// before is the column with what was filled in when the sheet was made: what people
// changed since can be told from what they found.
func (c *columns) before() column {
	id := table.Findings.Index("finding_id")
	return column{title: BeforeTitle, style: styleText, cell: func(b []byte, r *line) []byte {
		w, ok := c.work[r.raw.Text(id)]
		if !ok || r.shown.Text(id) != r.raw.Text(id) {
			return b
		}
		return append(b, Filled(&w)...)
	}}
}

// Filled returns what was filled in for a finding as the text of one cell, in JSON.
func Filled(w *policy.Work) string {
	text, _ := json.Marshal([]string{w.Owner, w.State, w.Note, w.Due}) // texts never fail
	return string(text)
}

// table writes lists of a table's rows to one sheet, in the order given.
func (b *book) table(title string, show *redact.Redactor, columns []column, lists ...table.Rows) error {
	s, err := b.sheet(title, columns)
	if err != nil {
		return err
	}

	var redacted table.Row
	var text []byte
	for _, rows := range lists {
		for r, err := range rows {
			if err != nil {
				return err
			}
			if err := s.beginRow(); err != nil {
				return err
			}

			l := line{r, show.Row(&redacted, r)}
			for i, c := range columns {
				text = c.cell(text[:0], &l)
				s.cell(c.style, i, text)
			}
			if err := s.endRow(); err != nil {
				return err
			}
		}
	}
	return s.end()
}

// happened says what a finding means, and of an accepted one who accepted it, and why.
func (c *columns) happened(r *line) string {
	f := table.FindingOf(r.shown)
	text := wording.FindingIn(f.Status, f.Class, f.Recording, f.Field, f.Detail)
	if f.Status != "accepted" {
		return text
	}

	raw := table.FindingOf(r.raw)
	g, _ := c.accepted.Grounds(raw.ID, policy.Subject[string]{Class: raw.Class, Org: raw.Org, Conversation: raw.Conversation, Recording: raw.Recording})
	g = c.show.Grounds(g)
	return text + "; " + wording.Accepted(g.Row, g.By, g.Reason, g.Basis)
}

// ofFinding says what to do about a finding.
func ofFinding(r *line) string {
	return wording.RemedyIn(r.raw.Cell("status"), r.raw.Cell("class"), r.raw.Cell("source"), r.raw.Cell("detail"))
}

// ofCall says what to do about a call that cannot be told.
func ofCall(r *line) string {
	if r.raw.Cell("verdict") != "indeterminate" {
		return ""
	}
	words, _ := wording.Reason(r.raw.Cell("reason"))
	return words.Remedy
}

// ofOutage says what to do about the cause of an outage.
func ofOutage(r *line) string {
	words, _ := wording.Cause(r.raw.Cell("cause"))
	return words.Remedy
}

// todo is the title of the column that says what to do.
const todo = "what to do next"

// inputs writes the sheet with one row for each partition that was read.
func (b *book) inputs(sum *report.Summary, show *redact.Redactor) error {
	s, err := b.sheet("Inputs", titles("state", "kind", "source", "start", "end", "objects", "bytes", "rows", "rejects", "input"))
	if err != nil {
		return err
	}
	for _, p := range sum.Partitions {
		err := s.add([]string{
			string(p.State), p.Kind, p.Source, p.Start, p.End,
			decimal(p.Objects), decimal(p.Bytes), decimal(p.Rows), decimal(p.Rejects), show.Key(p.Input),
		})
		if err != nil {
			return err
		}
	}
	return s.end()
}

// wrapped returns columns that are filled by their place, with texts that may be longer
// than their cells.
func wrapped(names ...string) []column {
	list := titles(names...)
	for i := range list {
		list[i].style = styleWrapped
	}
	return list
}

// titles returns columns that are filled by their place.
func titles(names ...string) (list []column) {
	for _, name := range names {
		list = append(list, column{title: name, style: styleText, onPaper: true})
	}
	return list
}
