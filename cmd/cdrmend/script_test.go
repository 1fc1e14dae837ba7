package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "cdrmend/internal/tempdir"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"cdrmend": main})
}

type tests struct{ *testing.M }

// Run removes what tests share, once all have run.
func (m tests) Run() int {
	defer func() { _ = os.RemoveAll(shared()) }()
	return m.M.Run()
}

// shared is a directory for what is made once for all tests.
var shared = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "cdrmend-tests-*")
	if err != nil {
		panic(err)
	}
	return dir
})

var builtOnce = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(shared(), "bin")
	out, err := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", filepath.Join(dir, "cdrmend"), ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building: %w: %s", err, out)
	}
	return dir, nil
})

// built builds the program, and returns its directory, which nobody may change.
func built(t *testing.T) string {
	t.Helper()
	dir, err := builtOnce()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

var demoOnce = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(shared(), "demo")
	w := &world{args: []string{"demo", "--dir", dir, "--quiet"}, stdout: io.Discard, stderr: io.Discard, now: time.Now}
	if code := run(context.Background(), w); code != exitDone {
		return "", fmt.Errorf("the demo exits with %d", code)
	}
	return dir, nil
})

// copyDemo runs the demo, unless a test did it before, and copies what it left, with the
// times at which objects were modified: a run again finds nothing new.
func copyDemo(to string) error {
	from, err := demoOnce()
	if err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-Rp", from+"/.", to).CombinedOutput(); err != nil {
		return fmt.Errorf("copying the demo: %w: %s", err, out)
	}
	return nil
}

// demoNight returns a directory with what the demo leaves.
func demoNight(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := copyDemo(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestScripts tells the behaviour of the commands: what they print, what they
// leave behind, how they exit.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"demonight": scriptDemo,
		},
		Condition: func(name string) (bool, error) {
			if name != "ci" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return os.Getenv("CI") != "", nil
		},
	})
}

// scriptDemo leaves what cdrmend demo --quiet leaves: demonight
func scriptDemo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: demonight")
	}
	dir := ts.MkAbs("cdrmend-demo")
	ts.Check(errors.Join(os.MkdirAll(dir, 0o755), copyDemo(dir)))
}

// exits runs a command and checks its exit code: exits 3 cdrmend run …
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG …]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want := args[0]; want != string(rune('0'+got)) {
		ts.Fatalf("%v exits with %d, want %s", args[1:], got, want)
	}
}
