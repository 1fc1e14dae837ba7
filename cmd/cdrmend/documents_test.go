package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// fits fails when a text is not one JSON document as a schema says.
func fits(t *testing.T, schema, text string) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text)) // an error for a second document
	if err == nil {
		err = yamlfile.Schema(schema, manifests.Schema(schema)).Validate(v)
	}
	if err != nil {
		t.Errorf("not as %s.schema.json: %v\n%s", schema, err, text)
	}
}

// member returns a member of a JSON object.
func member(t *testing.T, text string, names ...string) string {
	t.Helper()
	raw := json.RawMessage(text)
	for _, name := range names {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			t.Fatalf("%v: %s", err, raw)
		}
		raw = object[name]
	}
	return string(raw)
}

const smallNight = `name: night
sources:
  manifests: [{name: m, url: "m/date={date}/", profile: cdrmend}]
  cdrs: [{name: c, url: "c/date={date}/", profile: cdrmend, settle: 24h}]
output: {url: out/, tables: [csv]}
`

const (
	smallManifest = `[{"recording_id":"r1","conversation_id":"c1","trunk_id":"T1","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"}]`
	smallLegs     = `conversation_id,leg_id,recording_ids,trunk_id,start_time,answer_time,end_time,recorded
c1,1,r1,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z,true
c2,1,r2,T1,2026-11-20T11:00:00Z,2026-11-20T11:00:00Z,2026-11-20T11:05:00Z,true
`
)

// writeSmallNight writes a night with one recording and one that is missing.
func writeSmallNight(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	write(t, "night.yaml", []byte(smallNight))
	write(t, "m/date=2026-11-20/a.json", []byte(smallManifest))
	write(t, "c/date=2026-11-20/a.csv", []byte(smallLegs))
	write(t, "out/.keep", nil)
}

