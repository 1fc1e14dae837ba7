package main

import (
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"cdrmend/internal/object/objecttest"
)

// gets counts the requests that read the bytes of objects of a bucket, by key.
type gets struct {
	mu     sync.Mutex
	prefix string // of the path
	of     map[string]int
}

func (g *gets) serve(w http.ResponseWriter, r *http.Request, server http.Handler) {
	if key, ok := strings.CutPrefix(r.URL.Path, g.prefix); ok && r.Method == http.MethodGet && !r.URL.Query().Has("legal-hold") {
		g.mu.Lock()
		g.of[key]++
		g.mu.Unlock()
	}
	server.ServeHTTP(w, r)
}

// through runs the program with another endpoint.
func through(t *testing.T, endpoint string, started func(*os.Process), args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command("cdrmend", append(args, "--quiet")...)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL_S3="+endpoint)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started(cmd.Process)
	_ = cmd.Wait() // the exit code says more
	return out.String(), cmd.ProcessState.ExitCode()
}

// A production to a bucket is killed at each request that writes, before the server carries
// it out and after. verify says that the production is unfinished. The same command completes
// it, and does not read media again that is already there.
func TestAKilledProductionIsContinuedWithoutReadingMediaAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes are killed")
	}
	server, config := heldNight(t)
	server.Bucket(t, "whole", objecttest.Plain)
	server.Bucket(t, "part", objecttest.Plain)
	ask := []string{"discover", config, "--from", "2026-11-20", "--matter", "ACME 7", "--media", "copy", "--out"}
	says(t, exitDone, []string{"3 recordings covered"}, append(ask, "s3://whole/p/")...)
	want := server.Stored(t, "whole")
	says(t, exitDone, []string{"The bag is valid", "nothing in it contradicts its records"}, "verify", "s3://whole/p/")

	k := &killer{}
	killing := server.Proxy(t, k.serve)
	reads := &gets{prefix: "/recordings/media/"}
	counting := server.Proxy(t, reads.serve)
	kept := 0
	for _, k.after = range []bool{false, true} {
		for k.at = 1; ; k.at += everyWrite() {
			k.mu.Lock()
			_, code := through(t, killing, func(p *os.Process) {
				k.process, k.writes = p, 0
				k.mu.Unlock()
			}, append(ask, "s3://part/p/")...)
			left := server.Stored(t, "part")
			if code >= 0 {
				break
			}
			if k.at%16 == 7 {
				says(t, exitFailed, []string{"s3://part/p/ is an unfinished production for matter ACME 7", "Repeat the cdrmend discover command with the same --out"}, "verify", "s3://part/p/")
				says(t, exitUsage, []string{"another production was begun there: its matter is \"ACME 7\", and now it is \"ACME 8\""}, append(slices.Clone(ask), "s3://part/p/", "--matter", "ACME 8")...)
				says(t, exitUsage, []string{"its --media is \"copy\", and now it is \"none\""}, append(slices.Clone(ask), "s3://part/p/", "--media", "none")...)
			}

			reads.of = map[string]int{}
			said, code := through(t, counting, func(*os.Process) {}, append(ask, "s3://part/p/")...)
			if code != exitDone {
				t.Fatalf("write %d, answered %t: continuing exits with %d: %s", k.at, k.after, code, said)
			}
			for i, name := range []string{"r1.wav", "r2.wav", "r3.wav"} {
				there := left["p/data/media/REC0000000"+string(rune('1'+i))+".wav"] != ""
				if n := reads.of[name]; there && n != 0 || !there && n != 1 {
					t.Errorf("write %d, answered %t: %s is there: %t, and was requested %d times", k.at, k.after, name, there, n)
				}
				if there {
					kept++
				}
			}
			got := server.Stored(t, "part")
			for _, name := range slices.Sorted(maps.Keys(want)) {
				if got[name] != want[name] {
					t.Errorf("write %d, answered %t: %s is not what an uninterrupted production has", k.at, k.after, name)
				}
			}
			if len(got) != len(want) {
				t.Errorf("write %d, answered %t: %d files, want %d", k.at, k.after, len(got), len(want))
			}
			if t.Failed() {
				t.FailNow()
			}
			for name := range got {
				server.Remove(t, "part", name)
			}
		}
	}
	if kept < 30/everyWrite() {
		t.Errorf("media was there %d times", kept)
	}
}

