package page

import (
	"encoding/json"
	"strconv"

	"cdrmend/internal/table"
)

// sheet is a part of a table that the script shows, sorts and searches. Its rows
// hold numbers only. In a text column they are indexes of Texts, which holds each
// text once. Columns that the page adds come first.
type sheet struct {
	Columns []string          `json:"columns"`
	Kinds   []string          `json:"kinds"`
	Texts   []string          `json:"texts"` // the first one stands for a missing text
	Rows    []json.RawMessage `json:"rows"`
	places  map[string]int
}

func newSheet(s *table.Schema, own ...string) *sheet {
	sh := &sheet{Texts: []string{""}, Rows: []json.RawMessage{}, places: map[string]int{"": 0}}
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
