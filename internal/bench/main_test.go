package bench

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"cdrmend/internal/tempdir"
)

// What make bench sets.
var (
	ratios   = flag.Bool("ratios", false, "measure, and print the ratios")
	large    = flag.Bool("large", false, "measure ten times as many legs, and one large manifest")
	runs     = flag.Int("runs", 5, "how often each is measured")
	legs     = flag.Int("legs", 1_000_000, "legs of the night")
	sidecars = flag.Int("sidecars", 100_000, "legs of the night of sidecars in a bucket")
	only     = flag.String("only", "", "a regular expression: the comparisons to measure")
	program  = flag.String("program", "", "cdrmend, to be built when not given")
)

// The programs that the test program is when it is started again.
var children = map[string]func(ctx context.Context, args []string) error{
	"floor": floor,
	"get":   getAll,
	"heads": getHeads,
	"list":  listAll,
	"read":  readAll,
}

const childVariable = "CDRMEND_BENCH_CHILD"

// Nights are files like those of users. What S3 servers have is in memory, as they stand
// for buckets.
var _ = tempdir.DiskInCI()

func TestMain(m *testing.M) {
	child, ok := children[os.Getenv(childVariable)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := child(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child returns the command that starts one of the children.
func child(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childVariable+"="+name)
	return cmd
}

// cdrmend returns the path of the program.
func cdrmend(t *testing.T) string {
	t.Helper()
	if *program != "" {
		return *program
	}
	path := filepath.Join(t.TempDir(), "cdrmend")
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "cdrmend/cmd/cdrmend").CombinedOutput(); err != nil {
		t.Fatalf("building cdrmend: %v\n%s", err, out)
	}
	return path
}
