package explain_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cdrmend/internal/committed"
	"cdrmend/internal/explain"
)

// Whether an interval has an id decides which story is told, so it must follow from
// committed bytes as the story does.
func TestThatNobodyHasAnIDIsProvenByCommittedBytes(t *testing.T) {
	j := newJob(t, oneLeg)
	if _, err := j.Run(t.Context(), day); err != nil {
		t.Fatal(err)
	}
	out := committed.Output{Store: j.Stores.Output, Root: j.Config.Output.URL.Prefix()}
	commits, err := out.Commits(t.Context(), "2026-11-20")
	if err != nil {
		t.Fatal(err)
	}

	for id, want := range map[string]bool{"r1": true, "c1": true, "1": true, "nobody": false} {
		if has, err := explain.Has(t.Context(), commits[0], id); has != want || err != nil {
			t.Errorf("a look-up of %s finds something: %v, %v, want %v", id, has, err, want)
		}
	}
	if story, err := explain.Tell(t.Context(), commits, "nobody", false); story != nil || err != nil {
		t.Errorf("the story of nobody is %v, %v", story, err)
	}

	path := filepath.Join(j.Config.Output.URL.Dir(), "interval=2026-11-20", "runs", commits[0].Record.RunID, "calls.parquet")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file[10] ^= 1 // in the first page
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if commits, err = out.Commits(t.Context(), "2026-11-20"); err != nil {
		t.Fatal(err)
	}

	for _, id := range []string{"nobody", "r1"} {
		if _, err := explain.Has(t.Context(), commits[0], id); err == nil || !strings.Contains(err.Error(), "SHA-256") {
			t.Errorf("whether a table that was changed has %s is answered: %v", id, err)
		}
		if _, err := explain.Tell(t.Context(), commits, id, false); err == nil || !strings.Contains(err.Error(), "SHA-256") {
			t.Errorf("the story of %s is told from a table that was changed: %v", id, err)
		}
	}
}
