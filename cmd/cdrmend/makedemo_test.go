package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cdrmend/internal/outside"
)

// printed returns the commands that a demo prints: lines with an indent that begin with
// one of the words.
func printed(text string, begins ...string) []string {
	var list []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		for _, begin := range begins {
			if command, ok := strings.CutPrefix(line, "  "); ok && strings.HasPrefix(command, begin) {
				list = append(list, command)
			}
		}
	}
	return list
}

// checkPrinted runs the commands that a demo printed, with those before them that set up
// the environment.
func checkPrinted(t *testing.T, dir, text, program string) {
	t.Helper()
	commands := printed(text, program+" ")
	if len(commands) != 3 {
		t.Fatalf("the demo prints %q, want three commands of %s:\n%s", commands, program, text)
	}
	setUp := strings.Join(printed(text, "unset ", "export "), "; ")
	for _, c := range commands {
		cmd := exec.Command("sh", "-c", setUp+"\n"+c)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil || len(out) == 0 {
			t.Errorf("%s: %v: %s", c, err, out)
		}
	}
}

func TestTheCommandsThatTheDemoPrintsWork(t *testing.T) {
	outside.Long(t)
	dir := filepath.Join(t.TempDir(), "a b")
	program := filepath.Join(built(t), "cdrmend")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{"relative": {"demo"}, "with a space": {"demo", "--dir", "it's a night"}} {
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		checkPrinted(t, dir, string(out), program)
	}
}

func TestTheProgramIsCalledAgainAsItWasCalled(t *testing.T) {
	for program, want := range map[string]string{
		"": "cdrmend", "cdrmend": "cdrmend", "./cdrmend": "./cdrmend", "/opt/my tools/cdrmend": "'/opt/my tools/cdrmend'",
		"/tmp/go-build123/b001/exe/cdrmend": "go run ./cmd/cdrmend",
	} {
		if got := called(program); got != want {
			t.Errorf("%q is called %s, want %s", program, got, want)
		}
	}
}

// demoScript returns the command that make demo runs, in a new directory.
func demoScript(t *testing.T) (script, program, dir string) {
	t.Helper()
	script, err := filepath.Abs("../../.ci/demo")
	if err != nil {
		t.Fatal(err)
	}
	outside.Tool(t, "bin/versitygw")
	return script, filepath.Join(built(t), "cdrmend"), t.TempDir()
}

func TestMakeDemoWithoutATerminalPrintsCommandsThatNeedNoServer(t *testing.T) {
	script, program, dir := demoScript(t)
	cmd := exec.Command(script, program)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !strings.Contains(string(out), "The S3 server has ended") || strings.Contains(string(out), "  export AWS") {
		t.Errorf("the demo does not say that its server ended:\n%s", out)
	}
	checkPrinted(t, dir, string(out), program)
}

// TestMakeDemoOnATerminalWaitsForAKey looks at a real terminal, runs what was printed
// while the server waits, and presses a key.
func TestMakeDemoOnATerminalWaitsForAKey(t *testing.T) {
	script, program, dir := demoScript(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "script", "-qec", "stty cols 1000; exec "+script+" "+program, "/dev/null")
	cmd.Dir = dir
	keys, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}

	// The prompt has no line break, so it is waited for byte by byte.
	var text strings.Builder
	for r := bufio.NewReader(out); !strings.Contains(text.String(), "Press a key to stop the server."); {
		b, err := r.ReadByte()
		if err != nil {
			t.Fatalf("%v before the demo asks for a key:\n%s", err, text.String())
		}
		text.WriteByte(b)
	}
	checkPrinted(t, dir, text.String(), program)

	go func() { _, _ = io.Copy(io.Discard, out) }()
	if _, err := keys.Write([]byte("q")); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after a key: %v", err)
	}
	_, host, _ := strings.Cut(strings.Join(printed(text.String(), "export AWS_ENDPOINT_URL_S3="), ""), "http://")
	host, _, _ = strings.Cut(host, "'")
	if conn, err := net.Dial("tcp", host); err == nil || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the server %q goes on after a key: %v, %v", host, conn, err)
	}
}
