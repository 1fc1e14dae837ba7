package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cdrmend/manifests"
)

// initiated runs cdrmend init with answers on a terminal; nil: without a terminal.
func initiated(t *testing.T, answers []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	w := &world{args: append([]string{"init"}, args...), stdin: strings.NewReader(strings.Join(answers, "\n") + "\n"), stdout: &out, stderr: &errs, now: time.Now, terminal: answers != nil}
	if answers == nil {
		w.stdin = failing{}
	}
	return run(t.Context(), w), out.String(), errs.String()
}

// failing is a standard input that must not be read.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("nobody is there to answer") }

// namedEdits checks that the output names each line with EDIT of a file, and returns
// how many there are.
func namedEdits(t *testing.T, path, out string) (n int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		m := regexp.MustCompile(`^\s*# EDIT(?: \d+)?: (.*)$`).FindStringSubmatch(line)
		if m == nil {
			continue
		}
		n++
		if want := fmt.Sprintf("  %s:%d: %s\n", path, i+1, m[1]); !strings.Contains(out, want) {
			t.Errorf("the output does not name %q:\n%s", want, out)
		}
	}
	if all := strings.Count(out, path+":"); all != n {
		t.Errorf("the output names %d lines of %s, which has %d with EDIT:\n%s", all, path, n, out)
	}
	return n
}

// TestInitWritesAConfigurationForEachVendor writes one with all places and one with
// none. Both pass config check; the first has nothing left to edit but profiles that
// the vendor does not have.
func TestInitWritesAConfigurationForEachVendor(t *testing.T) {
	for _, vendor := range manifests.Profiles() {
		path := filepath.Join(t.TempDir(), "all.yaml")
		code, out, errs := initiated(t, nil, "--vendor", vendor, "--manifests", "s3://in/m/{date}/", "--cdrs", "s3://in/c/{date}/", "--registrations", "s3://in/r/{date}/",
			"--output", "s3://results/night/", "--name", "night one", "--org", "org-1", "--zone", "Europe/Berlin", "--out", path)
		if code != exitDone || errs != "" {
			t.Fatalf("%s: init exits with %d: %s", vendor, code, errs)
		}
		text, _ := os.ReadFile(path)
		left := strings.Count(string(text), "EDIT: ")
		if foreign := strings.Count(string(text), "EDIT: which profile"); left != foreign || namedEdits(t, path, out) != left {
			t.Errorf("%s: with all facts %d lines are left to edit, %d of them about profiles\n%s", vendor, left, foreign, text)
		}
		if bytes.Contains(text, []byte("acme")) {
			t.Errorf("%s: a place of the example is left\n%s", vendor, text)
		}
		if !strings.HasSuffix(out, "\nNext:\n\n  cdrmend config check --config "+path+" --sources\n") {
			t.Errorf("%s: the next step is missing:\n%s", vendor, out)
		}
		_, effective := cdrmend(t, "config", "check", "--config", path)
		for _, want := range []string{`name: "night one"`, `url: "s3://in/m/{date}/"`, `url: "s3://in/c/{date}/"`, `url: "s3://in/r/{date}/"`, `url: "s3://results/night/"`, `profile: "` + vendor + `"`} {
			if !strings.Contains(effective, want) {
				t.Errorf("%s: config check does not show %s\n%s", vendor, want, effective)
			}
		}

		path = filepath.Join(t.TempDir(), "none.yaml")
		if code, out, errs = initiated(t, nil, "--vendor", vendor, "-o", path); code != exitDone || errs != "" {
			t.Fatalf("%s: init without places exits with %d: %s", vendor, code, errs)
		}
		if n := namedEdits(t, path, out); n < 3 {
			t.Errorf("%s: without any place %d lines are to be edited\n%s", vendor, n, out)
		}
		cdrmend(t, "config", "check", "--config", path)
	}
}

