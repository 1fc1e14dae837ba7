package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cdrmend/internal/outside"

	"github.com/google/go-cmp/cmp"
)

// peer does the night's job in DuckDB, with SQL that was written for it.
func (n *night) peer(t *testing.T) (cost, counts) {
	t.Helper()
	out := filepath.Join(n.dir, "peer")
	if err := os.MkdirAll(out, 0o755); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(out)
	config, err := os.ReadFile(n.config())
	if err != nil {
		t.Fatal(err)
	}
	org := regexp.MustCompile(`(?m)^org: (\S+)`).FindSubmatch(config)
	return inDuckDB(t, "peer.sql", "NIGHT="+n.dir, "OUT="+out, "ORG="+string(org[1]), "FROM="+day, "TO="+dayNext)
}

// inDuckDB runs a file of testdata in DuckDB, with names replaced by values, and returns
// what its last statement counts.
func inDuckDB(t *testing.T, file string, values ...string) (cost, counts) {
	t.Helper()
	cost, lines := run(t, exec.Command("node", append([]string{"testdata/peer.mjs", outside.DuckDB(t), filepath.Join("testdata", file)}, values...)...))
	c := counts{}
	for line := range strings.Lines(lines) {
		var kind, name string
		var count int64
		if _, err := fmt.Sscan(line, &kind, &name, &count); err != nil {
			t.Fatalf("DuckDB says %q: %v", line, err)
		}
		c[kind+" "+name] = count
	}
	return cost, c
}

// TestThePeerDoesTheSameJob holds the comparison to be fair: whatever is
// wrong with a night that DuckDB is measured on, it finds.
func TestThePeerDoesTheSameJob(t *testing.T) {
	outside.DuckDB(t)
	n := newNight(t, cdrmend(t), strings.Fields("--legs 3000 --files 6 --lost 0.03 --short 0.03 --duplicate 0.03 --conflict 0.03 --no-cdr 0.03 "+
		"--missing-id 0.06 --missing-end 0.03 --invalid 0.03 --internal 0.03 --unrecorded 0.03 --missing-trunk 0.3 --superseded 0.1 --lines 300 --margins")...)
	_, result := n.run(t, filepath.Join(n.dir, "results"))
	_, got := n.peer(t)
	want := countsOf(result)
	if len(want) < 20 {
		t.Fatalf("the night proves little:\n%v", want)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-cdrmend +DuckDB):\n%s", diff)
	}
}
