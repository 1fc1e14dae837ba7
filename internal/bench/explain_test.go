package bench

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/table"
)

// explained measures how long it takes to explain one recording of a large night.
func explained(t *testing.T) []goal {
	started := time.Now()
	note("\nOne recording of %d legs on local files:", *legs)
	n := newNight(t, cdrmend(t), strings.Fields("--legs "+strconv.Itoa(*legs)+" "+damage)...)
	defer os.RemoveAll(n.dir)
	out := filepath.Join(n.dir, "results")
	n.run(t, out)

	whole := n.tells("cdrmend explain", out, "explain", n.someRecording(t))
	tables := n.tells("cdrmend explain --tables-only", out, "explain", n.someRecording(t), "--tables-only")
	all := []*contender{whole, tables}
	interleave(t, *runs, all)
	printCosts(all)
	note("  This part took %s.", time.Since(started).Round(time.Second))
	return []goal{
		{"explain of a recording, s", whole.median().wall, "≤", 1},
		{"explain of a recording, peak MB", whole.median().peak, "≤", 150},
	}
}

// explainedFarAway does so in a bucket that is far away.
func explainedFarAway(t *testing.T) []goal {
	started := time.Now()
	note("\nOne recording of %d legs in a bucket whose answers take %v:", *legs, latency)
	server := objecttest.Gateway(t, objecttest.GatewayOptions{Dir: t.TempDir()}) // a night of a million takes gigabytes
	server.Setenv(t)
	server.Bucket(t, "night", objecttest.Plain)
	server.Bucket(t, "results", objecttest.Plain)
	local := newNight(t, cdrmend(t), strings.Fields("--legs "+strconv.Itoa(*legs)+" "+damage)...)
	defer os.RemoveAll(local.dir)
	n := newNight(t, cdrmend(t), strings.Fields("--legs "+strconv.Itoa(*legs)+" "+damage+" --s3 s3://night/")...)
	const out = "s3://results/"
	n.run(t, out)

	n = n.with("AWS_ENDPOINT_URL_S3=" + slowed(t, server.Endpoint, latency))
	whole := n.tells("cdrmend explain", out, "explain", local.someRecording(t))
	tables := n.tells("cdrmend explain --tables-only", out, "explain", local.someRecording(t), "--tables-only")
	all := []*contender{whole, tables}
	interleave(t, *runs, all)
	printCosts(all)
	note("  This part took %s.", time.Since(started).Round(time.Second))
	return []goal{
		{"explain of a recording far away, s", whole.median().wall, "≤", 2},
		{"explain of a recording far away, peak MB", whole.median().peak, "≤", 150},
	}
}

// tells returns a contender that tells about an id of an output.
func (n *night) tells(name, out, command, id string, flags ...string) *contender {
	return &contender{name: name, once: func(t *testing.T) cost {
		c, told := run(t, n.command(command, append([]string{id, out, "--config", n.config()}, flags...)...))
		if !strings.Contains(told, id) {
			t.Fatalf("%s says nothing about %s:\n%s", name, id, told)
		}
		return c
	}}
}

var recordingID = regexp.MustCompile(`"recording_id": ?"([^"]+)"`)

// someRecording returns the id of a recording in the middle of the night.
func (n *night) someRecording(t *testing.T) string {
	t.Helper()
	return n.some(t, recordingID)
}

// some returns what a pattern finds in the middle of the manifests.
func (n *night) some(t *testing.T, pattern *regexp.Regexp) string {
	t.Helper()
	files := n.files(t, "manifests")
	text, err := os.ReadFile(files[len(files)/2])
	if err != nil {
		t.Fatal(err)
	}
	m := pattern.FindSubmatch(text[len(text)/2:])
	if m == nil {
		t.Fatalf("the second half of %s has nothing like %s", files[len(files)/2], pattern)
	}
	return string(m[1])
}

const monthNights = 30

// month makes so many nights and runs them. It returns where the results are.
func month(t *testing.T, size int) (n *night, out string) {
	t.Helper()
	n = newNight(t, cdrmend(t), strings.Fields("--nights "+strconv.Itoa(monthNights)+" --legs "+strconv.Itoa(size)+" "+damage)...)
	first, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	out, end := filepath.Join(n.dir, "results"), first.AddDate(0, 0, monthNights)
	run(t, n.command("run", "--config", n.config(), "--from", day, "--to", end.Format(time.DateOnly), "--as-of", end.AddDate(0, 0, 4).Format(time.RFC3339), "--fail-on", "none", "--output", out))
	return n, out
}

// lookedUp measures how long it takes to find an id of the oldest of many nights.
func lookedUp(t *testing.T) []goal {
	started, size := time.Now(), *legs/20
	note("\nAn id of the oldest of %d nights of %d legs:", monthNights, size)
	n, out := month(t, size)
	defer os.RemoveAll(n.dir)

	finding := n.someFinding(t, out)
	all := []*contender{
		n.tells("history of a finding", out, "history", finding),
		n.tells("history of the beginning of its id", out, "history", finding[:len(finding)-4]),
		n.tells("explain --tables-only of a finding", out, "explain", finding, "--tables-only"),
		n.tells("explain --tables-only of a recording", out, "explain", n.someRecording(t), "--tables-only"),
	}
	interleave(t, *runs, all)
	printCosts(all)
	note("  This part took %s.", time.Since(started).Round(time.Second))
	var goals []goal
	for _, c := range all {
		goals = append(goals, goal{"of 30 nights, " + c.name + ", s", c.median().wall, "≤", 3})
	}
	return goals
}

// someFinding returns the id of a finding of the oldest interval.
func (n *night) someFinding(t *testing.T, out string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(out, "interval="+day, "runs", "*", "findings.parquet"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the oldest interval has the tables %q: %v", found, err)
	}
	f, err := os.Open(found[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range table.ReadParquet(f, info.Size(), table.Findings) {
		if err != nil {
			t.Fatal(err)
		}
		return table.FindingOf(row).ID
	}
	t.Fatalf("%s has no finding", found[0])
	return ""
}
