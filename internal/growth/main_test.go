package growth

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	_ "cdrmend/internal/tempdir"
)

// What make growth sets.
var (
	whole   = flag.Bool("growth", false, "run every structure at n, 2n and 4n, and an ordinary night beside it")
	program = flag.String("program", "", "cdrmend, to be built when not given")
	only    = flag.String("only", "", "a regular expression: the structures to run")
	keep    = flag.Bool("keep", false, "leave the nights behind and print where they are")
)

func TestMain(m *testing.M) {
	code := m.Run()
	if *program == "" {
		if path, err := built(); err == nil {
			_ = os.RemoveAll(filepath.Dir(path))
		}
	}
	os.Exit(code)
}

// cdrmend returns the path of the program.
func cdrmend(t *testing.T) string {
	t.Helper()
	if *program != "" {
		return *program
	}
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cdrmend-growth-*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "cdrmend")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", path, "cdrmend/cmd/cdrmend")
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}
	return path, nil
})

// wanted returns the structures that -only names.
func wanted(t *testing.T) (list []structure) {
	t.Helper()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range [][]structure{reading, matching, registering, configured, parquets, profiled, packed, heard, asked} {
		for _, s := range group {
			if pattern.MatchString(s.name) {
				list = append(list, s)
			}
		}
	}
	if len(list) == 0 {
		t.Fatalf("-only %q names no structure", *only)
	}
	return list
}

// note prints a line of the report at once.
func note(format string, args ...any) { fmt.Fprintf(os.Stdout, format+"\n", args...) }