func TestInitSaysOnlyWhatItKnows(t *testing.T) {
	const places = "--manifests m/{date}/ --cdrs c/{date}/ --output out/ "
	for name, test := range map[string]struct {
		args string
		want string // a pattern in the file; with a hyphen before it not
	}{
		"no registrations":             {"--vendor freepbx --registrations none", `-registrations`},
		"registrations of another":     {"--vendor twilio --registrations r/{date}/", `(?m)^  registrations:\n    # EDIT: which profile .*\n    - \{name: registrations, url: "r/\{date\}/", profile: cdrmend\}$`},
		"a zone":                       {"--vendor freepbx --zone Europe/Berlin", `(?m)^      profile: freepbx\n      zone: Europe/Berlin$`},
		"a zone where none is needed":  {"--vendor twilio --zone Europe/Berlin", `-zone`},
		"names that spell UTC":         {"--vendor amazon-connect", `-times without a zone`},
		"an org":                       {"--vendor genesys-cloud --org o1", `(?m)^      org: "o1" # the folder`},
		"no org":                       {"--vendor genesys-cloud", `# EDIT: the org that stands for \{org\}`},
		"no placeholder":               {"--vendor twilio --cdrs all/", `# Without a placeholder .*\n      url: "all/"`},
		"locks are for people":         {"--vendor twilio", `\n  # object_lock: `},
		"no vendor":                    {"", `# EDIT: which profile reads these files`},
		"no vendor, no vendor's words": {"", `-canonical layout: written`},
	} {
		path := filepath.Join(t.TempDir(), "cdrmend.yaml")
		if code, _, errs := initiated(t, nil, append(strings.Fields(places+test.args), "--out", path)...); code != exitDone {
			t.Fatalf("%s: exits with %d: %s", name, code, errs)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		unwanted, not := strings.CutPrefix(test.want, "-")
		if regexp.MustCompile(unwanted).Match(text) == not {
			t.Errorf("%s: want %q\n%s", name, test.want, text)
		}
		cdrmend(t, "config", "check", "--config", path)
	}
}

func TestInitAsksOnATerminalForWhatFlagsDoNotSay(t *testing.T) {
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls.csv")
	write(t, calls, []byte("call_id,start,answer,end,trunk\nc1,2026-11-20 10:00:00,2026-11-20 10:00:05,2026-11-20 10:05:00,t1\n"))
	for name, test := range map[string]struct {
		args    string
		answers []string
		asked   []string // in this order
		want    []string // in the file
		edits   int
	}{
		"everything": {
			"",
			[]string{"freepbx", "s3://pbx/monitor/{date}/", "s3://pbx/cdr/{date}/", "none", "Europe/Berlin", "s3://results/"},
			[]string{"Vendor, one of", "manifests: where they lie, such as s3://acme-pbx/monitor/", "cdrs: where", "registrations: where they lie, or none", "The zone", "output: where"},
			[]string{`url: "s3://pbx/monitor/{date}/"`, "zone: Europe/Berlin", `url: "s3://results/"`},
			0,
		},
		"wrong answers are asked again": {
			"--vendor twilio --cdrs c/{date}/",
			[]string{"s3://m/{dat}/", "m/{date}/", "none", "out/"},
			[]string{"manifests: where", "{dat}", "manifests: where", "registrations", "output"},
			[]string{`url: "m/{date}/"`, `url: "out/"`},
			0,
		},
		"no answers": {"--vendor twilio", []string{"", "", "", ""}, []string{"becomes a line to edit", "manifests", "output"}, []string{"s3://acme-twilio/calls/date={date}/"}, 3},
		"the end":    {"--vendor twilio", []string{"m/{date}/"}, []string{"manifests", "cdrs"}, []string{`url: "m/{date}/"`, "s3://acme-twilio/calls/date={date}/"}, 2},
		"a sample": {
			"",
			[]string{"", "m/{date}/", "", "c/{date}/", filepath.Join(dir, "missing.csv"), calls, "none", "Europe/Berlin", "out/"},
			[]string{"Vendor", "manifests: a sample", "cdrs: a sample", "missing.csv", "cdrs: a sample", "The zone"},
			[]string{`profile: "night-profile.yaml"`},
			1,
		},
		"nothing but what is open": {"--vendor twilio --manifests m/{date}/ --cdrs c/{date}/ --registrations none --output out/", []string{"junk"}, []string{"becomes"}, []string{`"out/"`}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "night.yaml")
			code, out, errs := initiated(t, test.answers, append(strings.Fields(test.args), "-o", path)...)
			if code != exitDone {
				t.Fatalf("exits with %d: %s", code, errs)
			}
			rest := errs
			for _, question := range test.asked {
				i := strings.Index(rest, question)
				if i < 0 {
					t.Fatalf("%q is not asked in its turn:\n%s", question, errs)
				}
				rest = rest[i+len(question):]
			}
			text, _ := os.ReadFile(path)
			for _, want := range test.want {
				if !strings.Contains(string(text), want) {
					t.Errorf("want %q in\n%s", want, text)
				}
			}
			if n := namedEdits(t, path, out); n != test.edits {
				t.Errorf("%d lines are to be edited, want %d\n%s", n, test.edits, text)
			}
			cdrmend(t, "config", "check", "--config", path)
		})
	}
}

