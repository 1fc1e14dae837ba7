package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/page/browsertest"
	"cdrmend/internal/policy"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// Sizes at which the report is looked at.
var (
	laptop = browsertest.View{Width: 1440, Height: 900}
	phone  = browsertest.View{Width: 390, Height: 844}
	dark   = browsertest.View{Width: 1440, Height: 900, Dark: true}
	paper  = browsertest.View{Width: 794, Height: 1123, Print: true}
)

// TestTheReportOfTheDemo opens it in a real browser, as its reader does.
func TestTheReportOfTheDemo(t *testing.T) {
	browser := browsertest.Open(t)
	dir := demoNight(t)
	files, err := filepath.Glob(filepath.Join(dir, "out", "interval=*", "runs", "*", "report.html"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the reports are %q: %v", files, err)
	}
	file := files[0]

	t.Run("asks for nothing and complains of nothing", func(t *testing.T) {
		p := browser.Show(t, file, laptop)
		if got := p.Requests(); len(got) != 1 || !strings.HasSuffix(got[0], "/report.html") {
			t.Errorf("the page asks for %q, want only itself", got)
		}
		if got := p.Complaints(); len(got) > 0 {
			t.Errorf("the browser complains: %s", strings.Join(got, "\n"))
		}
	})
	t.Run("marks what the tables say", func(t *testing.T) {
		p := browser.Show(t, file, laptop)
		got := map[string]int{}
		p.Eval(`Object.fromEntries([...document.querySelectorAll("figure.trunk")].flatMap(f => {
			const sum = c => [...f.querySelectorAll(".mark." + c)].reduce((n, m) => n + Number(m.dataset.n), 0);
			return [["missing", sum("missing")], ["partial", sum("partial")], ["outages", f.querySelectorAll(".bar").length]]
				.map(([k, n]) => [f.dataset.trunk + " " + k, n]);
		}).filter(([, n]) => n > 0))`, &got)
		want := map[string]int{}
		for _, call := range readCSV(t, dir, "calls") {
			if v := call["verdict"]; v == "missing" || v == "partial" {
				want[call["trunk_id"]+" "+v]++
			}
		}
		for _, outage := range readCSV(t, dir, "outages") {
			if outage["harmless"] == "true" {
				continue // nobody was unregistered
			}
			want[outage["trunk_id"]+" outages"]++
		}
		if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Errorf("marks by trunk (-tables +page):\n%s", diff)
		}
	})
	t.Run("is filtered, sorted and searched by keyboard", func(t *testing.T) {
		p := browser.Show(t, file, laptop)
		findings := readCSV(t, dir, "findings")
		p.Eval(`document.querySelector("#find-findings [name=search]").focus()`, nil)
		p.Type("scope_missing")
		wanted := len(findings) - len(slices.DeleteFunc(slices.Clone(findings), func(f map[string]string) bool { return f["outage_cause"] == "scope_missing" }))
		checkCount(t, p, fmt.Sprintf("%d of %d findings match.", wanted, len(findings)))
		p.Press("Escape") // empties a search field
		p.Press("Tab", "ArrowDown")
		checkCount(t, p, "11 of 81 findings match.")
		var class string
		p.Eval(`document.querySelector("#list-findings tbody tr").cells[2].textContent`, &class)
		if class != "missing_recording" {
			t.Errorf("filtered by the first class, the list begins with %q", class)
		}
		p.Press("Tab", "Tab", "Tab", "Tab", "Enter") // Clear
		checkCount(t, p, "81 findings; 1 to 50 are shown.")
		p.Press("Tab", "Tab", "Tab", "Tab", "Tab", "Enter", "Enter") // past the region: severity, class, status, start
		var sort string
		var starts []string
		p.Eval(`[...document.querySelectorAll("#list-findings th[aria-sort]")].map(th => th.textContent + " " + th.getAttribute("aria-sort")).join()`, &sort)
		p.Eval(`[...document.querySelectorAll("#list-findings tbody td.time")].map(td => td.textContent).filter(Boolean)`, &starts)
		if sort != "Start (UTC) descending" || len(starts) == 0 || !slices.IsSortedFunc(starts, func(a, b string) int { return strings.Compare(b, a) }) {
			t.Errorf("sorted by %q, the list has the times %q", sort, starts)
		}
		p.Eval(`document.querySelector("#list-findings tbody button").focus()`, nil)
		p.Press("Space")
		var detail, expanded string
		p.Eval(`document.querySelector("#list-findings tr.detail").textContent`, &detail)
		p.Eval(`document.activeElement.getAttribute("aria-expanded")`, &expanded)
		if !strings.Contains(detail, "finding_idfnd-") || expanded != "true" {
			t.Errorf("the first row's details are %q, expanded %q", detail, expanded)
		}
	})
	for name, view := range map[string]browsertest.View{"laptop": laptop, "phone": phone, "night": dark, "paper": paper} {
		t.Run("fits: "+name, func(t *testing.T) {
			p := browser.Show(t, file, view)
			var wider int
			p.Eval(`document.documentElement.scrollWidth - innerWidth`, &wider)
			if wider > 0 {
				t.Errorf("the page is %d pixels wider than the screen", wider)
			}
			if dir := os.Getenv("SCREENSHOTS"); dir != "" {
				write(t, filepath.Join(dir, name+".png"), p.Screenshot())
			}
		})
	}
	t.Run("is accessible by day and by night", func(t *testing.T) {
		p := browser.Show(t, file, laptop)
		p.Eval(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil)
		p.Eval(`document.querySelector("#list-findings tbody button").click()`, nil)
		checkAccessible(t, p, "{}")
		p.Look(dark)
		checkAccessible(t, p, `{runOnly: ["color-contrast"]}`)
	})
	t.Run("is accessible on a phone", func(t *testing.T) {
		p := browser.Show(t, file, phone)
		p.Eval(`document.querySelector("#list-findings tbody button").click()`, nil)
		checkAccessible(t, p, "{}")
	})
	t.Run("links only to files that are there", func(t *testing.T) {
		p := browser.Show(t, file, laptop)
		var links []string
		p.Eval(`[...document.querySelectorAll("a[href]")].map(a => a.getAttribute("href")).filter(h => !h.startsWith("#"))`, &links)
		for _, link := range links {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), link)); err != nil {
				t.Errorf("the page links to %s: %v", link, err)
			}
		}
		for _, want := range []string{"./findings.csv", "./findings.xlsx", "./report.pdf"} {
			if !slices.Contains(links, want) {
				t.Errorf("the page does not link to %s, only to %q", want, links)
			}
		}
	})
	t.Run("names each missing call", func(t *testing.T) {
		p := browser.Show(t, file, laptop)
		var got []string
		p.Eval(`[...document.querySelectorAll("[id^=do-] .calls tbody a")].map(a => a.textContent)`, &got)
		var want []string
		for _, f := range readCSV(t, dir, "findings") {
			if f["class"] == "missing_recording" && f["status"] == "open" {
				want = append(want, f["finding_id"])
			}
		}
		// The cards have calls that are recorded in part, too.
		got = slices.DeleteFunc(got, func(id string) bool { return !slices.Contains(want, id) })
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Errorf("missing calls (-tables +page):\n%s", diff)
		}
	})
	t.Run("shows what to do without a script", func(t *testing.T) {
		html, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before, _, _ := strings.Cut(string(html), "<script")
		for _, want := range []string{`class="lead"`, "Look for missing recordings", `<table class="calls`, `<dl class="tiles">`} {
			if !strings.Contains(before, want) {
				t.Errorf("without its script the page has no %s", want)
			}
		}
	})
	t.Run("tells the reader's own time", func(t *testing.T) {
		p := browser.Show(t, file, laptop)
		var title string
		p.Eval(`(() => { const t = document.querySelector("#list-findings time"); t.dispatchEvent(new PointerEvent("pointerover", {bubbles: true})); return t.title })()`, &title)
		if !strings.HasPrefix(title, "your time: ") || !strings.Contains(title, "2026") {
			t.Errorf("a time that is pointed at says %q", title)
		}
	})
	t.Run("prints", func(t *testing.T) {
		pdf := browser.Show(t, file, laptop).PDF()
		if pages := bytes.Count(pdf, []byte("/Type /Page\n")) + bytes.Count(pdf, []byte("/Type /Page/")) + bytes.Count(pdf, []byte("/Type /Page ")); !bytes.HasPrefix(pdf, []byte("%PDF-")) || pages < 2 {
			t.Errorf("printed, it is %d bytes with %d pages", len(pdf), pages)
		}
		path := filepath.Join(t.TempDir(), "report.pdf")
		write(t, path, pdf)
		text, err := exec.Command("pdftotext", "-layout", path, "-").Output()
		if err != nil {
			t.Fatalf("pdftotext: %v; make tools installs it", err)
		}
		// Ids may go on in another line of their cell, but are never cut, and folded
		// cards are open.
		if cut := regexp.MustCompile(`\w+…\w+`).FindAllString(string(text), 3); cut != nil {
			t.Errorf("printed, ids are cut: %q", cut)
		}
		if !strings.Contains(string(text), "Raise lookahead or lookback of the source") {
			t.Errorf("printed, folded cards are closed:\n%.3000s", text)
		}
		if n := len(regexp.MustCompile(`Severity +Class +Status`).FindAll(text, -1)); n < 3 {
			t.Errorf("printed, the list of findings has %d headers, want one on each sheet", n)
		}
		if dir := os.Getenv("SCREENSHOTS"); dir != "" {
			write(t, filepath.Join(dir, "report.pdf"), pdf)
		}
	})
}

