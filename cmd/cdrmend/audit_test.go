package main

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/audit"
	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/page/browsertest"

	"github.com/google/go-cmp/cmp"
)

// auditNights makes five nights with defects, runs all but the third, and returns their
// configuration.
func auditNights(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cdrmend(t, "synth", "--dir", dir, "--nights", "5", "--legs", "300", "--lost", "0.02", "--short", "0.01", "--failures", "scope_missing=0.05,timeout=0.02")
	config := filepath.Join(dir, "cdrmend.yaml")
	for _, span := range [][]string{{"2026-11-20", "2026-11-22"}, {"2026-11-23", "2026-11-25"}} {
		cdrmend(t, "run", "--config", config, "--from", span[0], "--to", span[1], "--as-of", "2026-12-10T00:00:00Z", "--fail-on", "none")
	}
	return config
}

// readTables returns the rows of a table of all intervals below a directory, with their
// interval. It shares no code with the program.
func readTables(t *testing.T, dir, table string) (rows []map[string]string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "out", "interval=*", "runs", "*", table+".csv"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d tables of %s: %v", len(paths), table, err)
	}
	for _, path := range paths {
		interval := strings.TrimPrefix(filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(path)))), "interval=")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rowsOf(t, string(text)) {
			row["interval"] = interval
			rows = append(rows, row)
		}
	}
	return rows
}

