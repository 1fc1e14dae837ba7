package growth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"cdrmend/internal/report"
)

// cost is what one run took.
type cost struct {
	seconds float64 // of the processor, in user and kernel mode
	peak    float64 // MB of memory, resident
	output  float64 // MB of files below the output
	ended   string  // why it was ended early; empty when it was not
	summary *report.Summary
}

// A run that takes more is ended: it has failed, and others need the machine.
const (
	mostSeconds = 120
	mostMemory  = 4 << 10 // MB
)

// run runs the job on a night.
func (n *night) run(t *testing.T) cost {
	t.Helper()
	out, args := filepath.Join(n.dir, "output"), n.settings.command
	if args != nil {
		out = n.path("answer")
	} else {
		args = n.args()
	}
	defer func() {
		if !*keep {
			_ = os.RemoveAll(out)
		}
	}()

	before := megabytes(t, out) // of a night that was run before
	cmd := exec.Command(cdrmend(t), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	forgetPeak()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan string, 1)
	done := make(chan struct{})
	go guard(cmd.Process, done, ended)
	err := cmd.Wait()
	close(done)

	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	c := cost{
		seconds: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(),
		peak:    float64(usage.Maxrss) / 1024,
		output:  megabytes(t, out) - before,
	}
	select {
	case c.ended = <-ended:
		return c
	default:
	}
	answered := n.settings.command != nil
	if err != nil && (!answered || cmd.ProcessState.ExitCode() != 1) { // 1: something is not as wanted
		t.Fatalf("%v: %v\n%s%s", cmd.Args, err, stderr.String(), stdout.String())
	}
	if answered {
		if strings.Contains(stdout.String(), "\n0 calls covered\n0 recordings covered\n") {
			t.Fatalf("%v measures nothing:\n%s", cmd.Args, stdout.String())
		}
		return c
	}

	var printed struct{ Runs []*report.Run }
	if err := json.Unmarshal(stdout.Bytes(), &printed); err != nil || len(printed.Runs) != 1 || printed.Runs[0].Summary == nil {
		t.Fatalf("%v prints no summary: %v\n%s", cmd.Args, err, stdout.String())
	}
	c.summary = printed.Runs[0].Summary
	return c
}

// args returns the arguments of a run of the night.
func (n *night) args() []string {
	return []string{"run", "--config", n.configure(), "--interval", n.label(), "--as-of", "2026-11-25T00:00:00Z", "--fail-on", "none", "--json"}
}

// forgetPeak makes this process small and its peak what it has now. A process that it
// starts begins with the peak of its parent, which would hide a smaller one of its own.
func forgetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // without it small nights look larger
}

// label returns the name of the interval.
func (n *night) label() string {
	if n.settings.hourly {
		return day + "T08"
	}
	return day
}

// guard ends a process that takes too much.
func guard(p *os.Process, done <-chan struct{}, ended chan<- string) {
	started := time.Now()
	for {
		select {
		case <-done:
			return
		case <-time.After(50 * time.Millisecond):
		}

		switch memory := residentMB(p.Pid); {
		case memory > mostMemory:
			ended <- fmt.Sprintf("ended at %.0f MB", memory)
		case time.Since(started) > mostSeconds*time.Second:
			ended <- fmt.Sprintf("ended after %d s", mostSeconds)
		default:
			continue
		}
		_ = p.Kill()
		return
	}
}

// residentMB returns the memory that a process has, 0 when it is gone.
func residentMB(pid int) float64 {
	var size, resident int64
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err == nil {
		_, err = fmt.Sscan(string(b), &size, &resident)
	}
	if err != nil {
		return 0
	}
	return float64(resident) * float64(os.Getpagesize()) / (1 << 20)
}

// megabytes returns the size of all files below a directory.
func megabytes(t *testing.T, dir string) float64 {
	t.Helper()
	total := int64(0)
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return float64(total) / 1e6
}

// say returns what a run came to in a few words, so that one sees whether a
// structure was read at all.
func (c cost) say() string {
	if c.summary == nil {
		return c.ended
	}
	var b strings.Builder
	for _, kind := range []string{"manifests", "cdrs", "registrations"} {
		if x := c.summary.Balance[kind]; x.Read > 0 {
			fmt.Fprintf(&b, "%s %d", kind, x.Read)
			if x.Rejected > 0 {
				fmt.Fprintf(&b, " (%d rejected)", x.Rejected)
			}
			if x.Skipped > 0 {
				fmt.Fprintf(&b, " (%d skipped)", x.Skipped)
			}
			b.WriteString(", ")
		}
	}
	fmt.Fprintf(&b, "%d findings", c.findings())
	return b.String()
}

// findings returns how many findings a run has, 0 for one that was ended.
func (c cost) findings() (n int) {
	if c.summary == nil {
		return 0
	}
	for _, f := range c.summary.Findings {
		n += int(f.Count)
	}
	return n
}
