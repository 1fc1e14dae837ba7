package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/sample"

	"github.com/google/go-cmp/cmp"
)

// Sources of the sample night, each of which becomes a bucket or a directory, so
// that its object keys are the same in both. The manifest of the standby recorder
// is not among them: it is one for a day.
var nightBuckets = []string{"recordings", "cdr", "gateway", "registrations"}

const nightConfig = `name: night
org: %[2]s
interval: 2h
recheck: 24
sources:
  manifests:
    - name: genesys
      url: %[1]srecordings/{org}/year={year}/month={month}/day={day}/hour={hour}/
      org: %[2]s
      profile: genesys-cloud
      settle: 0s
      lookback: 1h
      versions: %[3]v
  cdrs:
    - {name: cdr, url: "%[1]scdr/date={date}/", profile: genesys-conversation-detail, versions: %[3]v}
    - {name: gateway, url: "%[1]sgateway/date={date}/", profile: cdrmend, versions: %[3]v}
  registrations:
    - {name: registrar, url: "%[1]sregistrations/date={date}/", profile: http-client-log, versions: %[3]v}
output: {url: %[1]sout/, tables: [csv, parquet]}
policy:
  exclusions:
    - {reason: internal call, direction: internal}
`

// TestBucketsGiveTheSameAsDirectories runs two hours of the sample night from
// a directory and from a real S3 server: the runs differ in nothing but what
// stores say of themselves.
func TestBucketsGiveTheSameAsDirectories(t *testing.T) {
	dir := t.TempDir()
	night := hoursOfNight()
	for _, o := range night {
		write(t, filepath.Join(dir, o.Key), o.Body)
	}
	config := filepath.Join(dir, "cdrmend.yaml")
	write(t, config, fmt.Appendf(nil, nightConfig, "", sample.Org, false))
	code, _ := cdrmend(t, "run", "--config", config, "--interval", "2026-11-20T10", "--as-of", "2026-11-25T00:00:00Z")
	if code != exitFindings {
		t.Fatalf("running on directories exits with %d, want %d", code, exitFindings)
	}
	want := tables(t, filepath.Join(dir, "out"))
	if lost := strings.Count(want["findings.csv"], "missing_recording"); lost == 0 {
		t.Fatal("the two hours have no lost recording: they prove nothing")
	}

	for _, kind := range []struct {
		name     string
		options  objecttest.GatewayOptions
		bucket   objecttest.BucketKind
		versions bool
	}{
		{"http", objecttest.GatewayOptions{}, objecttest.Plain, false},
		{"https with versions", objecttest.GatewayOptions{TLS: true}, objecttest.Versioned, true},
	} {
		t.Run(kind.name, func(t *testing.T) {
			server := objecttest.Gateway(t, kind.options)
			server.Setenv(t)
			for _, bucket := range append(nightBuckets, "out") {
				server.Bucket(t, bucket, kind.bucket)
			}
			upload(t, night)
			config := filepath.Join(t.TempDir(), "cdrmend.yaml")
			write(t, config, fmt.Appendf(nil, nightConfig, "s3://", sample.Org, kind.versions))
			again := []string{"run", "--config", config, "--interval", "2026-11-20T10", "--as-of", "2026-11-25T00:00:00Z"}

			if code, out := cdrmend(t, append(again, "--dry-run")...); code != exitDone || !strings.Contains(out, "would read") {
				t.Fatalf("a dry run exits with %d and says %q", code, out)
			}
			if got := stored(t, "out"); len(got) > 0 {
				t.Fatalf("a dry run wrote %d objects", len(got))
			}
			if code, out := cdrmend(t, again...); code != exitFindings {
				t.Fatalf("running on buckets exits with %d, want %d: %s", code, exitFindings, out)
			}
			got := tablesOf(stored(t, "out"))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("tables and documents differ (-directory +bucket):\n%s", diff)
			}

			before := stored(t, "out")
			code, out := cdrmend(t, again...)
			if code != exitFindings || !strings.Contains(out, "unchanged") {
				t.Errorf("running again exits with %d and says %q, want %d and unchanged", code, out, exitFindings)
			}
			if diff := cmp.Diff(before, stored(t, "out")); diff != "" {
				t.Errorf("running again changed the output:\n%s", diff)
			}

			code, out = cdrmend(t, "ls", "s3://out/", "--table", "calls", "--sql", "athena")
			if want := `"$path" IN (` + "\n  's3://out/interval=2026-11-20T10/runs/"; code != exitDone || !strings.Contains(out, want) {
				t.Errorf("listing the calls exits with %d and says %q, want %q in it", code, out, want)
			}

			lost, _, _ := strings.Cut(want["findings.csv"][strings.Index(want["findings.csv"], "\nfnd-")+1:], ",")
			code, out = cdrmend(t, "explain", lost, "s3://out/", "--quiet")
			if code != exitDone || !strings.Contains(out, "Finding "+lost) || !strings.Contains(out, "the same decision came of them") {
				t.Errorf("explaining %s exits with %d and says\n%s", lost, code, out)
			}

			server.Put(t, "registrations", "date=2026-11-20/late.jsonl", nil)
			startTwice(t, again)
			if records := commits(stored(t, "out")); records != 2 {
				t.Errorf("two runs at once on new input left %d commit records in all, want 2", records)
			}
		})
	}
}

