package tempdir

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// TestMain lets the test program say where it would write.
func TestMain(m *testing.M) {
	if os.Getenv("SAY") != "" {
		fmt.Print(os.TempDir())
		return
	}
	os.Exit(m.Run())
}

func TestMemoryIsTakenOnlyWhereNobodyAskedForADisk(t *testing.T) {
	quick := "/tmp"
	if hasSpace() {
		quick = memory
	}
	for want, env := range map[string][]string{
		quick:     nil,
		"/tmp":    {"CI=true"},
		"/var/me": {"TMPDIR=/var/me"},
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(env, "SAY=it")
		got, err := cmd.Output()
		if err != nil || string(got) != want {
			t.Errorf("with %v: %q, %v, want %q", env, got, err, want)
		}
	}
}
