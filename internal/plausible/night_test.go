package plausible_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/job"
	"cdrmend/internal/object"
	"cdrmend/internal/plausible"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/synth"
	_ "cdrmend/internal/tempdir"
	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var day = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// files are a night and its configuration, by path.
type files map[string]string

// soundNight is a night of 200 calls in which nothing is wrong.
func soundNight(t *testing.T) files {
	t.Helper()
	n := &synth.Night{
		Day: day, Legs: 200, Seed: 1, Profile: synth.Cdrmend, Manifests: synth.JSONLines, CDRs: synth.CSV,
		ManifestFiles: 4, CDRFiles: 4, Lines: 8,
	}
	if err := n.Check(); err != nil {
		t.Fatal(err)
	}
	night := files{"cdrmend.yaml": string(n.Config(""))}
	for o := range n.Objects() {
		var b bytes.Buffer
		if err := o.Write(&b); err != nil {
			t.Fatal(err)
		}
		night[o.Key] = b.String()
	}
	return night
}

// replace replaces a text in all files below a folder.
func (f files) replace(folder, old, with string) {
	for name, content := range f {
		if strings.HasPrefix(name, folder) {
			f[name] = strings.ReplaceAll(content, old, with)
		}
	}
}

// configure adds lines to the configuration after a line that it has.
func (f files) configure(t *testing.T, after, more string) {
	t.Helper()
	if !strings.Contains(f["cdrmend.yaml"], after) {
		t.Fatalf("the configuration has no %q:\n%s", after, f["cdrmend.yaml"])
	}
	f["cdrmend.yaml"] = strings.Replace(f["cdrmend.yaml"], after, after+more, 1)
}

