package worklist

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/outside"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"

	"github.com/google/go-cmp/cmp"
)

// rowsOf makes rows of a table of texts, one for each column.
func rowsOf(s *table.Schema, rows ...map[string]string) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		var r table.Row
		for _, values := range rows {
			r.Reset(s)
			for _, c := range s.Columns {
				if v, ok := values[c.Name]; ok && c.Kind == table.Text {
					r.AddText(v)
				} else {
					r.AddNull()
				}
			}
			if !yield(&r, nil) {
				return
			}
		}
	}
}

func finding(id, severity, class, recording string) map[string]string {
	return map[string]string{"finding_id": id, "severity": severity, "status": "open", "class": class, "recording_id": recording, "detail": "+49301234567"}
}

// hostile are texts that a spreadsheet program might take for something else.
var hostile = []string{
	"=HYPERLINK(\"http://example.com\")", "+1", "-1", "@SUM(A1)", "00012", "123456789012345678", "1E5", "2026-11-20", "TRUE",
	" leading", "a\u202eb", "x\x1b[31m", "a,b", "a\"b", "'quoted", "\tTab", "<b>&amp;", "_x0041_", "_x0041_x0042_", "_x00zz_", "trailing ", "]]>", "日本語", "",
}

func night() *Night {
	percent := "50.00"
	n := &Night{
		RunID: "run-1",
		Summary: &report.Summary{
			Interval: "2026-11-20", Coverage: report.Coverage{Recorded: 1, Intact: 1, Of: 2, RecordedPercent: &percent, IntactPercent: &percent},
			Verdicts: map[string]int64{"missing": 1}, Outages: map[string]int64{"scope_missing": 1},
			Partitions: []report.Partition{{Source: "cdr", Kind: "cdrs", Input: "c/", State: report.Complete, Objects: 3, Rows: 7}},
		},
		Findings: wantedOf(rowsOf(table.Findings,
			finding("fnd-1", "minor", "no_cdr", "r1"), finding("fnd-2", "critical", "missing_recording", "r2"),
			finding("fnd-3", "minor", "repaired_field", "r3"), finding("fnd-4", "major", "conflict", "r4"), finding("fnd-5", "critical", "media_missing", "r5"))),
		Calls:   rowsOf(table.Calls, map[string]string{"verdict": "missing", "conversation_id": "c1"}),
		Outages: rowsOf(table.Outages, map[string]string{"outage_id": "out-1", "cause": "scope_missing"}),
	}
	var repairs []map[string]string
	for i, text := range hostile {
		repairs = append(repairs, map[string]string{"field": fmt.Sprint("f", i), "old_value": text})
	}
	n.Repairs = rowsOf(table.Repairs, repairs...)
	return n
}

func written(t *testing.T, n *Night, r policy.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	n.Report = r
	if err := Write(&b, n); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// profile is a directory for the settings of LibreOffice. It takes longer to make them than to
// open a workbook, so that all tests, which run one after the other, have the same.
var profile = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "cdrmend-office-*") })

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := profile(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// opened returns the sheets of a workbook as LibreOffice shows them.
func opened(t *testing.T, book []byte) map[string][][]string {
	t.Helper()
	office := outside.Program(t, "soffice")
	settings, err := profile()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "findings.xlsx"), book, 0o644); err != nil {
		t.Fatal(err)
	}
	// Separator, quote, UTF-8, from line 1, cells as shown, all sheets.
	const filter = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
	cmd := exec.Command(office, "-env:UserInstallation=file://"+settings, "--headless", "--convert-to", filter, "--outdir", dir, filepath.Join(dir, "findings.xlsx"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "findings-*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	sheets := map[string][][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "findings-"), ".csv")
		sheets[name] = rows
	}
	return sheets
}

// cellsOf returns the cells of a column below its header.
func cellsOf(t *testing.T, rows [][]string, name string) []string {
	t.Helper()
	if len(rows) == 0 || !slices.Contains(rows[0], name) {
		t.Fatalf("there is no column %q in %q", name, rows)
	}
	var cells []string
	for _, r := range rows[1:] {
		cells = append(cells, r[slices.Index(rows[0], name)])
	}
	return cells
}

