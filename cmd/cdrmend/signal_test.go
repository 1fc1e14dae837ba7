package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cdrmend/internal/outside"
)

// signalSlack is what a busy machine may add to the two seconds within which a run stops.
// A stage that does not listen takes longer than both on a large night.
const signalSlack = 10 * time.Second

// TestASignalStopsARunSoonInEveryStage sends real signals to a real process at moments
// all over a run, and prints how long it took to end. SIGNAL_LEGS sets the size of the
// night; a million shows every stage.
func TestASignalStopsARunSoonInEveryStage(t *testing.T) {
	outside.Long(t)
	dir := t.TempDir()
	legs := "30000"
	if more := os.Getenv("SIGNAL_LEGS"); more != "" {
		legs = more
	}
	if code, out := cdrmend(t, "synth", "--dir", dir, "--legs", legs); code != exitDone {
		t.Fatal(out)
	}
	metrics := filepath.Join(dir, "night.prom")
	start := func(out string) (*exec.Cmd, *bytes.Buffer) {
		t.Helper()
		cmd := exec.Command("cdrmend", "run", "--config", filepath.Join(dir, "cdrmend.yaml"), "--interval", "2026-11-20", "--output", filepath.Join(dir, out))
		cmd.Env = append(os.Environ(), "CDRMEND_METRICS_TEXTFILE="+metrics)
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, &said
	}

	begun := time.Now()
	whole, said := start("whole")
	if err := whole.Wait(); whole.ProcessState.ExitCode() != exitFindings {
		t.Fatalf("%v: %s", err, said)
	}
	took := time.Since(begun)
	t.Logf("a whole run of %s legs takes %v", legs, took)

	// All runs but those that end before their signal write to one output, as after a
	// night that was stopped again and again.
	stopped := 0
	for i, moment := range []time.Duration{0, took / 10, took / 4, took * 2 / 5, took * 11 / 20, took * 7 / 10, took * 17 / 20} {
		cmd, said := start("out")
		time.Sleep(max(moment, 100*time.Millisecond))
		signal := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}[i%2]
		if err := cmd.Process.Signal(signal); err != nil {
			t.Logf("after %v: %v", moment, err)
		}
		sent := time.Now()
		_ = cmd.Wait() // the exit code says more
		after := time.Since(sent)

		code := cmd.ProcessState.ExitCode()
		t.Logf("%v after %v of %v: exit code %d after %v", signal, moment.Round(time.Millisecond), took.Round(time.Millisecond), code, after.Round(time.Millisecond))
		if after > 2*time.Second+signalSlack {
			t.Errorf("it took %v to stop:\n%s", after, said)
		}
		if code < 0 { // the program had not begun yet
			continue
		}
		if code == exitFindings { // this time it was faster
			break
		}

		stopped++
		if code != exitFailed || !strings.Contains(said.String(), "stopped; nothing is half committed") {
			t.Errorf("exit code %d: %s", code, said)
		}
		if records, _ := filepath.Glob(filepath.Join(dir, "out", "interval=*", "log", "*.json")); len(records) > 0 {
			t.Errorf("a stopped run left %v", records)
		}
		written, err := os.ReadFile(metrics)
		if err != nil || !strings.Contains(string(written), `reason="signal"} 1`) {
			t.Errorf("the metrics do not show the signal: %v\n%s", err, written)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "out", "*.tmp")); len(left) > 0 {
			t.Errorf("a stopped run left temporary files: %v", left)
		}
	}
	if stopped == 0 {
		t.Error("no run was stopped")
	}

	last, said := start("out")
	if err := last.Wait(); last.ProcessState.ExitCode() != exitFindings {
		t.Fatalf("the run after them: %v: %s", err, said)
	}
	for _, table := range []string{"findings", "calls"} {
		whole, again := runFile(t, filepath.Join(dir, "whole"), table+".csv"), runFile(t, filepath.Join(dir, "out"), table+".csv")
		if whole != again {
			t.Errorf("%s.csv is not that of a run that nothing stopped", table)
		}
	}
}

// runFile returns a file of the one run in an output.
func runFile(t *testing.T, out, name string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(out, "interval=*", "runs", "*", name))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s is %v, %v", name, files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
