package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cdrmend/internal/outside"

	"github.com/spf13/pflag"
)

// completed returns the lines with which the program answers a shell.
func completed(t *testing.T, environ []string, words ...string) []string {
	t.Helper()
	var out, errs bytes.Buffer
	w := &world{args: append([]string{completeName}, words...), environ: environ, stdout: &out, stderr: &errs, now: time.Now}
	if code := run(t.Context(), w); code != exitDone || errs.Len() > 0 {
		t.Errorf("%q: exit code %d, and on standard error %q; a person in the middle of a line wants neither", words, code, errs.String())
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func values(lines []string) []string {
	var all []string
	for _, l := range lines[1:] {
		value, _, _ := strings.Cut(l, "\t")
		all = append(all, value)
	}
	return all
}

func TestEveryFlagSaysHowItsValueIsCompleted(t *testing.T) {
	for _, c := range commands() {
		flagsOf(&c).VisitAll(func(f *pflag.Flag) {
			if completerOf(c.name, f) == nil {
				t.Errorf("cdrmend %s --%s: add a line to flagValues in candidates.go that says what its value is", c.name, f.Name)
			}
		})
	}
}

// TestKnownValuesAreThoseThatTheFlagTells keeps a list of values from going its own way.
func TestKnownValuesAreThoseThatTheFlagTells(t *testing.T) {
	for _, name := range []string{"table", "sql", "fail-on", "redact", "type", "kind", "profile", "manifests", "cdrs"} {
		for _, c := range commands() {
			f := flagsOf(&c).Lookup(name)
			if f == nil {
				continue
			}
			a := completerOf(c.name, f)(t.Context(), nil)
			if a.files != "" { // of init they are places
				continue
			}
			if len(a.list) == 0 {
				t.Errorf("cdrmend %s --%s: no values", c.name, name)
			}
			for _, v := range a.list {
				if !strings.Contains(f.Usage, v.value) {
					t.Errorf("cdrmend %s --%s: %q is completed, and %q does not name it", c.name, name, v.value, f.Usage)
				}
			}
		}
	}
}

func TestCompletionOffersWhatGoesOn(t *testing.T) {
	outside.Long(t)
	dir := demoNight(t)
	config := filepath.Join(dir, "cdrmend.yaml")
	output := filepath.Join(dir, "out")
	environ := []string{"CDRMEND_CONFIG=" + config, "HOME=" + dir}

	for name, c := range map[string]struct {
		words []string // the last is at the cursor
		files string
		want  []string // all that is offered
	}{
		"a command":                        {[]string{"ver"}, "nothing", []string{"verify", "version"}},
		"no command":                       {[]string{"nope"}, "nothing", nil},
		"a command that help tells about":  {[]string{"help", "exp"}, "nothing", []string{"explain"}},
		"a flag":                           {[]string{"run", "--c"}, "nothing", []string{"--config", "--concurrency"}},
		"no flag that was given":           {[]string{"run", "--config", "x", "--c"}, "nothing", []string{"--concurrency"}},
		"a flag that may be repeated":      {[]string{"verify", "--source", "a=b", "--so"}, "nothing", []string{"--source"}},
		"no hidden flag":                   {[]string{"run", "--cpu"}, "nothing", nil},
		"no flag after --":                 {[]string{"explain", "--", "--c"}, "dir", nil},
		"values of a flag":                 {[]string{"report", "--redact", ""}, "nothing", []string{"ops", "counsel", "public"}},
		"values after an equals sign":      {[]string{"ls", "--table=re"}, "nothing", []string{"--table=repairs", "--table=recordings"}},
		"a file":                           {[]string{"run", "--config", "x"}, "file", nil},
		"a file after an equals sign":      {[]string{"run", "--config=x"}, "file", nil},
		"a file after a letter":            {[]string{"report", "-o", ""}, "file", nil},
		"a directory":                      {[]string{"report", ""}, "dir", nil},
		"an output or an archive":          {[]string{"verify", ""}, "file", nil},
		"a number":                         {[]string{"run", "--concurrency", ""}, "nothing", nil},
		"a verb":                           {[]string{"keys", "r"}, "nothing", []string{"rotate"}},
		"a profile or a file":              {[]string{"profiles", "show", "ci"}, "file", []string{"cisco-cucm"}},
		"an interval, by --config":         {[]string{"history", "--config", config, "--interval", ""}, "nothing", []string{"2026-11-20"}},
		"an interval, by --config=":        {[]string{"run", "--config=" + config, "--interval=2"}, "nothing", []string{"--interval=2026-11-20"}},
		"an interval, by the environment":  {[]string{"report", "--from", "2026"}, "nothing", []string{"2026-11-20"}},
		"an interval, by the output":       {[]string{"verify", output, "--interval", ""}, "nothing", []string{"2026-11-20"}},
		"an interval, by the home":         {[]string{"run", "--config", "~/cdrmend.yaml", "--to", ""}, "nothing", []string{"2026-11-20"}},
		"no interval of another time":      {[]string{"run", "--interval", "2025"}, "nothing", nil},
		"a finding":                        {[]string{"explain", "fnd-309"}, "nothing", []string{"fnd-30906cc64e4e96f6"}},
		"a finding of --finding":           {[]string{"history", "--finding", "fnd-309"}, "nothing", []string{"fnd-30906cc64e4e96f6"}},
		"a finding of another output":      {[]string{"history", output, "--finding=fnd-309"}, "nothing", []string{"--finding=fnd-30906cc64e4e96f6"}},
		"an outage":                        {[]string{"explain", "out-dde3"}, "nothing", []string{"out-dde34e133fdb4e64"}},
		"a recording":                      {[]string{"explain", "81b87763"}, "nothing", []string{"81b87763-c88b-4afa-883f-4684f25cf845"}},
		"no id of an interval without any": {[]string{"explain", "--interval", "2026-11-19", "fnd-"}, "dir", nil},
		"no id that nobody has":            {[]string{"explain", "fnd-nobody"}, "dir", nil},
		"no id beside a directory":         {[]string{"explain", "./"}, "dir", nil},
	} {
		for _, shell := range []string{"bash", "zsh", "fish"} {
			got := completed(t, environ, append([]string{shell}, c.words...)...)
			if slices.Sort(c.want); got[0] != c.files || !slices.Equal(slices.Sorted(slices.Values(values(got))), c.want) {
				t.Errorf("%s, %s: %q offers %q, want %s and %q", name, shell, c.words, got, c.files, c.want)
			}
		}
	}

	if got := values(completed(t, environ, "zsh", "explain", "")); len(got) < 60 {
		t.Errorf("explain offers %d ids of 80, %q", len(got), got)
	}
	if got := values(completed(t, environ, "bash", "run", "--config", `"`+strings.ReplaceAll(config, "/", `\/`)+`"`, "--interval", "")); len(got) != 1 {
		t.Errorf("bash with quotes: %q, want one interval", got)
	}
}

func TestCompletionIsSilentAndEndsWhateverIsWrong(t *testing.T) {
	dir := t.TempDir()
	broken, pipe := filepath.Join(dir, "broken.yaml"), filepath.Join(dir, "pipe")
	write(t, broken, []byte("name: [\n"))
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}

	for name, words := range map[string][]string{
		"no words":                           nil,
		"no shell":                           {"bash"},
		"a configuration that is absent":     {"bash", "run", "--config", filepath.Join(dir, "absent.yaml"), "--interval", ""},
		"a configuration that is wrong":      {"bash", "run", "--config", broken, "--interval", ""},
		"a configuration that never answers": {"bash", "run", "--config", pipe, "--interval", ""},
		"an output that is absent":           {"bash", "verify", filepath.Join(dir, "absent"), "--interval", ""},
		"a server that does not answer":      {"bash", "verify", "s3://no-such-bucket/x/", "--interval", ""},
		"flags that are wrong":               {"bash", "run", "--concurrency", "many", "--nope", "--interval", ""},
	} {
		started := time.Now()
		got := completed(t, []string{"AWS_ENDPOINT_URL_S3=http://127.0.0.1:1", "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x", "AWS_REGION=us-east-1"}, words...)
		if len(got) != 1 || got[0] != "nothing" {
			t.Errorf("%s: offers %q, want nothing", name, got)
		}
		if took := time.Since(started); took > 5*completeTime {
			t.Errorf("%s: took %v, want at most about %v", name, took, completeTime)
		}
	}
}

func TestIdsThatAShellOrATerminalTakesForMoreAreNotOffered(t *testing.T) {
	var out strings.Builder
	a := answer{list: []candidate{{"good-1", "two\nlines\tand\x1b[2J"}, {"$(reboot)", ""}, {"a b", ""}, {"a\x1b[2J", ""}, {"`x`", ""}, {"a;b", ""}, {"", ""}}}
	if err := a.write(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "\x1b") || strings.Count(out.String(), "\n") != 2 || !strings.Contains(out.String(), "good-1\ttwo lines and") {
		t.Errorf("%q is offered, want good-1 alone, and no escape", out.String())
	}
}

// inShell runs a script in a shell whose path begins with the program of this test. The
// script begins with the completion for the shell.
func inShell(t *testing.T, shell, dir, stdin string, args ...string) string {
	t.Helper()
	outside.Program(t, shell)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "PATH="+built(t)+string(filepath.ListSeparator)+os.Getenv("PATH"), "TERM=dumb", "LC_ALL=C", "HOME="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", shell, err, out)
	}
	return string(out)
}

