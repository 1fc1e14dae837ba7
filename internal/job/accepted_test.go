package job_test

import (
	"strings"
	"testing"

	"cdrmend/internal/policy"
)

// TestAcceptedFindingsDoNotMakeDamagedInputWhole accepts all that damaged input
// leaves indeterminate. The damage may hide more than that.
func TestAcceptedFindingsDoNotMakeDamagedInputWhole(t *testing.T) {
	t.Parallel()
	n := newNight(t, inputs(readStory(t, "../../testdata/damaged-cdr.txtar")))
	first := n.run()
	if want := (policy.Outcome{Indeterminate: true}); first.Outcome != want {
		t.Errorf("outcome is %+v, want %+v", first.Outcome, want)
	}
	accepted := "finding_id,reason,by\n"
	for _, row := range n.table(first, "findings").only(t, []string{"finding_id"}).rows {
		accepted += row[0] + ",known,ops\n"
	}
	n.deliver(files{"accepted.csv": accepted}, lateDelivery)
	second := n.run()
	if want := (policy.Outcome{Indeterminate: true}); second.Outcome != want {
		t.Errorf("outcome is %+v, want %+v", second.Outcome, want)
	}
	n.compare(second, files{
		"findings.csv":   "class,status\nmissing_field,accepted\nno_cdr,accepted\n",
		"recordings.csv": "recording_id,status\nrec-1,intact\nrec-2,intact\n",
		"calls.csv":      "conversation_id,verdict\nbefore,excluded\n",
	})
}

func TestAWarningNamesTheSourceWhoseRecordsLackAnOrganisation(t *testing.T) {
	t.Parallel()
	const entry, event = `{"recording_id": "r1"%s}`, `{"time": "2026-11-20T08:00:00Z", "trunk_id": "t", "status": 200%s}`
	const org = `, "org_id": "acme"`
	for name, test := range map[string]struct{ entry, event, want string }{
		"events":  {org, "", "records of source r have no organisation"},
		"entries": {"", org, "records of source m have no organisation"},
		"both":    {org, org, ""},
		"neither": {"", "", ""},
	} {
		n := newNight(t, files{
			"in/m/date=2026-11-20/a.jsonl": strings.ReplaceAll(entry, "%s", test.entry),
			"in/r/date=2026-11-20/a.jsonl": strings.ReplaceAll(event, "%s", test.event),
		})
		var got string
		for _, w := range n.run().Summary.Warnings {
			if strings.Contains(w, "organisation") {
				got += w
			}
		}
		if !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%s: the warning is %q, want %q", name, got, test.want)
		}
	}
}
