package bench

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"
	"time"

	"cdrmend/internal/outside"

	"github.com/google/go-cmp/cmp"
)

// asking is a request for one value of one column.
type asking struct{ flag, column, value string }

// discovered measures requests over many nights beside DuckDB, which makes the same
// selection of the same tables.
func discovered(t *testing.T) []goal {
	started, size := time.Now(), *legs/20
	note("\nRequests over %d nights of %d legs:", monthNights, size)
	n, out := month(t, size)
	defer os.RemoveAll(n.dir)

	var goals []goal
	for _, a := range n.askings(t) {
		ours := &contender{name: "cdrmend discover " + a.flag, once: func(t *testing.T) cost { c, _ := n.discover(t, out, a); return c }}
		theirs := &contender{name: "DuckDB, by " + a.column, once: func(t *testing.T) cost { c, _ := n.discoverInDuckDB(t, out, a); return c }}
		_, got := n.discover(t, out, a)
		_, want := n.discoverInDuckDB(t, out, a)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-DuckDB +cdrmend):\n%s", a.flag, diff)
		}
		note("    %s covers %d calls and %d recordings", a.flag, got["covered calls"], got["covered recordings"])

		interleave(t, *runs, []*contender{ours, theirs})
		printCosts([]*contender{ours, theirs})
		goals = append(goals,
			goal{"of 30 nights, discover " + a.flag + ", s", ours.median().wall, "≤", 10},
			goal{"of 30 nights, discover " + a.flag + " / DuckDB, peak memory", ours.median().peak / theirs.median().peak, "≤", 0.5})
	}
	note("  This part took %s.", time.Since(started).Round(time.Second))
	return goals
}

var (
	lineID         = regexp.MustCompile(`"line_id": ?"([^"]+)"`)
	conversationID = regexp.MustCompile(`"conversation_id": ?"([^"]+)"`)
)

// askings are requests for values in the middle of the night.
func (n *night) askings(t *testing.T) []asking {
	t.Helper()
	return []asking{
		{"--line", "line_id", n.some(t, lineID)},
		{"--conversation", "conversation_id", n.some(t, conversationID)},
	}
}

// discover says what a request covers.
func (n *night) discover(t *testing.T, out string, a asking) (cost, counts) {
	t.Helper()
	c, told := run(t, n.command("discover", out, a.flag, a.value, "--config", n.config(), "--json"))
	var answer struct{ Calls, Recordings struct{ Covered int64 } }
	if err := json.Unmarshal([]byte(told), &answer); err != nil {
		t.Fatalf("%v:\n%s", err, told)
	}
	return c, counts{"covered calls": answer.Calls.Covered, "covered recordings": answer.Recordings.Covered}
}

func (n *night) discoverInDuckDB(t *testing.T, out string, a asking) (cost, counts) {
	t.Helper()
	return inDuckDB(t, "discover.sql", "OUT="+out, "COLUMN="+a.column, "VALUE="+a.value)
}

// TestDuckDBSelectsTheSame holds the comparison to be fair, and is a second reading of what
// a request covers.
func TestDuckDBSelectsTheSame(t *testing.T) {
	outside.DuckDB(t)
	n, out := month(t, 300)
	for _, a := range n.askings(t) {
		_, want := n.discoverInDuckDB(t, out, a)
		_, got := n.discover(t, out, a)
		if diff := cmp.Diff(want, got); diff != "" || want["covered calls"] == 0 {
			t.Errorf("%s covers %v (-DuckDB +cdrmend):\n%s", a.flag, got, diff)
		}
	}
}
