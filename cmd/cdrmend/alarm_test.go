package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/notify"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// receiver is a webhook that keeps what it is told.
type receiver struct {
	t       *testing.T
	key     string
	answer  int
	notices []notify.Notice
	commits []string // idempotency keys
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	var n notify.Notice
	if err == nil {
		err = json.Unmarshal(body, &n)
	}
	if err != nil || q.Method != http.MethodPost || q.Header.Get("Content-Type") != "application/json" {
		r.t.Errorf("%s with %q: %v", q.Method, body, err)
	}
	if got, want := q.Header.Get(notify.SignatureHeader), notify.Signature([]byte(r.key), body); got != want {
		r.t.Errorf("the signature is %q, want %q", got, want)
	}
	r.notices = append(r.notices, n)
	r.commits = append(r.commits, q.Header.Get(notify.IdempotencyHeader))
	w.WriteHeader(r.answer)
}

const alarmConfig = `name: night
sources:
  manifests: [{name: m, url: m/, profile: cdrmend}]
  cdrs: [{name: c, url: c/, profile: cdrmend}]
output: {url: out/, tables: [csv]}
notify: {url: "%s/password", key: notify.key}
`

const alarmLegs = "conversation_id,leg_id,recording_ids,trunk_id,start_time,answer_time,end_time,recorded\n"

