// Package accept notes what people decided about findings: which ones they accept, and
// who does what about the others. It reads decisions from the worklist that people
// filled in, and keeps them in two CSV files, which the next run reads as a part of its
// configuration.
//
// Rows of the file of accepted findings are only added: a run names them by their
// number. Columns that this package does not know stay as they are.
package accept

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	all, err := read(path)
	if err != nil {
		return 0, err
	}
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
	return first, write(path, all)
}

// Change says what Merge changed.
type Change struct {
	Changed, Cleared int
	Findings         []string // of both, in the order of the sheet
}

// Merge keeps what people filled in for findings in the file of the worklist. Findings
// that the sheet does not have stay as they are. A finding whose cells are all empty in
// the sheet is removed. A dry run writes nothing.
func Merge(path string, entries []Entry, dry bool) (Change, error) {
	if len(entries) == 0 {
		return Change{}, nil
	}
	all, err := read(path)
	if err != nil {
		return Change{}, err
	}
	header := []string{"finding_id", "owner", "state", "note", "due"}
	kept := map[string]policy.Work{}
	if len(all) > 0 {
		at := make([]int, len(header))
		for i, name := range header {
			if at[i] = slices.IndexFunc(all[0], func(cell string) bool { return strings.TrimSpace(cell) == name }); at[i] < 0 {
				return Change{}, fmt.Errorf("reading %s: the header has no column %s", path, name)
			}
		}
		for _, row := range all[1:] {
			kept[strings.TrimSpace(row[at[0]])] = policy.Work{Finding: strings.TrimSpace(row[at[0]]), Owner: row[at[1]], State: row[at[2]], Note: row[at[3]], Due: row[at[4]]}
		}
	}

	var did Change
	for _, e := range entries {
		before := kept[e.Finding]
		now := e.Work
		// What the sheet showed of a text that it cannot hold is no change.
		for _, cell := range []struct {
			now    *string
			before string
		}{{&now.Owner, before.Owner}, {&now.State, before.State}, {&now.Note, before.Note}, {&now.Due, before.Due}} {
			if *cell.now == strings.TrimSpace(worklist.CellText(cell.before)) {
				*cell.now = cell.before
			}
		}
		switch empty := (policy.Work{Finding: e.Finding}); {
		case now == empty && before == policy.Work{}, now == before:
		case now == empty:
			did.Cleared++
			delete(kept, e.Finding)
			did.Findings = append(did.Findings, e.Finding)
		default:
			did.Changed++
			kept[e.Finding] = now
			did.Findings = append(did.Findings, e.Finding)
		}
	}
	if len(did.Findings) == 0 || dry {
		return did, nil
	}

	out := [][]string{header}
	var rows []policy.Work
	for _, w := range kept {
		if w.Finding != "" {
			rows = append(rows, w)
		}
	}
	slices.SortFunc(rows, func(a, b policy.Work) int { return cmp.Compare(a.Finding, b.Finding) })
	for _, w := range rows {
		out = append(out, []string{w.Finding, w.Owner, w.State, w.Note, w.Due})
	}
	return did, write(path, out)
}

// read returns the rows of a CSV file, the header first; none of a file that does not
// exist or is empty.
func read(path string) ([][]string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()

	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return rows, nil
}

// write replaces a CSV file as a whole: a crash leaves the old one or the new one.
func write(path string, rows [][]string) (err error) {
	mode := fs.FileMode(0o640)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()

	w := csv.NewWriter(f)
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	if err := cmp.Or(f.Chmod(mode), f.Sync()); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
