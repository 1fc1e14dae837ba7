package bench

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/object/objecttest"
)

// nights of a week, and mornings until the last of them has settled.
const (
	weekNights   = 7
	weekMornings = weekNights + 2
)

// steadyWeek runs the job each morning over sidecars that arrive as those of Genesys Cloud
// do, a fiftieth of them late, and counts how often an object is requested.
func steadyWeek(t *testing.T) []goal {
	started, size := time.Now(), *sidecars/2/weekNights
	note("\nA week of mornings, sidecars on an S3 server on this machine, %d legs a night, a fiftieth late:", size)
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "week", objecttest.Plain)
	server.Bucket(t, "results", objecttest.Plain)
	n := &night{program: []string{cdrmend(t)}, dir: t.TempDir()}

	first, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	requested, objects := 0, 0
	note("    %-11s %10s %10s %10s %9s %9s", "morning", "objects", "requested", "of packs", "wall s", "peak MB")
	for morning := 1; morning <= weekMornings; morning++ {
		at := first.AddDate(0, 0, morning).Add(6 * time.Hour).Format(time.RFC3339)
		_, wrote := run(t, n.command("synth", "--dir", n.dir, "--profile", "genesys-cloud", "--legs", strconv.Itoa(size),
			"--nights", strconv.Itoa(weekNights), "--late", "0.02", "--s3", "s3://week/", "--arrived-by", at))
		if morning == 1 {
			n.configure(t, "")
		}
		if _, err := fmt.Sscanf(strings.ReplaceAll(wrote, ",", ""), "Wrote %d objects", &objects); err != nil {
			t.Fatalf("synth says %q: %v", wrote, err)
		}

		c, log := runLogged(t, n.command("run", "--config", n.config(), "--as-of", at, "--fail-on", "none", "--output", "s3://results/"))
		asked, served := openedOf(t, log)
		requested += asked
		note("    %-11s %10d %10d %10d %9.2f %9.0f", at[:len(time.DateOnly)], objects, asked, served, c.wall, c.peak)
	}
	note("  This part took %s.", time.Since(started).Round(time.Second))
	return []goal{{"requests of a week / objects of a week", float64(requested) / float64(objects), "≤", 1.1}}
}

// openedOf sums up what the log of runs says: how many objects they requested, and how many
// packs served.
func openedOf(t *testing.T, log string) (requested, served int) {
	t.Helper()
	said := false
	for line := range strings.Lines(log) {
		var entry struct {
			Msg       string `json:"msg"`
			Requested int    `json:"requested"`
			Served    int    `json:"from_packs"`
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "read the inputs" {
			said, requested, served = true, requested+entry.Requested, served+entry.Served
		}
	}
	if !said {
		t.Fatalf("no run says how many objects it requested:\n%s", log)
	}
	return requested, served
}
