package job_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"cdrmend/internal/job"
	"cdrmend/internal/report"

	"github.com/rogpeppe/go-internal/txtar"
)

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func logName(number int64) string { return fmt.Sprintf("log/%08d.json", number) }

// TestStories runs every story of testdata. A story holds the files of a
// night below in/, if it needs its own a cdrmend.yaml, and below wanted/ what
// the run must come to: tables with those columns that the story is about,
// and exactly the documents that are to be written. What lies below later/ is
// delivered, or wanted, by a second run. A backslash before the last newline
// of a file means that the file ends without that newline.
func TestStories(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			tell(t, readStory(t, path))
		})
	}
}

func readStory(t *testing.T, path string) files {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	story := files{}
	for _, f := range archive.Files {
		text := string(f.Data)
		if cut, ok := strings.CutSuffix(text, "\\\n"); ok {
			text = cut
		}
		story[f.Name] = text
	}
	return story
}

func tell(t *testing.T, story files) {
	n := newNight(t, inputs(story))
	r := n.run(asOf(story["as-of"]))
	n.compare(r, within(story, "wanted/"))
	n.checkSchemas()
	later := within(story, "later/")
	if len(later) == 0 {
		return
	}
	n.deliver(inputs(later), lateDelivery)
	r = n.run(asOf(later["as-of"]))
	n.compare(r, within(later, "wanted/"))
	n.checkSchemas()
}

// inputs are the files of a story that its sources deliver.
func inputs(story files) files {
	found := files{}
	for name, text := range story {
		if strings.HasPrefix(name, "in/") || !strings.Contains(name, "/") && name != "as-of" {
			found[name] = text
		}
	}
	return found
}

func asOf(text string) func(*job.Job) {
	return func(j *job.Job) {
		if text != "" {
			j.AsOf = at(strings.TrimSpace(text))
		}
	}
}

// compare holds a run against what a story wants.
func (n *night) compare(r *report.Run, wanted files) {
	n.t.Helper()
	out := n.tree(outputPrefix + "runs/" + r.RunID)
	for _, f := range n.commits()[len(n.commits())-1].History {
		if strings.HasSuffix(f.Path, ".csv") {
			out["history.csv"] = n.tree(outputPrefix)[f.Path]
		}
	}
	for name, text := range wanted {
		if !strings.HasSuffix(name, ".csv") || strings.Contains(name, "/") {
			continue
		}
		want := readTable(n.t, text)
		if got := readTable(n.t, out[name]).only(n.t, want.columns); got.String() != want.String() {
			n.t.Errorf("%s: got\n%swant\n%s", name, got, want)
		}
	}
	if want, ok := wanted["outcome"]; ok {
		if got := fmt.Sprintf("%+v", r.Outcome); got != strings.TrimSpace(want) {
			n.t.Errorf("outcome is %s, want %s", got, want)
		}
	}
	if want, ok := wanted["coverage"]; ok {
		c := r.Summary.Coverage
		if got := fmt.Sprintf("recorded %d, intact %d, of %d", c.Recorded, c.Intact, c.Of); got != strings.TrimSpace(want) {
			n.t.Errorf("coverage is %q, want %q", got, want)
		}
	}
	same(n.t, "documents", within(wanted, "manifests/"), within(out, "manifests/"))
}
