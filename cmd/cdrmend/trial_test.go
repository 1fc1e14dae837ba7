package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestATrialTouchesNothingButItsDirectory tries a night whose output cannot be reached,
// with a webhook, a push gateway, a time-stamping authority and a signing key.
func TestATrialTouchesNothingButItsDirectory(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", filepath.Join(dir, "tmp"))
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if code, out := cdrmend(t, "synth", "--legs", "50", "--dir", "night", "--only"); code != exitDone {
		t.Fatal(out)
	}
	if code, out := cdrmend(t, "keygen", "--key-id", "k"); code != exitDone {
		t.Fatal(out)
	}
	write(t, "hook.key", []byte("a key of thirty-two bytes or more"))
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	t.Cleanup(server.Close)

	config, err := os.ReadFile("night/cdrmend.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(config), "output:\n  url: \"out/\"\n", fmt.Sprintf(`output:
  url: s3://unreachable/
  s3: {endpoint: "http://127.0.0.1:1"}
  object_lock: {mode: compliance, days: 10}
notify: {url: "%[1]s/hook", key: %[2]s/hook.key}
metrics: {textfile: %[2]s/metrics.prom, pushgateway: "%[1]s"}
timestamp: {url: "%[1]s/stamp"}
signing: {key: %[2]s/signing.pem, key_id: k}
`, server.URL, dir), 1)
	if text == string(config) {
		t.Fatalf("the configuration has no output:\n%s", config)
	}
	write(t, "night/cdrmend.yaml", []byte(text))

	before := filesBelow(t, dir)
	code, out := cdrmend(t, "run", "--trial", "--config", "night/cdrmend.yaml", "--interval", "2026-11-20")
	if code != exitDone || !strings.Contains(out, "Do the sources fit together?\n0 to look at") {
		t.Errorf("the trial exits with %d and says\n%s", code, out)
	}
	_, path, _ := strings.Cut(out, "The trial is in ")
	path, _, _ = strings.Cut(path, ";")
	if calls.Load() > 0 {
		t.Errorf("the trial sent %d requests", calls.Load())
	}
	for name := range filesBelow(t, dir) {
		inRun := strings.HasPrefix(name, path+"/interval=2026-11-20/runs/")
		if !before[name] && !inRun {
			t.Errorf("the trial wrote %s", name)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(path, "interval=2026-11-20/runs/*/report.html")); len(found) != 1 {
		t.Errorf("the directory %q holds no page: %v", path, found)
	}

	// The same as JSON; each trial has a directory of its own.
	code, out = cdrmend(t, "run", "--trial", "--config", "night/cdrmend.yaml", "--interval", "2026-11-20", "--json")
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
	if err == nil {
		err = yamlfile.Schema("trial", manifests.Schema("trial")).Validate(v)
	}
	if err != nil || code != exitDone || strings.Contains(out, path+"/") {
		t.Errorf("as JSON the trial exits with %d: %v\n%s", code, err, out)
	}
}

// filesBelow returns the paths of all files below a directory.
func filesBelow(t *testing.T, dir string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all[path] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
