package policy

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// policyFiles reads the files that the policy names.
func (b *builder) policyFiles() {
	d, p := &b.doc.Policy, &b.cfg.Policy
	for _, row := range b.table("policy.lines", d.Lines, "org_id", "line_id", "trunk_id") {
		p.Lines = append(p.Lines, Line{Org: row[0], Line: row[1], Trunk: row[2]})
	}

	b.accepted()

	// An identity holds the text as it is, which is possible only with JSON.
	p.TokenKeys = b.content("policy.token_keys", d.TokenKeys)
	if p.TokenKeys != nil && !json.Valid(p.TokenKeys) {
		b.file.Problem("policy.token_keys", "%s is no JSON", b.path(d.TokenKeys))
	}
}

// accepted reads which findings are accepted: by their id, or by what they are
// about.
func (b *builder) accepted() {
	p, path := &b.cfg.Policy, b.doc.Policy.Accepted
	p.Accepted, p.AcceptedRows = map[string]bool{}, map[string]int{}

	rows := b.table("policy.accepted", path, "finding_id", "reason", "by", "class?", "org_id?", "conversation_id?", "recording_id?", "basis?")
	for i, row := range rows {
		for k := range row {
			row[k] = strings.TrimSpace(row[k])
		}
		about := AcceptedSubject{Class: row[3], Org: row[4], Conversation: row[5], Recording: row[6]}
		switch {
		case row[0] != "":
			p.Accepted[row[0]] = true
			p.AcceptedRows[row[0]] = cmp.Or(p.AcceptedRows[row[0]], i+1)
		case about.Conversation != "" || about.Recording != "":
			about.Row = i + 1
			p.AcceptedSubjects = append(p.AcceptedSubjects, about)
		case about != AcceptedSubject{} || row[1] != "" || row[2] != "":
			b.file.Problem("policy.accepted", "reading %s: row %d names neither a finding nor a conversation nor a recording", b.path(path), i+1)
		}

		// No decision reads the grounds, but reports show them: a defect that somebody
		// accepted is one that somebody answers for.
		if g := (Grounds{i + 1, row[1], row[2], row[7]}); g != (Grounds{Row: i + 1}) {
			p.AcceptedGrounds = append(p.AcceptedGrounds, g)
		}
	}
}

// FirstLines are the first lines, by key of the configuration, of files that keep
// decisions. They have to be there before anything is decided.
var FirstLines = map[string]string{"policy.accepted": "finding_id,reason,by", "report.worklist": "finding_id,owner,state,note,due"}

// content returns the text of a file; nil if there is no path, or if the file
// cannot be read.
func (r *valueReader) content(key, path string) []byte {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(r.path(path))
	switch {
	case err == nil:
		return text
	case maybeSecret(path):
		r.file.Problem(key, "names no file that can be read, want a path; it is not shown, as it may be a key itself")
	case key == "policy.accepted" || key == "report.worklist": // which cdrmend writes once they are there
		r.file.Problem(key, "%v; make it with the line: %s", err, FirstLines[key])
	default:
		r.file.Problem(key, "%v", err)
	}

	return nil
}

// readableByAll reports whether a file can be read by others than its owner and
// its group. The group is fine: a job often gets a key that root owns by its group.
func readableByAll(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o004 != 0
}

// shortestKey is the least length of a shared key in bytes, so that nobody can try
// all keys.
const shortestKey = 32

// maybeSecret reports whether a text given as a path may be the secret itself: a
// key, a set of keys or a password.
func maybeSecret(path string) bool {
	return strings.ContainsAny(path, "\r\n{") || len(path) >= shortestKey && !strings.Contains(path, ".")
}

// secret reads a key that somebody else has, too.
func (r *valueReader) secret(key, path string) []byte {
	text := r.content(key, path)
	if text == nil {
		return nil
	}

	text = bytes.TrimSpace(text) // editors end a file with a line break
	if n := len(text); n < shortestKey {
		r.file.Problem(key, "holds %d bytes, want at least %d; make a key with: openssl rand -hex 32", n, shortestKey)
	}
	return text
}

// table returns the named columns of a CSV file, nil without a file. A column whose
// name ends in a question mark is empty where the file has none.
func (r *valueReader) table(key, path string, columns ...string) [][]string {
	text := r.content(key, path)
	if text == nil {
		return nil
	}

	rows, err := readTable(text, columns)
	if err != nil {
		r.file.Problem(key, "reading %s: %v", r.path(path), err)
	}

	return rows
}

// readTable returns the named columns of CSV with a header, in that order.
func readTable(text []byte, columns []string) ([][]string, error) {
	// Spreadsheets begin their exports with a byte order mark.
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	header, err := r.Read()
	needed := strings.Join(slices.DeleteFunc(slices.Clone(columns), isOptional), ",")
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("line 1: the header %s is missing", needed)
	}

	if err != nil {
		return nil, err
	}
	var at []int
	for _, name := range columns {
		i := slices.IndexFunc(header, func(cell string) bool { return strings.TrimSpace(cell) == strings.TrimSuffix(name, "?") })
		if i < 0 && !isOptional(name) {
			return nil, fmt.Errorf("line 1: the header has no column %s, want %s", name, needed)
		}

		at = append(at, i)
	}
	cells, err := r.ReadAll()
	if err != nil {
		return nil, err
	}

	var rows [][]string
	for _, row := range cells {
		var chosen []string
		for _, i := range at {
			cell := ""
			if i >= 0 {
				cell = row[i]
			}
			chosen = append(chosen, cell)
		}
		rows = append(rows, chosen)
	}

	return rows, nil
}

// isOptional reports whether a file may lack a column.
func isOptional(column string) bool { return strings.HasSuffix(column, "?") }
