package job_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"cdrmend/internal/job"
	"cdrmend/internal/policy"
	"cdrmend/internal/report"
)

const soundEntry = `{"recording_id":"r1","conversation_id":"c1","trunk_id":"t","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:01:00Z"}`

const soundLegs = "conversation_id,leg_id,recording_ids,trunk_id,start_time,answer_time,end_time\nc1,1,r1,t,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:01:00Z\n"

const soundLog = `{"time":"2026-11-20T08:00:00Z","trunk_id":"t","line_id":"l","status":200}` + "\n"

// A profile without a key pattern takes no media for documents, however they are
// spelled. Anything else that cannot be read is damage.
func TestMediaBesideDocumentsAreNoDocuments(t *testing.T) {
	t.Parallel()
	const folder = "in/m/date=2026-11-20/"
	for name, damaged := range map[string]bool{
		"x.wav": false, "x.WAV": false, "x.json.Mp3": false, "x.opus": false, "x.webm": false, "x.vtt": false, "x.pdf": false, "_SUCCESS": false, ".x.json": false,
		"x.wave": true, "wav": true, "x.wav.json": true,
	} {
		n := newNight(t, files{
			folder + "a.json": soundEntry, folder + name: "RIFF \xff", "in/c/date=2026-11-20/a.csv": soundLegs, "in/r/date=2026-11-20/a.jsonl": soundLog,
		})
		want := "class,object_key\n"
		if damaged {
			want += "malformed_document,date=2026-11-20/" + name + "\n"
		}
		if got := n.table(n.run(), "findings").only(t, []string{"class", "object_key"}).String(); got != want {
			t.Errorf("%s: findings are\n%swant\n%s", name, got, want)
		}
	}
}

const detailsConfig = `name: night
fail_on: none
sources:
  manifests: [{name: m, url: "in/m/date={date}/", profile: cdrmend}]
  cdrs: [{name: c, url: "in/c/date={date}/", profile: genesys-conversation-detail}]
  registrations: [{name: r, url: "in/r/date={date}/", profile: cdrmend}]
output: {url: out/, tables: [csv]}
`

// Pages that are not all of the answer are damaged input: what has no recording or
// no leg may be on another page.
func TestPagesThatLackConversationsAreDamage(t *testing.T) {
	t.Parallel()
	const conversation = `{"conversationId":"c1","conversationStart":"2026-11-20T10:00:00Z","conversationEnd":"2026-11-20T10:01:00Z","participants":[{"purpose":"customer","sessions":[{"sessionId":"1","mediaType":"voice","segments":[{"segmentType":"interact","segmentStart":"2026-11-20T10:00:00Z","segmentEnd":"2026-11-20T10:01:00Z"}]}]}]}`
	for name, test := range map[string]struct {
		members string
		damaged bool
	}{
		"all of it":               {`,"totalHits":1`, false},
		"fewer than there are":    {`,"totalHits":2`, true},
		"each page goes on":       {`,"cursor":"next"`, true},
		"data to the end":         {`,"dataAvailabilityDate":"2026-11-21T00:00:00Z"`, false},
		"data until the evening":  {`,"dataAvailabilityDate":"2026-11-20T20:00:00Z"`, true},
		"nothing is said of this": {``, false},
	} {
		n := newNight(t, files{
			"cdrmend.yaml": detailsConfig, "in/m/date=2026-11-20/a.json": soundEntry, "in/r/date=2026-11-20/a.jsonl": soundLog,
			"in/c/date=2026-11-20/a.json": `{"conversations":[` + conversation + `]` + test.members + `}`,
		})
		r := n.run()
		if r.Outcome.Indeterminate != test.damaged || (r.Summary.Coverage.Total == "at least") != test.damaged {
			t.Errorf("%s: outcome %+v, total %v, want damage %v", name, r.Outcome, r.Summary.Coverage.Total, test.damaged)
		}
	}
}

const pagesConfig = `name: night
fail_on: none
sources:
  manifests: [{name: m, url: "in/m/date={date}/", profile: pages.yaml}]
  cdrs: [{name: c, url: "in/c/date={date}/", profile: pages.yaml}]
  registrations: [{name: r, url: "in/r/date={date}/", profile: pages.yaml, successes: true}]
output: {url: out/, tables: [csv]}
`

