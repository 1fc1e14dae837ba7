package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cdrmend/manifests"
)

// TestEveryBuiltInProfileHasAnExampleAndASection checks each example as its user would.
func TestEveryBuiltInProfileHasAnExampleAndASection(t *testing.T) {
	guide := string(manifests.ProfileGuide())
	for _, name := range manifests.Profiles() {
		_, section, ok := strings.Cut(guide, "\n## "+name+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		if !ok || len(section) < 300 {
			t.Errorf("profiles/README.md says %d bytes about %s", len(section), name)
		}

		if origin := originOf(name); len(origin) < 10 || len(origin) > 150 {
			t.Errorf("the section on %s says that it was made from %q", name, origin)
		}

		text, _ := manifests.Example(name)
		if !regexp.MustCompile(`profile: `+name+`\b`).Match(text) || strings.Count(string(text), "#") < 3 {
			t.Errorf("the example of %s does not use it, or does not say why", name)
		}
		path := filepath.Join(t.TempDir(), name+".yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, out := cdrmend(t, "config", "check", "--config", path); !strings.Contains(out, name) {
			t.Errorf("config check of the example of %s prints\n%s", name, out)
		}
	}

	for _, heading := range regexp.MustCompile(`(?m)^## (\S+)$`).FindAllStringSubmatch(guide, -1) {
		if _, ok := manifests.Example(heading[1]); !ok {
			t.Errorf("profiles/README.md has a section on %s, which is not built in", heading[1])
		}
	}
}
