package page_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/page"
	"cdrmend/internal/policy"
	"cdrmend/internal/table"
)

// held is what a page holds for its script.
type held struct {
	Names    map[string]map[string]string
	Kinds    map[string]string
	Explains bool
	Findings struct{ Texts []string }
}

func heldBy(t *testing.T, r *page.Run) (h held) {
	t.Helper()
	_, rest, _ := strings.Cut(written(t, r), `id="data">`)
	data, _, _ := strings.Cut(rest, "</script>")
	if err := json.Unmarshal([]byte(data), &h); err != nil {
		t.Fatal(err)
	}
	return h
}

// What is masked may stand for several people: it then has no name.
func TestAMaskedIDOfSeveralHasNoName(t *testing.T) {
	r := small()
	r.Redact.Names = policy.Names{
		{Kind: "queue", ID: "q1", Name: "Support"}, {Kind: "user", ID: "+4930111156", Name: "Erika"}, {Kind: "user", ID: "+4930222256", Name: "Max"}, {Kind: "user", ID: "u3", Name: "Ida"},
	}
	finding := func(users string) cells {
		return cells{"class": "missing_recording", "severity": "critical", "status": "open", "user_ids": users, "queue_ids": "q1"}
	}
	r.Findings = rows(table.Findings, finding("+4930111156;u3"), finding("+4930222256"))
	h := heldBy(t, r)
	if got := h.Names["user"]; got["+********56"] != "" || got["u3"] != "Ida" || h.Names["queue"]["q1"] != "Support" {
		t.Errorf("the names are %v", h.Names)
	}
	if !h.Explains || h.Kinds["cdr"] != "cdrs" {
		t.Errorf("the page holds %+v", h)
	}
}

// Sentences that differ in an id alone stand there once.
func TestManyFindingsShareTheirSentences(t *testing.T) {
	r := small()
	finding := func(class, recording, detail string) cells {
		return cells{"class": class, "severity": "critical", "status": "open", "recording_id": recording, "detail": detail, "source": "cdr"}
	}
	r.Findings = rows(table.Findings,
		finding("missing_recording", "r1", "pending"), finding("missing_recording", "r2", "pending"), finding("missing_recording", "r3", "like=r4"))
	texts := heldBy(t, r).Findings.Texts
	for _, want := range []string{
		"Recording {recording_id}, which the leg lists, is announced by a manifest, but its audio had not been delivered yet.",
		"Run again once the export has delivered it; if it never does, repeat the export job.",
	} {
		if !slices.Contains(texts, want) {
			t.Errorf("the page does not say %q but %q", want, texts)
		}
	}
	if n := len(slices.DeleteFunc(texts, func(s string) bool { return !strings.HasPrefix(s, "Recording ") })); n != 2 {
		t.Errorf("%d sentences stand there, want 2", n)
	}
}
