package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAnOutputWithoutAnyIntervalIsNotVerified: the journal names what was removed, and an
// empty folder proves nothing.
func TestAnOutputWithoutAnyIntervalIsNotVerified(t *testing.T) {
	l := newLocked(t, "governance", 1)
	l.run()
	emptied := t.TempDir()
	for key, content := range stored(t, "out") {
		if !strings.Contains(key, "interval=") {
			write(t, filepath.Join(emptied, filepath.FromSlash(key)), []byte(content))
		}
	}

	for dir, want := range map[string]struct {
		code int
		text string
	}{
		filepath.Join(emptied, "ledger"): {exitFindings, "interval=2026-11-20/log/00000001.json (record): it is missing, though journal entry 1 names it"},
		t.TempDir():                      {exitFailed, "no interval that was asked for is committed in it"},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), &world{args: []string{"verify", dir}, environ: os.Environ(), stdout: &out, stderr: &errs, now: time.Now})
		if code != want.code || !strings.Contains(out.String(), want.text) {
			t.Errorf("exit code %d, want %d and %q\n%s%s", code, want.code, want.text, out.String(), errs.String())
		}
	}
}
