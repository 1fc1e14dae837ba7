package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/outside"

	"github.com/google/go-cmp/cmp"
)

// drilled runs the drill with nothing in its environment but what it is given.
func drilled(t *testing.T, environ []string, program, output, keys, dir string) (out string, code int) {
	t.Helper()
	cmd := exec.Command("../../deploy/restore.sh", program, output, keys, "2026-11-20", dir)
	cmd.Env = append(environ, "PATH="+os.Getenv("PATH"))
	text, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// toldThere returns what the commands of the drill say in the place of the original, with
// the configuration and the inputs.
func toldThere(t *testing.T, config, finding string) map[string]string {
	t.Helper()
	told := map[string]string{}
	for name, args := range map[string][]string{
		"verify.json":    {"verify", "--quiet", "--json"},
		"history.txt":    {"history", "2026-11-20"},
		"explain.json":   {"explain", finding, "--interval", "2026-11-20", "--quiet", "--json"},
		"interval.html":  {"report", "2026-11-20", "--out", "-"},
		"all.html":       {"report", "--out", "-"},
		"recompute.json": {"verify", "--interval", "2026-11-20", "--recompute", "--quiet", "--json"},
	} {
		code, out := cdrmend(t, append(args, "--config", config, "--keys", filepath.Join(filepath.Dir(config), demoPublic))...)
		if code != exitDone {
			t.Fatalf("%q exits with %d", args, code)
		}
		told[name] = out
	}
	return told
}

// firstFinding is the one that the drill chooses.
func firstFinding(t *testing.T, config string) string {
	t.Helper()
	_, out := cdrmend(t, "history", "2026-11-20", "--config", config)
	least := ""
	for _, id := range regexp.MustCompile(`fnd-[0-9a-f]+`).FindAllString(out, -1) {
		if least == "" || id < least {
			least = id
		}
	}
	if least == "" {
		t.Fatal("the night has no finding: it proves nothing")
	}
	return least
}

// checkDrill runs the drill on a copy, and compares what it found with what was told in the
// place of the original.
func checkDrill(t *testing.T, environ []string, program, original, output, keys string, told map[string]string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a drill")
	out, code := drilled(t, environ, program, output, keys, dir)
	if code != exitDone || strings.Count(out, "exit code 0 after") != 5 || !strings.Contains(out, "computed 2026-11-20 again") {
		t.Fatalf("the drill exits with %d:\n%s", code, out)
	}
	found := filesIn(t, dir)
	for name, want := range told {
		if name == "recompute.json" { // the sources were read there, and the packs here
			continue
		}
		if diff := cmp.Diff(strings.ReplaceAll(want, original, output), found[name]); diff != "" {
			t.Errorf("%s differs (-original +copy):\n%s", name, diff)
		}
	}
	if len(found) != len(told) {
		t.Errorf("the drill left %d files, want %d", len(found), len(told))
	}
}

// TestACopyOfADirectoryIsAllThatARestoreNeeds removes everything but the copy before the
// drill.
func TestACopyOfADirectoryIsAllThatARestoreNeeds(t *testing.T) {
	outside.Long(t)
	program := filepath.Join(built(t), "cdrmend")
	night := demoNight(t)
	config := filepath.Join(night, "cdrmend.yaml")
	told := toldThere(t, config, firstFinding(t, config))
	place := t.TempDir()
	copied, keys := filepath.Join(place, "copy"), filepath.Join(place, "keys.jwks.json")
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(night, "out"))); err != nil {
		t.Fatal(err)
	}
	write(t, keys, read(t, night, demoPublic))
	if err := os.RemoveAll(night); err != nil {
		t.Fatal(err)
	}

	before := filesIn(t, copied)
	checkDrill(t, nil, program, "file://"+night+"/out/", "file://"+copied+"/", keys, told)
	if diff := cmp.Diff(before, filesIn(t, copied)); diff != "" {
		t.Errorf("the drill changed the copy:\n%s", diff)
	}

	// The drill finds that a copy lacks a byte.
	calls := onlyMatch(t, copied, "interval=2026-11-20/runs/*/calls.csv")
	write(t, filepath.Join(copied, calls), read(t, copied, calls)[1:])
	if out, code := drilled(t, nil, program, copied, keys, t.TempDir()); code != exitFindings || strings.Contains(out, "read the findings") {
		t.Errorf("a copy with a file that is broken: exit code %d:\n%s", code, out)
	}
}

