package page

import (
	"encoding/json"
	"strconv"

	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// sheet is a part of a table that the script shows, sorts and searches. Its rows
// hold numbers only. In a text column they are indexes of Texts, which holds each
// text once. Columns that the page adds come first; those of findings say in a
// sentence what one means, and what to do.
type sheet struct {
	Columns []string          `json:"columns"`
	Kinds   []string          `json:"kinds"`
	Texts   []string          `json:"texts"` // the first one stands for a missing text
	Rows    []json.RawMessage `json:"rows"`
	places  map[string]int
	about   *findingColumns // nil when its rows are no findings
}

// findingColumns are the columns of a finding that its sentence is made of.
type findingColumns struct{ class, status, recording, field, detail, source int }

func findingColumnsOf(s *table.Schema) *findingColumns {
	if s != table.Findings && s != table.History {
		return nil
	}
	return &findingColumns{s.Index("class"), s.Index("status"), s.Index("recording_id"), s.Index("field"), s.Index("detail"), s.Index("source")}
}

// words returns the sentence of a finding, and what to do. Ids and numbers that
// differ from row to row are left in braces for the script: a page then holds few
// sentences, however many findings it has.
func (c *findingColumns) words(r *table.Row) (sentence, remedy string) {
	class, recording, detail := r.Text(c.class), "", r.Text(c.detail)
	if r.Known(c.recording) {
		recording = "{recording_id}"
	}
	remedy = wording.RemedyIn(r.Text(c.status), class, r.Text(c.source), detail)
	if class == "short_recording" {
		detail = "{detail}"
	}

	sentence = wording.FindingIn(r.Text(c.status), class, recording, r.Text(c.field), detail)
	if sentence == "" { // of a class that this program does not know
		return "", ""
	}
	if remedy != "" {
		remedy = wording.Sentence(remedy)
	}
	return wording.Sentence(sentence), remedy
}

// asksFor is the cell of a finding in the column todo: the work that it asks for, as cards
// are titled. A settled one asks for none.
func asksFor(row *table.Row, work string) string {
	if status := string(row.Bytes(statusColumn)); status != "open" && status != "indeterminate" {
		return ""
	}
	return wording.Capital(work)
}

func newSheet(s *table.Schema, own ...string) *sheet {
	sh := &sheet{Texts: []string{""}, Rows: []json.RawMessage{}, places: map[string]int{"": 0}, about: findingColumnsOf(s)}
	if sh.about != nil {
		own = append(own[:len(own):len(own)], "sentence", "remedy")
	}
	for _, name := range own {
		sh.Columns = append(sh.Columns, name)
		sh.Kinds = append(sh.Kinds, table.Text.String())
	}
	for _, c := range s.Columns {
		sh.Columns = append(sh.Columns, c.Name)
		sh.Kinds = append(sh.Kinds, c.Kind.String())
	}
	return sh
}

func (sh *sheet) add(r *table.Row, own ...string) {
	if sh.about != nil {
		sentence, remedy := sh.about.words(r)
		own = append(own[:len(own):len(own)], sentence, remedy)
	}
	b := []byte{'['}
	for _, text := range own {
		b = append(strconv.AppendInt(b, int64(sh.place([]byte(text))), 10), ',')
	}

	for i, c := range r.Schema().Columns {
		if i > 0 {
			b = append(b, ',')
		}
		switch {
		case c.Kind == table.Text:
			b = strconv.AppendInt(b, int64(sh.place(r.Bytes(i))), 10)
		case !r.Known(i):
			b = append(b, "null"...)
		case c.Kind == table.Time:
			b = strconv.AppendInt(b, int64(r.Time(i)), 10)
		default:
			n, _ := r.Int(i)
			b = strconv.AppendInt(b, n, 10)
		}
	}

	sh.Rows = append(sh.Rows, append(b, ']'))
}

func (sh *sheet) place(text []byte) int {
	if at, ok := sh.places[string(text)]; ok {
		return at
	}

	at := len(sh.Texts)
	sh.places[string(text)] = at
	sh.Texts = append(sh.Texts, string(text))
	return at
}

// The largest numbers of rows on a page. A page is for reading; a reader who
// needs all rows uses the table.
const (
	mostFindings = 20_000
	mostRepairs  = 5_000
)

// ranks lists severity and status of findings, from the most urgent to the
// settled ones.
var ranks = func() []string {
	var all []string
	for _, severity := range []string{"critical", "major", "minor"} {
		for _, status := range []string{"open", "indeterminate"} {
			all = append(all, severity+status)
		}
	}

	for _, status := range []string{"accepted", "repaired"} {
		for _, severity := range []string{"critical", "major", "minor"} {
			all = append(all, severity+status)
		}
	}
	return all
}()

// room is how many more findings of each rank fit on a page.
type room map[string]int64

// makeRoom divides a total number of places among the ranks, the most urgent
// first. As counts are known before, findings need not be sorted.
func makeRoom(total int64, counts map[string]int64) room {
	r := room{}
	for _, rank := range ranks {
		r[rank] = min(counts[rank], total)
		total -= r[rank]
	}
	return r
}

var (
	severityColumn = table.Findings.Index("severity")
	statusColumn   = table.Findings.Index("status")
)

// take reports whether a finding still fits, and if so uses up its place.
func (r room) take(f *table.Row) bool {
	var b [32]byte
	rank := append(append(b[:0], f.Bytes(severityColumn)...), f.Bytes(statusColumn)...)
	if r[string(rank)] == 0 {
		return false
	}

	r[string(rank)]--
	return true
}