const pagesProfile = `
manifests:
  formats: [json, jsonl]
  document: {entries: /recordings}
  pages: {more: /next_page_token, total: /total_records, until: /meta/to}
  fields: {recording_id: [/recording_id], conversation_id: [/conversation_id], trunk_id: [/trunk_id], start_time: [/start_time], end_time: [/end_time]}
cdrs:
  formats: [json, jsonl]
  document: {entries: /calls}
  each: /legs/*
  skip: [{reason: chat, where: {/kind: chat}}]
  pages: {more: /next_page_token, total: /total_records, until: /meta/to}
  fields: {conversation_id: [../id], leg_id: [/leg], recording_ids: [/rec], trunk_id: [../trunk], start_time: [/start], answer_time: [/start], end_time: [/end]}
registrations:
  formats: [json, jsonl]
  document: {entries: /rows}
  pages: {more: /next_page_token, total: /total_records, until: /meta/to}
  fields: {time: [/time], trunk_id: [/trunk_id], line_id: [/line_id], status: [/status]}
`

// A list that goes on somewhere else is damaged input, whatever it lists: a call of
// two legs is one element of it, and one that a filter skips was delivered.
func TestAListThatGoesOnIsDamage(t *testing.T) {
	t.Parallel()
	lists := map[string]string{
		"m": `{"recordings":[` + soundEntry + `]%}`,
		"c": `{"calls":[{"id":"c1","trunk":"t","legs":[{"leg":"1","rec":"r1","start":"2026-11-20T10:00:00Z","end":"2026-11-20T10:01:00Z"},{"kind":"chat"}]}]%}`,
		"r": `{"rows":[` + strings.TrimSpace(soundLog) + `]%}`,
	}
	for members, lacks := range map[string]string{
		``:                                      "",
		`,"next_page_token":""`:                 "",
		`,"next_page_token":"x"`:                "its last page is missing: each of its objects says that another page follows",
		`,"total_records":1`:                    "",
		`,"total_records":2`:                    "its objects say that there are 2 records in all, and they hold 1",
		`,"total_records":"many"`:               "its objects say a total, or up to when they are complete, in a form that the profile does not read (pages)",
		`,"meta":{"to":"2026-11-21T00:00:00Z"}`: "",
		`,"meta":{"to":"2026-11-20T20:00:00Z"}`: "its list is complete until 2026-11-20T20:00:00.000000Z, and the partition ends at 2026-11-21T00:00:00.000000Z",
	} {
		for source := range lists {
			content := files{"cdrmend.yaml": pagesConfig, "pages.yaml": pagesProfile}
			for other, text := range lists {
				said := ""
				if other == source {
					said = members
				}
				content["in/"+other+"/date=2026-11-20/a.json"] = strings.Replace(text, "%", said, 1)
			}
			r := newNight(t, content).run()
			got := ""
			for _, in := range r.Summary.Incomplete {
				got += in.Source + ": " + in.Reason
			}
			want := lacks
			if lacks != "" {
				want = source + ": " + lacks
			}
			if got != want || r.Outcome.Indeterminate != (lacks != "" && source != "r") {
				t.Errorf("%s with %q: incomplete %q, want %q; outcome %+v", source, members, got, want, r.Outcome)
			}
		}
	}
}

// A media object without metadata is no page: it neither ends a list nor is an element
// of it.
func TestMediaAreNoPages(t *testing.T) {
	t.Parallel()
	for members, want := range map[string]string{
		`"next":"x"`: "its last page is missing: each of its objects says that another page follows",
		`"total":2`:  "its objects say that there are 2 records in all, and they hold 1",
	} {
		r := newNight(t, files{
			"cdrmend.yaml": strings.Replace(strings.Replace(detailsConfig, "profile: cdrmend}]\n  cdrs", "profile: own.yaml}]\n  cdrs", 1), "genesys-conversation-detail", "cdrmend", 1),
			"own.yaml": `manifests:
  formats: [json]
  document: {entries: /recordings}
  key_pattern: '\.json$'
  media_pattern: '/(?P<recording_id>[^/.]+)\.wav$'
  media_suffix: .json
  pages: {more: /next, total: /total}
  fields: {recording_id: [/recording_id], conversation_id: [/conversation_id], trunk_id: [/trunk_id], start_time: [/start_time], end_time: [/end_time]}
`,
			"in/m/date=2026-11-20/list.json": `{"recordings":[` + soundEntry + `],` + members + `}`, "in/m/date=2026-11-20/r2.wav": "RIFF",
			"in/c/date=2026-11-20/a.csv": soundLegs, "in/r/date=2026-11-20/a.jsonl": soundLog,
		}).run()
		if in := r.Summary.Incomplete; len(in) != 1 || in[0].Reason != want {
			t.Errorf("%s: incomplete %+v, want %q", members, in, want)
		}
	}
}