func TestBashCompletes(t *testing.T) {
	script := `
source <(cdrmend completion bash)
ask() { # WORD ...: as bash splits them; a word that follows = or : without a space begins with +
  COMP_LINE=cdrmend COMP_WORDS=(cdrmend)
  for word; do
    if [[ $word == +* ]]; then word=${word#+} COMP_LINE+=${word}; else COMP_LINE+=" $word"; fi
    COMP_WORDS+=("$word")
  done
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_POINT=${#COMP_LINE} COMPREPLY=()
  _cdrmend cdrmend "${COMP_WORDS[COMP_CWORD]}"
  echo "$*: ${COMPREPLY[*]}"
}
complete -p cdrmend
ask ver
ask history --config +=+cdrmend.yaml --interval += +2
ask history --config +=cdrmend.yaml --interval +=
ask history --config cdrmend.yaml --interval ""
ask history --config "'my night/cdrmend.yaml'" --interval ""
ask run --config cdrmend.y
ask run --config "my"
ask verify o
ask explain --config cdrmend.yaml fnd-309
cd "my night"; ask run --config +=+cdrm
`
	script = strings.NewReplacer("+=+c", "+= +c").Replace(script)
	dir := demoNight(t)
	if err := os.Symlink(".", filepath.Join(dir, "my night")); err != nil {
		t.Fatal(err)
	}

	got := inShell(t, "bash", dir, "", "bash", "--norc", "-c", script)
	for _, want := range []string{
		"complete -F _cdrmend cdrmend\n",
		"ver: verify version\n",
		"history --config += +cdrmend.yaml --interval += +2: 2026-11-20\n",
		"history --config +=cdrmend.yaml --interval +=: 2026-11-20\n",
		"history --config cdrmend.yaml --interval : 2026-11-20\n",
		"history --config 'my night/cdrmend.yaml' --interval : 2026-11-20\n",
		"run --config cdrmend.y: cdrmend.yaml\n",
		"run --config my: my night\n",
		"verify o: out\n",
		"explain --config cdrmend.yaml fnd-309: fnd-30906cc64e4e96f6\n",
		"run --config += +cdrm: cdrmend.yaml\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("bash does not answer %q:\n%s", want, got)
		}
	}
}

