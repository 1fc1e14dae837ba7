package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/timestamp/timestamptest"
)

const stampConfig = `name: night
sources:
  manifests: [{name: m, url: m/, profile: cdrmend}]
  cdrs: [{name: c, url: c/, profile: cdrmend}]
output: {url: out/, tables: [csv]}
timestamp: {url: "%s"}
`

// An authority that does not answer costs nothing but a warning; the next run, though
// it computes nothing, gets the token.
func TestTheJournalIsTimestampedAndNeverInTheWay(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) { write(t, filepath.Join(dir, name), []byte(text)) }
	put("m/a.json", `[{"recording_id":"r1","conversation_id":"c1","trunk_id":"T1","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"}]`)
	put("c/a.csv", alarmLegs+"c1,1,r1,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z,true\n")
	token := filepath.Join(dir, "out/journal/00000001.tsr")
	runLogged := func(url string) string {
		t.Helper()
		put("cdrmend.yaml", fmt.Sprintf(stampConfig, url))
		var logged bytes.Buffer
		args := []string{"run", "--config", filepath.Join(dir, "cdrmend.yaml"), "--interval", "2026-11-20"}
		if code := run(t.Context(), &world{args: args, stdout: io.Discard, stderr: &logged, now: time.Now}); code != exitDone {
			t.Errorf("exit code %d: %s", code, &logged)
		}
		return logged.String()
	}

	broken := httptest.NewServer(http.NotFoundHandler())
	defer broken.Close()
	out := runLogged(strings.Replace(broken.URL, "//", "//user:password@", 1) + "/password")
	if !strings.Contains(out, "the journal is not timestamped yet") || !strings.Contains(out, "404") || strings.Contains(out, "password") {
		t.Errorf("logged %s", out)
	}
	if _, err := os.Stat(token); err == nil {
		t.Error("there is a token of nobody")
	}

	a := timestamptest.New(t, timestamptest.Certificate{})
	if out := runLogged(a.Serve()); !strings.Contains(out, "timestamped the journal") {
		t.Errorf("logged %s", out)
	}
	if err := a.Accepts(token, filepath.Join(dir, "out/journal/00000001.json")); err != nil {
		t.Error(err)
	}

	verify := func(want int, contains string, args ...string) {
		t.Helper()
		if code, out := cdrmend(t, append([]string{"verify", filepath.Join(dir, "out")}, args...)...); code != want || !strings.Contains(out, contains) {
			t.Errorf("verify %q exits with %d, want %d and %q: %s", args, code, want, contains, out)
		}
	}
	verify(exitDone, "entry 1 and all before it existed at", "--timestamp-roots", a.RootsFile())
	verify(exitDone, "1 timestamp, not checked")
	verify(exitFindings, "no trusted root", "--timestamp-roots", timestamptest.New(t, timestamptest.Certificate{}).RootsFile())
}