// Lines that match no pattern are skipped, so a pattern that matches none of them
// would not be noticed at all.
func TestATextLogThatMatchesNoPatternIsNamed(t *testing.T) {
	t.Parallel()
	const matching, other = "2026-11-20T08:00:00Z t 200\n", "Nov 20 08:00:00 registered\n"
	for name, test := range map[string]struct {
		first, second, unmatched string
		want                     string
	}{
		"none":                 {other + other, other, "skip", "no line of source r matches a pattern of its profile, so all were skipped (lines: 3, objects: 2): correct line or lines in the profile; cdrmend profiles test own.yaml FILE --kind registrations shows a line that does not match"},
		"one":                  {other + other, other + matching, "skip", ""},
		"they are rejects":     {other, other, "reject", ""},
		"there is not any":     {"", "", "skip", ""},
		"one without a status": {other, "2026-11-20T08:00:00Z t 9\n", "skip", ""},
	} {
		n := newNight(t, files{
			"cdrmend.yaml":                strings.Replace(strings.Replace(detailsConfig, "date={date}/\", profile: cdrmend}]\noutput", "date={date}/\", profile: own.yaml}]\noutput", 1), "genesys-conversation-detail", "cdrmend", 1),
			"own.yaml":                    "registrations: {formats: [text], unmatched: " + test.unmatched + ", line: '^(?P<time>[0-9]\\S+Z) (?P<trunk_id>\\S+) (?P<status>\\d+)'}\n",
			"in/m/date=2026-11-20/a.json": soundEntry, "in/c/date=2026-11-20/a.csv": soundLegs,
			"in/r/date=2026-11-20/a.log": test.first, "in/r/date=2026-11-20/b.log": test.second,
		})
		var got []string
		for _, w := range n.run().Summary.Warnings {
			if strings.Contains(w, "pattern") {
				got = append(got, w)
			}
		}
		if strings.Join(got, "\n") != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// An object of the registration log without anything in it is damaged: nobody
// knows whether a line was registered.
func TestABlankObjectOfTheRegistrationLogHidesOutages(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "none", " \n\t\n": "unknown"} {
		content := files{
			"in/m/date=2026-11-20/a.json": soundEntry, "in/r/date=2026-11-20/a.jsonl": strings.Replace(soundLog, "08:00", "09:59", 1),
			"in/c/date=2026-11-20/a.csv": strings.Replace(strings.Replace(soundLegs, "trunk_id,", "trunk_id,line_id,", 1), ",t,", ",t,l,", 1),
		}
		if text != "" {
			content["in/r/date=2026-11-20/b.jsonl"] = text
		}
		n := newNight(t, content)
		if got := n.table(n.run(), "calls").only(t, []string{"outage_relation"}).String(); got != "outage_relation\n"+want+"\n" {
			t.Errorf("with %q: %s want %s", text, got, want)
		}
	}
}

// A day without anything is a fact only where the policy says that it is quiet.
func TestNothingToReadIsAFactOnAQuietDay(t *testing.T) {
	t.Parallel()
	for quiet, want := range map[string]policy.Outcome{"[]": {Indeterminate: true}, "[friday]": {}, "[2026-11-20]": {}, "[sunday]": {Indeterminate: true}} {
		n := newNight(t, files{"cdrmend.yaml": strings.Replace(detailsConfig, "output:", "policy: {quiet_days: "+quiet+"}\noutput:", 1)})
		r := n.run()
		if r.Outcome.Indeterminate != want.Indeterminate {
			t.Errorf("%s: outcome %+v, want %+v", quiet, r.Outcome, want)
		}
	}
}

// A video of the screen without metadata is no recording of the call.
func TestAScreenWithoutMetadataIsNoRecordingOfACall(t *testing.T) {
	t.Parallel()
	story := readStory(t, "../../testdata/media-without-metadata.txtar")
	for suffix, want := range map[string]string{".opus": "", ".WebM": "screen", ".mp4": "screen"} {
		n := newNight(t, files{
			"cdrmend.yaml": story["cdrmend.yaml"],
			"in/m/acme/year=2026/month=11/day=20/hour=9/conversation_id=c1/aaaaaaaa-0000-0000-0000-000000000001" + suffix: strings.Repeat("x", 2000),
			"in/c/date=2026-11-20/a.csv": strings.ReplaceAll(soundLegs, ",r1,", ",,"),
		})
		r := n.run()
		if got := n.table(r, "recordings").only(t, []string{"media_subtype"}).String(); got != "media_subtype\n"+want+"\n" {
			t.Errorf("%s: %q, want %q", suffix, got, want)
		}
		missing := strings.Contains(n.table(r, "findings").only(t, []string{"class"}).String(), "missing_recording")
		if missing != (want == "screen") {
			t.Errorf("%s: the call is missing: %v", suffix, missing)
		}
	}
}

// An object is unfit that has no place for what judging needs.
func TestAnObjectWithoutAPlaceForWhatJudgingNeedsIsUnfit(t *testing.T) {
	t.Parallel()
	for without, want := range map[string]string{
		"":                              "",
		"start_time":                    "c,start_time\n",
		"answer_time":                   "c,answer_time\n",
		"end_time":                      "c,end_time\n",
		"conversation_id,recording_ids": "c,conversation_id\n",
		"recording_ids":                 "",
		"trunk_id":                      "",
	} {
		header := strings.ReplaceAll(soundLegs, "\n", ",\n")
		for _, column := range strings.Split(without, ",") {
			if column != "" {
				header = strings.Replace(header, column+",", "other_"+column+",", 1)
			}
		}
		n := newNight(t, files{
			"in/m/date=2026-11-20/a.json": soundEntry, "in/r/date=2026-11-20/a.jsonl": soundLog, "in/c/date=2026-11-20/a.csv": header,
		})
		got := ""
		for _, row := range n.table(n.run(), "findings").only(t, []string{"class", "source", "detail"}).rows {
			if row[0] == "unfit_source" {
				got += row[1] + "," + row[2] + "\n"
			}
		}
		if got != want {
			t.Errorf("without %s: unfit are %q, want %q", without, got, want)
		}
	}
}

// A token that somebody wrote in place of an id is no id, and stands in no table, no
// summary, no report, no log, and in no document that a repair rid of it.
func TestATokenInPlaceOfAnIDIsNowhereWritten(t *testing.T) {
	t.Parallel()
	const secret = "eyJhbGciOiJub25lIn0.eyJzY29wZSI6InNlY3JldC1zZXNhbWUifQ.c2lnbmF0dXJlLXNlc2FtZQ"
	for name, id := range map[string]string{"bare": secret, "with its scheme": "BEARER " + secret} {
		n := newNight(t, files{
			"in/m/date=2026-11-20/a.json":  strings.Replace(soundEntry, `"c1"`, `"`+id+`"`, 1),
			"in/c/date=2026-11-20/a.csv":   soundLegs + "c2,2,r1;" + id + ",t,2026-11-20T11:00:00Z,2026-11-20T11:00:00Z,2026-11-20T11:01:00Z\n" + id + ",3,r3,t,2026-11-20T12:00:00Z,2026-11-20T12:00:00Z,2026-11-20T12:01:00Z\n",
			"in/c/date=2026-11-20/b.jsonl": `{"conversation_id":"c4","leg_id":"4","user_ids":["` + id + `"],"trunk_id":"` + id + `","start_time":"2026-11-20T13:00:00Z","answer_time":"2026-11-20T13:00:00Z","end_time":"2026-11-20T13:01:00Z"}` + "\n",
			"in/r/date=2026-11-20/a.jsonl": soundLog + strings.Replace(strings.Replace(soundLog, `"t"`, `"`+id+`"`, 1), "200", "403", 1),
		})
		var log bytes.Buffer
		r := n.run(func(j *job.Job) {
			j.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		everything := n.tree(outputPrefix)
		if everything["runs/"+r.RunID+"/manifests/m/date=2026-11-20/a.json"] == "" {
			t.Errorf("%s: the document was not repaired:\n%s", name, everything["runs/"+r.RunID+"/findings.csv"])
		}
		if invalid := n.table(r, "findings").only(t, []string{"class"}).String(); strings.Count(invalid, "invalid_field") != 5 {
			t.Errorf("%s: findings are\n%s", name, everything["runs/"+r.RunID+"/findings.csv"])
		}
		everything["the log"], everything["the summary"] = log.String(), report.Text(r, report.Screen{})
		for file, text := range everything {
			if strings.Contains(text, secret[:30]) || strings.Contains(text, "c2lnbmF0dXJlLXNlc2FtZQ") {
				t.Errorf("%s: %s holds the token", name, file)
			}
		}
	}
}
