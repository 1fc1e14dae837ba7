package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"cdrmend/internal/ledger/ledgertest"
	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/policy"
)

const heldConfig = `name: night
sources:
  manifests: [{name: m, url: "s3://recordings/m/date={date}/", profile: cdrmend, versions: true}]
  cdrs: [{name: c, url: "s3://recordings/c/date={date}/", profile: cdrmend}]
media: {check: exists, url: s3://recordings/media/}
output: {url: s3://out/, tables: [csv]}
signing: {key: signing.pem, keys: keys.jwks.json}
`

const heldManifest = `[
{"recording_id":"r1","conversation_id":"c1","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z","media_key":"media/r1.wav"},
{"recording_id":"r2","conversation_id":"c1","start_time":"2026-11-20T10:05:00Z","end_time":"2026-11-20T10:06:00Z","media_key":"media/r2.wav"},
{"recording_id":"r3","conversation_id":"c3","start_time":"2026-11-20T11:00:00Z","end_time":"2026-11-20T11:05:00Z","media_key":"media/r3.wav"}
]`

const heldLegs = `conversation_id,leg_id,start_time,answer_time,end_time,recorded
c1,1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:06:00Z,true
c3,1,2026-11-20T11:00:00Z,2026-11-20T11:00:00Z,2026-11-20T11:05:00Z,true
`

// The objects of the night.
const (
	heldDocument = "m/date=2026-11-20/a.json"
	media1       = "media/r1.wav"
	media2       = "media/r2.wav"
	media3       = "media/r3.wav"
)

// heldNight commits a night whose inputs lie in a bucket with Object Lock. It returns the
// server and the flag that names the configuration.
func heldNight(t *testing.T) (*objecttest.Server, string) {
	t.Helper()
	server := objecttest.Gateway(t, objecttest.GatewayOptions{Accounts: true})
	server.Setenv(t)
	server.Bucket(t, "recordings", objecttest.Locked)
	server.Bucket(t, "out", objecttest.Plain)
	for key, text := range map[string]string{
		heldDocument: heldManifest, "c/date=2026-11-20/a.csv": heldLegs, media1: "one", media2: "two", media3: "three",
	} {
		server.Put(t, "recordings", key, []byte(text))
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "cdrmend.yaml")
	write(t, config, []byte(heldConfig))
	cdrmend(t, "keygen", "--out", filepath.Join(dir, "signing.pem"), "--public", filepath.Join(dir, "keys.jwks.json"))
	if code, out := cdrmend(t, "run", "2026-11-20", "--config", config, "--as-of", "2026-11-25T00:00:00Z", "--fail-on", "none"); code != exitDone && code != exitIndeterminate {
		t.Fatalf("the night exits with %d: %s", code, out)
	}
	return server, "--config=" + config
}

var because = []string{"--reason", "litigation", "--by", "J. Doe", "--apply"}

// says runs the command and fails unless it exits with a code and says some texts.
func says(t *testing.T, want int, texts []string, args ...string) {
	t.Helper()
	stdout, stderr, code := saidThere(t, args...)
	if code != want {
		t.Errorf("%q exits with %d, want %d: %s%s", args, code, want, stdout, stderr)
	}
	for _, text := range texts {
		if !strings.Contains(stdout+stderr, text) {
			t.Errorf("%q says no %q:\n%s%s", args, text, stdout, stderr)
		}
	}
}

