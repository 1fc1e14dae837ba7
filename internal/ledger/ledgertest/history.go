package ledgertest

import (
	"encoding/csv"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// history is every finding that any commit so far had, told from the findings
// of their runs.
type history struct {
	findings map[string]*finding // by id
}

type finding struct {
	cells               []string // as last seen
	first, last, closed int      // commits; closed is 0 while it holds
}

// commit takes over the findings of a commit, if it has them as CSV.
func (h *history) commit(i *interval, number int, path string) {
	rows, columns := i.table(path)
	if h.findings == nil {
		h.findings = map[string]*finding{}
	}
	held := map[string]bool{}
	for _, cells := range rows {
		id := cells[columns["finding_id"]]
		if held[id] {
			i.Duplicates = append(i.Duplicates, i.at(path)+": finding "+id+" is there twice")
		}
		held[id] = true
		f := h.findings[id]
		if f == nil {
			f = &finding{first: number}
			h.findings[id] = f
		}
		state := cells[columns["status"]]
		f.cells, f.last, f.closed = append(slices.Clone(cells), state), number, 0
	}
	for id, f := range h.findings {
		if !held[id] && f.closed == 0 {
			f.closed = number
			f.cells[len(f.cells)-1] = "closed"
		}
	}
}

// compare holds a committed history against this one.
func (h *history) compare(i *interval, path string) {
	rows, columns := i.table(path)
	want := maps.Clone(h.findings)
	seen := map[string]bool{}
	for _, cells := range rows {
		id := cells[columns["finding_id"]]
		f := want[id]
		switch {
		case seen[id]:
			i.Duplicates = append(i.Duplicates, i.at(path)+": finding "+id+" is there twice")
		case f == nil:
			i.differ(path, "finding %s was in no commit", id)
		case !slices.Equal(cells, f.row()):
			i.differ(path, "finding %s is %q, by the findings of all commits it is %q", id, cells, f.row())
		}
		seen[id] = true
	}
	for id := range want {
		if !seen[id] {
			i.lose(path, "finding %s is not there", id)
		}
	}
}

func (f *finding) row() []string {
	closed := ""
	if f.closed > 0 {
		closed = strconv.Itoa(f.closed)
	}
	return append(slices.Clone(f.cells), strconv.Itoa(f.first), strconv.Itoa(f.last), closed)
}

// table returns the rows of a CSV file, and where its columns are.
func (i *interval) table(path string) ([][]string, map[string]int) {
	columns := map[string]int{}
	text, there := i.files[path]
	if !there {
		return nil, columns
	}
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(all) == 0 {
		i.differ(path, "is no table: %v", err)
		return nil, columns
	}
	for n, name := range all[0] {
		columns[name] = n
	}
	return all[1:], columns
}
