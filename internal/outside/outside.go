// Package outside finds the other programs that tests run, and tells long tests how much to
// do.
//
// Other programs take their time, and so do long tests. So go test alone leaves them out;
// make test sets CI, installs the programs, and runs everything. With CI set a program that
// is missing fails its test.
package outside

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// InCI skips a test where CI is not set. What says what the test needs.
func InCI(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "" {
		t.Skipf("needs %s: run make test, or set CI", what)
	}
}

// Long skips a test that takes many seconds, where CI is not set.
func Long(t testing.TB) {
	t.Helper()
	InCI(t, "many seconds")
}

// Pick returns how much of a test is done: all of it in CI, and a part elsewhere.
func Pick(part, all int) int {
	if os.Getenv("CI") == "" {
		return part
	}
	return all
}

// Program returns the path of a program.
func Program(t testing.TB, name string) string {
	t.Helper()
	InCI(t, name)
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%v; make tools installs it", err)
	}
	return path
}

// Tool returns the path of something in .tools, for a test of a package in internal or
// cmd.
func Tool(t testing.TB, path string) string {
	t.Helper()
	InCI(t, path)
	path, err := filepath.Abs(filepath.Join("..", "..", ".tools", filepath.FromSlash(path)))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("%v; make tools installs it", err)
	}
	return path
}

// DuckDB returns the folder of node modules that has DuckDB, which reads Parquet and CSV
// in another way than this program.
func DuckDB(t testing.TB) (modules string) {
	t.Helper()
	Program(t, "node")
	return filepath.Dir(filepath.Dir(Tool(t, "duckdb/node_modules/@duckdb/node-api")))
}
