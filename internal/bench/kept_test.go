package bench

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// keptInputs measures what it costs to keep the bytes of inputs in packs.
func keptInputs(t *testing.T) []goal {
	started := time.Now()
	note("\nInputs that are kept in packs, the night of %d legs on local files:", *legs)
	n := newNight(t, cdrmend(t), strings.Fields("--legs "+strconv.Itoa(*legs)+" "+damage)...)
	defer os.RemoveAll(n.dir)

	keeping := func(what string) *contender {
		return &contender{name: "evidence: {keep: " + what + "}", once: n.with("CDRMEND_EVIDENCE_KEEP=" + what).once()}
	}
	none, small, whole := keeping("none"), keeping("small"), keeping("all")
	list := []*contender{none, small, whole}
	interleave(t, *runs, list)
	printCosts(list)
	note("  This part took %s.", time.Since(started).Round(time.Second))
	least := none.median()
	return []goal{
		{"wall time, small inputs kept / none", small.median().wall / least.wall, "≤", 1.1},
		{"wall time, all inputs kept / none", whole.median().wall / least.wall, "≤", 1.1},
		{"peak memory, small inputs kept / none", small.median().peak / least.peak, "≤", 1.02},
		{"peak memory, all inputs kept / none", whole.median().peak / least.peak, "≤", 1.02},
	}
}