// Every command that takes --json prints one object with its format, as its schema
// says.
func TestEveryCommandPrintsOneDocumentAsItsSchemaSays(t *testing.T) {
	writeSmallNight(t)
	write(t, "token.txt", []byte("eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im90aGVyIiwiZXhwIjoxNzAwMDAwMDAwfQ."))
	night := []string{"--config", "night.yaml", "--as-of", "2026-11-25T00:00:00Z"}
	write(t, "bag/bagit.txt", []byte("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"))
	write(t, "bag/manifest-crc.txt", []byte("0 data/a\n"))
	write(t, "bag/manifest-md5.txt", []byte("0 data/a\n"))
	write(t, "bag/bag-info.txt", []byte("Bagging-Date: today\n"))
	documents := map[string][]string{} // schema and formats of commands, by name
	for _, test := range []struct {
		schema string
		code   int
		args   []string
	}{
		{"key", exitDone, []string{"keygen"}},
		{"keys", exitDone, []string{"keys", "list", "--keys", "keys.jwks.json"}},
		{"configuration", exitDone, []string{"config", "check", "--config", "night.yaml"}},
		{"runs", exitDone, append([]string{"run", "2026-11-20", "--dry-run"}, night...)},
		{"runs", exitFindings, append([]string{"run", "2026-11-20"}, night...)},
		{"runs", exitFindings, append([]string{"run", "2026-11-20"}, night...)}, // unchanged
		{"runs", exitIndeterminate, append([]string{"run", "--from", "2026-11-18", "--to", "2026-11-20"}, night...)},
		{"intervals", exitDone, []string{"ls", "out"}},
		{"intervals", exitDone, []string{"ls", "out", "2026-11-20"}},
		{"ls", exitDone, []string{"ls", "out", "--table", "calls"}},
		{"audit", exitDone, []string{"audit", "out"}},
		{"audit", exitFindings, []string{"audit", "out", "--target", "99.5", "--from", "2026-11-10"}},
		{"audit", exitDone, []string{"audit", "--config", "night.yaml", "--retention", "--media"}},
		{"verify", exitDone, []string{"verify", "out"}},
		{"bag", exitFindings, []string{"verify", "bag"}},
		{"history", exitDone, []string{"history", "out", "2026-11-20"}},
		{"discovery", exitDone, []string{"discover", "out", "--verdict", "missing"}},
		{"discovery", exitDone, []string{"discover", "out", "--trunk", "T1", "--trunk", "T9", "--out", "production", "--config", "night.yaml"}},
		{"holds", exitDone, []string{"hold", "m", "--config", "night.yaml", "--recording", "r1"}},
		{"holds", exitFindings, []string{"hold", "m", "--config", "night.yaml", "--recording", "r1", "--apply", "--reason", "r", "--by", "b"}},
		{"holds", exitDone, []string{"hold", "m", "--config", "night.yaml", "--release"}},
		{"backfill", exitDone, append([]string{"backfill", "plan", "--from", "2026-11-20", "--to", "2026-11-21", "--shards", "1"}, night...)},
		{"story", exitDone, []string{"explain", "r1", "out", "--tables-only"}},
		{"token", exitFindings, []string{"token", "--file", "token.txt"}},
		{"version", exitDone, []string{"version"}},
		{"profiles", exitDone, []string{"profiles"}},
		{"profile-text", exitDone, []string{"profiles", "show", "twilio"}},
		{"profile-text", exitDone, []string{"profiles", "init", "c/date=2026-11-20/a.csv", "--kind", "cdrs"}},
		{"profile-text", exitDone, []string{"profiles", "init", "c/date=2026-11-20/a.csv", "--kind", "cdrs", "--out", "own.yaml"}},
		{"profile-lint", exitDone, []string{"profiles", "lint", "twilio", "sip-acc"}},
		{"profile-test", exitDone, []string{"profiles", "test", "cdrmend", "c/date=2026-11-20/a.csv", "--kind", "cdrs"}},
	} {
		text, errs, code := said(t, false, append(test.args, "--json")...)
		if code != test.code {
			t.Errorf("%q exits with %d, want %d: %s", test.args, code, test.code, errs)
		}
		fits(t, test.schema, text)
		documents[test.args[0]] = append(documents[test.args[0]], text)
	}

	// A command with --json that is not in the list above would go unnoticed.
	for _, c := range commands() {
		if c.newFlags().Lookup("json") != nil && documents[c.name] == nil {
			t.Errorf("%s takes --json, and no schema is tested for it", c.name)
		}
	}

	// Documents in documents have schemas of their own.
	var runs struct {
		Runs []struct{ Summary json.RawMessage }
	}
	if err := json.Unmarshal([]byte(documents["run"][1]), &runs); err != nil || len(runs.Runs) != 1 {
		t.Fatalf("%v: %s", err, documents["run"][1])
	}
	fits(t, "summary", string(runs.Runs[0].Summary))
	fits(t, "config", member(t, documents["config"][0], "configuration"))
}

func TestTheDocumentsOfKeysThatChangeAreAsTheirSchemaSays(t *testing.T) {
	writeSmallNight(t)
	if _, errs, code := said(t, false, "keygen"); code != exitDone {
		t.Fatal(errs)
	}
	write(t, "night.yaml", []byte(smallNight+"signing: {key: signing.pem}\n"))
	if _, errs, code := said(t, false, "run", "2026-11-20", "--config", "night.yaml", "--quiet", "--fail-on", "none"); code != exitDone {
		t.Fatal(errs)
	}
	text, errs, code := said(t, false, "keys", "rotate", "out", "--keys", "keys.jwks.json", "--json")
	if code != exitDone {
		t.Fatal(errs)
	}
	fits(t, "key", text)
	listed, _, _ := said(t, false, "keys", "list", "--keys", "keys-next.jwks.json", "--json")
	fits(t, "keys", listed)
	if !strings.Contains(listed, `"entry": 1`) {
		t.Errorf("the old key does not end: %s", listed)
	}
	id := regexp.MustCompile(`"key_id": "([^"]+)"`).FindStringSubmatch(text)[1]
	if text, errs, code = said(t, false, "keys", "end", id, "out", "--keys", "keys-next.jwks.json", "--public", "all.jwks.json", "--json"); code != exitDone {
		t.Fatal(errs)
	}
	fits(t, "key", text)
}

