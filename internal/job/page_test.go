package job_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/report"
)

const exampleConfig = `name: example
fail_on: none
sources:
  manifests: [{name: exports, url: "in/m/date={date}/", profile: cdrmend}]
  cdrs: [{name: cdr, url: "in/c/date={date}/", profile: cdrmend}]
  registrations: [{name: registrar, url: "in/r/date={date}/", profile: cdrmend}]
output: {url: out/, tables: [csv]}
`

// workedExample is the example of the contract as it stands there.
type workedExample struct {
	document, legs, log string
	steps               [][2]string // name and result
	prose               string      // after the table
}

// readExample takes the example out of the page.
func readExample(t *testing.T) (e workedExample) {
	t.Helper()
	page, err := os.ReadFile("../../manifests/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "\n## A worked example\n")
	text, _, _ = strings.Cut(text, "\n## ")

	parts := strings.Split(text, "```\n")
	if len(parts) != 3 {
		t.Fatalf("the example has %d parts, want text, one block of inputs, and text", len(parts))
	}
	inputs := strings.SplitAfter(parts[1], "\n\n")
	if len(inputs) != 3 {
		t.Fatalf("the example has %d inputs, want a manifest, legs and a log", len(inputs))
	}
	e.document, e.legs, e.log = strings.TrimSpace(inputs[0]), strings.TrimSpace(inputs[1])+"\n", inputs[2]

	for line := range strings.Lines(parts[2]) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		switch {
		case !strings.HasPrefix(line, "|"):
			e.prose += line
		case len(cells) != 4:
			t.Fatalf("%q is no row of two cells", line)
		case strings.TrimSpace(cells[1]) != "step" && !strings.HasPrefix(cells[1], "---"):
			e.steps = append(e.steps, [2]string{strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])})
		}
	}
	return e
}

// night delivers the inputs of the example, with more legs.
func (e *workedExample) night(t *testing.T, more string) *night {
	return newNight(t, files{
		"cdrmend.yaml":                 exampleConfig,
		"in/m/date=2026-11-20/r1.json": e.document, "in/c/date=2026-11-20/legs.csv": e.legs + more, "in/r/date=2026-11-20/log.jsonl": e.log,
	})
}

// rowOf returns a row of a table as a map; n counts from 0.
func (n *night) rowOf(r *report.Run, name string, row int) map[string]string {
	n.t.Helper()
	tb, cells := n.table(r, name), map[string]string{}
	if row >= len(tb.rows) {
		n.t.Fatalf("%s has no row %d:\n%s", name, row, tb)
	}
	for i, c := range tb.columns {
		cells[c] = tb.rows[row][i]
	}
	return cells
}