func TestInitReplacesNothingAndLeavesNothingAfterAMistake(t *testing.T) {
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls.csv")
	write(t, calls, []byte("call_id,start,answer,end,trunk\nc1,2026-11-20T10:00:00Z,2026-11-20T10:00:05Z,2026-11-20T10:05:00Z,t1\n"))
	for name, test := range map[string]struct {
		args   []string
		exists string // a file that is there before
		want   string
	}{
		"a configuration":    {[]string{"--vendor", "twilio"}, "night.yaml", `night.yaml" exists, and init replaces nothing: move it away`},
		"a profile":          {[]string{"--samples", "cdrs=" + calls}, "night-profile.yaml", `night-profile.yaml" exists`},
		"an unknown vendor":  {[]string{"--vendor", "acme"}, "", `--vendor: "acme" is no built-in profile, want one of amazon-connect, asterisk`},
		"an unknown zone":    {[]string{"--zone", "Nowhere"}, "", "--zone: "},
		"a bad URL":          {[]string{"--cdrs", "s3://c/{dat}/"}, "", "--cdrs: "},
		"an output of none":  {[]string{"--vendor", "twilio", "--output", "none", "--cdrs", "none"}, "", "nothing was written"},
		"no kind":            {[]string{"--samples", calls}, "", "is not KIND=FILE"},
		"no sample":          {[]string{"--samples", "cdrs=" + filepath.Join(dir, "missing")}, "", "missing"},
		"a useless sample":   {[]string{"--samples", "registrations=" + calls + "x"}, "calls.csvx", "reading the sample"},
		"output in a source": {[]string{"--vendor", "twilio", "--cdrs", "s3://c/in/{date}/", "--output", "s3://c/in/"}, "", "nothing was written, as the configuration would not be valid"},
		"no org":             {[]string{"--vendor", "twilio", "--cdrs", "s3://c/{org}/{date}/"}, "", "{org} needs the org of the source"},
		"an argument":        {[]string{"twilio"}, "", "init takes flags only"},
		"no directory":       {[]string{"--vendor", "twilio", "--out", filepath.Join(dir, "no", "night.yaml")}, "", "writing the configuration"},
	} {
		here := t.TempDir()
		if test.exists == "calls.csvx" {
			write(t, calls+"x", nil)
		} else if test.exists != "" {
			write(t, filepath.Join(here, test.exists), []byte("mine"))
		}
		code, out, errs := initiated(t, nil, append([]string{"--out", filepath.Join(here, "night.yaml")}, test.args...)...)
		if code != exitUsage || !strings.Contains(errs, test.want) || out != "" {
			t.Errorf("%s: exits with %d, want %d and %q\n%s%s", name, code, exitUsage, test.want, errs, out)
		}
		for file, text := range filesIn(t, here) {
			if file != test.exists || text != "mine" {
				t.Errorf("%s: %s holds %q afterwards", name, file, text)
			}
		}
	}
}

func TestInitWithSamplesRunsTheNight(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "c", "2026-11-20", "five9.csv"), []byte("CALL ID,DATE,TIME,ANI,CALL TIME,TALK TIME\n1001,11/20/2026,11:00:00,5550111,00:05:10,00:05:00\n1002,11/20/2026,12:00:00,5550112,00:05:10,00:05:00\n1003,11/20/2026,13:00:00,5550113,00:00:20,00:00:00\n"))
	write(t, filepath.Join(dir, "m", "2026-11-20", "r.json"), []byte(`{"recordings":[{"recordingId":"r1","callId":"1001","startTime":"2026-11-20T10:00:10Z","endTime":"2026-11-20T10:05:10Z"}],"total":1}`))
	config := filepath.Join(dir, "night.yaml")
	code, out, errs := initiated(t, nil, "--samples", "cdrs="+filepath.Join(dir, "c", "2026-11-20", "five9.csv"), "--samples", "manifests="+filepath.Join(dir, "m", "2026-11-20", "r.json"),
		"--manifests", "m/{date}/", "--cdrs", "c/{date}/", "--registrations", "none", "--output", "out/", "--zone", "Europe/Berlin", "-o", config)
	if code != exitDone {
		t.Fatalf("init exits with %d: %s", code, errs)
	}
	if n := namedEdits(t, filepath.Join(dir, "night-profile.yaml"), out); n != 2 {
		t.Errorf("%d lines of the profile are to be edited, want those about the trunk:\n%s", n, out)
	}
	if namedEdits(t, config, out) != 0 {
		t.Errorf("all places are known, yet the configuration is to be edited:\n%s", out)
	}

	cdrmend(t, "run", "--config", config, "--interval", "2026-11-20", "--as-of", "2026-11-25T00:00:00Z")
	verdicts := map[string]int{}
	for _, row := range readCSV(t, dir, "calls") {
		verdicts[row["conversation_id"]+" "+row["start_time"][11:16]+" "+row["verdict"]]++
	}
	for _, want := range []string{"1001 10:00 incomplete", "1002 11:00 missing", "1003 12:00 excluded"} {
		if verdicts[want] != 1 {
			t.Errorf("want %s among %v", want, verdicts)
		}
	}
}
