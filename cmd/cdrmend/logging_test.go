package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/sample"
)

// plainLine is a line of the text form: keys with values that are one word or quoted.
var plainLine = regexp.MustCompile(`^(?:[a-z_0-9]+=(?:[^\s"={}\[\]]+|"(?:[^"\\]|\\.)*")(?: |$))+$`)

// unreadable is what values look like that the language prints.
var unreadable = regexp.MustCompile(`0x[0-9a-f]+|[{}]|map\[|&|<nil>|%!`)

// A night with everything that is logged: lines of all levels, in both forms.
func TestLogLinesArePlainKeysWithPlainValues(t *testing.T) {
	dir := demoNight(t)
	config := filepath.Join(dir, "cdrmend.yaml")
	signing := filepath.Join(dir, demoKey)
	if err := os.Chmod(signing, 0o644); err != nil { // a warning about the key
		t.Fatal(err)
	}
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "notify.key"), bytes.Repeat([]byte("k3y-"), 16))
	write(t, config, append(text, []byte("notify: {url: 'http://127.0.0.1:1/hook', key: notify.key}\nmetrics: {pushgateway: 'http://127.0.0.1:1/'}\n")...))

	for _, terminal := range []bool{true, false} {
		output := filepath.Join(t.TempDir(), "out")
		run := []string{"run", "--config", config, "--interval", "2026-11-20", "--as-of", "2026-11-25T00:00:00Z", "-v", "--output", output}
		_, first, code := said(t, terminal, run...)
		if code != exitFindings {
			t.Fatalf("the run exits with %d: %s", code, first)
		}
		_, again, _ := said(t, terminal, run...)
		lines := strings.Split(strings.TrimSuffix(first+again, "\n"), "\n")

		for _, msg := range []string{"committed", "listed the inputs", "unchanged since the newest commit", "everybody on this machine", "metrics were not pushed", "stage ended", "the webhook was not told"} {
			if !strings.Contains(first+again, msg) {
				t.Errorf("terminal %t: nothing says %q: the lines prove too little", terminal, msg)
			}
		}
		for _, line := range lines {
			if terminal {
				if !plainLine.MatchString(line) || unreadable.MatchString(line) {
					t.Errorf("not a line of plain keys and values: %s", line)
				}
				continue
			}
			var values map[string]any
			if err := json.Unmarshal([]byte(line), &values); err != nil {
				t.Errorf("%v: %s", err, line)
			}
			// The key is looked at, and metrics are pushed, for all intervals.
			if msg := fmt.Sprint(values["msg"]); msg != "metrics were not pushed" && !strings.HasPrefix(msg, "everybody on this machine") {
				id, _ := values["run_id"].(string)
				if early := msg == "stage ended" && values["stage"] == "listing"; values["interval"] != "2026-11-20" || len(id) != 32 && !early {
					t.Errorf("the line does not say what run it is about: %s", line)
				}
			}
			for key, value := range values {
				if v := fmt.Sprint(value); unreadable.MatchString(v) || strings.HasPrefix(v, "[") {
					t.Errorf("%s is not a plain value: %s", key, line)
				}
			}
		}
	}
}

func TestLevelsChooseWhatIsLogged(t *testing.T) {
	for _, test := range []struct {
		flags []string
		want  string
	}{
		{nil, "info warn error"},
		{[]string{"-v"}, "debug info warn error"},
		{[]string{"--log-level", "debug"}, "debug info warn error"},
		{[]string{"--log-level", "WARN"}, "warn error"},
		{[]string{"--log-level", "error"}, "error"},
		{[]string{"--quiet"}, "error"},
	} {
		var errs bytes.Buffer
		w := &world{stderr: &errs, terminal: true}
		flags := runCommand.newFlags()
		if err := flags.Parse(test.flags); err != nil {
			t.Fatal(err)
		}
		if err := w.setLogLevel(flags); err != nil {
			t.Fatal(err)
		}
		log := w.logger(false)
		log.Debug("debug")
		log.Info("info")
		log.Warn("warn")
		log.Error("error")
		var got []string
		for line := range strings.Lines(errs.String()) {
			_, msg, _ := strings.Cut(strings.TrimSpace(line), "msg=")
			got = append(got, msg)
		}
		if all := strings.Join(got, " "); all != test.want {
			t.Errorf("%q logs %q, want %q", test.flags, all, test.want)
		}
	}
}

