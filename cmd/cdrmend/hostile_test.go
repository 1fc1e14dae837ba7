package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
)

const hostileConfig = `name: night
fail_on: none
sources:
  manifests: [{name: m, url: m/, profile: cdrmend}]
  cdrs: [{name: c, url: c/, profile: cdrmend}]
output: {url: out/, tables: [csv]}
signing: {key: signing.pem}
`

// said runs a command in the current directory and returns all that it said.
func said(t *testing.T, terminal bool, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	w := &world{
		args: args, environ: []string{"CI=1"}, stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		now: func() time.Time { return time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC) }, terminal: terminal,
	}
	code = run(t.Context(), w)
	return out.String(), errs.String(), code
}

// Ids and keys that hold what a terminal obeys, or line breaks with which they
// would pass for lines of ours, are spelled out wherever they are printed.
func TestHostileValuesReachNoTerminalAndNoLogAsTheyCame(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	const attack = "\x1b[2J\x07\x7f\u009b31m\u202e\u2066\u200b\nFORGED \x00"
	id, err := json.Marshal("id" + attack + "id")
	if err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSuffix(attack, "\x00")
	write(t, "cdrmend.yaml", []byte(hostileConfig))
	write(t, filepath.Join("m", key+"cut.json"), []byte(`[{"recording_id":`+string(id)+`,"conversation_id":`+string(id)+`,"start_time":`+string(id)+`,"end_time":"2026-11-20T10:00:01Z"},`))
	write(t, filepath.Join("m", key+"bad.json"), []byte(key))
	write(t, filepath.Join("c", key+"legs.jsonl"), []byte(`{"conversation_id":`+string(id)+`,"leg_id":`+string(id)+`,"recorded":true,"start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:00:01Z"}`+"\n"+key+"\n"))
	if _, errs, code := said(t, false, "keygen", "--key-id", "k"+key); code != exitDone {
		t.Fatal(errs)
	}
	interval := []string{"--config", "cdrmend.yaml", "--interval", "2026-11-20"}
	dry := append([]string{"run", "--dry-run"}, interval...)
	write(t, filepath.Join("out", "interval=2026-11-20", "log", "left"+key), nil)
	write(t, filepath.Join("out", "interval=2026-11-20", "runs", "left"+key, "over"), nil)
	for _, command := range [][]string{
		dry,
		append([]string{"config", "check", "--sources"}, interval...),
		append([]string{"run", "--trial"}, interval...),
		append([]string{"run", "--trial", "--json"}, interval...),
		append([]string{"run"}, interval...),
		append([]string{"run", "--json"}, interval...),
		append([]string{"run", "--json", "--output", "other"}, interval...),
		append([]string{"explain", "id" + attack + "id"}, interval...),
		append([]string{"explain", "id" + attack + "id", "--json"}, interval...),
		append([]string{"explain", "none" + attack}, interval...),
		append([]string{"history"}, interval...),
		append([]string{"history", "--json"}, interval...),
		append([]string{"history", "--finding", "fnd" + attack}, interval...),
		append([]string{"ls", "--table", "calls"}, interval...),
		append([]string{"ls", "--table", "calls", "--json"}, interval...),
		{"ls", "out" + key, "--table", "calls"},
		{"verify", "out", "--keys", "keys.jwks.json", "--recompute"},
		{"verify", "out", "--keys", "keys.jwks.json", "--json"},
		{"profiles", "test", "cdrmend", filepath.Join("m", key+"cut.json"), "--kind", "manifests"},
		{"profiles", "test", "cdrmend", filepath.Join("m", key+"bad.json"), "--kind", "manifests"},
		{"profiles", "test", "cdrmend", filepath.Join("c", key+"legs.jsonl"), "--kind", "cdrs"},
		{"profiles", "test", key, "m/x"},
		{"config", "check", "--config", key},
		{key},
	} {
		for _, terminal := range []bool{true, false} {
			out, errs, code := said(t, terminal, command...)
			if strings.Contains(strings.Join(command, " "), "--json") && (code != exitDone && code != exitFindings || !json.Valid([]byte(out))) {
				t.Errorf("%q exits with %d, %s and prints no JSON: %s", command, code, errs, out)
			}
			if out+errs == "" {
				t.Errorf("%q says nothing", command)
			}
			for _, text := range []string{out, errs} {
				if i := strings.IndexFunc(text, func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }); i >= 0 {
					t.Errorf("%q (on a terminal: %v) prints %q as it came", command, terminal, text[i:min(i+30, len(text))])
				}
				if strings.Contains(text, "\nFORGED") {
					t.Errorf("%q (on a terminal: %v) prints a line that it did not make:\n%s", command, terminal, text)
				}
			}
		}
	}
}

func TestHostileValuesAreEscapedInBothFormsOfTheLog(t *testing.T) {
	const attack = "\x1b[2J\x7f\u009b31m\u202e\u2066\u2028\nFORGED \xff"
	for _, terminal := range []bool{true, false} {
		var log bytes.Buffer
		(&world{stderr: &log, terminal: terminal}).logger(false).Warn(attack, attack, attack, "error", errors.New(attack), "slice", []string{attack})
		text := log.String()
		if strings.Count(text, "\n") != 1 || strings.ContainsFunc(strings.TrimSuffix(text, "\n"), func(c rune) bool { return !unicode.IsPrint(c) }) {
			t.Errorf("on a terminal: %v, the log is\n%q", terminal, text)
		}
		if got := map[string]any{}; !terminal && (json.Unmarshal(log.Bytes(), &got) != nil || got["error"] != strings.ToValidUTF8(attack, "\ufffd")) {
			t.Errorf("the log of an error reads as %q", got["error"])
		}
	}
}