func TestASpreadsheetProgramShowsTheWorklistAsItIs(t *testing.T) {
	sheets := opened(t, written(t, night(), policy.Report{Redact: policy.RedactNothing}))
	var names []string
	for name := range sheets {
		names = append(names, name)
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"Calls not complete", "Findings", "Inputs", "Orphans", "Outages", "Repairs", "Summary"}, names); diff != "" {
		t.Errorf("sheets (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"fnd-2", "fnd-5", "fnd-4"}, cellsOf(t, sheets["Findings"], "finding_id")); diff != "" {
		t.Errorf("findings, the worst first (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"fnd-1"}, cellsOf(t, sheets["Orphans"], "finding_id")); diff != "" {
		t.Errorf("recordings without a call (-want +got):\n%s", diff)
	}
	want := slices.Clone(hostile)
	for i, text := range want {
		want[i] = CellText(text)
	}
	if diff := cmp.Diff(want, cellsOf(t, sheets["Repairs"], "old_value")); diff != "" {
		t.Errorf("hostile texts (-want +got):\n%s", diff)
	}
	for _, name := range []string{"Findings", "Repairs", "Outages"} {
		if got, want := len(sheets[name][0]), map[string]int{"Findings": len(table.Findings.Columns) + 8, "Repairs": len(table.Repairs.Columns), "Outages": len(table.Outages.Columns) + 1}[name]; got != want {
			t.Errorf("%s has %d columns, want all, what to do, what people fill in and what they filled in before: %d", name, got, want)
		}
	}
	if got := sheets["Summary"][3]; got[1] != "50.00 %" || got[2] != "1 of 2" {
		t.Errorf("the summary says %q", got)
	}
	if diff := cmp.Diff([]string{"7"}, cellsOf(t, sheets["Inputs"], "rows")); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
}

func TestAWorklistSaysWhatToDo(t *testing.T) {
	n := night()
	n.Findings = wantedOf(rowsOf(table.Findings,
		map[string]string{"severity": "major", "class": "stray_record", "source": "cdr", "detail": "interval=2026-11-19;rows=12;lookahead=30h"},
		map[string]string{"severity": "critical", "class": "missing_recording", "detail": "contested"}))
	n.Calls = rowsOf(table.Calls, map[string]string{"verdict": "indeterminate", "reason": "doubtful"}, map[string]string{"verdict": "missing"})
	sheets := opened(t, written(t, n, policy.Report{}))
	for sheet, want := range map[string][]string{
		"Findings": {
			"have the export name the leg of each recording, and its times; if one recording hears several legs, set one_recording_per: conversation for the source of the call detail records",
			"set lookahead: 30h for source cdr, then run interval 2026-11-19 again",
		},
		"Calls not complete": {"have the source write times with their offset from UTC", ""},
		"Outages":            {"give the OAuth client that scope, then request a new token"},
	} {
		if diff := cmp.Diff(want, cellsOf(t, sheets[sheet], "what to do next")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sheet, diff)
		}
	}
}

func TestTheSummaryOfAWorklistBeginsWithWhatLimitsIt(t *testing.T) {
	n := night()
	c := &n.Summary.Coverage
	c.Total, c.Excluded, c.WithoutCDR, c.Proof.Shared = report.AtLeast, map[string]int64{"too short": 7}, 3, 1
	n.Summary.Findings = []report.FindingCount{{Class: "stray_record", Severity: "major", Status: "open", Count: 2}}
	n.Summary.Warnings = []string{"the clocks differ"}
	n.Summary.Incomplete = []report.Incomplete{{Source: "m", Input: "m/+4930123456/", Reason: "damaged", Next: "export m/+4930123456/ again"}}
	n.Summary.Outages = map[string]int64{"scope_missing": 1, "lapsed": 2}
	rows := opened(t, written(t, n, policy.Report{}))["Summary"]
	at := -1
	for _, want := range [][]string{
		{"elsewhere", "2 findings of class stray_record"},
		{"warning", "the clocks differ"},
		{"incomplete", "m/+********56/ (m): damaged", "", "export m/+********56/ again"},
		{"calls recorded", "50.00 % of at least 2", "1 of at least 2"},
		{"note", "call detail records may hide"},
		{"note", "7 calls"},
		{"note", "1 of the recorded calls has no recording of its own"},
		{"note", "3 recordings"},
		{"recorded calls by proof", "shared"},
		{"excluded calls by reason", "too short", "7"},
		{"outages by cause", "scope_missing", "1"},
		{"registrations that ended", "lapsed", "2"},
	} {
		next := slices.IndexFunc(rows, func(row []string) bool {
			for i, cell := range want {
				if !strings.HasPrefix(row[i], cell) {
					return false
				}
			}
			return true
		})
		if next <= at {
			t.Errorf("%q stands at %d, after what stands at %d, in %q", want, next, at, rows)
		}
		at = next
	}
}

