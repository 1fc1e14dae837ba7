package job_test

import (
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/intake"
	"cdrmend/internal/job"
)

const ownProfiles = `name: n
sources:
  manifests: [{name: m, url: "in/m/date={date}/", profile: m.yaml}]
  cdrs: [{name: c, url: "in/c/date={date}/", profile: c.yaml}]
  registrations: [{name: r, url: "in/r/date={date}/", profile: r.yaml}]
output: {url: out/, tables: [csv]}
`

var ownFields = files{
	"cdrmend.yaml": ownProfiles,
	"m.yaml":       "manifests: {formats: [json, jsonl], key_pattern: '/(?P<recording_id>keyed)?[^/]*$', document: {entries: /list}, fields: {recording_id: [/id], start_time: [/begin, /from/time], line_id: [/line]}}\n",
	"c.yaml":       "cdrs: {formats: [json, jsonl, csv], fields: {conversation_id: [/call], start_time: [/begin], end_time: [/end], queue_ids: [/queues]}}\n",
	"r.yaml":       "registrations: {formats: [jsonl, csv, text], line: '^(?P<time>\\S+) (?P<line>\\S+) (?P<status>\\d+)$', fields: {time: [/time], line_id: [/line], status: [/status], reason: [/why]}}\n",
}

// A field whose places nothing has is one that nobody will find out about, as its
// values look as if they were missing.
func TestAFieldWhosePlacesNothingHasIsWarnedAbout(t *testing.T) {
	const m, c, r = "in/m/date=2026-11-20/m", "in/c/date=2026-11-20/c", "in/r/date=2026-11-20/r"
	warning := func(source, fields string) string {
		return "nothing that was read of source " + source + " has a place that its profile names for " + fields
	}
	for name, test := range map[string]struct {
		content files
		want    []string // beginnings
	}{
		"nothing read":      {nil, nil},
		"no row":            {files{m + ".json": "[]", c + ".json": "[]", r + ".jsonl": "\n"}, nil},
		"only the key":      {files{"in/m/date=2026-11-20/keyed.json": `{"id`}, nil},
		"any value":         {files{m + ".json": `{"id":"r","begin":null,"line":{}}`, c + ".jsonl": `{"call":"c","begin":"","end":7,"queues":[]}`}, nil},
		"second place":      {files{m + ".json": `[{"id":"r","from":{"time":1},"line":""}]`}, nil},
		"another row":       {files{m + ".jsonl": `{"id":"r","line":"l"}` + "\n" + `{"begin":0}`}, nil},
		"another object":    {files{m + ".json": `{"id":"r","line":"l"}`, m + "2.jsonl": `{"begin":0}`}, nil},
		"the margin":        {files{m + ".json": `{"id":"r","line":"l"}`, "in/m/date=2026-11-19/m.json": `{"begin":0}`}, nil},
		"around the list":   {files{m + ".json": `{"id":"r","line":"l","begin":0,"list":[{"id":"r"}]}`}, []string{warning("m", "line_id start_time")}},
		"half a path":       {files{m + ".json": `{"id":"r","line":"l","from":{"Time":0}}`}, []string{warning("m", "start_time")}},
		"no known field":    {files{m + ".json": `{"ID":"r"}`}, []string{warning("m", "recording_id line_id start_time")}},
		"a header":          {files{c + ".csv": "call,begin,End\n"}, []string{warning("c", "queue_ids end_time")}},
		"two headers":       {files{c + ".csv": "call,begin\n", c + "2.csv": "call,end,queues\n"}, nil},
		"all of them":       {files{m + ".json": `{"id":"r"}`, c + ".json": `[{"call":"c","begin":0}]`, r + ".csv": "time,line,status\n"}, []string{warning("c", "queue_ids end_time"), warning("m", "line_id start_time"), warning("r", "reason")}},
		"groups of a line":  {files{r + ".log": "2026-11-20T10:00:00Z l 200\n"}, []string{warning("r", "reason")}},
		"lines and objects": {files{r + ".log": "2026-11-20T10:00:00Z l 200\n", r + ".jsonl": `{"line":"l","why":""}` + "\n"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, chunk := range []int{0, 8} {
				n := newNight(t, ownFields)
				n.deliver(test.content, delivered)
				var got []string
				for _, w := range n.run(func(j *job.Job) { j.Tune(intake.Tuning{ChunkSize: chunk}) }).Summary.Warnings {
					if before, _, ok := strings.Cut(w, ": correct"); ok && strings.HasPrefix(w, "nothing that was read") {
						got = append(got, before)
					}
				}
				if !slices.Equal(got, test.want) {
					t.Errorf("in chunks of %d: got the warnings %q, want %q", chunk, got, test.want)
				}
			}
		})
	}
}

// Built-in profiles name places that only some exports have.
func TestABuiltInProfileMayNamePlacesThatNothingHas(t *testing.T) {
	n := newNight(t, files{"in/m/date=2026-11-20/m.json": `{"recording_id":"r"}`})
	for _, w := range n.run().Summary.Warnings {
		if strings.HasPrefix(w, "nothing that was read") {
			t.Errorf("got the warning %q", w)
		}
	}
}