// hoursOfNight returns the objects of the sample night around 10 to 12
// o'clock, and what else belongs to them.
func hoursOfNight() []sample.Object {
	var list []sample.Object
	for o := range sample.New(demoDay).Objects() {
		hour := strings.Contains(o.Key, "/hour=09/") || strings.Contains(o.Key, "/hour=10/") || strings.Contains(o.Key, "/hour=11/") || strings.Contains(o.Key, "/hour=12/") || strings.Contains(o.Key, "/hour=9/")
		other := !strings.HasPrefix(o.Key, "recordings/") && !strings.HasPrefix(o.Key, "standby/")
		if hour || other {
			list = append(list, o)
		}
	}
	return list
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func cdrmend(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), &world{args: args, environ: os.Environ(), stdout: &out, stderr: &errs, now: time.Now})
	if code == exitFailed || code == exitUsage {
		t.Fatalf("cdrmend %v: %s", args, errs.String())
	}
	return code, out.String()
}

// startTwice runs the same command at once.
func startTwice(t *testing.T, args []string) {
	t.Helper()
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			var errs bytes.Buffer
			w := &world{args: args, environ: os.Environ(), stdout: &errs, stderr: &errs, now: time.Now}
			if code := run(context.Background(), w); code != exitFindings {
				t.Errorf("one of two runs at once exits with %d: %s", code, errs.String())
			}
		})
	}
	wait.Wait()
}

func upload(t *testing.T, night []sample.Object) {
	t.Helper()
	stores := map[string]object.Store{}
	for _, bucket := range nightBuckets {
		stores[bucket] = openBucket(t, bucket)
	}
	for _, o := range night {
		bucket, key, _ := strings.Cut(o.Key, "/")
		if err := stores[bucket].Create(t.Context(), key, object.ContentOf(o.Body)); err != nil {
			t.Fatal(err)
		}
	}
}

func openBucket(t *testing.T, name string) object.Store {
	t.Helper()
	store, err := object.Open(t.Context(), object.Location{Bucket: name}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// stored returns everything that a bucket holds.
func stored(t *testing.T, bucket string) map[string]string {
	t.Helper()
	store := openBucket(t, bucket)
	all := map[string]string{}
	for info, err := range store.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		body, err := store.Open(t.Context(), info, 0)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(body); err != nil {
			t.Fatal(err)
		}
		body.Close()
		all[info.Key] = b.String()
	}
	return all
}

// tables returns the tables and documents of the one run in a directory.
func tables(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[filepath.ToSlash(path)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tablesOf(all)
}

// tablesOf picks the tables and documents of runs, by their path in the run.
func tablesOf(all map[string]string) map[string]string {
	picked := map[string]string{}
	for key, content := range all {
		_, path, inRun := strings.Cut(key, "/runs/")
		if !inRun {
			continue
		}
		_, path, _ = strings.Cut(path, "/")
		if strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".parquet") || strings.HasPrefix(path, "manifests/") {
			picked[path] = content
		}
	}
	return picked
}

func commits(all map[string]string) int {
	n := 0
	for key := range all {
		if _, name, ok := strings.Cut(key, "/log/"); ok && strings.HasSuffix(name, ".json") {
			n++
		}
	}
	return n
}
