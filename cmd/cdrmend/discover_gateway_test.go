package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"cdrmend/internal/object/objecttest"
)

// A production in a bucket is verified where it is, as a folder and as an archive.
func TestAProductionInABucketIsVerifiedThere(t *testing.T) {
	server, config := heldNight(t)
	server.Bucket(t, "packs", objecttest.Plain)
	scratch := t.TempDir()
	t.Setenv("TMPDIR", scratch)
	for at, again := range map[string]int{"s3://packs/one/": exitDone, "s3://packs/pack.zip": exitUsage, "s3://packs/pack.tar.gz": exitUsage} {
		ask := []string{"discover", config, "--conversation", "c1", "--media", "copy", "--out", at}
		says(t, exitDone, []string{"2 recordings covered"}, ask...)
		says(t, again, nil, ask...) // equal bytes count as written; an archive is not continued
		says(t, exitDone, []string{at, "The bag is valid", "nothing in it contradicts its records"}, "verify", at)
	}
	says(t, exitFailed, []string{"nothing was ever committed here"}, "verify", "s3://packs/none.zip")
	left, err := os.ReadDir(scratch)
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

// A production among the files of the output or of inputs would be read or swept with them.
func TestAProductionLiesApartFromOutputAndInputs(t *testing.T) {
	server, config := heldNight(t)
	server.Bucket(t, "packs", objecttest.Plain)
	server.Put(t, "packs", "busy/notes.txt", []byte("x"))
	before := len(stored(t, "out")) + len(stored(t, "recordings")) + len(stored(t, "packs"))
	for at, want := range map[string]string{
		"s3://out/":                               "lies below the output",
		"s3://out/pack.zip":                       "lies below the output",
		"s3://out/interval=2026-11-20/":           "lies below the output",
		"s3://recordings/m/date=2026-11-20/x.zip": "lies below source m",
		"s3://recordings/media/x/":                "lies below media.url",
		"s3://recordings/":                        "lies above source m",
	} {
		says(t, exitUsage, []string{want}, "discover", config, "--conversation", "c1", "--out", at)
	}
	says(t, exitUsage, []string{"lies below the output"}, "discover", "s3://out/", "--conversation", "c1", "--out", "s3://out/x/")
	says(t, exitUsage, []string{`"notes.txt" is in s3://packs/busy/: give a place that is empty`}, "discover", config, "--conversation", "c1", "--out", "s3://packs/busy/")
	if after := len(stored(t, "out")) + len(stored(t, "recordings")) + len(stored(t, "packs")); after != before {
		t.Errorf("%d objects are there, %d before", after, before)
	}
}

// A production that was killed, however late, is completed by the same command.
func TestAKilledProductionIsCompleted(t *testing.T) {
	server, config := heldNight(t)
	server.Bucket(t, "packs", objecttest.Plain)
	for _, at := range []string{"s3://packs/one/", filepath.Join(t.TempDir(), "pack") + "/"} {
		for after := 20 * time.Millisecond; ; after += 20 * time.Millisecond {
			cmd := exec.Command("cdrmend", "discover", config, "--conversation", "c1", "--media", "copy", "--out", at, "--quiet")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
			err := cmd.Wait()
			timer.Stop()
			if err == nil {
				break
			}
		}
		says(t, exitDone, []string{"The bag is valid", "nothing in it contradicts its records"}, "verify", at)
	}
}
