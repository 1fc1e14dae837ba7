package policy

import (
	"bytes"
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

	// Nothing reads reason and by, but who audits the file needs them.
	p.Accepted = map[string]bool{}
	for _, row := range b.table("policy.accepted", d.Accepted, "finding_id", "reason", "by") {
		if id := strings.TrimSpace(row[0]); id != "" {
			p.Accepted[id] = true
		}
	}

	// An identity holds the text as it is, which is possible only with JSON.
	p.TokenKeys = b.content("policy.token_keys", d.TokenKeys)
	if p.TokenKeys != nil && !json.Valid(p.TokenKeys) {
		b.file.Problem("policy.token_keys", "%s is no JSON", b.path(d.TokenKeys))
	}
}

// content returns the text of a file; nil if there is no path, or if the file
// cannot be read.
func (b *builder) content(key, path string) []byte {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(b.path(path))
	switch {
	case err == nil:
		return text
	case maybeSecret(path):
		b.file.Problem(key, "names no file that can be read, want a path; it is not shown, as it may be a key itself")
	default:
		b.file.Problem(key, "%v", err)
	}

	return nil
}

// maybeSecret reports whether a text given as a path may be the secret itself: a
// key, a set of keys or a password.
func maybeSecret(path string) bool {
	return strings.ContainsAny(path, "\r\n{") || len(path) >= shortestKey && !strings.Contains(path, ".")
}

// table returns the named columns of a CSV file, nil without a file.
func (b *builder) table(key, path string, columns ...string) [][]string {
	text := b.content(key, path)
	if text == nil {
		return nil
	}

	rows, err := readTable(text, columns)
	if err != nil {
		b.file.Problem(key, "reading %s: %v", b.path(path), err)
	}

	return rows
}

// readTable returns the named columns of CSV with a header, in that order.
func readTable(text []byte, columns []string) ([][]string, error) {
	// Spreadsheets begin their exports with a byte order mark.
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("line 1: the header %s is missing", strings.Join(columns, ","))
	}

	if err != nil {
		return nil, err
	}
	var at []int
	for _, name := range columns {
		i := slices.IndexFunc(header, func(cell string) bool { return strings.TrimSpace(cell) == name })
		if i < 0 {
			return nil, fmt.Errorf("line 1: the header has no column %s, want %s", name, strings.Join(columns, ","))
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
			chosen = append(chosen, row[i])
		}
		rows = append(rows, chosen)
	}

	return rows, nil
}