// With --json standard output has one document, whatever happens, and standard error
// the line for people.
func TestErrorsAreDocumentsForEachExitCode(t *testing.T) {
	writeSmallNight(t)
	write(t, "gone.yaml", []byte(strings.ReplaceAll(smallNight, "m/date", "nowhere/date")))
	if _, errs, code := said(t, false, "keygen"); code != exitDone {
		t.Fatal(errs)
	}

	check := func(code int, reason, human string, args ...string) {
		t.Helper()
		text, errs, got := said(t, false, args...)
		if got != code {
			t.Errorf("%q exits with %d, want %d: %s", args, got, code, errs)
		}
		fits(t, "error", text)
		if m := member(t, text, "reason"); m != `"`+reason+`"` {
			t.Errorf("%q: the reason is %s, want %q: %s", args, m, reason, text)
		}
		if !strings.Contains(errs, "cdrmend: ") || !strings.Contains(errs, human) {
			t.Errorf("%q: standard error has %q, want %q in it", args, errs, human)
		}
	}
	check(exitFindings, "not_found", "no finding fnd-0123456789abcdef", "history", "out", "fnd-0123456789abcdef", "--json")
	check(exitFindings, "not_found", "no interval of that time", "ls", "out", "--json")
	check(exitUsage, "configuration", "unknown flag", "run", "--nothing", "--json")
	check(exitUsage, "configuration", "no command", "rum", "--json")
	check(exitUsage, "configuration", "missing.yaml", "run", "--config", "missing.yaml", "--json=true")
	check(exitFailed, "not_found", "nowhere", "run", "2026-11-20", "--config", "gone.yaml", "--json")

	// 4: the run did its work, so its result is the document.
	night := []string{"run", "2026-11-18", "--config", "night.yaml", "--as-of", "2026-11-25T00:00:00Z", "--json"}
	text, errs, code := said(t, false, night...)
	if code != exitIndeterminate {
		t.Errorf("a night without any input exits with %d: %s", code, errs)
	}
	fits(t, "runs", text)

	// 5: an unsigned record in an output that is signed now.
	write(t, "night.yaml", []byte(smallNight+"signing: {key: signing.pem}\n"))
	check(exitStopped, "untrusted_file", "out/", night...)
}

// Where some intervals were done and others failed there is still one document, and it
// holds both.
func TestARunThatFailsInPartPrintsOneDocumentWithBoth(t *testing.T) {
	writeSmallNight(t)
	span := []string{"run", "--from", "2026-11-19", "--to", "2026-11-21", "--config", "night.yaml", "--as-of", "2026-11-25T00:00:00Z", "--fail-on", "none", "--json"}
	text, errs, code := said(t, false, span...)
	if code != exitDone {
		t.Fatal(errs)
	}
	fits(t, "runs", text)

	records, err := filepath.Glob("out/interval=2026-11-19/log/*.history.csv")
	if err != nil || len(records) != 1 {
		t.Fatal(records, err)
	}
	if err := os.WriteFile(records[0], []byte("tampered"), 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, "m/date=2026-11-20/b.json", []byte(strings.ReplaceAll(smallManifest, "r1", "r3")))
	text, errs, code = said(t, false, span...)
	if code == exitDone {
		t.Fatalf("a run with a changed history succeeds: %s", errs)
	}
	fits(t, "runs", text)
	if got := member(t, text, "error", "error"); !strings.Contains(got, "2026-11-19") {
		t.Errorf("the document does not say what failed: %s", text)
	}
	if got := member(t, text, "runs"); !strings.Contains(got, `"2026-11-20"`) || strings.Contains(got, `"interval": "2026-11-19"`) {
		t.Errorf("the document does not have exactly the run that succeeded: %s", got)
	}
}
