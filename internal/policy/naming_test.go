package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/policy"
)

// What reports show besides the tables is part of the identity of a run, and comes
// back from it.
func TestNamesAndWorkAreOfTheIdentity(t *testing.T) {
	write(t, insert(t, "name:", "policy: {names: names.csv}\nreport: {zone: Europe/Berlin, operator: ACME, worklist: work.csv}"))
	writeFile(t, "names.csv", "\ufeffid,kind,name\nu;1,user,\"Doe, Jane\"\nt-1,trunk, Berlin \n")
	writeFile(t, "work.csv", "due,finding_id,owner,state,note\n2026-12-01,fnd-2,Jane,open,\n,fnd-1,,done,called\n")
	c, err := policy.Load("cdrmend.yaml", nil, nil)
	if err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		kind     policy.NameKind
		id, want string
	}{{policy.TrunkName, "t-1", "Berlin"}, {policy.UserName, "u;1", "Doe, Jane"}, {policy.QueueName, "t-1", ""}, {policy.TrunkName, "T-1", ""}} {
		if got := c.Report.Names.Of(test.kind, test.id); got != test.want {
			t.Errorf("name of %s %s is %q, want %q", test.kind, test.id, got, test.want)
		}
	}

	var id policy.Identity
	if err := json.Unmarshal(c.Identity().JSON(), &id); err != nil {
		t.Fatal(err)
	}
	again, err := id.Config(".")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(c.Identity().JSON()), string(again.Identity().JSON())); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
	want := []policy.Work{{Finding: "fnd-1", State: "done", Note: "called"}, {Finding: "fnd-2", Owner: "Jane", State: "open", Due: "2026-12-01"}}
	if diff := cmp.Diff(want, again.Report.Worklist); diff != "" {
		t.Errorf("worklist (-want +got):\n%s", diff)
	}
	if again.Report.Zone.String() != "Europe/Berlin" || again.Report.Operator != "ACME" {
		t.Errorf("restored %+v", again.Report)
	}
}

// A UUID is one id in any spelling, and so it is for the names that people give.
func TestAnIDHasOneNameInWhateverSpelling(t *testing.T) {
	const lower, upper = "6f0a7c52-3e1d-4b8a-9c47-d2b15e8f6a30", "{6F0A7C52-3E1D-4B8A-9C47-D2B15E8F6A30}"
	for rows, want := range map[string]string{
		"queue," + lower + ",Sales\nqueue," + upper + ",Sales\ntrunk,t-1,Berlin\ntrunk,t-1,Berlin\n": "",
		"queue," + lower + ",Sales\nuser," + upper + ",Kim\n":                                        "",
		"queue," + lower + ",Sales\ntrunk,a,b\nqueue," + upper + ",Help\n":                           `row 3 gives queue ` + upper + ` the name "Help", and row 1 gives ` + lower + ` the name "Sales": keep one of them`,
		"trunk,Berlin-1,Berlin\ntrunk,BERLIN-1,Potsdam\n":                                            `row 2 gives trunk BERLIN-1 the name "Potsdam", and row 1 gives Berlin-1 the name "Berlin": keep one of them`,
		"trunk,t-1,Berlin\ntrunk,t-1,Potsdam\n":                                                      `row 2 gives trunk t-1 the name "Potsdam", and row 1 gives t-1 the name "Berlin": keep one of them`,
	} {
		write(t, insert(t, "name:", "policy: {names: names.csv}"))
		writeFile(t, "names.csv", "kind,id,name\n"+rows)
		c, err := policy.Load("cdrmend.yaml", nil, nil)
		if want == "" {
			if err != nil || c.Report.Names.Of(policy.QueueName, lower) != "Sales" {
				t.Errorf("%q: %v", rows, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "names.csv: "+want) {
			t.Errorf("%q: %v, want %s", rows, err, want)
		}
	}
}