// rowsOf reads a table in CSV.
func rowsOf(t *testing.T, text string) (rows []map[string]string) {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, column := range all[0] {
			row[column] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// countCall counts a call as an audit does, from its row.
func countCall(c *audit.Calls, verdict string) {
	switch verdict {
	case "excluded":
		c.Excluded++
		return
	case "recorded_in_error":
		c.InError++
		return
	case "missing":
		c.Missing++
	case "partial":
		c.Partial++
	case "indeterminate":
		c.Indeterminate++
	default:
		c.Recorded++
	}
	c.Of++
}

// TestAnAuditCountsWhatTheTablesSay counts the rows of the tables of calls once more, by
// all that an audit groups them by, and compares the list with them.
func TestAnAuditCountsWhatTheTablesSay(t *testing.T) {
	config := auditNights(t)
	want := map[string]map[string]audit.Calls{}
	count := func(kind, id, verdict string) {
		if want[kind] == nil {
			want[kind] = map[string]audit.Calls{}
		}
		c := want[kind][id]
		countCall(&c, verdict)
		want[kind][id] = c
	}
	calls := readTables(t, filepath.Dir(config), "calls")
	lost := map[string]string{} // verdicts of calls that belong into the list
	for _, row := range calls {
		verdict := row["verdict"]
		count("day", row["interval"], verdict)
		count("trunk", row["trunk_id"], verdict)
		count("line", row["line_id"], verdict)
		for kind, column := range map[string]string{"queue": "queue_ids", "user": "user_ids"} {
			ids := map[string]bool{}
			for id := range strings.SplitSeq(row[column], ";") {
				ids[id] = true
			}
			for id := range ids {
				count(kind, id, verdict)
			}
		}
		if verdict == "missing" || verdict == "partial" || verdict == "indeterminate" {
			lost[row["interval"]+" "+row["leg_id"]] = verdict
		}
	}

	list := filepath.Join(t.TempDir(), "list.csv")
	text, errs, code := said(t, false, "audit", "--config", config, "--json", "--csv", list, "--redact", "counsel")
	var r audit.Report
	if err := json.Unmarshal([]byte(text), &r); err != nil || code != exitDone {
		t.Fatalf("exits with %d: %v: %s", code, err, errs)
	}
	fits(t, "audit", text)
	got := map[string]map[string]audit.Calls{"day": {}}
	for _, d := range r.Days {
		if d.Committed() {
			got["day"][d.Day] = d.Calls
		}
	}
	for _, k := range r.Kinds() {
		got[k.Title] = map[string]audit.Calls{}
		for _, g := range k.Groups.Groups {
			if g.Calls != (audit.Calls{}) { // some have findings alone
				got[k.Title][g.ID] = g.Calls
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls by what they name (-tables +audit):\n%s", diff)
	}
	if len(r.Absent) != 1 || r.Absent[0] != "2026-11-22" {
		t.Errorf("absent are %q, want the night that was not run", r.Absent)
	}

	file, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	part := "not_recorded"
	for _, row := range rowsOf(t, string(file)) {
		listed[row["interval"]+" "+row["leg_id"]] = row["verdict"]
		if row["part"] != part {
			part = "cannot_be_told"
		}
		if (row["verdict"] == "indeterminate") != (part == "cannot_be_told") || row["part"] != part || row["reason"] == "" {
			t.Errorf("in part %s: %v", part, row)
		}
	}
	if !maps.Equal(listed, lost) || len(lost) < 10 {
		t.Errorf("the list has %d calls, and the tables have %d (-tables +list):\n%s", len(listed), len(lost), cmp.Diff(lost, listed))
	}
	if r.List.NotRecorded+r.List.CannotBeTold != int64(len(lost)) {
		t.Errorf("the list is said to have %d and %d calls, want %d", r.List.NotRecorded, r.List.CannotBeTold, len(lost))
	}
}

// TestAnAuditIsReadInABrowserAndAsPDF opens the page as its reader does.
func TestAnAuditIsReadInABrowserAndAsPDF(t *testing.T) {
	browser := browsertest.Open(t)
	config := auditNights(t)
	dir := t.TempDir()
	page, pdf := filepath.Join(dir, "audit.html"), filepath.Join(dir, "audit.pdf")
	code, told := cdrmend(t, "audit", "--config", config, "--target", "99.5", "--page", page, "--pdf", pdf, "--retention", "--media")
	if code != exitFindings {
		t.Fatalf("exits with %d: %s", code, told)
	}

	for _, view := range []browsertest.View{laptop, phone, dark} {
		p := browser.Show(t, page, view)
		if got := append(p.Complaints(), p.Requests()[1:]...); len(got) > 0 {
			t.Errorf("the browser complains, or the page asks for more than itself: %q", got)
		}
		var wider int
		p.Eval(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &wider)
		if wider > 0 {
			t.Errorf("at %d pixels the page is %d too wide", view.Width, wider)
		}
		checkAccessible(t, p, "{}")
	}
	var v struct {
		Lead, Notices, Retention string
		Days, States             []string
	}
	browser.Show(t, page, laptop).Eval(`({Lead: document.querySelector(".lead").textContent, Notices: document.querySelector(".notices").textContent,
		Retention: document.querySelector("#retention").textContent, Days: [...document.querySelectorAll("#days tbody th")].map(th => th.textContent),
		States: [...document.querySelectorAll("#days tbody [class^=state-]")].map(td => td.textContent)})`, &v)
	if !strings.Contains(v.Notices, "Nothing is committed for 2026-11-22") || !strings.Contains(v.Lead, "in 4 intervals") || !strings.Contains(v.Lead, "The target of 99.5 % is missed") {
		t.Errorf("the page begins with %q and %q", v.Notices, v.Lead)
	}
	if len(v.Days) != 5 || len(v.States) != 4 || !strings.Contains(v.Retention, "in a directory, which retains nothing") {
		t.Errorf("days %q with states %q; of retention it says %q", v.Days, v.States, v.Retention)
	}

	out, err := exec.Command("pdftotext", "-layout", pdf, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("pdftotext: %v: %s", err, out)
	}
	text := strings.Join(strings.Fields(string(out)), " ")
	for _, want := range []string{
		"Compliance report: recording of calls", "Nothing is committed for 2026-11-22", "The target of 99.5 % is missed", "2026-11-22 not committed",
		"MiFID II, Article 76", "which retains nothing", "page 1 of",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the PDF does not say %q:\n%s", want, out)
		}
	}
}

// TestRetentionIsAskedOfARealBucket locks an output, and takes the lock of one object
// away.
func TestRetentionIsAskedOfARealBucket(t *testing.T) {
	l := newLocked(t, "governance", 30)
	l.run()
	all := stored(t, "out")
	ask := func(more ...string) *audit.Report {
		t.Helper()
		text, errs, code := said(t, false, append([]string{"audit", "--config", l.config, "--json", "--retention", "--all"}, more...)...)
		var r audit.Report
		if err := json.Unmarshal([]byte(text), &r); err != nil || code != exitDone {
			t.Fatalf("exits with %d: %v: %s", code, err, errs)
		}
		fits(t, "audit", text)
		return &r
	}

	// The journal and output.json belong to no interval.
	r := ask()
	if k := r.Retention; k.Asked != int64(len(all)-2) || k.Kept != k.Asked || k.Minimum.Days != 30 || k.Modes["governance"] != k.Asked {
		t.Errorf("of %d objects: %+v", len(all), k)
	}
	if k := ask("--retention-days", "60").Retention; k.Short != k.Asked {
		t.Errorf("for 60 days: %+v", k)
	}

	key := l.key("/calls.parquet")
	l.server.Hold(t, "out", key)
	if k := ask().Retention; k.LegalHold != nil {
		t.Errorf("holds that nobody asked for: %d", *k.LegalHold)
	}
	if k := ask("--holds").Retention; k.LegalHold == nil || *k.LegalHold != 1 {
		t.Errorf("one object is held: %+v", k)
	}
	l.server.Retain(t, "out", key, "GOVERNANCE", time.Now().Add(time.Hour))
	k := ask().Retention
	if k.Short != 1 || len(k.First) != 1 || k.First[0].Key != key || k.First[0].Mode != "governance" {
		t.Errorf("after %s lost its lock: %+v", key, k)
	}
}

// TestTheRetentionOfMediaIsAskedWhereTheyLie asks for media below media.url. One object is
// not there.
func TestTheRetentionOfMediaIsAskedWhereTheyLie(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "media", objecttest.Locked)
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "m/date=2026-11-20/a.json", []byte(`[{"recording_id":"r1","conversation_id":"c1","media_key":"a/1.opus","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"},
		{"recording_id":"r2","conversation_id":"c2","media_key":"a/2.opus","start_time":"2026-11-20T11:00:00Z","end_time":"2026-11-20T11:05:00Z"}]`))
	write(t, "c/date=2026-11-20/a.csv", []byte(smallLegs))
	write(t, "night.yaml", []byte(smallNight+"media: {url: \"s3://media/\"}\n"))
	server.Put(t, "media", "a/1.opus", []byte("audio"))
	server.Retain(t, "media", "a/1.opus", "COMPLIANCE", time.Date(2031, 11, 21, 0, 0, 0, 0, time.UTC))
	cdrmend(t, "run", "2026-11-20", "--config", "night.yaml", "--as-of", "2026-11-25T00:00:00Z")

	text, errs, code := said(t, false, "audit", "--config", "night.yaml", "--json", "--media", "--retention-until", "2031-11-20")
	var r audit.Report
	if err := json.Unmarshal([]byte(text), &r); err != nil || code != exitDone {
		t.Fatalf("exits with %d: %v: %s", code, err, errs)
	}
	if m := r.Media; m == nil || m.Asked != 2 || m.Kept != 1 || m.Gone != 1 || m.First[0].Key != "a/2.opus" {
		t.Errorf("of the media it says %+v", m)
	}
}