// TestTheWebhookIsToldOnceOfEachNewCriticalFinding runs an interval as its
// inputs grow.
func TestTheWebhookIsToldOnceOfEachNewCriticalFinding(t *testing.T) {
	hook := &receiver{t: t, key: strings.Repeat("k", 32), answer: http.StatusNoContent}
	server := httptest.NewServer(hook)
	defer server.Close()
	dir := t.TempDir()
	put := func(name, text string) { write(t, filepath.Join(dir, name), []byte(text)) }
	put("cdrmend.yaml", fmt.Sprintf(alarmConfig, server.URL))
	put("notify.key", hook.key+"\n")
	put("m/a.json", `[{"recording_id":"r1","conversation_id":"c1","trunk_id":"T1","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"}]`)
	leg := func(n string) string {
		return strings.ReplaceAll("c#,#,r#,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z,true\n", "#", n)
	}
	run := func(want int) {
		t.Helper()
		if code, out := cdrmend(t, "run", "--config", filepath.Join(dir, "cdrmend.yaml"), "--interval", "2026-11-20"); code != want {
			t.Fatalf("the run exits with %d, want %d: %s", code, want, out)
		}
	}

	put("c/a.csv", alarmLegs+leg("1"))
	run(exitDone)
	if len(hook.notices) > 0 {
		t.Fatalf("a night without findings was told: %+v", hook.notices)
	}
	put("c/b.csv", alarmLegs+leg("2")+leg("3"))
	run(exitFindings)
	run(exitFindings)
	put("c/c.csv", alarmLegs+leg("4"))
	hook.answer = http.StatusInternalServerError // nothing depends on it
	run(exitFindings)

	var told []string
	for i, n := range hook.notices {
		told = append(told, fmt.Sprintf("commit %d of %s: %d new, %d named", n.Commit, n.Interval, n.NewCritical, len(n.Findings)))
		if want := fileSum(t, filepath.Join(dir, "out/interval=2026-11-20/log", fmt.Sprintf("%08d.json", n.Commit))); hook.commits[i] != want || n.CommitSHA256 != want {
			t.Errorf("commit %d is called %q and %q, want %q", n.Commit, hook.commits[i], n.CommitSHA256, want)
		}
	}
	want := []string{"commit 2 of 2026-11-20: 2 new, 2 named", "commit 3 of 2026-11-20: 1 new, 1 named"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSecretURLOfAWebhookIsNotLogged(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close() // nobody listens there any more
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cdrmend.yaml"), fmt.Appendf(nil, alarmConfig, server.URL))
	write(t, filepath.Join(dir, "notify.key"), []byte(strings.Repeat("k", 32)))
	write(t, filepath.Join(dir, "c/a.csv"), []byte(alarmLegs+"c1,1,r1,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z,true\n"))
	if err := os.Mkdir(filepath.Join(dir, "m"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "m/b.json"), []byte(`[{"recording_id":"r9","start_time":"2026-11-20T10:00:00Z"}]`))
	var logged bytes.Buffer
	args := []string{"run", "--config", filepath.Join(dir, "cdrmend.yaml"), "--interval", "2026-11-20"}
	code := run(t.Context(), &world{args: args, stdout: io.Discard, stderr: &logged, now: time.Now})
	if out := logged.String(); code != exitFindings || !strings.Contains(out, "the webhook was not told") || strings.Contains(out, "password") {
		t.Errorf("exit code %d, %s", code, out)
	}
}

// stops keeps the messages about runs that stopped.
type stops struct {
	mu   sync.Mutex
	sent []notify.Stopped
	keys []string
}

func (s *stops) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var message notify.Stopped
	if json.Unmarshal(body, &message) != nil || r.Header.Get(notify.SignatureHeader) != notify.Signature([]byte(strings.Repeat("k", 32)), body) {
		return
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, message)
	s.keys = append(s.keys, r.Header.Get(notify.IdempotencyHeader))
}

// TestTheWebhookIsToldOfARunThatStopped stops runs in several ways.
func TestTheWebhookIsToldOfARunThatStopped(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	two := []string{"--from", "2026-11-20", "--to", "2026-11-22"}

	for name, c := range map[string]struct {
		ctx       context.Context
		prepare   func(dir string) error
		args      []string
		stop      notify.Stop // without a reason nothing must be sent
		intervals []string
	}{
		"a source is gone": {
			t.Context(), func(dir string) error { return os.RemoveAll(filepath.Join(dir, "m")) }, two,
			notify.Stop{ExitCode: exitFailed, Reason: "not_found"},
			[]string{"2026-11-20", "2026-11-21"},
		},
		"one of two intervals has a broken record": {
			t.Context(), func(dir string) error {
				log := filepath.Join(dir, "out/interval=2026-11-21/log")
				return errors.Join(os.MkdirAll(log, 0o755), os.WriteFile(filepath.Join(log, "00000001.json"), []byte("{"), 0o644))
			}, two,
			notify.Stop{ExitCode: exitStopped, Reason: "broken_ledger"},
			[]string{"2026-11-21"},
		},
		"the output is of another name": {
			t.Context(), func(dir string) error {
				environ := []string{"CDRMEND_NAME=other"}
				args := []string{"run", "--config", filepath.Join(dir, "cdrmend.yaml"), "--interval", "2026-11-20"}
				if code := run(t.Context(), &world{args: args, environ: environ, stdout: io.Discard, stderr: io.Discard, now: time.Now}); code != exitDone {
					return fmt.Errorf("the other run exits with %d", code)
				}
				return nil
			}, two,
			notify.Stop{ExitCode: exitUsage, Reason: "other_name"},
			[]string{"2026-11-20", "2026-11-21"},
		},
		"a signal": {canceled, nil, two, notify.Stop{ExitCode: exitFailed, Reason: "signal"}, []string{"2026-11-20", "2026-11-21"}},
		"a dry run of a source that is gone": {
			t.Context(), func(dir string) error { return os.RemoveAll(filepath.Join(dir, "m")) }, append(two, "--dry-run"),
			notify.Stop{ExitCode: exitFailed},
			nil,
		},
		"a wrong flag": {t.Context(), nil, []string{"--interval", "yesterday"}, notify.Stop{ExitCode: exitUsage}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			hook := &stops{}
			server := httptest.NewServer(hook)
			defer server.Close()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "cdrmend.yaml"), fmt.Appendf(nil, alarmConfig, server.URL))
			write(t, filepath.Join(dir, "notify.key"), []byte(strings.Repeat("k", 32)))
			write(t, filepath.Join(dir, "m/a.json"), []byte("[]"))
			write(t, filepath.Join(dir, "c/a.csv"), []byte(alarmLegs))
			if c.prepare != nil {
				if err := c.prepare(dir); err != nil {
					t.Fatal(err)
				}
			}
			hook.sent = nil

			var logged bytes.Buffer
			args := append([]string{"run", "--config", filepath.Join(dir, "cdrmend.yaml")}, c.args...)
			code := run(c.ctx, &world{args: args, stdout: io.Discard, stderr: &logged, now: time.Now})
			if code != c.stop.ExitCode || strings.Contains(logged.String(), "was not sent") {
				t.Errorf("exit code %d, want %d: %s", code, c.stop.ExitCode, logged.String())
			}
			if c.stop.Reason == "" {
				if len(hook.sent) > 0 {
					t.Errorf("sent %+v", hook.sent)
				}
				return
			}

			want := []notify.Stopped{{Format: notify.StoppedFormat, Name: "night", Stopped: c.stop, Intervals: c.intervals, Missing: len(c.intervals)}}
			if diff := cmp.Diff(want, hook.sent, cmpopts.IgnoreFields(notify.Stopped{}, "Time")); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, logged.String())
			}
			if len(hook.keys) > 0 && len(hook.keys[len(hook.keys)-1]) != 64 {
				t.Errorf("the idempotency key is %q", hook.keys)
			}
		})
	}
}

// fileSum returns the SHA-256 of a file.
func fileSum(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))
}
