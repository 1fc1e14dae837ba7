package page_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/page"
	"cdrmend/internal/page/browsertest"
	"cdrmend/internal/policy"
	"cdrmend/internal/table"
)

// showAt writes a page and opens it at an address within it.
func showAt(t *testing.T, b *browsertest.Browser, r *page.Run, address string, view browsertest.View) *browsertest.Page {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(written(t, r)), 0o600); err != nil {
		t.Fatal(err)
	}
	return b.Show(t, file+address, view)
}

// standing is what a reader sees of the list of findings.
type standing struct {
	Hash, Count, Class, Opened, Focus, Sorted string
	Visible                                   bool // the opened row is on the screen
}

func standingOf(t *testing.T, p *browsertest.Page) standing {
	t.Helper()
	var raw json.RawMessage
	p.Eval(`(() => {
		const open = document.querySelector("#list-findings tr:has(+ tr.detail)"), box = open?.getBoundingClientRect();
		return {
			Hash: location.hash, Count: document.querySelector("#count-findings").textContent, Class: document.querySelector("#find-findings [name=class]").value,
			Opened: document.querySelector("#list-findings tr.detail a")?.textContent ?? "", Focus: document.activeElement.getAttribute("aria-label") ?? "",
			Sorted: [...document.querySelectorAll("#list-findings th[aria-sort]")].map(th => th.textContent + " " + th.getAttribute("aria-sort")).join(),
			Visible: !!box && box.top >= 0 && box.bottom <= innerHeight,
		};
	})()`, &raw)
	var s standing
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// click clicks on an element, and waits for what follows from it.
func click(p *browsertest.Page, selector string) {
	p.Eval(`(() => {
		const e = document.querySelector(`+"`"+selector+"`"+`);
		e.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}));
		return new Promise(done => setTimeout(done, 100));
	})()`, nil)
}

func TestAnAddressLeadsToAFinding(t *testing.T) {
	b := browsertest.Open(t)
	last := fmt.Sprintf("#fnd-%016x", 19919*7919) // by start, of those at 23:59
	for name, test := range map[string]struct {
		run     func() *page.Run
		address string
		want    standing
	}{
		"on the first page":      {small, "#fnd-3", standing{Hash: "#fnd-3", Count: "4 findings.", Opened: "#fnd-3", Focus: "Details of fnd-3", Visible: true}},
		"on another page":        {many, last, standing{Hash: last, Count: "20,000 findings; 19,951 to 20,000 are shown.", Opened: last, Focus: "Details of " + last[1:], Visible: true}},
		"with filters":           {small, "#findings?class=repaired_field", standing{Hash: "#findings?class=repaired_field", Count: "1 of 4 findings matches.", Class: "repaired_field"}},
		"with an order":          {small, "#findings?sort=trunk_id&down=1", standing{Hash: "#findings?sort=trunk_id&down=1", Count: "4 findings.", Sorted: "Trunk descending"}},
		"with a row":             {many, "#findings?row=19951", standing{Hash: "#findings?row=19951", Count: "20,000 findings; 19,951 to 20,000 are shown."}},
		"of no finding":          {small, "#fnd-99", standing{Hash: "#fnd-99", Count: "Finding fnd-99 is not in this list."}},
		"of what a link selects": {small, "#findings?trunk=T1&from=1795169100000000&to=1795169160000000", standing{Hash: "#findings?trunk=T1&from=1795169100000000&to=1795169160000000", Count: "1 of 4 findings matches."}},
	} {
		t.Run(name, func(t *testing.T) {
			r := test.run()
			p := showAt(t, b, r, test.address, laptop)
			got := standingOf(t, p)
			if got != test.want {
				t.Errorf("got\n%+v\nwant\n%+v", got, test.want)
			}
			if complaints := p.Complaints(); len(complaints) > 0 {
				t.Errorf("the browser complains: %s", strings.Join(complaints, "\n"))
			}
		})
	}
}

// What a reader chose stands in the address, and the way back leads through it.
func TestTheWayBackLeadsThroughWhatWasChosen(t *testing.T) {
	p := showAt(t, browsertest.Open(t), small(), "", laptop)
	back := func() {
		p.Eval(`new Promise(done => { addEventListener("hashchange", () => setTimeout(done, 100), {once: true}); history.back(); })`, nil)
	}
	check := func(what, hash, count string) {
		t.Helper()
		if got := standingOf(t, p); got.Hash != hash || got.Count != count {
			t.Errorf("%s: the address is %q, the list says %q; want %q and %q", what, got.Hash, got.Count, hash, count)
		}
	}

	p.Eval(`(() => { const f = document.querySelector("#find-findings [name=class]"); f.value = "missing_recording"; f.dispatchEvent(new Event("input", {bubbles: true})); })()`, nil)
	check("chosen", "#findings?class=missing_recording", "3 of 4 findings match.")
	click(p, `#list-findings thead th:nth-child(5) button`)
	check("sorted", "#findings?class=missing_recording&sort=start_time", "3 of 4 findings match.")
	p.Eval(`document.querySelector("#find-findings [name=search]").focus()`, nil)
	p.Type("c3")
	check("typed", "#findings?search=c3&class=missing_recording&sort=start_time", "1 of 4 findings matches.")

	// The finding of a card is one that the filter hides.
	click(p, `.card a[href="#fnd-1"]`)
	p.Eval(`location.hash = "fnd-1"; new Promise(done => setTimeout(done, 100))`, nil)
	if got := standingOf(t, p); got.Opened != "#fnd-1" || got.Count != "4 findings." || !got.Visible {
		t.Errorf("the link of a call leads to %+v", got)
	}
	back()
	check("back from the finding", "#findings?search=c3&class=missing_recording&sort=start_time", "1 of 4 findings matches.")
	back()
	check("back from what was typed", "#findings?class=missing_recording", "3 of 4 findings match.")
	back()
	check("back at the beginning", "", "4 findings.")
}

func TestMarksAndClassesLeadToTheirFindings(t *testing.T) {
	b := browsertest.Open(t)
	for selector, want := range map[string]string{
		`figure[data-trunk=T1] a:has(.missing)`: "2 of 4 findings match.", // two calls share a mark
		`.classes tbody tr:nth-child(2) a`:      "1 of 4 findings matches.",
		`.why a`:                                "3 of 4 findings match.",
	} {
		p := showAt(t, b, small(), "", laptop)
		var href string
		p.Eval("document.querySelector(`"+selector+"`).getAttribute('href')", &href)
		p.Eval(`location.hash = "`+href+`"; new Promise(done => setTimeout(done, 100))`, nil)
		var top float64
		p.Eval(`document.querySelector("#find-findings").getBoundingClientRect().top`, &top)
		if got := standingOf(t, p); got.Count != want || top < 0 || top > float64(laptop.Height) {
			t.Errorf("%s leads to %s: %q, with the list at %v; want %q", selector, href, got.Count, top, want)
		}
	}
}

// An opened finding says what it means, whose call it was, when, and where it stands.
func TestAFindingOpensIntoAStory(t *testing.T) {
	r := small()
	zone, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	r.Redact.Zone = zone
	r.Redact.Names = policy.Names{{Kind: "queue", ID: "q1", Name: "Support"}, {Kind: "user", ID: "u2", Name: "Erika"}}
	p := showAt(t, browsertest.Open(t), r, "#fnd-1", laptop)
	var text string
	p.Eval(`document.querySelector("#list-findings tr.detail").innerText.replace(/\s+/g, " ")`, &text)
	for _, want := range []string{
		"The leg was to be recorded, and no manifest that was read has a recording of it.", "What to do: Look for the recording at the vendor",
		"It coincides with registration outage out-1: the token lacks a required scope.",
		"call inbound: +********56 → +*****55", "agents u1, Erika u2", "queues Support q1", "trunk T1",
		"started 2026-11-20 19:05:00 JST 10:05:00 UTC", "evidence source cdr, object calls/+********56.csv, row 3", "address #fnd-1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the finding does not say %q:\n%s", want, text)
		}
	}
}