// Without a configuration a page has the names, the zone and the operator of its run.
func TestAPageMadeAgainHasTheNamesOfItsRun(t *testing.T) {
	of := policy.ReportIdentity{Job: "nightly", Zone: "Europe/Berlin", Operator: "Acme", Names: policy.Names{{Kind: "trunk", ID: "t1", Name: "Berlin"}}}
	got, err := withNames(policy.Report{Redact: policy.RedactNothing}, &of)
	if err != nil || got.Redact != policy.RedactNothing || got.Job != of.Job || got.Operator != of.Operator || got.Zone.String() != of.Zone || !slices.Equal(got.Names, of.Names) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := withNames(policy.Report{Operator: "Other"}, &of); err != nil || got.Operator != "Other" || got.Names != nil {
		t.Errorf("with a configuration: got %+v, %v", got, err)
	}
	of.Zone = "Nowhere"
	if _, err := withNames(policy.Report{}, &of); err == nil || !strings.Contains(err.Error(), "Nowhere") {
		t.Errorf("an unknown zone: got %v", err)
	}
}

// checkCount compares what a screen reader is told after a change.
func checkCount(t *testing.T, p *browsertest.Page, want string) {
	t.Helper()
	var got string
	p.Eval(`document.querySelector("#count-findings[role=status]").textContent`, &got)
	if got != want {
		t.Errorf("the page says %q, want %q", got, want)
	}
}

