package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/outside"
)

// smallDisk mounts a file system of so many KiB, where that is allowed.
func smallDisk(t *testing.T, path string, kib int) {
	t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", size(kib), "tmpfs", path).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", path).Run() })
}

func size(kib int) string { return fmt.Sprintf("size=%dk", kib) }

// bigNight is a night whose table of calls does not stay in memory.
func bigNight(t *testing.T, server *objecttest.Server) *night {
	n := newNight(t, server, stories...)
	var b strings.Builder
	b.WriteString("conversation_id,leg_id,trunk_id,start_time,answer_time,end_time\n")
	for i := range 12_000 {
		fmt.Fprintf(&b, "many-%d,1,trunk-a,2026-11-20T14:%02d:%02dZ,2026-11-20T14:%02d:%02dZ,2026-11-20T15:00:00Z\n", i, i/60%60, i%60, i/60%60, i%60)
	}
	n.deliver("c/date=2026-11-20/many.csv", b.String())
	return n
}

// TestFaultOfAFullDiskCommitsNothing lets the disk of the output be a little
// larger each time, until everything fits.
func TestFaultOfAFullDiskCommitsNothing(t *testing.T) {
	outside.Long(t)
	n := bigNight(t, nil)
	want := n.next()
	disk := filepath.Join(n.dir, "small")
	smallDisk(t, disk, 4)
	all := 0
	for _, text := range want {
		all += (len(text) + 4095) / 4096 * 4
	}
	failures := 0
	step := all / pick(4, 24)
	for kib := step; ; kib += step {
		if out, err := exec.Command("mount", "-o", "remount,"+size(kib), disk).CombinedOutput(); err != nil {
			t.Fatalf("growing the disk: %v: %s", err, out)
		}
		p := n.start("small")
		if p.wait() == 0 {
			break
		}
		failures++
		total.add(&total.faults, 1)
		p.wants(3, "a run without space")
		if !strings.Contains(p.stderr.String(), "free space and run again") {
			t.Errorf("on %d KiB it says %q, want what to do", kib, p.stderr.String())
		}
		if commits := examine(t, "on a full disk", want, n.stored("small")); commits != 0 {
			t.Errorf("on %d KiB there are %d commits", kib, commits)
		}
	}
	if failures < 2 {
		t.Errorf("only %d disks were too small", failures)
	}
	finished(t, "on a disk with space", want, n.stored("small"))
}

// TestFaultOfFullScratchSpaceCommitsNothing writes to a bucket: what goes to a
// directory waits there.
func TestFaultOfFullScratchSpaceCommitsNothing(t *testing.T) {
	n := bigNight(t, objecttest.Gateway(t, objecttest.GatewayOptions{}))
	want := n.next()
	scratch := filepath.Join(n.dir, "scratch")
	for _, kib := range []int{4, 1024, 1600} {
		if kib == 4 {
			smallDisk(t, scratch, kib)
		} else if out, err := exec.Command("mount", "-o", "remount,"+size(kib), scratch).CombinedOutput(); err != nil {
			t.Fatalf("growing the disk: %v: %s", err, out)
		}
		p := n.start("spooled", "CDRMEND_SCRATCH="+scratch)
		p.wants(3, "a run without scratch space")
		total.add(&total.faults, 1)
		if !strings.Contains(p.stderr.String(), "free some space, or set scratch") {
			t.Errorf("on %d KiB it says %q, want what to do", kib, p.stderr.String())
		}
		if commits := examine(t, "without scratch space", want, n.stored("spooled")); commits != 0 {
			t.Errorf("on %d KiB there are %d commits", kib, commits)
		}
		if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
			t.Errorf("temporary files are left: %v, %v", left, err)
		}
	}
	n.run("spooled")
	finished(t, "with scratch space", want, n.stored("spooled"))
}