// A command is selected and copied without asking for anything.
func TestACommandIsCopied(t *testing.T) {
	p := showAt(t, browsertest.Open(t), small(), "", laptop)
	var said, selected string
	click(p, `button.copy`)
	p.Eval(`document.querySelector("button.copy").textContent`, &said)
	p.Eval(`getSelection().toString()`, &selected)
	if said != "Copied" && said != "Selected" || selected != "cdrmend explain fnd-1 --config cdrmend.yaml" {
		t.Errorf("the button says %q, and %q is selected", said, selected)
	}
}

// On a phone no column is hidden, and paper has whole ids.
func TestNothingIsHiddenOnAPhoneOrOnPaper(t *testing.T) {
	b := browsertest.Open(t)
	for name, view := range map[string]browsertest.View{"phone": {Width: 390, Height: 844}, "paper": {Width: 794, Height: 1123, Print: true}} {
		r := many()
		p := showAt(t, b, r, "", view)
		var hidden int
		p.Eval(`[...document.querySelectorAll("#list-findings tbody tr:first-child td[data-label]")].filter(td => td.textContent && td.offsetParent === null).length`, &hidden)
		var wider int
		p.Eval(`document.documentElement.scrollWidth - innerWidth`, &wider)
		if hidden > 0 || wider > 0 {
			t.Errorf("%s: %d cells are hidden, and the page is %d pixels too wide", name, hidden, wider)
		}
		var cut bool
		p.Eval(`(() => { const whole = document.querySelector("#list-findings .short + .whole"); return whole.offsetWidth < 20 })()`, &cut)
		if name == "paper" && cut {
			t.Error("paper has ids that are cut")
		}
	}
}

// The tables of a span are cards on a phone, too, and the labels of its charts have room.
func TestASpanFitsOnAPhone(t *testing.T) {
	a := week()
	for day := range 26 {
		more := a.Intervals[2]
		more.Label = fmt.Sprintf("2026-12-%02d", day+1)
		more.History, more.Outages = table.Empty, table.Empty
		a.Intervals = append(a.Intervals, more)
	}
	var text bytes.Buffer
	if err := a.Write(&text); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "span.html")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	b := browsertest.Open(t)
	for name, view := range map[string]browsertest.View{"phone": {Width: 390, Height: 844}, "laptop": laptop} {
		p := b.Show(t, file, view)
		var wider, over []string
		p.Eval(`[document.documentElement, ...document.querySelectorAll(".scroll")].filter(e => e.scrollWidth > e.clientWidth).map(e => e.getAttribute("aria-label") ?? "the page")`, &wider)
		p.Eval(`[...document.querySelectorAll(".chart")].flatMap(chart => {
			const boxes = [...chart.querySelectorAll("text:not(.n), .point")].map(e => [e.textContent, e.getBoundingClientRect()]).filter(([, r]) => r.width);
			const texts = boxes.filter(([text]) => text && !text.includes(":"));
			return texts.flatMap(([text, r]) => boxes.filter(([, o]) => o !== r && r.left < o.right && o.left < r.right && r.top < o.bottom && o.top < r.bottom).map(([other]) => text + " over " + other));
		})`, &over)
		if len(wider) > 0 || len(over) > 0 {
			t.Errorf("%s: too wide are %q, and one above the other lie %q", name, wider, over)
		}
	}
}
