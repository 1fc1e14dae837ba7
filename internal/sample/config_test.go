package sample

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cdrmend/internal/policy"
)

func TestConfigurationIsValidForEveryBase(t *testing.T) {
	for base, want := range map[string]string{
		"":                   "recordings/{org}/",
		"night/":             "night/recordings/{org}/",
		"s3://bucket/a/demo": "s3://bucket/a/demo/recordings/{org}/",
	} {
		text := New(day).Config(base)
		if !strings.Contains(string(text), `"`+want) {
			t.Errorf("base %q: no URL begins with %q in\n%s", base, want, text)
		}
		path := filepath.Join(t.TempDir(), "cdrmend.yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		config, err := policy.Load(path, nil, nil)
		if err != nil {
			t.Errorf("base %q: %v\n%s", base, err, text)
			continue
		}
		if len(config.Sources) != 5 || config.Name != "demo" {
			t.Errorf("base %q: name %q and %d sources, want demo and 5", base, config.Name, len(config.Sources))
		}
	}
}
