package job_test

import (
	"encoding/json"
	"strings"
	"testing"

	"cdrmend/internal/ledger"

	"github.com/google/go-cmp/cmp"
)

// TestRejectsOfKeysThatTheirFilesCannotBeNamedBy has keys that are as long as
// a path allows, or whose rejects would lie where a folder has to.
func TestRejectsOfKeysThatTheirFilesCannotBeNamedBy(t *testing.T) {
	t.Parallel()
	long := "date=2026-11-20/" + strings.Repeat("x", 251) + ".csv"
	const parent, child = "date=2026-11-20/a.csv", "date=2026-11-20/a.csv.jsonl/b.csv"
	n := newNight(t, files{
		"in/c/" + long: "leg_id\nx,y\n", "in/c/" + parent: "leg_id\nx,y\n", "in/c/" + child: "leg_id\nx,y\n",
	})
	r := n.run()
	n.checkSchemas()
	out := n.tree(outputPrefix + "runs/" + r.RunID)
	var m ledger.Manifest
	if err := json.Unmarshal([]byte(out["run.json"]), &m); err != nil {
		t.Fatal(err)
	}
	renamed := func(key string) ledger.Renamed {
		return ledger.Renamed{Source: "c", Key: key, Path: "rejects/c/~" + hexSum(key) + ".jsonl"}
	}
	want := []ledger.Renamed{renamed(parent), renamed(long)}
	if diff := cmp.Diff(want, m.Renamed); diff != "" {
		t.Errorf("renamed (-want +got):\n%s", diff)
	}
	for _, path := range []string{want[0].Path, want[1].Path, "rejects/c/" + child + ".jsonl"} {
		if out[path] == "" {
			t.Errorf("there is no %s", path)
		}
	}
}
