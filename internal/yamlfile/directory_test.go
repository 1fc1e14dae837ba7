package yamlfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"
)

func TestASchemaDoesNotDependOnTheWorkingDirectory(t *testing.T) {
	for _, name := range []string{"a b", "100% #1?", "ü"} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Chdir(dir)
		for _, schema := range []string{"config", "profile"} { // it panics when it finds none
			if yamlfile.Schema(schema, manifests.Schema(schema)) == nil {
				t.Errorf("in %q there is no schema of %s", dir, schema)
			}
		}
	}
}