// A production that was begun rests on its commits, also when a night was committed again.
func TestAProductionIsContinuedWithTheCommitsThatItWasBegunWith(t *testing.T) {
	server, config := heldNight(t)
	server.Bucket(t, "part", objecttest.Plain)
	ask := []string{"discover", config, "--from", "2026-11-20", "--media", "copy", "--out"}
	k := &killer{at: 6}
	k.mu.Lock()
	if _, code := through(t, server.Proxy(t, k.serve), func(p *os.Process) { k.process = p; k.mu.Unlock() }, append(ask, "s3://part/p/")...); code >= 0 {
		t.Fatalf("it was not killed: %d", code)
	}

	// The night is committed again, with another leg.
	server.Put(t, "recordings", "c/date=2026-11-20/b.csv", []byte("conversation_id,leg_id,start_time,answer_time,end_time,recorded\nc9,1,2026-11-20T12:00:00Z,2026-11-20T12:00:00Z,2026-11-20T12:06:00Z,true\n"))
	if code, out := cdrmend(t, "run", "2026-11-20", config, "--as-of", "2026-11-25T00:00:00Z", "--fail-on", "none"); code != exitDone && code != exitIndeterminate {
		t.Fatalf("the second commit exits with %d: %s", code, out)
	}
	stdout, stderr, code := said(t, false, append(ask, "s3://part/p/")...)
	if code != exitDone || !strings.Contains(stdout, "2 calls covered") || !strings.Contains(stderr, "has a newer one") {
		t.Errorf("continuing exits with %d:\n%s%s", code, stdout, stderr)
	}
	says(t, exitDone, []string{"The bag is valid", "nothing in it contradicts its records"}, "verify", "s3://part/p/")
	says(t, exitUsage, []string{"a production of older commits is complete there: interval 2026-11-20 has commit 2 now"}, append(ask, "s3://part/p/")...)
	says(t, exitDone, []string{"3 calls covered"}, append(ask, filepath.Join(t.TempDir(), "new"))...)
}

// A signature with random parts does not keep a production from being continued.
func TestAProductionThatIsSealedIsContinued(t *testing.T) {
	writeSmallNight(t)
	write(t, "night.yaml", []byte(smallNight+"signing: {key: signing.pem}\n"))
	cdrmend(t, "keygen", "--type", "p256", "--out", "signing.pem", "--public", "keys.jwks.json")
	if code, out := cdrmend(t, "run", "2026-11-20", "--config", "night.yaml", "--fail-on", "none"); code != exitDone {
		t.Fatal(out)
	}
	ask := []string{"discover", "--config", "night.yaml", "--from", "2026-11-20", "--out", "p"}
	says(t, exitDone, nil, ask...)
	says(t, exitDone, nil, ask...)
	for _, name := range []string{"bagit.txt", "tagmanifest-sha256.txt"} {
		if err := os.Remove(filepath.Join("p", name)); err != nil {
			t.Fatal(err)
		}
		says(t, exitDone, nil, ask...)
	}
	says(t, exitDone, []string{"The bag is valid", "which was given"}, "verify", "p", "--keys", "keys.jwks.json")
}

// A place that is taken is named before anything of the night is read.
func TestAPlaceThatIsTakenIsNamedFirst(t *testing.T) {
	writeSmallNight(t)
	if code, out := cdrmend(t, "run", "2026-11-20", "--config", "night.yaml", "--fail-on", "none"); code != exitDone {
		t.Fatal(out)
	}
	write(t, "full/notes.txt", []byte("x"))
	write(t, "old/data/request.json", []byte("{}"))
	write(t, "there.zip", []byte("x"))
	write(t, "there.tar.gz", []byte("x"))
	// Without its tables a night can be no part of a production.
	tables, err := filepath.Glob("out/interval=2026-11-20/runs/*/*.csv")
	if err != nil || len(tables) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	for _, name := range append(tables, globbed(t, "out/interval=2026-11-20/runs/*/*.parquet")...) {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	for out, want := range map[string]string{
		"full":         `"notes.txt" is in `,
		"old":          "not data/begun.json",
		"there.zip":    "there.zip is there already, and an archive is not continued",
		"there.tar.gz": "there.tar.gz is there already, and an archive is not continued",
	} {
		says(t, exitUsage, []string{"--out: the place is not free", want}, "discover", "--config", "night.yaml", "--from", "2026-11-20", "--out", out)
	}
	says(t, exitFindings, []string{"bagit.txt: it is missing: this is no bag, or one that was not written to its end"}, "verify", "old")
}

func globbed(t *testing.T, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