func TestOperationsSeeNoNumbersInAWorklist(t *testing.T) {
	n := night()
	n.Calls = rowsOf(table.Calls, map[string]string{"ani": "+4930123456", "dnis": "+4930654321", "user_ids": "anna;+4930123456", "queue_ids": "q1"})
	rows := opened(t, written(t, n, policy.Report{}))["Calls not complete"]
	for name, want := range map[string]string{"from": "+********56", "to": "+********21", "agents": "anna; +********56", "queues": "q1"} {
		if got := cellsOf(t, rows, name); len(got) != 1 || got[0] != want {
			t.Errorf("%s is shown as %q, want %q", name, got, want)
		}
	}
}

func TestAWorklistIsRedacted(t *testing.T) {
	sheets := opened(t, written(t, night(), policy.Report{Redact: policy.RedactAll, PseudonymKey: []byte("k")}))
	for _, id := range cellsOf(t, sheets["Findings"], "recording_id") {
		if !strings.HasPrefix(id, "rec-") {
			t.Errorf("recording %q is shown", id)
		}
	}
}

func TestEqualNightsGiveEqualWorklists(t *testing.T) {
	first := written(t, night(), policy.Report{})
	for range 20 {
		if !bytes.Equal(first, written(t, night(), policy.Report{})) {
			t.Fatal("the same night gives other bytes when it is written again")
		}
	}
}

func TestASheetThatIsFullGoesOnInAnother(t *testing.T) {
	var out bytes.Buffer
	b := newBook(&out, 3)
	n := night()
	n.Findings = wantedOf(rowsOf(table.Findings, finding("fnd-2", "critical", "missing_recording", "r2"), finding("fnd-1", "minor", "conflict", "r1"), finding("fnd-4", "major", "conflict", "r4"), finding("fnd-5", "critical", "media_missing", "r5")))
	if err := b.fill(n, redact.New(policy.Report{})); err != nil {
		t.Fatal(err)
	}
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	sheets := opened(t, out.Bytes())
	var ids []string
	for _, name := range []string{"Findings", "Findings (2)"} {
		if len(sheets[name]) != 3 {
			t.Errorf("sheet %q has %d rows, want 3", name, len(sheets[name]))
		}
		ids = append(ids, cellsOf(t, sheets[name], "finding_id")...)
	}
	if diff := cmp.Diff([]string{"fnd-2", "fnd-5", "fnd-4", "fnd-1"}, ids); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestATextThatACellCannotHoldIsCutAndSaysSo(t *testing.T) {
	long := strings.Repeat("字", 40_000)
	got := CellText(long)
	if units := len([]rune(got)); units > 32_767 || !strings.HasSuffix(got, "more bytes: see the tables)") || !strings.HasPrefix(long, got[:90_000]) {
		t.Errorf("%d characters, ending in %q", units, got[len(got)-40:])
	}
}

// A long text of the summary stands in as many lines as it needs.
func TestTheSummaryCutsNoText(t *testing.T) {
	n := night()
	n.Summary.Warnings = []string{strings.Repeat("the clocks differ ", 10)}
	book := written(t, n, policy.Report{})
	z, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := fs.ReadFile(z, "xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`<row [^>]*>(?:<c [^>]*><is><t>[^<]*</t></is></c>)*<c r="B\d+" s="(\d)"[^>]*><is><t[^>]*>the clocks`).FindSubmatch(sheet)
	if row == nil || !bytes.Contains(row[0], []byte(`ht="60"`)) || string(row[1]) != strconv.Itoa(styleWrapped) {
		t.Errorf("the row of a warning that needs four lines is %s", row)
	}
}

// full makes rows of a table with texts and times.
// wantedOf chooses among rows of findings, as a night does.
func wantedOf(rows table.Rows) func(Wanted) table.Rows {
	class, severity, status := table.Findings.Index("class"), table.Findings.Index("severity"), table.Findings.Index("status")
	return func(wanted Wanted) table.Rows {
		return func(yield func(*table.Row, error) bool) {
			for r, err := range rows {
				if (err != nil || wanted(r.Text(class), r.Text(severity), r.Text(status))) && !yield(r, err) {
					return
				}
			}
		}
	}
}

func full(s *table.Schema, rows ...map[string]any) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		var r table.Row
		for _, values := range rows {
			r.Reset(s)
			for _, c := range s.Columns {
				switch v := values[c.Name].(type) {
				case string:
					r.AddText(v)
				case time.Time:
					r.AddTime(record.TimeOf(v))
				case int:
					r.AddInt(int64(v))
				default:
					r.AddNull()
				}
			}
			if !yield(&r, nil) {
				return
			}
		}
	}
}

