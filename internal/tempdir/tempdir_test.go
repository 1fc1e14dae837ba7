package tempdir

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// TestMain lets the test program say where it would write.
func TestMain(m *testing.M) {
	switch os.Getenv("SAY") {
	case "disk":
		DiskInCI()
		fallthrough
	case "any":
		fmt.Print(os.TempDir())
		return
	}
	os.Exit(m.Run())
}

func TestMemoryIsTakenWhereNobodyAskedForADisk(t *testing.T) {
	quick := "/tmp"
	if hasSpace() {
		quick = memory
	}
	for _, c := range []struct {
		want string
		env  []string
	}{
		{quick, []string{"SAY=any"}},
		{quick, []string{"SAY=any", "CI=true"}},
		{"/var/me", []string{"SAY=any", "TMPDIR=/var/me"}},
		{quick, []string{"SAY=disk"}},
		{"/tmp", []string{"SAY=disk", "CI=true"}},
		{"/var/me", []string{"SAY=disk", "CI=true", "TMPDIR=/var/me"}},
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = c.env
		got, err := cmd.Output()
		if err != nil || string(got) != c.want {
			t.Errorf("with %v: %q, %v, want %q", c.env, got, err, c.want)
		}
	}
}
