package policy

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/intern"
)

// NameKind is what a configured name is the name of.
type NameKind uint8

// The kinds of names.
const (
	TrunkName NameKind = iota
	LineName
	QueueName
	UserName
	OrganisationName
)

var nameKinds = []string{"trunk", "line", "queue", "user", "organisation"}

func (k NameKind) String() string { return nameKinds[k] }

// Name is what people call something that has an id. The id is as in the tables.
type Name struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Names are configured names, in byte order of kind and id.
type Names []Name

// Of returns the name of something, empty when it has none.
func (n Names) Of(kind NameKind, id string) string {
	at, ok := slices.BinarySearchFunc(n, Name{Kind: kind.String(), ID: id}, Name.compare)
	if !ok {
		return ""
	}
	return n[at].Name
}

func (n Name) compare(o Name) int {
	return cmp.Or(cmp.Compare(n.Kind, o.Kind), cmp.Compare(n.ID, o.ID))
}

// Work is what people filled in for one finding of the worklist.
type Work struct {
	Finding string `json:"finding_id"`
	Owner   string `json:"owner,omitempty"`
	State   string `json:"state,omitempty"`
	Note    string `json:"note,omitempty"`
	Due     string `json:"due,omitempty"`
}

// CheckDue says why a text is not when a finding is due: neither empty nor a date.
func CheckDue(text string) error {
	if _, err := time.Parse(time.DateOnly, text); text != "" && err != nil {
		return errors.New("want a date in the form YYYY-MM-DD, as 2026-12-01")
	}
	return nil
}

// longestText is how long a name, or a cell of a worklist, may be, in bytes.
const longestText = 4096

// names reads the file of names. An id is kept in the normal form that ids of records
// have: a UUID in any spelling is the one in the tables.
func (b *builder) names() {
	path := b.doc.Policy.Names
	seen := map[Name]namedRow{} // by kind and id, whatever the case of its letters
	for i, row := range b.table("policy.names", path, "kind", "id", "name") {
		problem := func(format string, args ...any) {
			b.file.Problem("policy.names", "reading %s: row %d "+format, append([]any{b.path(path), i + 1}, args...)...)
		}
		n := Name{Kind: strings.TrimSpace(row[0]), ID: strings.TrimSpace(row[1]), Name: strings.TrimSpace(row[2])}
		switch {
		case n == Name{}: // an empty line of a spreadsheet
			continue
		case !slices.Contains(nameKinds, n.Kind):
			problem("names a %q, want one of %s", n.Kind, strings.Join(nameKinds, ", "))
		case n.ID == "" || n.Name == "":
			problem("has no id or no name")
		case len(n.Name) > longestText:
			problem("has a name of %d bytes, want at most %d", len(n.Name), longestText)
		}
		written := n
		var uuid intern.UUID
		if intern.ParseUUID(&uuid, []byte(n.ID)) {
			n.ID = string(uuid.AppendTo(nil))
		}

		// Somebody who writes one id in two ways means one thing, and only one of the two
		// names would show.
		key := Name{Kind: n.Kind, ID: strings.ToLower(n.ID)}
		if first, twice := seen[key]; !twice {
			seen[key] = namedRow{written, i + 1}
		} else if first.name.Name != n.Name {
			problem("gives %s %s the name %q, and row %d gives %s the name %q: keep one of them", n.Kind, written.ID, n.Name, first.row, first.name.ID, first.name.Name)
		}
		b.cfg.Report.Names = append(b.cfg.Report.Names, n)
	}

	slices.SortStableFunc(b.cfg.Report.Names, Name.compare)
	b.cfg.Report.Names = slices.CompactFunc(b.cfg.Report.Names, func(x, y Name) bool { return x.compare(y) == 0 })
}

// namedRow is a row of the file of names, as it was written.
type namedRow struct {
	name Name
	row  int
}

// worklist reads what people filled in.
func (b *builder) worklist() {
	path := b.doc.Report.Worklist
	seen := map[string]int{}
	for i, row := range b.table("report.worklist", path, "finding_id", "owner", "state", "note", "due") {
		w := Work{Finding: strings.TrimSpace(row[0]), Owner: row[1], State: row[2], Note: row[3], Due: row[4]}
		switch {
		case strings.Join(row, "") == "":
			continue
		case w.Finding == "":
			b.file.Problem("report.worklist", "reading %s: row %d names no finding", b.path(path), i+1)
		case seen[w.Finding] > 0:
			b.file.Problem("report.worklist", "reading %s: rows %d and %d are both about finding %s", b.path(path), seen[w.Finding], i+1, w.Finding)
		}
		if err := CheckDue(strings.TrimSpace(w.Due)); err != nil {
			b.file.Problem("report.worklist", "reading %s: row %d holds %q under due: %v", b.path(path), i+1, w.Due, err)
		}
		for _, cell := range row {
			if len(cell) > longestText {
				b.file.Problem("report.worklist", "reading %s: row %d has a cell of %d bytes, want at most %d", b.path(path), i+1, len(cell), longestText)
			}
		}
		seen[w.Finding] = i + 1
		b.cfg.Report.Worklist = append(b.cfg.Report.Worklist, w)
	}
	slices.SortFunc(b.cfg.Report.Worklist, func(x, y Work) int { return cmp.Compare(x.Finding, y.Finding) })
}
