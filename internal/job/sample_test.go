package job_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/sample"

	"github.com/google/go-cmp/cmp"
)

// TestTheSampleNightIsFoundAsItIsTold runs the night of the demo. What its story
// tells is found, and nothing else is.
func TestTheSampleNightIsFoundAsItIsTold(t *testing.T) {
	night := sample.New(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC))
	n := newNight(t, sampleFiles(night))
	r := n.run()
	out := n.tree(outputPrefix + "runs/" + r.RunID)
	findings := rowsOf(t, out["findings.csv"])

	if diff := cmp.Diff(toldFindings(&night.Story), foundFindings(findings)); diff != "" {
		t.Errorf("findings (-told +found):\n%s", diff)
	}
	if diff := cmp.Diff(toldOutages(&night.Story), foundOutages(rowsOf(t, out["outages.csv"]))); diff != "" {
		t.Errorf("outages (-told +found):\n%s", diff)
	}
	if t.Failed() {
		return
	}

	checkStatus(t, &night.Story, findings)
	checkCalls(t, &night.Story, rowsOf(t, out["calls.csv"]))
}

func sampleFiles(night *sample.Night) files {
	content := files{"cdrmend.yaml": string(night.Config(""))}
	for o := range night.Objects() {
		content[o.Key] = string(o.Body)
	}
	return content
}

// rowsOf returns the rows of a table by column.
func rowsOf(t *testing.T, text string) []map[string]string {
	t.Helper()
	table := readTable(t, text)
	var list []map[string]string
	for _, cells := range table.rows {
		row := map[string]string{}
		for i, name := range table.columns {
			row[name] = cells[i]
		}
		list = append(list, row)
	}
	return list
}

// toldFindings returns the findings of the story: of a leg with its id, of an
// entry or document with its object.
func toldFindings(s *sample.Story) []string {
	var list []string
	for _, ch := range s.Chapters {
		for _, c := range ch.Cases {
			for _, f := range c.Findings {
				list = append(list, strings.Join([]string{f.Class, f.Field, c.Leg, c.Key}, " "))
			}
		}
	}
	slices.Sort(list)
	return list
}

func foundFindings(rows []map[string]string) []string {
	below := map[string]string{"genesys": "recordings/", "standby": "standby/"}
	var list []string
	for _, f := range rows {
		leg, key := f["leg_id"], ""
		if dir, entry := below[f["source"]]; entry {
			leg, key = "", dir+f["object_key"]
		}
		list = append(list, strings.Join([]string{f["class"], f["field"], leg, key}, " "))
	}
	slices.Sort(list)
	return list
}

func toldOutages(s *sample.Story) []string {
	const layout = "2006-01-02T15:04:05.000000Z"
	var list []string
	for _, o := range s.Outages {
		unregistered, harmless := o.Unregistered.Format(layout), "false"
		if o.Unregistered.IsZero() {
			unregistered, harmless = "", "true"
		}
		list = append(list, strings.Join([]string{
			o.Trunk, o.Line, o.Start.Format(layout), unregistered, o.End.Format(layout), o.Cause, strconv.Itoa(o.Failures), harmless, "success",
		}, " "))
	}
	slices.Sort(list)
	return list
}

func foundOutages(rows []map[string]string) []string {
	var list []string
	for _, o := range rows {
		list = append(list, strings.Join([]string{
			o["trunk_id"], o["line_id"], o["start_time"], o["unregistered_from"], o["end_time"], o["cause"], o["failures"], o["harmless"], o["ended_by"],
		}, " "))
	}
	slices.Sort(list)
	return list
}

// checkStatus checks what the findings of some chapters say beyond their class.
func checkStatus(t *testing.T, s *sample.Story, findings []map[string]string) {
	t.Helper()
	columns := []string{"class", "status", "severity", "outage_cause", "outage_relation"}
	for kind, want := range map[string][]string{
		"recording-lost-in-outage": {"missing_recording open critical scope_missing inside"},
		"recording-lost":           {"missing_recording open critical  none"},
		"recorder-off":             {"missing_recording open critical  none"},
		"recording-deleted":        {"media_missing open minor  none", "missing_recording open critical  none"},
		"media-not-audio":          {"media_not_audio open critical  none", "missing_recording open critical  none"},
		"media-cut":                {"media_cut open minor  none", "short_recording open major  none"},
		"media-one-channel":        {"media_channels open minor  none"},
		"look-alike":               {"missing_recording indeterminate critical  none", "no_cdr open minor  none"},
		"consult-contested":        {"missing_recording indeterminate critical  none"},
		"trunk-lost-in-outage":     {"repaired_field repaired minor scope_missing possible"},
		"stray-call":               {"stray_record open major  "},
	} {
		got := map[string]bool{}
		for _, c := range s.Chapter(kind).Cases {
			for _, f := range findings {
				if len(c.Findings) > 0 && f["class"] == c.Findings[0].Class && (f["class"] == "stray_record" || f["conversation_id"] == c.Conversation) {
					got[strings.Join(values(f, columns), " ")] = true
				}
			}
		}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("chapter %q (-want +found):\n%s", kind, diff)
		}
	}
	for _, f := range findings {
		for class, want := range map[string]string{"stray_record": "interval=2026-11-15;rows=1;lookahead=97h"} {
			if f["class"] == class && f["detail"] != want {
				t.Errorf("the detail of a %s is %q, want %q", class, f["detail"], want)
			}
		}
	}
}

func values(row map[string]string, columns []string) []string {
	var list []string
	for _, name := range columns {
		list = append(list, row[name])
	}
	return list
}

// checkCalls checks what the table of calls says: the proofs, the reasons, and
// that nearly every call was registered as far as the log shows.
func checkCalls(t *testing.T, s *sample.Story, calls []map[string]string) {
	t.Helper()
	proofs, reasons, relations := map[string]int{}, map[string]int{}, map[string]int{}
	causes := map[string]bool{}
	for _, c := range calls {
		proofs[c["proof"]]++
		reasons[c["reason"]]++
		relations[c["outage_relation"]]++
		causes[c["outage_cause"]] = true
	}

	if proofs["shared"] != 1 || proofs["id"] != 1 || proofs["leg"] < 1000 || proofs["conversation"] < 500 {
		t.Errorf("the calls have the proofs %v: want one shared, one by id, and many by leg and by conversation", proofs)
	}
	for reason, want := range map[string]int{
		"caller declined": len(s.Chapter("not-recorded").Cases),
		"not expected":    len(s.Chapter("abandoned").Cases),
		"internal call":   2 * len(s.Chapter("internal-call").Cases), // a leg of each agent
		"contested":       1,
		"possible":        1,
	} {
		if reasons[reason] != want {
			t.Errorf("%d calls have the reason %q, want %d: %v", reasons[reason], reason, want, reasons)
		}
	}
	// Internal calls are on no trunk, so nothing is known of their registration.
	if share := 100 * relations["none"] / len(calls); share < 90 || relations["unknown"] != reasons["internal call"] {
		t.Errorf("%d %% of the calls have the relation none: %v", share, relations)
	}
	if !causes["lapsed"] {
		t.Error("no call coincides with the lapse")
	}
}