// TestACopyOfABucketIsAllThatARestoreNeeds copies an output to another server, and stops
// the first one, which has the inputs.
func TestACopyOfABucketIsAllThatARestoreNeeds(t *testing.T) {
	first := objecttest.Gateway(t, objecttest.GatewayOptions{})
	program := filepath.Join(built(t), "cdrmend")
	first.Setenv(t)
	first.Bucket(t, "night", objecttest.Versioned)
	dir := t.TempDir()
	w := &world{args: []string{"demo", "--dir", dir, "--s3", "s3://night/", "--quiet"}, environ: os.Environ(), stdout: io.Discard, stderr: io.Discard, now: time.Now}
	if code := run(t.Context(), w); code != exitDone {
		t.Fatalf("the demo exits with %d", code)
	}
	config := filepath.Join(dir, "cdrmend.yaml")
	told := toldThere(t, config, firstFinding(t, config))
	keys := filepath.Join(t.TempDir(), "keys.jwks.json")
	write(t, keys, read(t, dir, demoPublic))
	all := stored(t, "night")
	first.Stop()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}

	second := objecttest.Gateway(t, objecttest.GatewayOptions{})
	second.Setenv(t)
	second.Bucket(t, "copy", objecttest.Plain)
	to := openBucket(t, "copy")
	for key, content := range all {
		if name, ok := strings.CutPrefix(key, "out/"); ok {
			if err := to.Create(t.Context(), "2026/"+name, object.ContentOf([]byte(content))); err != nil {
				t.Fatal(err)
			}
		}
	}
	checkDrill(t, second.Env(), program, "s3://night/out/", "s3://copy/2026/", keys, told)
}

// TestACopyWithoutInputsIsReadAllTheSame drills an output that keeps only small manifests,
// as outputs do by default.
func TestACopyWithoutInputsIsReadAllTheSame(t *testing.T) {
	dir := t.TempDir()
	night := filepath.Join(dir, "night")
	put := func(name, text string) { write(t, filepath.Join(night, name), []byte(text)) }
	put("cdrmend.yaml", `name: small
sources:
  manifests: [{name: m, url: m/, profile: cdrmend}]
  cdrs: [{name: c, url: c/, profile: cdrmend}]
output: {url: ../copy/, tables: [csv]}
signing: {key: signing.pem}
`)
	put("m/a.json", "[]")
	put("c/a.csv", alarmLegs+"c2,1,r2,T1,2026-11-20T11:00:00Z,2026-11-20T11:00:00Z,2026-11-20T11:05:00Z,true\n")
	keys := filepath.Join(dir, "keys.jwks.json")
	cdrmend(t, "keygen", "--out", filepath.Join(night, "signing.pem"), "--public", keys)
	cdrmend(t, "run", "--config", filepath.Join(night, "cdrmend.yaml"), "--interval", "2026-11-20", "--quiet")
	if err := os.RemoveAll(night); err != nil {
		t.Fatal(err)
	}

	drill := t.TempDir()
	out, code := drilled(t, nil, filepath.Join(built(t), "cdrmend"), filepath.Join(dir, "copy"), keys, drill)
	if code != exitDone || !strings.Contains(out, "could not compute 2026-11-20 again") {
		t.Errorf("the drill exits with %d:\n%s", code, out)
	}
	if story := read(t, drill, "explain.json"); !bytes.Contains(story, []byte(`"missing_recording"`)) {
		t.Errorf("the finding is told as %s", story)
	}
}