func TestLogsHoldNoSecrets(t *testing.T) {
	const secret = "eyJhbGciOiJub25lIn0.eyJzY29wZSI6InNlY3JldC1zZXNhbWUifQ.c2lnbmF0dXJlLXNlc2FtZQ"
	for _, terminal := range []bool{true, false} {
		var errs bytes.Buffer
		w := &world{stderr: &errs, terminal: terminal}
		w.logger(false).Warn("retrying", "endpoint", "a", "error", fmt.Errorf("the header was Bearer %s", secret))
		if strings.Contains(errs.String(), secret[:30]) || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("terminal %t: logged: %s", terminal, errs.String())
		}
	}
}

func TestRetriesAreLoggedAtOnceAndThenSeldom(t *testing.T) {
	var errs bytes.Buffer
	clock := time.Unix(0, 0)
	w := &world{stderr: &errs, terminal: true}
	l := &retryLog{log: w.logger(false), now: func() time.Time { return clock }, last: map[string]time.Time{}}
	for second := range 12 {
		clock = time.Unix(int64(second), 0)
		for range 50 { // many requests at once
			l.retry(object.Retry{Host: "a:1", Attempt: second + 1, Of: 12, Reason: "it did not answer in time"})
		}
	}
	l.retry(object.Retry{Host: "b:1", Attempt: 1, Of: 12, Reason: "it cannot be reached"})

	var got []string
	for line := range strings.Lines(errs.String()) {
		_, line, _ = strings.Cut(strings.TrimSpace(line), "msg=")
		got = append(got, line)
	}
	want := `retrying endpoint=a:1 failed_attempt=1 of=12 reason="it did not answer in time" wait_ms=0
retrying endpoint=a:1 failed_attempt=6 of=12 reason="it did not answer in time" wait_ms=0
retrying endpoint=a:1 failed_attempt=11 of=12 reason="it did not answer in time" wait_ms=0
retrying endpoint=b:1 failed_attempt=1 of=12 reason="it cannot be reached" wait_ms=0`
	if all := strings.Join(got, "\n"); all != want {
		t.Errorf("logged\n%s\nwant\n%s", all, want)
	}
}

// watched is a buffer in which one line is waited for while a command writes to it.
type watched struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *watched) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *watched) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *watched) await(t *testing.T, line string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if strings.Contains(b.String(), line) {
			return
		}
	}
	t.Fatalf("nothing says %q: %s", line, b.String())
}

// A server that is started late: the run says that it waits, and succeeds.
func TestARunThatWaitsForItsServerSaysSoAndSucceeds(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	for _, kv := range server.Env() {
		key, value, _ := strings.Cut(kv, "=")
		t.Setenv(key, value)
	}
	for _, bucket := range append(nightBuckets, "out") {
		server.Bucket(t, bucket, objecttest.Plain)
	}
	upload(t, hoursOfNight())
	config := filepath.Join(t.TempDir(), "cdrmend.yaml")
	write(t, config, fmt.Appendf(nil, nightConfig, "s3://", sample.Org, false))
	server.Stop()

	var out bytes.Buffer
	var errs watched
	done := make(chan int)
	go func() {
		done <- run(t.Context(), &world{
			args:    []string{"run", "--config", config, "--interval", "2026-11-20T10", "--as-of", "2026-11-25T00:00:00Z"},
			environ: os.Environ(), stdout: &out, stderr: &errs, now: time.Now, terminal: true,
		})
	}()
	errs.await(t, "msg=retrying")
	server.Restart(t)

	if code := <-done; code != exitFindings {
		t.Errorf("the run exits with %d, want %d: %s", code, exitFindings, errs.String())
	}
	host := strings.TrimPrefix(server.Endpoint, "http://")
	want := "msg=retrying endpoint=" + host + ` failed_attempt=1 of=10 reason="the connection is refused: nothing listens there"`
	if got := errs.String(); !strings.Contains(got, want) || strings.Contains(got, server.SecretKey) {
		t.Errorf("it says %s\nwant %s in it, and no secret", got, want)
	}
}