// try runs a trial of a night, and checks that its report is as published.
func try(t *testing.T, night files) *plausible.Report {
	t.Helper()
	dir := t.TempDir()
	for name, content := range night {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
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
	j := &job.Job{
		Config: cfg, AsOf: record.TimeOf(day.AddDate(0, 0, 5)), Now: day.UTC, Tool: "test",
		Log: slog.New(slog.DiscardHandler), Watch: func(string, int64, int64) {}, Stores: job.Stores{Output: open(cfg.Output.URL)},
	}
	for i := range cfg.Sources {
		j.Stores.Sources = append(j.Stores.Sources, open(cfg.Sources[i].URL))
	}

	var seen plausible.Observation
	run, err := j.Trial(t.Context(), policy.IntervalAt(record.TimeOf(day), 24*time.Hour), seen.Observe)
	if err != nil || seen.Err != nil {
		t.Fatal(err, seen.Err)
	}
	r := seen.Report(run)
	checkPublished(t, r)
	return r
}

// checkPublished checks a report against its schema, and that all of it stands in its text.
func checkPublished(t *testing.T, r *plausible.Report) {
	t.Helper()
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err == nil {
		err = yamlfile.Schema("trial", manifests.Schema("trial")).Validate(v)
	}
	if err != nil {
		t.Errorf("the report is not as published: %v\n%s", err, raw)
	}
	text := r.Text(report.Unpainted)
	for _, l := range r.Lines {
		if !strings.Contains(text, l.Text) || !strings.Contains(text, l.Next) || !strings.Contains(text, l.Remark) {
			t.Errorf("%+v is not in the text\n%s", l, text)
		}
		if (l.Judgement == plausible.Fine) != (l.Next == "") {
			t.Errorf("what is fine needs nothing to be done, and only that: %+v", l)
		}
	}
}

func TestASoundNightHasNothingToLookAt(t *testing.T) {
	r := try(t, soundNight(t))
	for _, l := range r.Lines {
		if l.Judgement != plausible.Fine {
			t.Errorf("%+v", l)
		}
	}
	if r.Verdict != "fine" || len(r.Lines) < 15 {
		t.Errorf("the verdict is %s with %d lines", r.Verdict, len(r.Lines))
	}
}

// What is broken stands in the first line.
func TestTheFirstLineNamesWhatIsBroken(t *testing.T) {
	for _, test := range []struct {
		name   string
		breaks func(t *testing.T, night files)
		about  plausible.Subject
		source string
		n, of  int64
		says   []string
	}{
		{"manifests of another organisation", func(_ *testing.T, night files) {
			night.replace("manifests/", `"org_id":"c0f8408a-9379-4983-9f4b-61b0bb989984"`, `"org_id":"11111111-9379-4983-9f4b-61b0bb989984"`)
		}, plausible.Organisations, "cdr", 0, 200, []string{"records of an organisation that manifests have, too: 0 of 200 (0.00 %)", "set org", "200 more would join if organisations were not compared"}},
		{"a renamed start of calls", func(_ *testing.T, night files) { night.replace("cdr/", ",start_time,", ",begin,") }, plausible.Fields, "cdr", 0, 200, []string{"most lack start_time", "correct the places"}},
		{"a renamed end of recordings", func(_ *testing.T, night files) {
			night.replace("manifests/", `"end_time"`, `"stop"`)
			night.replace("manifests/", `"duration_ms"`, `"length"`)
		}, plausible.Fields, "export", 0, 200, []string{"most lack end_time or duration_ms"}},
		{"a renamed answer", func(_ *testing.T, night files) {
			night.replace("cdr/", ",answer_time,", ",answered,")
			night.replace("cdr/", ",recorded,", ",taped,")
		}, plausible.Calls, "", 87, 200, []string{"calls that nobody expects to be recorded, and have a recording: 113 of 113", "policy.expect"}},
		{"nothing that shows an answer", func(_ *testing.T, night files) {
			night.replace("cdr/", ",answer_time,", ",answered,")
			night.replace("cdr/", ",talk_ms,talk,", ",x,y,")
			night.replace("cdr/", ",recorded,", ",taped,")
		}, plausible.Calls, "", 0, 0, []string{"look here  fields of cdr: records with all that judging needs: 0 of 200 (0.00 %); most lack answer_time or talk or talk_ms or recorded"}},
		{"a clock that is two hours ahead", func(t *testing.T, night files) {
			night.configure(t, "    - name: export\n", "      clock_offset: 2h\n")
		}, plausible.Clocks, "cdr", 200, 200, []string{"end +7200 s after their calls", "clock_offset: 2h0m0s for source cdr"}},
		{"the calls of another day", func(_ *testing.T, night files) { night.replace("cdr/", "2026-11-20T", "2026-11-17T") }, plausible.Calls, "", 0, 0, []string{"no call that is to be recorded was read", "look here  days of cdr: records that start in their partition, or within an hour of it: 0 of 200 (0.00 %)", "lookahead"}},
		{"the recordings of another day", func(_ *testing.T, night files) { night.replace("manifests/", "2026-11-20T", "2026-11-18T") }, plausible.Days, "export", 0, 200, []string{"check the zone"}},
		{"ids of another system", func(_ *testing.T, night files) {
			night.replace("cdr/", "-", "_")
			night.replace("cdr/", "2026_11_20", "2026-11-20")
		}, plausible.Joins, "", 0, 200, []string{"by recording id 0 of 200, by conversation 0 of 200", "compare an id of both sides", "look here  joins: recordings that share an id with a call: 0 of 200 (0.00 %)"}},
		{"no calls", func(_ *testing.T, night files) {
			for name := range night {
				if strings.HasPrefix(name, "cdr/") {
					night[name] = "conversation_id,start_time,end_time,answer_time\n"
				}
			}
		}, plausible.Calls, "", 0, 0, []string{"no call that is to be recorded was read", "look here  rows of cdr"}},
		{"rows that are cut", func(_ *testing.T, night files) { night.replace("cdr/", ",,,,true,,200\n", "\n") }, plausible.Rows, "cdr", 100, 200, []string{"of the others: rejected: another number of cells than the header 100", "see rejects/ of the run"}},
		{"a log of other trunks", func(_ *testing.T, night files) {
			night.replace("registrations/", `"trunk_id":"`, `"trunk_id":"0`)
			night.replace("registrations/", `"line_id":"`, `"line_id":"0`)
		}, plausible.Registrations, "", 0, 200, []string{"not shown: ", "policy.lines"}},
		{"recordings of chats", func(_ *testing.T, night files) {
			night.replace("manifests/", `"media_type":"call"`, `"media_type":"chat"`)
		}, plausible.Calls, "", 0, 0, []string{"no recording of voice was read", "look here  media: ", "other types: chat 200", "policy.voice_media"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			night := soundNight(t)
			test.breaks(t, night)
			r := try(t, night)
			first := r.Lines[0]
			if first.About != test.about || first.Source != test.source || first.Judgement != plausible.Look || first.N != test.n || first.Of != test.of || r.Verdict != "look" {
				t.Errorf("the verdict is %s, and the first line %+v", r.Verdict, first)
			}
			for _, want := range test.says {
				if text := r.Text(report.Unpainted); !strings.Contains(text, want) {
					t.Errorf("want %q in\n%s", want, text)
				}
			}
		})
	}
}

// Where calls list no recordings, a pair is a call and a recording that are alone in
// their conversation.
func TestClocksAreComparedByCallsWithOneRecordingOnly(t *testing.T) {
	legs, entries := "conversation_id,start_time,answer_time,end_time\n", ""
	for i := range 10 {
		legs += fmt.Sprintf("c%d,2026-11-20T1%d:00:00Z,2026-11-20T1%[2]d:00:00Z,2026-11-20T1%[2]d:05:00Z\n", i, i)
		entries += fmt.Sprintf(`{"recording_id":"r%d","conversation_id":"c%[1]d","start_time":"2026-11-20T1%[1]d:01:00Z","end_time":"2026-11-20T1%[1]d:06:00Z"}`+"\n", i)
	}
	legs += "c0,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:09:00Z\n"
	entries += `{"recording_id":"second","conversation_id":"c1","start_time":"2026-11-20T11:00:00Z","end_time":"2026-11-20T11:09:00Z"}` + "\n"
	r := try(t, files{
		"cdrmend.yaml": `name: small
sources:
  manifests: [{name: m, url: "m/date={date}/", profile: cdrmend}]
  cdrs: [{name: c, url: "c/date={date}/", profile: cdrmend}]
output: {url: out/}
`,
		"m/date=2026-11-20/a.jsonl": entries, "c/date=2026-11-20/a.csv": legs,
	})
	for _, l := range r.Lines {
		if l.About == plausible.Clocks && (l.N != 8 || l.Of != 8 || !strings.Contains(l.Text, "end +60 s after") || l.Judgement != plausible.Look) {
			t.Errorf("%+v", l)
		}
		if l.About == plausible.Joins && (l.N != l.Of || !strings.HasPrefix(l.Remark, "by recording id 0 of ")) {
			t.Errorf("%+v", l)
		}
	}
}