// The worked example of the contract says what the program does: every result that the
// page shows is made from the tables of a run, and has to be on the page word for word.
func TestTheWorkedExampleOfTheContractIsWhatTheProgramDoes(t *testing.T) {
	e := readExample(t)
	n := e.night(t, "")
	r := n.run()
	first, second := n.rowOf(r, "calls", 0), n.rowOf(r, "calls", 1)
	repair, finding, outage := n.rowOf(r, "repairs", 0), n.rowOf(r, "findings", 0), n.rowOf(r, "outages", 0)

	code := func(text string) string { return "`" + text + "`" }
	clock := func(instant string) string { return instant[len("2026-11-20T"):len("2026-11-20T09:54:00")] }
	relation := func(row map[string]string) []string {
		return []string{"relation " + code(row["outage_relation"]), "overlap " + row["outage_overlap_ms"] + " ms"}
	}
	proof, err := json.Marshal(r.Summary.Coverage.Proof)
	if err != nil {
		t.Fatal(err)
	}
	const lacking, filled = `"trunk_id": null`, `"trunk_id": "T1"`
	if got, want := n.tree(outputPrefix + "runs/" + r.RunID + "/manifests/exports/")["date=2026-11-20/r1.json"], strings.Replace(e.document, lacking, filled, 1); got != want {
		t.Errorf("got the document\n%s\nwant\n%s", got, want)
	}

	shows := map[string][]string{ // by step
		"match, leg 1": {"matched by " + code(first["matched_by"]), "proof " + code(first["proof"])},
		"match, leg 2": {"matched by " + code(second["matched_by"]), "proof is " + code(second["proof"])},
		"repair":       {code(repair["field"]) + " is required", "Rule " + code(repair["rule"]), "one trunk, " + repair["new_value"]},
		"document":     {code(filled) + " in place of " + code(lacking)},
		"repairs":      {code(strings.TrimSpace(strings.SplitAfterN(n.table(r, "repairs").String(), "\n", 2)[1]))},
		"finding":      {code(finding["finding_id"]), "class " + code(finding["class"]), "severity " + finding["severity"], "status " + code(finding["status"])},
		"binding":      {"until " + clock(outage["binding_until"])},
		"outage": {
			code(outage["outage_id"]), "at " + clock(outage["start_time"]) + " to", "at " + clock(outage["end_time"]),
			code("ended_by") + " " + code(outage["ended_by"]), "cause " + code(outage["cause"]), code("began") + " " + code(outage["began"]),
		},
		code("binding_until"):     {clock(outage["binding_until"])},
		code("unregistered_from"): {clock(outage["unregistered_from"]), map[string]string{"false": "is not harmless"}[outage["harmless"]]},
		"outage of leg 1":         relation(first),
		"outage of leg 2":         relation(second),
		"outage of the entry":     relation(finding),
		"verdicts":                {"both legs " + code(first["verdict"])},
		"coverage":                {fmt.Sprintf("%s %d of %d", code("recorded"), r.Summary.Coverage.Recorded, r.Summary.Coverage.Of), code(string(proof))},
	}
	if first["verdict"] != second["verdict"] || len(n.table(r, "findings").rows) != 1 || len(n.table(r, "outages").rows) != 1 || len(n.table(r, "repairs").rows) != 1 {
		t.Errorf("want two legs with one verdict, one finding, outage and repair:\n%s%s", n.table(r, "calls"), n.table(r, "findings"))
	}

	for _, step := range e.steps {
		fragments, known := shows[step[0]]
		if !known {
			t.Errorf("the page shows %q, which is not compared with the program", step[0])
		}
		for _, want := range fragments {
			if want == "" || !strings.Contains(step[1], want) {
				t.Errorf("%s: the page says %q, the program %q", step[0], step[1], want)
			}
		}
		delete(shows, step[0])
	}
	for step := range shows {
		t.Errorf("the page does not show %q", step)
	}
	e.checkIDs(t, finding["finding_id"], outage["outage_id"])
}

// checkIDs computes the ids from the texts that the page tells to hash.
func (e *workedExample) checkIDs(t *testing.T, finding, outage string) {
	t.Helper()
	var got []string
	for _, text := range regexp.MustCompile(`printf '([^']*)' \| sha256sum`).FindAllStringSubmatch(e.prose, -1) {
		got = append(got, fmt.Sprintf("%x", sha256.Sum256([]byte(text[1])))[:16])
	}
	if want := []string{strings.TrimPrefix(finding, "fnd-"), strings.TrimPrefix(outage, "out-")}; !slices.Equal(got, want) {
		t.Errorf("the texts on the page give %q, the program %q", got, want)
	}
}

// The page also says what another leg would coincide with.
func TestTheOtherLegOfTheWorkedExampleIsWhatTheProgramDoes(t *testing.T) {
	e := readExample(t)
	said := regexp.MustCompile("A leg from (\\S+) to (\\S+) would overlap .* its relation would be `(\\w+)`").FindStringSubmatch(strings.ReplaceAll(e.prose, "\n", " "))
	if said == nil {
		t.Fatalf("no other leg in %q", e.prose)
	}
	n := e.night(t, fmt.Sprintf("c2,1,,T1,L7,2026-11-20T%sZ,2026-11-20T%[1]sZ,2026-11-20T%sZ\n", said[1], said[2]))
	r := n.run()
	leg, outage := n.rowOf(r, "calls", 0), n.rowOf(r, "outages", 0)
	if leg["conversation_id"] != "c2" || leg["outage_id"] != outage["outage_id"] || leg["outage_relation"] != said[3] {
		t.Errorf("got %v, want the relation %s with %s", leg, said[3], outage["outage_id"])
	}
}