// Whose call was it, and when: that comes first. What people filled in stands there
// again, and what they can fill in is marked.
func TestAWorklistBeginsWithTheCallAndHasRoomForPeople(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	n := night()
	n.Findings = wantedOf(full(table.Findings, map[string]any{
		"finding_id": "fnd-1", "severity": "critical", "status": "open", "class": "missing_recording", "start_time": time.Date(2026, 11, 20, 9, 15, 0, 0, time.UTC),
		"direction": "inbound", "ani": "+4930123456", "dnis": "+4930654321", "user_ids": "u1;u2", "queue_ids": "q1", "trunk_id": "t1", "detail": "",
	}))
	sheet := opened(t, written(t, n, policy.Report{
		Redact: policy.RedactNothing, Zone: zone, Names: policy.Names{{Kind: "trunk", ID: "t1", Name: "Berlin"}, {Kind: "user", ID: "u2", Name: "Jane"}},
		Worklist: []policy.Work{{Finding: "fnd-1", Owner: "Kim", State: "waiting", Note: "asked", Due: "2026-12-01"}, {Finding: "fnd-9", Owner: "Lee"}},
	}))["Findings"]
	want := [][]string{
		{"start (Europe/Berlin)", "start (UTC)", "from", "to", "agents", "trunk", "what happened", "what to do next", "severity", "status", "owner", "state", "note", "due", "queues", "finding_id"},
		{
			"2026-11-20 10:15:00", "2026-11-20 09:15:00", "+4930123456", "+4930654321", "u1; Jane (u2)", "Berlin (t1)",
			"the leg was to be recorded, and no manifest that was read has a recording of it", "look for the recording at the vendor and export it again; if it was never made, keep the finding as evidence of that",
			"critical", "open", "Kim", "waiting", "asked", "2026-12-01", "q1", "fnd-1",
		},
	}
	for i, row := range want {
		if diff := cmp.Diff(row, sheet[i][:len(row)]); diff != "" {
			t.Errorf("row %d (-want +got):\n%s", i+1, diff)
		}
	}
}

// The status stands in a column that is not printed: the sentence says it, too.
func TestAFindingThatNobodyCanDecideSaysSoInItsSentence(t *testing.T) {
	n := night()
	n.Findings = wantedOf(full(table.Findings, map[string]any{"finding_id": "fnd-1", "severity": "critical", "status": "indeterminate", "class": "missing_recording", "detail": "contested"}))
	got := cellsOf(t, opened(t, written(t, n, policy.Report{}))["Findings"], "what happened")
	if want := "nobody can tell whether the leg was recorded: its conversation has recordings, and nobody can say whether one of them is its own"; len(got) != 1 || got[0] != want {
		t.Errorf("the sheet says %q, want %q", got, want)
	}
}

