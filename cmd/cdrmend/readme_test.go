package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"cdrmend/internal/outside"
)

// A newcomer reads the first page to its end.
func TestReadmeIsShort(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) > 150 {
		t.Errorf("README.md has %d lines, want at most 150", len(lines))
	}
	for i, line := range lines {
		if n := utf8.RuneCountInString(line); n > 100 {
			t.Errorf("line %d of README.md has %d columns, want at most 100", i+1, n)
		}
	}
}

// notRun are the lines of README.md that the test does not run, by how they begin, and why.
var notRun = map[string]string{
	"go install ": "it needs the clone, and writes to the bin directory of whoever runs the test",
}

// TestReadmeRunsWordForWord runs what README.md shows, in its order, in an empty folder.
func TestReadmeRunsWordForWord(t *testing.T) {
	outside.Long(t)
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	script.WriteString("set -e\n")
	blocks := regexp.MustCompile("(?s)\n```sh\n(.*?)```\n").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 6 {
		t.Fatalf("README.md shows %d blocks of commands", len(blocks))
	}
	skipped := map[string]bool{}
	for _, block := range blocks {
		for line := range strings.Lines(block[1]) {
			run := true
			for begin := range notRun {
				if strings.HasPrefix(line, begin) {
					skipped[begin], run = true, false
				}
			}
			if run {
				script.WriteString(line)
			}
		}
	}
	for begin := range notRun {
		if !skipped[begin] {
			t.Errorf("README.md shows no line that begins with %q: take it off the list", begin)
		}
	}

	dir := t.TempDir()
	cmd := exec.Command("sh", "-c", script.String())
	cmd.Dir = dir
	// A trial leaves its directory to whoever looks at it: here that is the test's own.
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), "PATH="+built(t)+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"nothing that was tried is wrong", "The trial is in", "0 to look at", "179 of 180 calls", "Verified", "accepted.csv: 1 row added", "wrote cdrmend-report.html"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the commands do not print %q but\n%s", want, out)
		}
	}
	// The night was committed twice: before and after its finding was accepted.
	for _, file := range []string{"report.html", "findings.xlsx", "report.pdf"} {
		found, err := filepath.Glob(filepath.Join(dir, "results", "interval=2026-11-20", "runs", "*", file))
		if err != nil || len(found) != 2 {
			t.Errorf("%s is there %d times, want 2, %v", file, len(found), err)
		}
	}
}

// Links of the pages lead to files and headings that exist.
func TestLinksOfTheReadmesLeadSomewhere(t *testing.T) {
	heading := regexp.MustCompile(`(?m)^#+ (.*)$`)
	anchor := regexp.MustCompile(`[^a-z0-9 _-]`)
	for _, page := range []string{"README.md", "deploy/README.md", "deploy/RUNBOOK.md", "deploy/hours.md", "deploy/cost.md", "deploy/terraform/README.md", "internal/README.md", "manifests/README.md", "manifests/profiles/README.md"} {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(string(text), -1) {
			path, fragment, _ := strings.Cut(link[1], "#")
			if strings.Contains(path, "://") {
				continue
			}
			target := filepath.Join("../..", filepath.Dir(page), path)
			if path == "" {
				target = filepath.Join("../..", page)
			}
			info, err := os.Stat(target)
			if err != nil {
				t.Errorf("%s links to %s: %v", page, link[1], err)
				continue
			}
			if fragment == "" || info.IsDir() {
				continue
			}
			there, err := os.ReadFile(target)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, h := range heading.FindAllStringSubmatch(string(there), -1) {
				name := anchor.ReplaceAllString(strings.ToLower(strings.ReplaceAll(h[1], "`", "")), "")
				found = found || strings.ReplaceAll(name, " ", "-") == fragment
			}
			if !found {
				t.Errorf("%s links to %s, which has no such heading", page, link[1])
			}
		}
	}
}
