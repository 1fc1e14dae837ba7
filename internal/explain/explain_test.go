package explain_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/explain"
	"cdrmend/internal/job"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

const config = `name: night
sources:
  manifests: [{name: m, url: "m/date={date}/", profile: cdrmend}]
  cdrs: [{name: c, url: "c/date={date}/", profile: cdrmend}]
output: {url: out/, tables: [parquet]}
`

var day = policy.IntervalAt(record.TimeOf(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)), 24*time.Hour)

// newJob opens a night of one recording and the given legs.
func newJob(t *testing.T, legs string) *job.Job {
	t.Helper()
	return configuredJob(t, config, legs)
}

func configuredJob(t *testing.T, config, legs string) *job.Job {
	t.Helper()
	return nightJob(t, config, legs, `[{"recording_id":"r1","conversation_id":"c1","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"}]`)
}

func nightJob(t *testing.T, config, legs, manifest string) *job.Job {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"cdrmend.yaml":               config,
		"m/date=2026-11-20/a.json":   manifest,
		"c/date=2026-11-20/legs.csv": "conversation_id,leg_id,recording_ids,trunk_id,start_time,answer_time,end_time\n" + legs,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := policy.Load(filepath.Join(dir, "cdrmend.yaml"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	open := func(u policy.Template) object.Store {
		store, err := object.Open(t.Context(), object.Location{Dir: u.Dir()}, object.Options{MakeRoot: true})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	return &job.Job{
		Config: cfg, AsOf: day.End, Now: day.End.Std, Tool: "test", Random: strings.NewReader("sixteen bytes id"), Log: slog.New(slog.DiscardHandler), Watch: func(string, int64, int64) {},
		Stores: job.Stores{Sources: []object.Store{open(cfg.Sources[0].URL), open(cfg.Sources[1].URL)}, Output: open(cfg.Output.URL)},
	}
}

// tell runs the job and gathers the story of an id.
func tell(t *testing.T, j *job.Job, id string) *explain.Story {
	t.Helper()
	if _, err := j.Run(t.Context(), day); err != nil {
		t.Fatal(err)
	}
	out := committed.Output{Store: j.Stores.Output, Root: j.Config.Output.URL.Prefix()}
	commits, err := out.Commits(t.Context(), "2026-11-20")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(commits[len(commits)-1].Close)
	story, err := explain.Tell(t.Context(), commits, id, false)
	if err != nil || story == nil {
		t.Fatalf("the story of %s is %v, %v", id, story, err)
	}
	return story
}

const oneLeg = "c1,1,r1,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z\n"

// What is decided otherwise now, by another build or otherwise, does not
// explain what was committed.
func TestAStoryIsNotDeepenedByAnotherDecision(t *testing.T) {
	j := newJob(t, oneLeg)
	story := tell(t, j, "r1")
	j.Config.Policy.Expect = policy.ExpectNone
	other, err := j.Explain(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	err = story.Deepen(other)
	if err == nil || !strings.Contains(err.Error(), `c:date=2026-11-20/legs.csv#0 has the verdict "excluded" instead of "repaired"`) {
		t.Errorf("got %v", err)
	}
	if story.Reread || story.Recordings[0].Lacked != nil {
		t.Errorf("the story was changed: %+v", story.Recordings[0])
	}
	j.Config.Policy.Expect = policy.ExpectAnswered
	same, err := j.Explain(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	if err := story.Deepen(same); err != nil || !story.Reread || len(story.Recordings[0].Lacked) != 1 {
		t.Errorf("the same decision explains nothing: %v, %+v", err, story.Recordings[0])
	}
}

// A conversation with very many legs is told in part, and says so.
func TestAStoryShowsAHundredRowsOfATable(t *testing.T) {
	var legs strings.Builder
	for i := range 130 {
		fmt.Fprintf(&legs, "c1,%d,,T1,2026-11-20T10:00:%02dZ,2026-11-20T10:01:00Z,2026-11-20T10:05:00Z\n", i, i%60)
	}
	story := tell(t, newJob(t, legs.String()), "c1")
	if len(story.Calls) != 100 || story.More != 30 {
		t.Errorf("the story shows %d legs and leaves out %d rows, want 100 and 30", len(story.Calls), story.More)
	}
	if text := explain.Text(story); !strings.Contains(text, "\n30 further rows belong to this story; the tables have them.\n") {
		t.Errorf("the text does not say that rows are left out:\n%s", text)
	}
}

// deepened tells the story of an id with its reasons.
func deepened(t *testing.T, j *job.Job, id string) string {
	t.Helper()
	story := tell(t, j, id)
	reading, err := j.Explain(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	if err := story.Deepen(reading); err != nil {
		t.Fatal(err)
	}
	return explain.Text(story)
}

const twoLegs = "c1,1,,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z\n" +
	"c1,2,,T1,2026-11-20T10:01:00Z,2026-11-20T10:01:00Z,2026-11-20T10:04:00Z\n"

func TestAStoryTellsWithWhomARecordingIsShared(t *testing.T) {
	text := deepened(t, newJob(t, twoLegs), "2")
	for _, want := range []string{"Its proof is shared: each recording that it has is also taken for another leg", "- recording r1 is also taken for leg 1\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the story does not say %q:\n%s", want, text)
		}
	}
}

func TestAStoryTellsWhichLegsContestARecording(t *testing.T) {
	// The third leg is evidence only: it began the day before.
	legs := twoLegs + "c1,3,,T1,2026-11-19T23:59:00Z,2026-11-19T23:59:00Z,2026-11-20T10:03:00Z\n"
	text := deepened(t, configuredJob(t, strings.Replace(config, "profile: cdrmend}]\noutput", "profile: cdrmend, one_recording_per: leg}]\noutput", 1), legs), "2")
	for _, want := range []string{
		"Leg 2: indeterminate", "- its conversation has recordings, and nobody can say whether one of them is its own\n",
		"- recording r1 is taken for leg 1, whose times are nearest to it\n", "- without a recording like it: leg 3\n",
		"What to do: have the export name the leg of each recording",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the story does not say %q:\n%s", want, text)
		}
	}
}

// The tables alone have the reason of a verdict, too.
func TestAStoryFromTablesTellsTheReason(t *testing.T) {
	j := configuredJob(t, strings.Replace(config, "profile: cdrmend}]\noutput", "profile: cdrmend, one_recording_per: leg}]\noutput", 1), twoLegs)
	text := explain.Text(tell(t, j, "2"))
	if want := "The verdict is indeterminate, as its conversation has recordings, and nobody can say whether one of them is its own (in the tables: contested).\n"; !strings.Contains(text, want) {
		t.Errorf("the story does not say %q:\n%s", want, text)
	}
}

// A verdict may rest on a recording that a manifest lists without audio: the story must
// not deny it, nor claim that what may be there is not.
func TestAStoryDeniesNoRecordingThatAManifestLists(t *testing.T) {
	const times = `"start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"`
	listing, byConversation := oneLeg, strings.Replace(oneLeg, "r1", "", 1)
	for name, test := range map[string]struct {
		legs, manifest string
		want           []string
	}{
		"deleted, by conversation": {
			byConversation, `[{"recording_id":"r1","conversation_id":"c1","state":"Deleted",` + times + `}]`,
			[]string{
				"Leg 1: missing", "- it lists no recordings; a manifest lists a recording of its conversation, but without audio: the manifest says that it was deleted\n",
				"- no recording with audio was found that covers any of it", "can still be restored",
				"  A manifest lists a recording without audio: the manifest says that it was deleted.\n",
			},
		},
		"deleted, listed": {
			listing, `[{"recording_id":"r1","conversation_id":"c1","state":"deleted",` + times + `}]`,
			[]string{"- recording r1, which it lists, is in a manifest, but without audio: the manifest says that it was deleted\n"},
		},
		"promised, listed": {
			listing, `[{"recording_id":"r1","conversation_id":"c1","state":"pending",` + times + `}]`,
			[]string{"Leg 1: indeterminate", "- recording r1, which it lists, is announced by a manifest, but its audio had not been delivered yet\n", "Nobody can tell whether recording r1, which the leg lists, is there: it is announced"},
		},
		"promised, by conversation": {
			byConversation, `[{"recording_id":"r1","conversation_id":"c1","state":"pending",` + times + `}]`,
			[]string{"- it lists no recordings; a manifest announces a recording of its conversation", "Nobody can tell whether the leg was recorded: a manifest announces"},
		},
		"nothing": {
			byConversation, `[{"recording_id":"r9","conversation_id":"c9",` + times + `}]`,
			[]string{"- it lists no recordings, and no manifest that was read has a voice recording of its conversation that could be its own\n"},
		},
	} {
		text := deepened(t, nightJob(t, config, test.legs, test.manifest), "1")
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the story does not say %q:\n%s", name, want, text)
			}
		}
		denied := strings.Contains(text, "no manifest that was read has") || strings.Contains(text, "is in no manifest") || strings.Contains(text, "has no recording")
		if denied != (name == "nothing") {
			t.Errorf("%s: whether the story denies the recording is %v:\n%s", name, denied, text)
		}
	}
}

func TestNobodyKnowsAnIdThatIsNotThere(t *testing.T) {
	j := newJob(t, oneLeg)
	tell(t, j, "r1")
	out := committed.Output{Store: j.Stores.Output, Root: j.Config.Output.URL.Prefix()}
	commits, err := out.Commits(t.Context(), "2026-11-20")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"r2", "T1", "trunk_id", "c"} {
		if story, err := explain.Tell(t.Context(), commits, id, false); story != nil || err != nil {
			t.Errorf("the story of %q is %+v, %v", id, story, err)
		}
	}
}

