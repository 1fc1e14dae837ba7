package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"
)

// escapes are what a terminal obeys.
var escapes = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]|\r`)

func TestEveryStageLeavesOneLine(t *testing.T) {
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	w := &world{stderr: &out, terminal: true, now: func() time.Time {
		clock = clock.Add(2 * time.Second)
		return clock
	}}
	show := w.progress(false)
	show("reading", 3_000_000, 5_000_000)
	show("reading", 5_000_000, 5_000_000)
	show("reading", 4_000_000, 5_000_000) // workers report in any order
	show("repairing", 1000, 1000)
	show("writing tables", 0, 0)
	show("", 0, 0)
	show("", 0, 0)
	var lines []string
	for line := range strings.Lines(escapes.ReplaceAllString(out.String(), "\n")) {
		if fields := strings.Fields(line); len(fields) > 2 && strings.HasSuffix(strings.TrimSpace(line), "2.0 s") {
			lines = append(lines, strings.Join(fields, " "))
		}
	}
	want := "reading 5.0 MB 2.5 MB/s 2.0 s|repairing 1,000 500/s 2.0 s|writing tables 2.0 s"
	if got := strings.Join(lines, "|"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestColoursAreForTerminalsOfThoseWhoWantThem(t *testing.T) {
	for _, test := range []struct {
		coloured bool
		environ  string
		want     bool
	}{{true, "TERM=xterm", true}, {false, "TERM=xterm", false}, {true, "NO_COLOR=1", false}, {true, "TERM=dumb", false}} {
		w := &world{coloured: test.coloured, environ: []string{test.environ}}
		if got := w.paint()(1, "a") != "a"; got != test.want {
			t.Errorf("%+v: coloured %t", test, got)
		}
	}
}

func TestLinesAreAsWideAsTheTerminalOrAsColumnsSays(t *testing.T) {
	for _, test := range []struct {
		columns int
		environ string
		want    int
	}{{0, "", 0}, {200, "", 200}, {200, "COLUMNS=90", 90}, {0, "COLUMNS=90", 90}, {120, "COLUMNS=wide", 120}, {120, "COLUMNS=1", 120}, {10, "", leastColumns}} {
		w := &world{columns: test.columns, environ: []string{test.environ}}
		if got := w.width(); got != test.want {
			t.Errorf("%+v: %d columns", test, got)
		}
	}
}

func TestCommandsThatAreShownCanBeCopied(t *testing.T) {
	for arg, want := range map[string]string{
		"night.yaml": "night.yaml", "/a/b c.yaml": "'/a/b c.yaml'", "it's": `'it'\''s'`, "s3://b/p/": "s3://b/p/", "": "''", "a;b": "'a;b'",
	} {
		if got := quoted(arg); got != want {
			t.Errorf("%q is quoted as %s, want %s", arg, got, want)
		}
	}
}
