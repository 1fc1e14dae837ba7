package accept

import (
	"encoding/json"
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

// Entry is what people filled in for one finding, and where. Due is empty or a date, as
// 2026-12-01.
type Entry struct {
	policy.Work
	Place string // sheet and row, as Findings!7

	// Before is what was filled in when the sheet was made, nil when nothing was, or
	// when the sheet does not say.
	Before *policy.Work
}

// over returns what is filled in for a finding once the entry counts, over what the file
// has now.
func (e *Entry) over(was policy.Work) (policy.Work, error) {
	before := e.Before
	if before == nil {
		before = &policy.Work{}
	}
	now := was
	for _, cell := range []struct {
		title         string
		sheet, before string
		into          *string
	}{
		{worklist.OwnerTitle, e.Owner, before.Owner, &now.Owner},
		{worklist.StateTitle, e.State, before.State, &now.State},
		{worklist.NoteTitle, e.Note, before.Note, &now.Note},
		{worklist.DueTitle, e.Due, before.Due, &now.Due},
	} {
		untouched := cell.sheet == cell.before || cell.sheet == strings.TrimSpace(worklist.InputText(cell.before))
		switch {
		case untouched:
			continue
		case *cell.into != cell.before && *cell.into != cell.sheet && e.Before != nil, e.Before == nil && *cell.into != "" && *cell.into != cell.sheet:
			return was, fmt.Errorf("%s: somebody else changed %s of %s since the sheet was made, to %q, and the sheet says %q: write one of them into both", e.Place, cell.title, e.Finding, *cell.into, cell.sheet)
		}
		if err := CheckText(cell.sheet); err != nil {
			return was, fmt.Errorf("%s: %s: %w", e.Place, cell.title, err)
		}
		*cell.into = cell.sheet
	}
	return now, nil
}

// accepts reports whether a state says that a finding is accepted.
func accepts(state string) bool {
	return strings.HasPrefix(strings.TrimSpace(state), strings.TrimSpace(worklist.AcceptState))
}

// Accepts returns the row that accepts the finding of an entry; false when its state
// does not say so.
func (e *Entry) Accepts(by string) (Row, bool, error) {
	state := strings.TrimSpace(e.State)
	if !accepts(state) {
		// Close to it is not what somebody means by a state of their own.
		if strings.HasPrefix(strings.ToLower(state), "accept") {
			return Row{}, false, fmt.Errorf("%s: the state %q does not accept %s: write %s, or that and one of: %s", e.Place, state, e.Finding, strings.TrimSpace(worklist.AcceptState), strings.Join(Bases, ", "))
		}
		return Row{}, false, nil
	}
	basis := strings.TrimPrefix(state, strings.TrimSpace(worklist.AcceptState))

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
		return nil, fmt.Errorf("reading %s, which has to be the findings.xlsx of a run: %w", path, err)
	}
	defer func() { _ = f.Close() }()

	unread, err := formulas(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}

	var all []Entry
	var sheets []string
	for _, name := range f.GetSheetList() {
		base, _, _ := strings.Cut(name, " (")
		if base != worklist.FindingsSheet && base != worklist.OrphansSheet {
			continue
		}
		sheets = append(sheets, base)
		entries, err := readSheet(f, name, unread[name])
		if err != nil {
			return nil, fmt.Errorf("reading sheet %s of %s: %w", name, path, err)
		}
		all = append(all, entries...)
	}
	for _, name := range []string{worklist.FindingsSheet, worklist.OrphansSheet} {
		if !slices.Contains(sheets, name) {
			return nil, fmt.Errorf("reading %s: there is no sheet %s: it is no worklist, or the sheet has another name", path, name)
		}
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

// readSheet reads a sheet. Its cells of some names hold formulas without a value.
func readSheet(f *excelize.File, name string, unread map[string]bool) (list []Entry, err error) {
	rows, err := f.Rows(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()

	var at map[string]int
	var wrong []error // mistakes in cells, which are told together
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
		for _, title := range filled {
			if at := cellName(at[title], n); unread[at] {
				wrong = append(wrong, fmt.Errorf("%s (%s) holds a formula, and the file does not have its value: open and save it in a spreadsheet program, which computes the value, or write the value itself", at, title))
			}
		}
		w := policy.Work{Finding: cell(worklist.IDTitle), Owner: cell(worklist.OwnerTitle), State: cell(worklist.StateTitle), Note: cell(worklist.NoteTitle)}
		if w.Due, err = day(cell(worklist.DueTitle)); err != nil {
			wrong = append(wrong, fmt.Errorf("%s (%s) %w", cellName(at[worklist.DueTitle], n), worklist.DueTitle, err))
		}
		switch {
		case w.Finding != "":
			e := Entry{Work: w, Place: fmt.Sprintf("%s!%d", name, n)}
			if e.Before, err = before(cell(worklist.BeforeTitle)); err != nil {
				return nil, fmt.Errorf("row %d: the column %s is not as the sheet was made: %w", n, worklist.BeforeTitle, err)
			}
			list = append(list, e)
		case w != policy.Work{}:
			return nil, fmt.Errorf("row %d has no %s, so that nobody knows which finding %q is about", n, worklist.IDTitle, w)
		}
	}
	return list, errors.Join(append(wrong, rows.Error())...)
}

// before reads what was filled in when the sheet was made.
func before(cell string) (*policy.Work, error) {
	if cell == "" {
		return nil, nil
	}
	var texts []string
	if err := json.Unmarshal([]byte(cell), &texts); err != nil {
		return nil, err
	}
	if len(texts) != 4 {
		return nil, fmt.Errorf("want 4 texts, got %d", len(texts))
	}
	return &policy.Work{Owner: texts[0], State: texts[1], Note: texts[2], Due: texts[3]}, nil
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

// cellName names a cell by its column, from 0, and its row, from 1: H7.
func cellName(column, row int) string {
	name, _ := excelize.CoordinatesToCellName(column+1, row) // both come from the sheet
	return name
}

// day returns the date in a cell as 2026-12-01. A cell with a date holds the number of
// its day; a text has to be a date already.
func day(cell string) (string, error) {
	n, err := strconv.ParseFloat(cell, 64)
	const first, last = 36526, 2958465 // the years 2000 to 9999
	if err == nil && n >= first && n <= last {
		return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(n)).Format(time.DateOnly), nil
	}
	date, _, _ := strings.Cut(cell, "T") // some programs write a time after it
	if err := policy.CheckDue(date); err != nil {
		return "", fmt.Errorf("holds %q: %w", cell, err)
	}
	return date, nil
}
