package main

import (
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"cdrmend/internal/outside"
	"cdrmend/manifests"

	"github.com/spf13/pflag"
)

func TestTheManualTellsEveryCommandFlagAndKey(t *testing.T) {
	page := manual(commands(), "v1.2.3", "2026-11-29")
	want := func(line string) {
		t.Helper()
		if !strings.Contains(page, "\n"+line) {
			t.Errorf("the manual has no line that begins with %q", line)
		}
	}

	for _, c := range commands() {
		want(`.SS "cdrmend ` + c.name)
		flagsOf(&c).VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && f.Shorthand == "" {
				want(".B " + roff("--"+f.Name))
			}
		})
	}
	for key := range configKeys(manifests.Schema("config")) {
		want(".B " + roff(key) + "\n")
	}
	for code := exitDone; code <= exitStopped; code++ {
		want(".B " + string(rune('0'+code)) + "\n")
	}
	if strings.Contains(page, "cpuprofile") || strings.Contains(page, completeName) {
		t.Error("the manual tells of what --help hides")
	}
}

func TestEveryKeyOfTheConfigurationHasAMeaning(t *testing.T) {
	meanings := map[string]bool{}
	for _, k := range keyMeanings {
		if meanings[k.name] {
			t.Errorf("%s has two meanings", k.name)
		}
		meanings[k.name] = true
	}
	keys := configKeys(manifests.Schema("config"))
	if len(keys) < 60 {
		t.Fatalf("the schema has only %d keys, %v", len(keys), keys)
	}
	for key := range keys {
		if !meanings[key] {
			t.Errorf("%s: add a line to keyMeanings in mankeys.go", key)
		}
	}
}

func TestTheManualOfARevisionHasItsDay(t *testing.T) {
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.time", Value: "2027-01-31T02:03:04Z"}}}
	if day := revisionDay(info); day != "2027-01-31" {
		t.Errorf("the day is %q, want 2027-01-31", day)
	}
	if day := revisionDay(&debug.BuildInfo{}); day != manualDay {
		t.Errorf("without a revision the day is %q, want %q", day, manualDay)
	}
}

// TestTheManualRenders has two programs look for mistakes: mandoc, which all BSDs and
// Alpine use, and groff behind man, which other systems do.
func TestTheManualRenders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cdrmend.1")
	write(t, file, []byte(manual(commands(), version, manualDay)))
	for _, args := range [][]string{
		{"mandoc", "-T", "lint", "-W", "style", file},
		{"groff", "-man", "-Tutf8", "-ww", "-z", file},
	} {
		if out, err := exec.Command(outside.Program(t, args[0]), args[1:]...).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%q: %v: %s", args, err, out)
		}
	}
}

// TestRowsThatLookLikeRequestsAreText covers what a help text may hold some day.
func TestRowsThatLookLikeRequestsAreText(t *testing.T) {
	m := &manualPage{}
	m.prose("\n.SH in the text\n\n  'quoted' \\n\n\nafter")
	m.term("-x", ".so /etc/passwd")
	want := "\\&.SH in the text\n.PP\n.RS 4\n.nf\n\\&'quoted' \\en\n.fi\n.RE\n.PP\nafter\n.TP\n.B \\-x\n\\&.so /etc/passwd\n"
	if got := m.text.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
