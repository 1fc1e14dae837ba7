package policy_test

import (
	"encoding/json"
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
