// Package accept notes what people decided about findings: which ones they accept, and
// who does what about the others. It reads decisions from the worklist that people
// filled in, and keeps them in two CSV files, which the next run reads as a part of its
// configuration.
//
// Rows of the file of accepted findings are only added: a run names them by their
// number. Columns that this package does not know stay as they are, as do the byte order
// mark and the line ends that a spreadsheet program gave a file.
package accept

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"cdrmend/internal/policy"
	"cdrmend/internal/wording"
	"cdrmend/internal/worklist"
)

// Row is one row of the file of accepted findings: a finding, or what findings are
// about.
type Row struct {
	Finding string
	policy.AcceptedSubject
	Reason, By string
	Basis      string // why it is lawful, one of worklist.Bases; may be empty
}

// Bases are the grounds on which a finding can be accepted.
var Bases = worklist.Bases

// Check says what is wrong with a row.
func (r *Row) Check() error {
	if r.Basis != "" && !slices.Contains(Bases, r.Basis) {
		return fmt.Errorf("the basis is %q, want one of: %s", r.Basis, strings.Join(Bases, ", "))
	}
	for _, text := range []string{r.Finding, r.Reason, r.By, r.Org, r.Conversation, r.Recording} {
		if err := CheckText(text); err != nil {
			return err
		}
	}
	if _, ok := wording.Class(r.Class); r.Class != "" && !ok {
		return fmt.Errorf("there is no class %q of findings", r.Class)
	}
	return nil
}

// columns are the columns of the file of accepted findings that are written.
var columns = []string{"finding_id", "reason", "by", "basis", "class", "org_id", "conversation_id", "recording_id"}

func (r *Row) cells() []string {
	return []string{r.Finding, r.Reason, r.By, r.Basis, r.Class, r.Org, r.Conversation, r.Recording}
}

// Add adds rows to the file of accepted findings, and returns the number of the first
// of them, from 1. A header without a column that one of the rows needs gets it. A dry
// run writes nothing.
func Add(path string, rows []Row, dry bool) (first int, err error) {
	file, err := read(path)
	if err != nil {
		return 0, err
	}
	all := file.rows
	if len(all) == 0 {
		all = [][]string{slices.Clone(columns)}
	}

	first = len(all)
	at := make([]int, len(columns)) // where each column is, -1 while it is not needed
	for i, name := range columns {
		at[i] = slices.IndexFunc(all[0], func(cell string) bool { return strings.TrimSpace(cell) == name })
		if at[i] < 0 && slices.ContainsFunc(rows, func(r Row) bool { return r.cells()[i] != "" }) {
			at[i] = len(all[0])
			for n := range all {
				all[n] = append(all[n], "")
			}
			all[0][at[i]] = name
		}
	}

	for _, r := range rows {
		row := make([]string, len(all[0]))
		for i, cell := range r.cells() {
			if at[i] >= 0 {
				row[at[i]] = cell
			}
		}
		all = append(all, row)
	}
	if dry {
		return first, nil
	}
	file.rows = all
	return first, file.write(path)
}

// Change says what Merge changed.
type Change struct {
	Changed   int
	Cleared   []string // findings whose cells were emptied
	Findings  []string // of both, in the order of the sheet
	Withdrawn []string // findings whose state no longer accepts them
}

// header are the columns of the file of the worklist. It may have others.
var header = []string{"finding_id", "owner", "state", "note", "due"}

// kept is the file of the worklist.
type kept struct {
	*file
	at  []int          // where the columns of header are
	row map[string]int // by finding
}

func readKept(path string) (*kept, error) {
	f, err := read(path)
	if err != nil {
		return nil, err
	}
	if len(f.rows) == 0 {
		f.rows = [][]string{slices.Clone(header)}
	}
	k := &kept{file: f, row: map[string]int{}}
	for _, name := range header {
		at := slices.IndexFunc(f.rows[0], func(cell string) bool { return strings.TrimSpace(cell) == name })
		if at < 0 {
			return nil, fmt.Errorf("reading %s: the header has no column %s", path, name)
		}
		k.at = append(k.at, at)
	}
	for n, row := range f.rows[1:] {
		k.row[strings.TrimSpace(row[k.at[0]])] = n + 1
	}
	return k, nil
}

// of returns what is kept for a finding.
func (k *kept) of(finding string) policy.Work {
	w := policy.Work{Finding: finding}
	if n, ok := k.row[finding]; ok {
		row := k.rows[n]
		w.Owner, w.State, w.Note, w.Due = row[k.at[1]], row[k.at[2]], row[k.at[3]], row[k.at[4]]
	}
	return w
}

// set keeps something for a finding. Cells of other columns stay as they are.
func (k *kept) set(w *policy.Work) {
	n, ok := k.row[w.Finding]
	if !ok {
		n = len(k.rows)
		k.rows, k.row[w.Finding] = append(k.rows, make([]string, len(k.rows[0]))), n
	}
	for i, cell := range []string{w.Finding, w.Owner, w.State, w.Note, w.Due} {
		k.rows[n][k.at[i]] = cell
	}
}

// dropEmpty drops the rows of findings that say nothing but their id.
func (k *kept) dropEmpty(cleared []string) {
	k.rows = slices.DeleteFunc(k.rows, func(row []string) bool {
		id := row[k.at[0]]
		return slices.Contains(cleared, id) && strings.Join(row, "") == id
	})
}

// Merge keeps what people filled in for findings in the file of the worklist. What they
// left as the sheet had it stays as the file has it, as do findings that the sheet does
// not have: several people may fill in sheets of one night. A cell that was changed in
// the sheet and, in another way, in the file since the sheet was made is an error, and
// so is a text that no configuration may have. A dry run writes nothing.
func Merge(path string, entries []Entry, dry bool) (Change, error) {
	if len(entries) == 0 {
		return Change{}, nil
	}
	k, err := readKept(path)
	if err != nil {
		return Change{}, err
	}

	var did Change
	var wrong []error
	for i := range entries {
		e := &entries[i]
		was := k.of(e.Finding)
		now, err := e.over(was)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		if now == was {
			continue
		}
		if now == (policy.Work{Finding: e.Finding}) {
			did.Cleared = append(did.Cleared, e.Finding)
		} else {
			did.Changed++
		}
		if accepts(was.State) && !accepts(now.State) {
			did.Withdrawn = append(did.Withdrawn, e.Finding)
		}
		did.Findings = append(did.Findings, e.Finding)
		k.set(&now)
	}
	if err := errors.Join(wrong...); err != nil {
		return Change{}, err
	}
	if len(did.Findings) == 0 || dry {
		return did, nil
	}
	k.dropEmpty(did.Cleared)
	return did, k.write(path)
}

// longestText is how long a text in a file of the configuration may be, in bytes.
const longestText = 4096

// CheckText says why a text cannot be kept.
func CheckText(text string) error {
	switch {
	case len(text) > longestText:
		return fmt.Errorf("a text of %d bytes is too long, want at most %d", len(text), longestText)
	case !utf8.ValidString(text):
		return errors.New("a text is not valid UTF-8")
	}
	return nil
}