// checkAccessible runs rules of axe-core, all of them unless the options say
// which.
func checkAccessible(t *testing.T, p *browsertest.Page, options string) {
	t.Helper()
	axe, err := os.ReadFile("../../.tools/axe/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is not installed: run make tools: %v", err)
	}
	p.Eval(string(axe)+";0", nil)
	var violations []string
	p.Eval(`axe.run(document, `+options+`).then(r => r.violations.flatMap(v =>
		v.nodes.slice(0, 3).map(n => v.id + ": " + n.target.join(" ") + ": " + n.failureSummary)))`, &violations)
	if len(violations) > 0 {
		t.Errorf("axe-core finds:\n%s", strings.Join(violations, "\n"))
	}
}

// TestAWeekIsAudited commits six of seven synthetic nights, one of them first
// without a manifest that came late, and reads what is told of them.
func TestAWeekIsAudited(t *testing.T) {
	browser := browsertest.Open(t)
	dir := t.TempDir()
	for day := 16; day <= 22; day++ {
		cdrmend(t, "synth", "--dir", dir, "--day", fmt.Sprintf("2026-11-%d", day), "--legs", "400", "--seed", "7",
			"--lost", "0.01", "--short", "0.005", "--failures", "scope_missing=0.05")
	}
	config := filepath.Join(dir, "cdrmend.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	// The nights have the same ids, so that none may see another.
	write(t, config, bytes.ReplaceAll(text, []byte("profile: cdrmend\n"), []byte("profile: cdrmend\n      lookback: 0s\n      lookahead: 0s\n")))
	manifests, err := filepath.Glob(filepath.Join(dir, "manifests", "date=2026-11-18", "*"))
	if err != nil || len(manifests) == 0 {
		t.Fatalf("the manifests are %q: %v", manifests, err)
	}
	late := manifests[0]
	if err := os.Rename(late, filepath.Join(dir, "late")); err != nil {
		t.Fatal(err)
	}
	asOf := []string{"--config", config, "--as-of", "2026-11-25T00:00:00Z", "--fail-on", "none"}
	cdrmend(t, append([]string{"run", "--from", "2026-11-16", "--to", "2026-11-22"}, asOf...)...)
	if err := os.Rename(filepath.Join(dir, "late"), late); err != nil {
		t.Fatal(err)
	}
	cdrmend(t, append([]string{"run", "--interval", "2026-11-18"}, asOf...)...)

	page := filepath.Join(dir, "week.html")
	code, told := cdrmend(t, "report", filepath.Join(dir, "out"), "--from", "2026-11-16", "--to", "2026-11-23", "-o", page)
	if code != exitDone || !strings.Contains(told, "week.html") {
		t.Fatalf("report exits with %d and says %q", code, told)
	}
	p := browser.Show(t, page, laptop)
	if got := append(p.Complaints(), p.Requests()[1:]...); len(got) > 0 {
		t.Errorf("the browser complains, or the page asks for more than itself: %q", got)
	}
	var v struct {
		Lead, Absent, Closed string
		Nights               []string
	}
	p.Eval(`({Lead: document.querySelector(".lead").textContent + document.querySelector(".detail-line").textContent, Absent: document.querySelector(".notices").textContent,
		Closed: document.querySelector("#count-closed").textContent,
		Nights: [...document.querySelectorAll("#coverage tbody th")].map(th => th.textContent)})`, &v)
	if want := []string{"2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21"}; !slices.Equal(v.Nights, want) {
		t.Errorf("the page tells of %q, want %q", v.Nights, want)
	}
	if !strings.Contains(v.Lead, "in 6 intervals are") || !strings.Contains(v.Lead, "have closed since they were found.") {
		t.Errorf("the page begins with %q", v.Lead)
	}
	if !strings.Contains(v.Absent, "Nothing is committed for 2026-11-22") {
		t.Errorf("of the interval that was not run the page says %q", v.Absent)
	}
	if !strings.Contains(v.Closed, "closed") || strings.HasPrefix(v.Closed, "0") {
		t.Errorf("of findings that a late delivery closed the page says %q", v.Closed)
	}
	p.Eval(`document.querySelector("[data-class=missing_recording]").click()`, nil)
	var classes []string
	p.Eval(`[...new Set([...document.querySelectorAll("#list-findings tbody tr")].map(tr => tr.cells[3].textContent))]`, &classes)
	if !slices.Equal(classes, []string{"missing_recording"}) {
		t.Errorf("after choosing a class the list has %q", classes)
	}
	checkAccessible(t, p, "{}")

	// The page of one run, made again from what it committed, is the same but for links
	// to files that do not lie beside it.
	runs, err := filepath.Glob(filepath.Join(dir, "out", "interval=2026-11-20", "runs", "*", "report.html"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("the reports are %q: %v", runs, err)
	}
	cdrmend(t, "report", "--config", config, "--interval", "2026-11-20", "-o", page)
	want, err := os.ReadFile(runs[0])
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	unlinked := regexp.MustCompile(`<a href="\./[^"]*">(<code>[^<]*</code>)</a>`).ReplaceAllString(string(want), "$1")
	if diff := cmp.Diff(strings.Split(unlinked, "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("made again (-run +again):\n%s", diff)
	}
}

func TestIntervalsOfAReportStandInTheOrderOfTime(t *testing.T) {
	for name, c := range map[string]struct {
		there, want []string
		args        []string
		length      time.Duration
	}{
		"a gap is filled": {
			there: []string{"2026-11-20", "2026-11-22"}, want: []string{"2026-11-20", "2026-11-21", "2026-11-22"}, length: 24 * time.Hour,
		},
		"a shorter interval among days": {
			there: []string{"2026-11-20", "2026-11-20T08", "2026-11-22"}, length: 24 * time.Hour,
			want: []string{"2026-11-20", "2026-11-20T08", "2026-11-21", "2026-11-22"},
		},
		"shorter intervals at both ends": {
			there: []string{"2026-11-20T08", "2026-11-21", "2026-11-22T16"}, length: 24 * time.Hour,
			want: []string{"2026-11-20T08", "2026-11-21", "2026-11-22T16"},
		},
		"a day, then hours": {
			there: []string{"2026-11-20", "2026-11-21T00", "2026-11-21T02"}, length: time.Hour,
			want: []string{"2026-11-20", "2026-11-21T00", "2026-11-21T01", "2026-11-21T02"},
		},
		"flags name more than there is": {
			there: []string{"2026-11-21"}, args: []string{"--from", "2026-11-20", "--to", "2026-11-23"}, length: 24 * time.Hour,
			want: []string{"2026-11-20", "2026-11-21", "2026-11-22"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			flags := pflag.NewFlagSet("report", pflag.ContinueOnError)
			flags.String("from", "", "")
			flags.String("to", "", "")
			if err := flags.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			got, err := withAbsent(flags, c.there, c.length)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOfTwoWrongLabelsTheFirstFlagIsReported(t *testing.T) {
	for range 20 {
		var errs bytes.Buffer
		args := []string{"ls", t.TempDir(), "--table", "calls", "--to", "tomorrow", "--from", "yesterday"}
		code := run(t.Context(), &world{args: args, stdout: &errs, stderr: &errs, now: time.Now})
		if code != exitUsage || !strings.Contains(errs.String(), `--from "yesterday" is no date`) {
			t.Fatalf("exit code %d, %s", code, errs.String())
		}
	}
}