// TestZshCompletes types into an interactive shell, and looks at what the completed lines
// do.
func TestZshCompletes(t *testing.T) {
	dir := demoNight(t)
	typed := strings.Join([]string{
		"PS1= PS2= ; unsetopt prompt_cr prompt_sp; autoload -U compinit; compinit -u -D; source <(cdrmend completion zsh)",
		"cdrmend vers\t",
		"cdrmend ls --table calls --config cdrmend.y\t--interval 2\t",
		"cdrmend ls --config=cdrmend.y\t--table=cal\t--interval=2\t",
		"cdrmend explain --config cdrmend.yaml --tables-only --quiet fnd-309\t",
		"exit", "",
	}, "\n")
	got := inShell(t, "zsh", dir, typed, "script", "-qec", "zsh -f -i", "/dev/null")
	for want, times := range map[string]int{"cdrmend devel": 1, "/interval=2026-11-20/": 2, "missing_recording": 1} {
		if n := strings.Count(got, want); n < times {
			t.Errorf("what was completed prints %q %d times, want %d:\n%s", want, n, times, got)
		}
	}
}

func TestFishCompletes(t *testing.T) {
	script := `
cdrmend completion fish | source
for line in "cdrmend vers" "cdrmend ls --config cdrmend.yaml --interval " "cdrmend ls --config=cdrmend.yaml --interval=2" \
    "cdrmend explain --config cdrmend.yaml fnd-309" "cdrmend run --config=cdrmend.y" "cdrmend run --config cdrmend.y" "cdrmend verify ou" "cdrmend run --dr"
    echo "$line:" (complete -C "$line" | string replace -r '\t.*' '')
end
`
	got := inShell(t, "fish", demoNight(t), "", "fish", "--no-config", "-c", script)
	for _, want := range []string{
		"cdrmend vers: version\n",
		"cdrmend ls --config cdrmend.yaml --interval : 2026-11-20\n",
		"cdrmend ls --config=cdrmend.yaml --interval=2: --interval=2026-11-20\n",
		"cdrmend explain --config cdrmend.yaml fnd-309: fnd-30906cc64e4e96f6\n",
		"cdrmend run --config=cdrmend.y: --config=cdrmend.yaml\n",
		"cdrmend run --config cdrmend.y: cdrmend.yaml\n",
		"cdrmend verify ou: out/\n",
		"cdrmend run --dr: --dry-run\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("fish does not answer %q:\n%s", want, got)
		}
	}
}
