package accept_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"cdrmend/internal/accept"
	"cdrmend/internal/policy"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/worklist"
)

// sheet writes a worklist with one finding and one orphan to a file, with what somebody
// filled in before.
func sheet(t *testing.T, work ...policy.Work) string {
	t.Helper()
	rows := func(wanted worklist.Wanted) table.Rows {
		return func(yield func(*table.Row, error) bool) {
			var r table.Row
			for _, v := range [][2]string{{"fnd-1", "missing_recording"}, {"fnd-2", "no_cdr"}, {"fnd-3", "conflict"}} {
				values := map[string]string{"finding_id": v[0], "class": v[1], "severity": "major", "status": "open", "detail": "a=b"}
				r.Reset(table.Findings)
				for _, c := range table.Findings.Columns {
					if text, ok := values[c.Name]; ok {
						r.AddText(text)
					} else {
						r.AddNull()
					}
				}
				if wanted(v[1], "major", "open") && !yield(&r, nil) {
					return
				}
			}
		}
	}
	none := func(func(*table.Row, error) bool) {}
	var b bytes.Buffer
	n := &worklist.Night{Summary: &report.Summary{}, Report: policy.Report{Worklist: work}, Findings: rows, Repairs: none, Outages: none, Calls: none}
	if err := worklist.Write(&b, n); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "findings.xlsx")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// formula is what a program that computes nothing writes into a cell.
type formula string