// saidThere runs the program as a process of its own.
func saidThere(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command("cdrmend", append(args, "--quiet")...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // the exit code says more
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// heldKeys returns which of the objects of the night the server holds.
func heldKeys(t *testing.T, server *objecttest.Server) string {
	t.Helper()
	var held []string
	for _, key := range []string{heldDocument, media1, media2, media3} {
		if server.Held(t, "recordings", key, "") {
			held = append(held, key)
		}
	}
	return strings.Join(held, " ")
}

func wantHeldKeys(t *testing.T, server *objecttest.Server, want ...string) {
	t.Helper()
	if got := heldKeys(t, server); got != strings.Join(want, " ") {
		t.Errorf("the server holds %q, want %q", got, want)
	}
}

func TestAMatterIsHeldAndReleased(t *testing.T) {
	server, config := heldNight(t)
	server.Hold(t, "recordings", media2) // somebody else does
	c1 := []string{"hold", "ACME 7", config, "--conversation", "c1"}

	says(t, exitDone, []string{
		"matter ACME 7: 3 objects", "set         s3://recordings/" + heldDocument, "set         s3://recordings/" + media1,
		"foreign     s3://recordings/" + media2, "foreign 1, set 2", "Nothing was changed",
	}, c1...)
	wantHeldKeys(t, server, media2)
	says(t, exitDone, []string{"record 2, SHA-256", "journal entry 3, SHA-256"}, append(c1, because...)...)
	wantHeldKeys(t, server, heldDocument, media1, media2)
	says(t, exitDone, []string{"held 2", "Nothing more to do"}, append(c1, because...)...)
	says(t, exitDone, []string{"needed      s3://recordings/" + heldDocument, "released    s3://recordings/" + media1, "needed 1, released 1"}, "hold", "ACME 7", config, "--release", "--recording", "r1")

	// Another matter needs the document, too.
	says(t, exitDone, []string{"set 1, shared 1", "also held for ACME 7"}, append([]string{"hold", "other", config, "--recording", "r3"}, because...)...)
	says(t, exitDone, []string{"kept        s3://recordings/" + heldDocument + " (also held for other)", "foreign 1, kept 1, released 1"}, "hold", "ACME 7", config, "--release")
	wantHeldKeys(t, server, heldDocument, media1, media2, media3)
	says(t, exitDone, []string{"record 4"}, append([]string{"hold", "ACME 7", config, "--release"}, because...)...)
	wantHeldKeys(t, server, heldDocument, media2, media3)
	says(t, exitDone, []string{"released 2"}, append([]string{"hold", "other", config, "--release"}, because...)...)
	wantHeldKeys(t, server, media2)

	says(t, exitDone, []string{"holds      8 records of 2 matters, signed: 8", "Verified: every record"}, "verify", config)
	holdsFit(t, server)
	says(t, exitUsage, []string{"no recording or conversation c9"}, "hold", "ACME 7", config, "--conversation", "c9")
}

func TestARequestChoosesWhatIsHeld(t *testing.T) {
	server, config := heldNight(t)
	request := filepath.Join(t.TempDir(), "request.yaml")
	write(t, request, []byte("matter: ACME 7\nfrom: 2026-11-20T10:30\nto: 2026-11-21\n"))
	args := []string{"hold", "ACME 7", config, "--request", request}
	says(t, exitDone, []string{"matter ACME 7: 2 objects", "set 2"}, args...)
	says(t, exitDone, []string{"record 2, SHA-256"}, append(args, because...)...)
	wantHeldKeys(t, server, heldDocument, media3)

	// An interval without a commit cannot be held, and the answer names it.
	write(t, request, []byte("from: 2026-11-19\nto: 2026-11-21\n"))
	says(t, exitDone, []string{"! 1 interval of the request has no commit, and nothing of it is among the objects: 2026-11-19; run it"}, args...)
	says(t, exitDone, []string{`"intervals_without_commit": [`, `"2026-11-19"`}, append(args, "--json")...)
}

// Of media that is gone, the log of exceptions tells what the store still has.
func TestAnExceptionTellsHoldsAndVersions(t *testing.T) {
	server, config := heldNight(t)
	server.Hold(t, "recordings", media2)
	server.Remove(t, "recordings", media1)
	out := filepath.Join(t.TempDir(), "production")
	says(t, exitDone, []string{"media      gone"}, "discover", config, "--conversation", "c1", "--media", "copy", "--out", out)
	log := string(read(t, out, "data/exceptions.csv"))
	for _, want := range []string{",1 older version there,", ",not held,"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log of exceptions has no %q:\n%s", want, log)
		}
	}
	says(t, exitDone, []string{"The bag is valid", "nothing in it contradicts its records"}, "verify", out)
	if _, err := os.Stat(filepath.Join(out, "data", "media", "REC00000002.wav")); err != nil {
		t.Errorf("what is there is not produced: %v", err)
	}
}

// holdsFit holds the files below holds/ against their schemas, and against a second
// reading of the contract.
func holdsFit(t *testing.T, server *objecttest.Server) {
	t.Helper()
	stored := server.Stored(t, "out")
	if a := ledgertest.Examine(stored); len(a.Problems())+len(a.Unentered) > 0 {
		t.Errorf("a second reading finds %q, and not entered %q", a.Problems(), a.Unentered)
	}
	seen := map[string]bool{}
	for path, text := range stored {
		if !strings.HasPrefix(path, "holds/") {
			continue
		}
		ext := filepath.Ext(path)
		if seen[ext] = true; ext == ".jsonl" {
			for line := range strings.Lines(text) {
				fits(t, "hold-list", line)
			}
			continue
		}
		fits(t, "hold", text)
		payload, err := base64.RawURLEncoding.DecodeString(strings.Trim(member(t, text, "payload"), `"`))
		if err != nil {
			t.Fatal(err)
		}
		fits(t, "hold", string(payload))
	}
	if !seen[".json"] || !seen[".jsonl"] {
		t.Errorf("the files below holds/ are of the kinds %v", seen)
	}
}

func TestWhatChangedOrVanishedSinceTheRunIsNotHeld(t *testing.T) {
	server, config := heldNight(t)
	server.Put(t, "recordings", media1, []byte("other bytes"))
	server.Remove(t, "recordings", media2)
	server.Remove(t, "recordings", heldDocument)
	all := append([]string{"hold", "m", config, "--conversation", "c1"}, because...)
	says(t, exitDone, []string{"set 3", "under a newer one or a delete marker"}, all...)
	wantLatest := func(key string) {
		t.Helper()
		if server.Held(t, "recordings", key, "") {
			t.Errorf("the new %q is held, want the version that was listed", key)
		}
	}
	wantLatest(media1)
	says(t, exitDone, []string{"released 3"}, append([]string{"hold", "m", config, "--release"}, because...)...)

	// Without any version there is nothing to hold.
	store, err := object.Open(t.Context(), object.Location{Bucket: "recordings"}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Remove(t.Context(), media2); err != nil {
		t.Fatal(err)
	}
	for v, err := range store.(object.Holder).Versions(t.Context(), media1) {
		if err != nil {
			t.Fatal(err)
		}
		if !v.Latest {
			server.RemoveVersion(t, "recordings", media1, v.VersionID)
		}
	}
	says(t, exitFindings, []string{"gone        s3://recordings/" + media2, "changed     s3://recordings/" + media1, "set 1"}, all...)
	says(t, exitFindings, []string{"Nothing more to do"}, all...)
}

func TestARoleThatMayNotHoldIsNamed(t *testing.T) {
	server, config := heldNight(t)
	server.User(t, "clerk")
	server.Allow(t, "recordings", "clerk", "s3:ListBucketVersions", "s3:GetObjectLegalHold")
	server.Allow(t, "out", "clerk", "s3:ListBucket", "s3:GetObject", "s3:PutObject")
	says(t, exitFindings, []string{"denied 3", "AccessDenied", "deploy/iam/hold.json"}, append([]string{"hold", "m", config, "--conversation", "c1"}, because...)...)

	// With no more than the permissions of deploy/iam/hold.json.
	server.Allow(t, "recordings", "clerk", "s3:ListBucketVersions", "s3:GetObjectLegalHold", "s3:PutObjectLegalHold")
	says(t, exitDone, []string{"set 3"}, append([]string{"hold", "m", config, "--conversation", "c1"}, because...)...)
	says(t, exitDone, []string{"released 3"}, append([]string{"hold", "m", config, "--release"}, because...)...)
}

func TestABucketWithoutObjectLockIsNamed(t *testing.T) {
	server, config := heldNight(t)
	server.Bucket(t, "copy", objecttest.Versioned)
	server.Put(t, "copy", media3, []byte("three"))
	says(t, exitFindings, []string{"unsupported s3://copy/" + media3, "set         s3://recordings/" + heldDocument}, append([]string{"hold", "m", config, "--recording", "r3", "--source", "media.url=s3://copy/"}, because...)...)
	wantHeldKeys(t, server, heldDocument)
}

// killer stands before the server, and kills a process when it writes for the nth time,
// before the server does it or after.
type killer struct {
	mu      sync.Mutex
	process *os.Process
	at      int
	after   bool
	writes  int
}

func (k *killer) serve(w http.ResponseWriter, r *http.Request, server http.Handler) {
	k.mu.Lock()
	hit := false
	if r.Method == http.MethodPut {
		k.writes++
		hit = k.writes == k.at
	}
	process, after := k.process, k.after
	k.mu.Unlock()

	if hit && !after {
		_ = process.Kill()
		panic(http.ErrAbortHandler)
	}
	server.ServeHTTP(w, r)
	if hit {
		_ = process.Kill()
	}
}

// everyWrite is the step from a write at which a process is killed to the next. What the
// server has after one write is what it has before the next one, so that two steps leave out
// no state. make chaos takes single ones, as writes may go on side by side.
func everyWrite() int {
	if os.Getenv("CHAOS") != "" {
		return 1
	}
	return 2
}

// TestAKilledCallIsCompleted kills a real process at each request that writes.
func TestAKilledCallIsCompleted(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes are killed")
	}
	server, config := heldNight(t)
	server.Hold(t, "recordings", media2)
	k := &killer{}
	endpoint := server.Proxy(t, k.serve)
	kill := func(args []string) (killed bool) {
		t.Helper()
		cmd := exec.Command("cdrmend", args...)
		cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL_S3="+endpoint)
		k.mu.Lock()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		k.process, k.writes = cmd.Process, 0
		k.mu.Unlock()
		_ = cmd.Wait() // the exit code says more
		return cmd.ProcessState.ExitCode() < 0
	}

	set := append([]string{"hold", "m", config, "--conversation", "c1", "--quiet"}, because...)
	release := append([]string{"hold", "m", config, "--release", "--quiet"}, because...)
	kills := 0
	for _, k.after = range []bool{false, true} {
		for k.at = 1; ; k.at += everyWrite() {
			before := fmt.Sprintf("write %d, answered %t", k.at, k.after)
			more := kill(set)
			says(t, exitDone, []string{"foreign 1"}, set...)
			wantHeldKeys(t, server, heldDocument, media1, media2)
			if kill(release) {
				more = true
				kills++
			}
			says(t, exitDone, nil, release...)
			wantHeldKeys(t, server, media2)
			if t.Failed() {
				t.Fatal(before)
			}
			if !more {
				break
			}
			kills++
		}
	}
	t.Logf("%d calls were killed", kills)
	if problems := ledgertest.Examine(server.Stored(t, "out")).Problems(); len(problems) > 0 {
		t.Errorf("a second reading finds %q", problems)
	}
	if kills < 30/everyWrite() { // lists, records and entries twice, and two holds, each before and after its answer, set and released
		t.Errorf("%d calls were killed, want one at each request that writes", kills)
	}
	says(t, exitDone, []string{"Verified: every record"}, "verify", config)
}

func TestTheRoleOfHoldsIsForInputsAlone(t *testing.T) {
	cfg := &policy.Config{Sources: []policy.Source{{Name: "m", S3: policy.S3{RoleARN: "arn:reads", ExternalID: "x"}}, {Name: "c"}}}
	cfg.Output.S3.RoleARN = "arn:writes"
	if _, err := newHoldStores(holdCommand.newFlags(), cfg, "arn:holds"); err != nil {
		t.Fatal(err)
	}
	got := []string{cfg.Sources[0].S3.RoleARN, cfg.Sources[1].S3.RoleARN, cfg.Media.S3.RoleARN, cfg.Output.S3.RoleARN}
	if want := []string{"arn:holds", "arn:holds", "arn:holds", "arn:writes"}; !slices.Equal(got, want) {
		t.Errorf("the roles are %q, want %q", got, want)
	}
}
