package accept

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/worklist"

	"github.com/xuri/excelize/v2"
)

// Entry is what people filled in for one finding, and where.
type Entry struct {
	policy.Work
	Place string // sheet and row, as Findings!7
}

// Accepts returns the row that accepts the finding of an entry; false when its state
// does not say so.
func (e *Entry) Accepts(by string) (Row, bool, error) {
	basis, ok := strings.CutPrefix(strings.TrimSpace(e.State), strings.TrimSpace(worklist.AcceptState))
	if !ok {
		return Row{}, false, nil
	}

	r := Row{Finding: e.Finding, Reason: e.Note, By: e.Owner, Basis: strings.TrimSpace(basis)}
	if r.By == "" {
		r.By = by
	}
	if err := r.Check(); err != nil {
		return Row{}, false, fmt.Errorf("%s: %w", e.Place, err)
	}
	switch {
	case r.Reason == "":
		return Row{}, false, fmt.Errorf("%s accepts %s without a reason: write it into the column %s", e.Place, e.Finding, worklist.NoteTitle)
	case r.By == "":
		return Row{}, false, fmt.Errorf("%s accepts %s without a name: write it into the column %s, or give --by", e.Place, e.Finding, worklist.OwnerTitle)
	}
	return r, true, nil
}

// mostUnzipped is how large a workbook may be when it is unpacked, in bytes.
const mostUnzipped = 2 << 30

// ReadSheet reads what people filled in from a worklist, in the order of its sheets. The
// columns are known by their titles: people may move them, and add their own.
func ReadSheet(path string) ([]Entry, error) {
	f, err := excelize.OpenFile(path, excelize.Options{UnzipSizeLimit: mostUnzipped, RawCellValue: true})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	defer func() { _ = f.Close() }()

	var all []Entry
	sheets := 0
	for _, name := range f.GetSheetList() {
		base, _, _ := strings.Cut(name, " (")
		if base != worklist.FindingsSheet && base != worklist.OrphansSheet {
			continue
		}
		sheets++
		entries, err := readSheet(f, name)
		if err != nil {
			return nil, fmt.Errorf("reading sheet %s of %s: %w", name, path, err)
		}
		all = append(all, entries...)
	}
	if sheets == 0 {
		return nil, fmt.Errorf("reading %s: there is no sheet %s or %s: it is no worklist", path, worklist.FindingsSheet, worklist.OrphansSheet)
	}

	places := map[string]string{}
	for _, e := range all {
		if at, ok := places[e.Finding]; ok {
			return nil, fmt.Errorf("%s and %s are both about %s: keep one", at, e.Place, e.Finding)
		}
		places[e.Finding] = e.Place
	}
	return all, nil
}

func readSheet(f *excelize.File, name string) (list []Entry, err error) {
	rows, err := f.Rows(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()

	var at map[string]int
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, err
		}
		if n == 1 {
			if at, err = titles(cells); err != nil {
				return nil, err
			}
			continue
		}

		cell := func(title string) string {
			if i, ok := at[title]; ok && i < len(cells) {
				return strings.TrimSpace(cells[i])
			}
			return ""
		}
		w := policy.Work{Finding: cell(worklist.IDTitle), Owner: cell(worklist.OwnerTitle), State: cell(worklist.StateTitle), Note: cell(worklist.NoteTitle), Due: day(cell(worklist.DueTitle))}
		switch {
		case w.Finding != "":
			list = append(list, Entry{w, fmt.Sprintf("%s!%d", name, n)})
		case w != policy.Work{}:
			return nil, fmt.Errorf("row %d has no %s, so that nobody knows which finding %q is about", n, worklist.IDTitle, w)
		}
	}
	return list, rows.Error()
}

// titles returns where the columns are that people fill in.
func titles(header []string) (map[string]int, error) {
	at := map[string]int{}
	for i, title := range header {
		title = strings.TrimSpace(title)
		if title == worklist.ConfirmTitle { // the state of an orphan
			title = worklist.StateTitle
		}
		if _, twice := at[title]; twice && slices.Contains(filled, title) {
			return nil, fmt.Errorf("two columns have the title %s", title)
		}
		at[title] = i
	}
	for _, title := range filled {
		if _, ok := at[title]; !ok {
			return nil, fmt.Errorf("there is no column %s", title)
		}
	}
	return at, nil
}

var filled = []string{worklist.IDTitle, worklist.OwnerTitle, worklist.StateTitle, worklist.NoteTitle, worklist.DueTitle}

// day returns a date in a cell, which may be the number of a day, as a text.
func day(cell string) string {
	n, err := strconv.ParseFloat(cell, 64)
	const first, last = 36526, 73050 // the years 2000 to 2099
	if err != nil || n < first || n > last {
		return cell
	}
	return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(n)).Format(time.DateOnly)
}