// What many legs share is told up to a bound, with how many more there are: no story grows
// with the square of a conversation.
func TestAStoryListsWhatLegsShareUpToABound(t *testing.T) {
	var legs, entries strings.Builder
	for i := range 11 {
		fmt.Fprintf(&legs, "c1,%d,,T1,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:05:00Z\n", i)
	}
	for i := range 12 {
		fmt.Fprintf(&entries, `,{"recording_id":"r%d","conversation_id":"c1","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:05:00Z"}`, i)
	}
	j := nightJob(t, config, legs.String(), "["+entries.String()[1:]+"]")
	story := tell(t, j, "c1")
	again, err := j.Explain(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	if err := story.Deepen(again); err != nil {
		t.Fatal(err)
	}

	for _, c := range story.Calls {
		w := c.Weighing
		if len(w.Shared) != 8 || len(w.Shared[0].Legs) != 8 {
			t.Errorf("leg %s lists %d shared recordings, the first with %d legs, want 8 and 8", c.Row.Get("leg_id"), len(w.Shared), len(w.Shared[0].Legs))
		}
		because := strings.Join(w.Because, "\n")
		if !strings.Contains(because, ", 2 more\n") || !strings.Contains(because, "it shares 4 further recordings with other legs") {
			t.Errorf("the reasons do not say what they leave out:\n%s", because)
		}
		if slices.ContainsFunc(w.Shared[0].Legs, func(r explain.Row) bool { return r.Leg == c.Row.Get("leg_id") }) {
			t.Errorf("leg %s shares a recording with itself", c.Row.Get("leg_id"))
		}
	}
}