// fill writes into the row of a finding, by the titles of columns, as a person would.
func fill(t *testing.T, path, id string, cells map[string]any) {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		at := map[string]int{}
		for i, title := range rows[0] {
			at[title] = i + 1
		}
		for n, row := range rows {
			if at["finding_id"] == 0 || at["owner"] == 0 || len(row) < at["finding_id"] || row[at["finding_id"]-1] != id {
				continue
			}
			for title, v := range cells {
				cell, err := excelize.CoordinatesToCellName(at[title], n+1)
				if err != nil {
					t.Fatal(err)
				}
				set := f.SetCellValue
				if text, ok := v.(formula); ok { // excelize writes it without a value
					set = func(name, cell string, _ any) error { return f.SetCellFormula(name, cell, string(text)) }
				}
				if err := set(name, cell, v); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
}

// What people fill in comes back, from a book as it was written, and from one that
// another program saved.
func TestWhatPeopleFillInComesBack(t *testing.T) {
	path := sheet(t, policy.Work{Finding: "fnd-3", Owner: "Lee", Note: "a\tb\nc", Due: "9999-12-31"})
	fill(t, path, "fnd-1", map[string]any{"owner": "Kim", "state": "accept: lawful erasure", "note": "request 7", "due": "2026-12-24"})
	fill(t, path, "fnd-2", map[string]any{"confirm": "same call", "due": 46357})
	want := []accept.Entry{
		{Work: policy.Work{Finding: "fnd-1", Owner: "Kim", State: "accept: lawful erasure", Note: "request 7", Due: "2026-12-24"}, Place: "Findings!2"},
		{Work: policy.Work{Finding: "fnd-3", Owner: "Lee", Note: worklist.InputText("a\tb\nc"), Due: "9999-12-31"}, Place: "Findings!3", Before: &policy.Work{Owner: "Lee", Note: "a\tb\nc", Due: "9999-12-31"}},
		{Work: policy.Work{Finding: "fnd-2", State: "same call", Due: "2026-12-01"}, Place: "Orphans!2"},
	}
	books := map[string]string{"as written": path}
	if os.Getenv("CI") != "" {
		dir := t.TempDir()
		cmd := exec.Command("soffice", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", dir, path)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		books["saved by LibreOffice"] = filepath.Join(dir, "findings.xlsx")
	}
	for name, book := range books {
		got, err := accept.ReadSheet(book)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	row, ok, err := want[0].Accepts("")
	if diff := cmp.Diff(accept.Row{Finding: "fnd-1", Reason: "request 7", By: "Kim", Basis: "lawful erasure"}, row); diff != "" || !ok || err != nil {
		t.Errorf("%v %v (-want +got):\n%s", ok, err, diff)
	}
}

// A spreadsheet program reads the files, too: some of them find UTF-8 only after a byte
// order mark.
func TestAFileKeepsItsByteOrderMarkAndLineEnds(t *testing.T) {
	for _, mark := range []string{"", "\ufeff"} {
		for _, end := range []string{"\n", "\r\n"} {
			dir := t.TempDir()
			accepted, work := filepath.Join(dir, "accepted.csv"), filepath.Join(dir, "worklist.csv")
			write(t, accepted, mark+"finding_id,reason,by"+end+"fnd-0,ünï,Kim"+end)
			write(t, work, mark+"finding_id,owner,state,note,due"+end+"fnd-0,Kim,,\"two"+end+"lines\","+end)
			if _, err := accept.Add(accepted, []accept.Row{{Finding: "fnd-1", Reason: "r", By: "b"}}, false); err != nil {
				t.Fatal(err)
			}
			if _, err := accept.Merge(work, []accept.Entry{{Work: policy.Work{Finding: "fnd-1", Owner: "Lee"}}}, false); err != nil {
				t.Fatal(err)
			}
			want := mark + "finding_id,reason,by" + end + "fnd-0,ünï,Kim" + end + "fnd-1,r,b" + end
			if diff := cmp.Diff(want, text(t, accepted)); diff != "" {
				t.Errorf("%q %q (-want +got):\n%s", mark, end, diff)
			}
			want = mark + "finding_id,owner,state,note,due" + end + "fnd-0,Kim,,\"two" + end + "lines\"," + end + "fnd-1,Lee,,," + end
			if diff := cmp.Diff(want, text(t, work)); diff != "" {
				t.Errorf("%q %q (-want +got):\n%s", mark, end, diff)
			}
		}
	}
}

// A process that was killed leaves its temporary file, which must neither stay for ever
// nor lead the next write elsewhere.
func TestWhatAKilledProcessLeftIsReplaced(t *testing.T) {
	dir := t.TempDir()
	path, elsewhere := filepath.Join(dir, "accepted.csv"), filepath.Join(dir, "elsewhere")
	write(t, elsewhere, "kept")
	for _, left := range []func(name string) error{
		func(name string) error { return os.WriteFile(name, []byte("finding_id,rea"), 0o600) },
		func(name string) error { return os.Symlink(elsewhere, name) },
	} {
		write(t, path, "finding_id,reason,by\n")
		if err := left(filepath.Join(dir, ".accepted.csv.new")); err != nil {
			t.Fatal(err)
		}
		if _, err := accept.Add(path, []accept.Row{{Finding: "fnd-1", Reason: "r", By: "b"}}, false); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 2 || text(t, path) != "finding_id,reason,by\nfnd-1,r,b\n" || text(t, elsewhere) != "kept" {
			t.Errorf("%v, %v: %q", err, entries, text(t, path))
		}
	}
}

func TestASheetThatCannotBeTrustedIsAnError(t *testing.T) {
	for name, test := range map[string]struct {
		change func(t *testing.T, path string)
		want   string
	}{
		"an id twice":    {func(t *testing.T, path string) { fill(t, path, "fnd-3", map[string]any{"finding_id": "fnd-1"}) }, "Findings!2 and Findings!3 are both about fnd-1: keep one"},
		"a row without":  {func(t *testing.T, path string) { fill(t, path, "fnd-3", map[string]any{"finding_id": "", "note": "x"}) }, `reading sheet Findings of findings.xlsx: row 3 has no finding_id, so that nobody knows which finding {"" "" "" "x" ""} is about`},
		"no such column": {func(t *testing.T, path string) { rename(t, path, "owner", "who") }, "reading sheet Findings of findings.xlsx: there is no column owner"},
		"a column twice": {func(t *testing.T, path string) { rename(t, path, "severity", "owner") }, "reading sheet Findings of findings.xlsx: two columns have the title owner"},
		"no dates": {func(t *testing.T, path string) {
			fill(t, path, "fnd-1", map[string]any{"due": "next week"})
			fill(t, path, "fnd-3", map[string]any{"due": "1.12.2026"})
		}, "reading sheet Findings of findings.xlsx: M2 (due) holds \"next week\": want a date in the form YYYY-MM-DD, as 2026-12-01\nM3 (due) holds \"1.12.2026\": want a date in the form YYYY-MM-DD, as 2026-12-01"},
		"a formula": {
			func(t *testing.T, path string) {
				fill(t, path, "fnd-1", map[string]any{"owner": formula("UPPER(\"kim\")")})
			},
			"reading sheet Findings of findings.xlsx: J2 (owner) holds a formula, and the file does not have its value: open and save it in a spreadsheet program, which computes the value, or write the value itself",
		},
		"another program": {func(t *testing.T, path string) { write(t, path, "id,owner\n") }, "reading findings.xlsx, which has to be the findings.xlsx of a run: zip: not a valid zip file"},
	} {
		path := sheet(t)
		test.change(t, path)
		t.Chdir(filepath.Dir(path))
		if _, err := accept.ReadSheet("findings.xlsx"); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

func rename(t *testing.T, path, from, to string) {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := f.SearchSheet(worklist.FindingsSheet, from)
	if err != nil || len(cells) != 1 {
		t.Fatal(cells, err)
	}
	if err := f.SetCellValue(worklist.FindingsSheet, cells[0], to); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
}

func TestAcceptingNeedsAReasonANameAndAKnownBasis(t *testing.T) {
	for state, want := range map[string]string{
		"accept: lawful erasure": "Findings!7 accepts fnd-1 without a reason: write it into the column note",
		"Accept: lawful erasure": `Findings!7: the state "Accept: lawful erasure" does not accept fnd-1: write accept:, or that and one of: lawful erasure, retention ended, known and explained`,
		"accepted":               `Findings!7: the state "accepted" does not accept fnd-1: write accept:, or that and one of: lawful erasure, retention ended, known and explained`,
		"accept: because":        `Findings!7: the basis is "because", want one of: lawful erasure, retention ended, known and explained`,
	} {
		e := accept.Entry{Work: policy.Work{Finding: "fnd-1", State: state, Owner: "Kim"}, Place: "Findings!7"}
		if _, ok, err := e.Accepts(""); ok || err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", state, err, want)
		}
	}
	e := accept.Entry{Work: policy.Work{Finding: "fnd-1", State: "accept:", Note: "n"}, Place: "Findings!7"}
	if _, _, err := e.Accepts(""); err == nil {
		t.Error("nobody accepts it")
	}
	if row, ok, err := e.Accepts("Lee"); !ok || err != nil || row.By != "Lee" {
		t.Errorf("%+v %v %v", row, ok, err)
	}
}

// Rows are known by their number: they stay where they are, with what other people
// keep in columns of their own.
func TestRowsAreOnlyAdded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accepted.csv")
	write(t, path, "\ufeffticket,finding_id,by,reason\n7,fnd-0,Kim,\"a, b\"\n")
	for _, dry := range []bool{true, false} {
		first, err := accept.Add(path, []accept.Row{
			{Finding: "fnd-1", Reason: "r", By: "b"},
			{AcceptedSubject: policy.AcceptedSubject{Conversation: "c"}, Reason: "r", By: "b", Basis: "lawful erasure"},
		}, dry)
		if err != nil || first != 2 {
			t.Fatalf("first row %d, %v", first, err)
		}
	}
	want := "\ufeffticket,finding_id,by,reason,basis,conversation_id\n7,fnd-0,Kim,\"a, b\",,\n,fnd-1,b,r,,\n,,b,r,lawful erasure,c\n"
	if diff := cmp.Diff(want, text(t, path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Several people fill in sheets of one night. What one of them did not touch stays as
// the other one left it, with the columns and rows that this program does not know.
func TestWhatASheetDoesNotChangeStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "worklist.csv")
	write(t, path, "finding_id,team,owner,state,note,due\nfnd-9,x,Lee,open,,\nfnd-1,y,Kim,,\"two\nlines\",\n,z,,,,\nfnd-2,,Kim,,,\nfnd-5,,Ann,accept: lawful erasure,n,\n")
	before := &policy.Work{Owner: "Kim", Note: "two\nlines"}
	entries := []accept.Entry{
		{Work: policy.Work{Finding: "fnd-1", Owner: "Kim", Note: worklist.InputText("two\nlines"), Due: "2026-12-01"}, Before: before},
		{Work: policy.Work{Finding: "fnd-2"}, Before: &policy.Work{Owner: "Kim"}},
		{Work: policy.Work{Finding: "fnd-3"}},
		{Work: policy.Work{Finding: "fnd-4", State: "done"}},
		{Work: policy.Work{Finding: "fnd-5", Owner: "Ann", State: "open", Note: "n"}, Before: &policy.Work{Owner: "Ann", State: "accept: lawful erasure", Note: "n"}},
		{Work: policy.Work{Finding: "fnd-9"}}, // somebody filled it in after the sheet was made
	}
	did, err := accept.Merge(path, entries, false)
	if err != nil {
		t.Fatal(err)
	}
	want := accept.Change{Changed: 3, Cleared: []string{"fnd-2"}, Findings: []string{"fnd-1", "fnd-2", "fnd-4", "fnd-5"}, Withdrawn: []string{"fnd-5"}}
	if diff := cmp.Diff(want, did); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	file := "finding_id,team,owner,state,note,due\nfnd-9,x,Lee,open,,\nfnd-1,y,Kim,,\"two\nlines\",2026-12-01\n,z,,,,\nfnd-5,,Ann,open,n,\nfnd-4,,,done,,\n"
	if diff := cmp.Diff(file, text(t, path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if did, err := accept.Merge(path, entries, false); err != nil || len(did.Findings) > 0 {
		t.Errorf("again: %+v, %v", did, err)
	}
}

func TestWhatCannotBeKeptIsAnErrorWithItsPlace(t *testing.T) {
	for want, e := range map[string]accept.Entry{
		`Findings!2: somebody else changed owner of fnd-1 since the sheet was made, to "Lee", and the sheet says "Kim": write one of them into both`: {Work: policy.Work{Finding: "fnd-1", Owner: "Kim"}},
		`Findings!2: somebody else changed owner of fnd-1 since the sheet was made, to "Lee", and the sheet says "": write one of them into both`:    {Work: policy.Work{Finding: "fnd-1"}, Before: &policy.Work{Owner: "Ann"}},
		"Findings!2: note: a text of 4200 bytes is too long, want at most 4096":                                                                      {Work: policy.Work{Finding: "fnd-2", Note: strings.Repeat("録", 1400)}},
	} {
		e.Place = "Findings!2"
		path := filepath.Join(t.TempDir(), "worklist.csv")
		const kept = "finding_id,owner,state,note,due\nfnd-1,Lee,,,\n"
		write(t, path, kept)
		if _, err := accept.Merge(path, []accept.Entry{{Work: policy.Work{Finding: "fnd-3", Owner: "x"}}, e}, false); err == nil || err.Error() != want || text(t, path) != kept {
			t.Errorf("%v, want %s; the file is %q", err, want, text(t, path))
		}
	}
}

func TestWhoeverAcceptsAtTheSameTimeLosesNoRow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accepted.csv")
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			unlock, err := accept.Lock(path)
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			if _, err := accept.Add(path, []accept.Row{{Finding: fmt.Sprint("fnd-", i), Reason: "r", By: "b"}}, false); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := strings.Count(text(t, path), "\nfnd-"); got != 16 {
		t.Errorf("%d of 16 rows are there:\n%s", got, text(t, path))
	}
}

func TestALinkToAFileStays(t *testing.T) {
	dir := t.TempDir()
	behind, link := filepath.Join(dir, "real.csv"), filepath.Join(dir, "accepted.csv")
	write(t, behind, "finding_id,reason,by\n")
	if err := os.Symlink("real.csv", link); err != nil {
		t.Skipf("links cannot be made here: %v", err)
	}
	if _, err := accept.Add(link, []accept.Row{{Finding: "fnd-1", Reason: "r", By: "b"}}, false); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 || text(t, behind) != "finding_id,reason,by\nfnd-1,r,b\n" {
		t.Errorf("%v %v: %q", info, err, text(t, behind))
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
