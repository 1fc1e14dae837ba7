package main

import (
	"path/filepath"
	"strings"
	"testing"

	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestWhatIsPrintedAsJSONIsAsPublished asks about every kind of thing in the
// sample night.
func TestWhatIsPrintedAsJSONIsAsPublished(t *testing.T) {
	dir := demoNight(t)
	out := filepath.Join(dir, "out")
	asked := map[string][]string{
		"a repaired recording": {"story", "explain", "81b87763-c88b-4afa-883f-4684f25cf845", out},
		"tables alone":         {"story", "explain", "81b87763-c88b-4afa-883f-4684f25cf845", out, "--tables-only"},
		"a history":            {"history", "history", out, "--interval", "2026-11-20"},
		"a profile's report":   {"profile-test", "profiles", "test", "cdrmend", filepath.Join(dir, "gateway", "date=2026-11-20", "legs.csv"), "--kind", "cdrs"},
		"a listing":            {"ls", "ls", out, "--table", "calls"},
	}
	for class, id := range firstOfEachClass(t, out) {
		asked[class] = []string{"story", "explain", id, out}
		if class != "missing_recording" && class != "metadata_missing" { // reading the inputs takes its time
			asked[class] = append(asked[class], "--tables-only")
		}
	}
	asked["an outage"] = []string{"story", "explain", "out-dde34e133fdb4e64", out}
	for name, args := range asked {
		t.Run(name, func(t *testing.T) {
			args = append(args, "--json")
			if args[1] == "explain" {
				args = append(args, "--quiet", "--config", filepath.Join(dir, "cdrmend.yaml"))
			}
			code, text := cdrmend(t, args[1:]...)
			if code != exitDone {
				t.Fatalf("%v exits with %d: %s", args, code, text)
			}
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			if err == nil {
				err = yamlfile.Schema(args[0], manifests.Schema(args[0])).Validate(v)
			}
			if err != nil {
				t.Errorf("%v: %v\n%s", args, err, text)
			}
		})
	}
}

// firstOfEachClass returns a finding of each class that the night has.
func firstOfEachClass(t *testing.T, out string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for line := range strings.SplitSeq(tables(t, out)["findings.csv"], "\n") {
		cells := strings.Split(line, ",")
		if len(cells) > 1 && strings.HasPrefix(cells[0], "fnd-") && all[cells[1]] == "" {
			all[cells[1]] = cells[0]
		}
	}
	if len(all) < 5 {
		t.Fatalf("the night has findings of the classes %v only", all)
	}
	return all
}