// The list of what is accepted is one that somebody answers for.
func TestAnAcceptedFindingSaysWhoAcceptedItAndWhy(t *testing.T) {
	n := night()
	accept := &n.Summary.Config.Policy
	accept.Accepted, accept.AcceptedRows = []string{"fnd-1"}, map[string]int{"fnd-1": 4}
	accept.AcceptedGrounds = []policy.Grounds{{Row: 4, Reason: "line test", By: "J. Doe", Basis: "known and explained"}}
	row := map[string]any{"finding_id": "fnd-1", "severity": "critical", "status": "accepted", "class": "missing_recording", "detail": ""}
	const sentence = "the leg was to be recorded, and no manifest that was read has a recording of it; accepted"
	for name, test := range map[string]struct {
		report policy.Report
		want   string
	}{
		"ops":    {policy.Report{}, sentence + " by J. Doe: line test (basis: known and explained; row 4 of the file of accepted findings)"},
		"public": {policy.Report{Redact: policy.RedactAll, PseudonymKey: []byte("k")}, sentence + " (row 4 of the file of accepted findings; by whom and why is not shown)"},
	} {
		n.Findings = wantedOf(full(table.Findings, row))
		got := cellsOf(t, opened(t, written(t, n, test.report))["Findings"], "what happened")
		if len(got) != 1 || got[0] != test.want {
			t.Errorf("%s: the sheet says %q, want %q", name, got, test.want)
		}
	}
}

// With pseudonyms nobody may find out from a note whose call a finding is about.
func TestPseudonymsAreNotJoinedWithWhatPeopleWrote(t *testing.T) {
	sheet := opened(t, written(t, night(), policy.Report{
		Redact: policy.RedactAll, PseudonymKey: []byte("k"), Worklist: []policy.Work{{Finding: "fnd-2", Owner: "Kim", Note: "call of Mrs Doe"}},
	}))["Findings"]
	for _, title := range []string{"owner", "note"} {
		for _, cell := range cellsOf(t, sheet, title) {
			if cell != "" {
				t.Errorf("%s is shown: %q", title, cell)
			}
		}
	}
}

func TestAnOrphanNamesTheCallThatItMostLikelyBelongsTo(t *testing.T) {
	start := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	leg := func(id, conversation, detail string) map[string]any {
		return map[string]any{"finding_id": "fnd-" + id, "class": "missing_recording", "severity": "critical", "leg_id": id, "org_id": "o", "conversation_id": conversation, "detail": detail, "start_time": start}
	}
	orphan := func(id, conversation string) map[string]any {
		return map[string]any{"finding_id": "fnd-" + id, "class": "no_cdr", "severity": "minor", "recording_id": id, "org_id": "o", "conversation_id": conversation, "source": "m", "object_key": "k", "entry": len(id)}
	}
	unnamed := orphan("", "")
	unnamed["finding_id"] = "fnd-unnamed"
	n := night()
	n.Findings = wantedOf(full(table.Findings,
		leg("leg-1", "c1", "like=r1"), leg("leg-2", "c2", "apart=2"), leg("leg-3", "c2", "apart=2"), leg("leg-4", "c4", "like=m:k#0"), leg("leg-5", "c5", ""),
		orphan("r1", "cX"), orphan("r2", "c2"), unnamed, orphan("r5", "c5")))
	sheet := opened(t, written(t, n, policy.Report{}))["Orphans"]
	for title, want := range map[string][]string{
		"leg of likely call":          {"leg-1", "leg-2; leg-3", "leg-4", ""},
		"finding of likely call":      {"fnd-leg-1", "fnd-leg-2; fnd-leg-3", "fnd-leg-4", ""},
		"conversation of likely call": {"c1", "c2; c2", "c4", ""},
		"what speaks for it": {
			speaksAlike,
			"one of several: " + speaksApart,
			speaksAlike, "",
		},
		"confirm": {"", "", "", ""},
	} {
		if diff := cmp.Diff(want, cellsOf(t, sheet, title)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", title, diff)
		}
	}
}
