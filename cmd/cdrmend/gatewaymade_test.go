package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/synth"

	"github.com/google/go-cmp/cmp"
)

// TestMadeDocumentsOfBucketsAreThoseOfDirectories runs nights of vendors that keep
// recordings without metadata files, from a directory and from a real S3 server: the
// documents that are made for the recordings, and all tables, are equal byte for byte.
func TestMadeDocumentsOfBucketsAreThoseOfDirectories(t *testing.T) {
	for _, test := range []struct {
		vendor   string
		odd      string // a recording whose name no pattern matches, which may be that of any call; empty for none
		options  objecttest.GatewayOptions
		bucket   objecttest.BucketKind
		versions bool
	}{
		{synth.FreePBX, "", objecttest.GatewayOptions{}, objecttest.Plain, false},
		{synth.AmazonConnect, "unnamed.wav", objecttest.GatewayOptions{}, objecttest.Plain, false},
		{synth.FreePBX, "ödd name+(1)%2B49.wav", objecttest.GatewayOptions{TLS: true}, objecttest.Versioned, true},
	} {
		name := test.vendor + " over http"
		if test.options.TLS {
			name = test.vendor + " over https with versions"
		}
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			cdrmend(t, "synth", "--dir", dir, "--only", "--profile", test.vendor, "--legs", "40", "--margins", "--lost", "0.2", "--no-cdr", "0.05")
			wantCode, wantRejects := exitFindings, 0
			if test.odd != "" {
				write(t, filepath.Join(dir, "recordings", "date=2026-11-20", test.odd), []byte("audio"))
				wantCode, wantRejects = exitIndeterminate, 1
			}
			flags := []string{"--interval", "2026-11-20", "--as-of", "2026-11-25T00:00:00Z"}
			code, _ := cdrmend(t, append([]string{"run", "--config", filepath.Join(dir, "cdrmend.yaml")}, flags...)...)
			want := tables(t, filepath.Join(dir, "out"))
			made := want["manifests/recordings/date=2026-11-20/cdrmend.json"]
			if entries := strings.Count(made, `"media_bytes"`); code != wantCode || entries < 20 || !strings.Contains(want["findings.csv"], "missing_recording") {
				t.Fatalf("the night in a directory exits with %d and made a document of %d entries: it proves nothing", code, entries)
			}

			server := objecttest.Gateway(t, test.options)
			server.Setenv(t)
			config := filepath.Join(t.TempDir(), "cdrmend.yaml")
			write(t, config, onBuckets(t, server, dir, test.bucket, test.versions))
			again := append([]string{"run", "--config", config}, flags...)
			if got, out := cdrmend(t, again...); got != code {
				t.Fatalf("running on buckets exits with %d, want %d: %s", got, code, out)
			}
			before := stored(t, "out")
			if diff := cmp.Diff(want, tablesOf(before)); diff != "" {
				t.Errorf("tables and documents differ (-directory +bucket):\n%s", diff)
			}
			set := rejectsOf(before)
			if diff := cmp.Diff(rejectsOf(filesIn(t, filepath.Join(dir, "out"))), set); diff != "" || len(set) != wantRejects {
				t.Errorf("there are %d files of rejects, want %d, or they differ (-directory +bucket):\n%s", len(set), wantRejects, diff)
			}

			if _, out := cdrmend(t, again...); !strings.Contains(out, "unchanged") {
				t.Errorf("running again says %q, want unchanged", out)
			}
			if diff := cmp.Diff(before, stored(t, "out")); diff != "" {
				t.Errorf("running again changed the output:\n%s", diff)
			}
		})
	}
}

// onBuckets puts the files of each folder of a synthetic night into a bucket of its
// name, and returns its configuration with the URLs of these buckets.
func onBuckets(t *testing.T, server *objecttest.Server, dir string, kind objecttest.BucketKind, versions bool) []byte {
	t.Helper()
	server.Bucket(t, "out", kind)
	stores := map[string]object.Store{}
	for file, content := range filesIn(t, dir) {
		bucket, key, ok := strings.Cut(file, "/")
		if !ok || bucket == "out" {
			continue
		}
		if stores[bucket] == nil {
			server.Bucket(t, bucket, kind)
			stores[bucket] = openBucket(t, bucket)
		}
		if err := stores[bucket].Create(t.Context(), key, object.ContentOf([]byte(content))); err != nil {
			t.Fatal(err)
		}
	}

	config, err := os.ReadFile(filepath.Join(dir, "cdrmend.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	config = bytes.ReplaceAll(config, []byte(`url: "`), []byte(`url: "s3://`))
	if versions {
		config = regexp.MustCompile(`(- \{.*)\}`).ReplaceAll(config, []byte("$1, versions: true}"))
	}
	return config
}

// filesIn returns the files below a directory by their paths in it.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		all[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// rejectsOf picks the rejects of runs, by their path in the run.
func rejectsOf(all map[string]string) map[string]string {
	picked := map[string]string{}
	for key, content := range all {
		_, file, inRun := strings.Cut(key, "/runs/")
		if _, file, _ = strings.Cut(file, "/"); inRun && strings.HasPrefix(file, "rejects/") {
			picked[file] = content
		}
	}
	return picked
}
