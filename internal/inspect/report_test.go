package inspect_test

import (
	"strings"
	"testing"
	"time"

	"cdrmend/internal/inspect"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"

	"github.com/google/go-cmp/cmp"
)

// reported returns what a profile reads from files that are given by path and
// content, one after the other.
func reported(t *testing.T, text, kind string, files ...string) *inspect.Report {
	t.Helper()
	p, err := profile.Load("own.yaml", []byte(text), kind)
	if err != nil {
		t.Fatal(err)
	}
	var all []inspect.File
	for i := 0; i < len(files); i += 2 {
		modified := record.TimeOf(time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC))
		all = append(all, inspect.File{Path: files[i], Modified: modified, Content: strings.NewReader(files[i+1])})
	}
	r, err := inspect.Test(p, all)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const legs = `cdrs:
  formats: [jsonl]
  skip: [{reason: voicemail, where: {/app: Voicemail}}]
  fields:
    conversation_id: [/id]
    start_time: [/begin]
    duration_ms: [{from: /seconds, then: [{unit: s}]}]
    talk_ms: [/talk]
`

func TestAReportCountsWhatEachPlaceFillsAndSaysWhyValuesDoNotParse(t *testing.T) {
	r := reported(t, legs, "cdrs", "a.jsonl", `{"id":"c1","begin":"2026-11-20T10:00:00Z","seconds":60,"talk":1500}
{"id":"c2","begin":"2026-11-20T10:00:00","seconds":"soon","talk":"1.5"}
{"app":"voicemail"}
`, "b.jsonl", "{\"id\":\"c3\",\"begin\":63962388000}\nnothing\n")
	want := []inspect.Field{
		{Name: "conversation_id", Rows: 3, Example: "c1"},
		{Name: "start_time", Rows: 1, Example: "2026-11-20T10:00:00.000000Z", Invalid: 2, InvalidExample: `"2026-11-20T10:00:00"`, Why: "has no zone, and the profile has none; set zone"},
		{Name: "duration_ms", Rows: 1, Example: "60000", Invalid: 1, InvalidExample: `"soon"`, Why: "no step of the profile can take it"},
		{Name: "talk_ms", Rows: 1, Example: "1500", Invalid: 1, InvalidExample: `"1.5"`, Why: "is not a whole number; name its unit with the step unit"},
	}
	if diff := cmp.Diff(want, r.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if r.Rows != 5 || r.Records != 3 || r.Rejected != 1 || !r.Fit() {
		t.Errorf("%d rows, %d records, %d rejects, lacks %v; want 5, 3, 1 and nothing", r.Rows, r.Records, r.Rejected, r.Lacks)
	}
	if diff := cmp.Diff([]inspect.Count{{Name: "voicemail", N: 1}}, r.Skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	if len(r.Rejects) != 1 || r.Rejects[0].Path != "b.jsonl" || r.Rejects[0].Row != 1 || r.Files[1].Damage == "" {
		t.Errorf("rejects %v, damage %q: want the second row of b.jsonl, which is cut", r.Rejects, r.Files[1].Damage)
	}
}

func TestARowOfAnotherWidthSaysHowManyCellsItHas(t *testing.T) {
	for kind, text := range map[string]string{
		"cdrs":      "cdrs: {formats: [csv], csv: {header: [id, begin]}, fields: {conversation_id: [id], start_time: [begin]}}",
		"manifests": "manifests: {formats: [csv], csv: {header: [id, begin]}, fields: {conversation_id: [id], start_time: [begin]}}",
	} {
		r := reported(t, text, kind, "a.csv", "c1,2026-11-20T10:00:00Z,\nc2,2026-11-20T10:00:00Z,,\n")
		want := []inspect.Reject{{Reason: "another number of cells than the header", Detail: "3, and the header has 2", N: 2, Path: "a.csv"}}
		if diff := cmp.Diff(want, r.Rejects); diff != "" || !strings.Contains(r.Text(), "than the header: 3, and the header has 2 (first in row 0 of a.csv)") {
			t.Errorf("%s (-want +got):\n%s\n%s", kind, diff, r.Text())
		}
		if len(r.Lacks) == 0 || r.Lacks[0].Next != "see why all of its rows are rejected" {
			t.Errorf("%s lacks %v", kind, r.Lacks)
		}
	}
}

func TestATruthValueIsAWordOfAMap(t *testing.T) {
	const own = "cdrs: {formats: [csv], fields: {conversation_id: [id], recorded: [{from: r, then: [{map: {1: true, true: true, 0: false}, else: false}]}, {value: true}]}}"
	r := reported(t, own, "cdrs", "a.csv", "id,r\na,1\nb,TRUE\nc,0\nd,x\ne,\n")
	for _, f := range r.Fields {
		if f.Name == "recorded" && (f.Rows != 5 || f.Invalid > 0) {
			t.Errorf("%+v", f)
		}
	}
}

func TestWhatJudgingNeedsAndNothingFillsIsNamedWithANextAction(t *testing.T) {
	const row = `{"id":"c1","begin":"2026-11-20T10:00:00Z","seconds":60,"talk":1500}`
	for name, test := range map[string]struct {
		profile, row, lacks, next string
	}{
		"nothing":        {legs, row, "", ""},
		"no start":       {legs, strings.Replace(row, "begin", "other", 1), "start_time", "correct its place: nothing stands there"},
		"no zone":        {legs, strings.Replace(row, "00Z", "00", 1), "start_time", "set zone"},
		"no place":       {strings.Replace(legs, "    talk_ms: [/talk]\n", "", 1), row, "answer_time talk talk_ms recorded", "map one of them"},
		"no duration":    {legs, strings.Replace(row, "60", "null", 1), "end_time duration_ms", "correct its place"},
		"no id":          {legs, strings.Replace(row, `"c1"`, `""`, 1), "conversation_id recording_ids", "correct its place"},
		"no row at all":  {legs, "", "start_time", "see why the file is damaged"},
		"all is skipped": {legs, `{"app":"Voicemail"}`, "start_time", "nothing stands there"},
	} {
		t.Run(name, func(t *testing.T) {
			r := reported(t, test.profile, "cdrs", "a.jsonl", test.row)
			if test.lacks == "" {
				if !r.Fit() {
					t.Errorf("lacks %v", r.Lacks)
				}
				return
			}
			if r.Fit() || strings.Join(r.Lacks[0].Fields, " ") != test.lacks || !strings.Contains(r.Lacks[0].Next, test.next) {
				t.Errorf("lacks %v, want %s with %q", r.Lacks, test.lacks, test.next)
			}
		})
	}
}

const syslog = `registrations:
  formats: [text]
  lines:
    - {match: '^(?P<when>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) .* REGISTER (?P<trunk_id>\S+) (?P<status>\d{3})'}
    - {match: '^(?P<clock>\d\d:\d\d:\d\d) REGISTER (?P<trunk_id>\S+) (?P<status>\d{3})'}
  fields: {time: [{from: when, then: [{time: ["Jan _2 15:04:05"]}]}, {from: clock, then: [{time: ["15:04:05"]}]}]}
  zone: UTC
`

func TestTimesTakeTheirYearFromTheFileAndTheirDateFromThePath(t *testing.T) {
	const line = "Nov 20 10:00:01 sbc REGISTER tg1 403\n"
	for path, date := range map[string]string{
		"date=2026-11-19/a.log": "2026-11-19", "2026/11/18/a.log": "2026-11-18", "year=2026/month=1/day=2/a.log": "2026-01-02",
		"log-20261117.log": "2026-11-17", "call_20269940_1.log": "", "a.log": "",
	} {
		r := reported(t, syslog, "registrations", path, line+"10:00:02 REGISTER tg1 200\n")
		if got := r.Fields[0].Example; got != "2026-11-20T10:00:01.000000Z" {
			t.Errorf("%s: the time without a year is %s", path, got)
		}
		if want := map[bool]int64{true: 1, false: 2}[date == ""]; r.Fields[0].Rows != want && date == "" || date != "" && r.Rejected > 0 {
			t.Errorf("%s: %d times and %d rejects", path, r.Fields[0].Rows, r.Rejected)
		}
	}
	if r := reported(t, syslog, "registrations", "date=2026-11-19/a.log", "10:00:02 REGISTER tg1 200\n"); r.Fields[0].Example != "2026-11-19T10:00:02.000000Z" {
		t.Errorf("the time without a date is %s", r.Fields[0].Example)
	}
}

func TestEventsAreCountedByStatusAndCauseAndUnmatchedLinesAreShown(t *testing.T) {
	r := reported(t, syslog, "registrations", "a.log", `Nov 20 10:00:01 sbc REGISTER tg1 503
Nov 20 10:00:02 sbc REGISTER tg1 401
Nov 20 10:00:03 sbc REGISTER tg1 200
Nov 20 10:00:04 sbc Authorization: Bearer s3cret-value password=s3cret QWxhZGRpbjpvcGVuIHNlc2FtZTEyMzQ1Njc4OTA https://s3cret@host/x?sig=s3cret
Nov 20 10:00:05 sbc other
`)
	if diff := cmp.Diff([]inspect.Count{{Name: "200", N: 1}, {Name: "401", N: 1}, {Name: "503", N: 1}}, r.Statuses); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]inspect.Count{{Name: "unauthenticated", N: 1}, {Name: "server_error", N: 1}}, r.Causes); diff != "" {
		t.Errorf("causes (-want +got):\n%s", diff)
	}
	if r.Unmatched.N != 2 || !strings.HasPrefix(r.Unmatched.First, "Nov 20 10:00:04 sbc ") || strings.Contains(r.Text(), "s3cret") || strings.Contains(r.Text(), "QWxhZGRpbj") {
		t.Errorf("unmatched: %+v\n%s", r.Unmatched, r.Text())
	}
}

func TestAnInvalidValueOfALogIsShownByItsShape(t *testing.T) {
	r := reported(t, syslog, "registrations", "a.log", "10:00:02 REGISTER tg1 200\n")
	if f := r.Fields[0]; f.Invalid != 1 || f.InvalidExample != "99:99:99" {
		t.Errorf("%+v, want the time of day as 99:99:99: no partition gives it a date", f)
	}
}

func TestSecretsOfAnyFieldAreMasked(t *testing.T) {
	const text = `registrations: {formats: [jsonl], fields: {time: [/t], status: [/s], trunk_id: [/trunk], access_token: [/token], reason: [/why], token_claims: [/claims]}}`
	r := reported(t, text, "registrations", "a.jsonl", `{"t":"2026-11-20T10:00:00Z","s":403,"trunk":"https://x/y?key=s3cret","token":"s3cret","why":"bad token: s3cret \u001b[2J","claims":{"sub":"s3cret"}}
{"t":"eyJhbGciOiJIUzI1NiJ9.s3cret.s3cret","s":"api_key=s3cret","trunk":"t"}
{"t":"s3cret","s":"s3cret","trunk":"t","why":"s3cret"}`)
	if got := r.Text(); strings.Contains(got, "s3cret") || strings.Contains(got, "\x1b") {
		t.Errorf("a secret or a control character is shown:\n%s", got)
	}
}

func TestTheObjectKeyFillsFieldsOfManifests(t *testing.T) {
	const text = `manifests: {formats: [json], key_pattern: 'conversation_id=(?P<conversation_id>[^/]+)/(?P<recording_id>[^/.]+)', fields: {recording_id: [/id], start_time: [/t]}}`
	r := reported(t, text, "manifests", "conversation_id=c1/r1.json", `{"t":"2026-11-20T10:00:00Z"}`, "conversation_id=c2/r2.json", `{"id":"r2"}`)
	want := []inspect.Field{{Name: "recording_id", Rows: 2, Example: "r1"}, {Name: "conversation_id", Rows: 2, Example: "c1"}, {Name: "start_time", Rows: 1, Example: "2026-11-20T10:00:00.000000Z"}}
	if diff := cmp.Diff(want, r.Fields); diff != "" || !r.Fit() {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestAShapeCountsTheFieldsThatItFindsAndTheRowsThatAreNoRecords(t *testing.T) {
	const text = `registrations: {formats: [jsonl], shape: http-client-log, fields: {time: [/time], status: [/status], reason: [/why]}}`
	const post = `"time":"2026-11-20T10:00:00Z","method":"POST"`
	r := reported(t, text, "registrations", "a.jsonl", `{`+post+`,"path":"/api/v2/telephony/sip/lines/l1/registrations","status":403,"trunk_id":"t1"}
{`+post+`,"path":"/oauth/token","status":200}
{`+post+`,"path":"/other","status":200}
`)
	got := examples(r)
	if got["line_id"] != "l1" || got["status"] != "403" || r.Rows != 3 || r.Records != 1 || !r.Fit() {
		t.Errorf("%d rows, %d records, fields %v, lacks %v", r.Rows, r.Records, got, r.Lacks)
	}
	if len(r.Skipped) != 1 || r.Skipped[0].N != 2 {
		t.Errorf("skipped %v, want 2 that are no records", r.Skipped)
	}
	if _, shown := got["reason"]; shown {
		t.Error("a field is counted that events do not show")
	}

	r = reported(t, text, "registrations", "a.jsonl", `{"time":"2026-11-20T10:00:00Z"}`+"\n")
	if r.Fit() || !strings.Contains(r.Lacks[0].Next, "of the shape http-client-log") {
		t.Errorf("lacks %v", r.Lacks)
	}
}

// examples returns the examples of the fields that are counted.
func examples(r *inspect.Report) map[string]string {
	all := map[string]string{}
	for _, f := range r.Fields {
		all[f.Name] = f.Example
	}
	return all
}

func TestOfRecordingsWithoutMetadataThePathIsRead(t *testing.T) {
	const names = `manifests:
  documents: none
  media_pattern: '/(?P<recording_id>r\d+)-(?P<start_time>\d+)\.wav$'
  media_exclude: /greeting
  time_layouts: ["20060102150405"]
  zone: UTC
`
	r := reported(t, names, "manifests", "a/r1-20261120100000.wav", "audio", "a/r2-2026.wav", "", "a/odd.wav", "audio", "a/greeting.wav", "audio")
	want := []inspect.Field{
		{Name: "recording_id", Rows: 2, Example: "r1"},
		{Name: "start_time", Rows: 1, Example: "2026-11-20T10:00:00.000000Z", Invalid: 1, InvalidExample: "2026", Why: "is outside the years 1990 to 2099; another epoch needs the step epoch"},
		{Name: "media_key", Rows: 2, Example: "a/r1-20261120100000.wav"},
		{Name: "media_bytes", Rows: 2, Example: "5"},
	}
	if diff := cmp.Diff(want, r.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if r.Rows != 4 || r.Records != 2 || r.Rejected != 1 || len(r.Skipped) != 1 || r.Skipped[0].N != 1 || !r.Fit() {
		t.Errorf("got %+v, want 4 rows: 2 records, a reject and one that is excluded", r)
	}

	p, err := profile.Load("own.yaml", []byte(names), "manifests")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := inspect.Print(&out, p, &inspect.File{Path: "a/r1-20261120100000.wav", Content: strings.NewReader("audio")}, 9); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"# manifests as media", "  recording_id     r1", "  media_bytes      5"} {
		if !strings.Contains(out.String(), line+"\n") {
			t.Errorf("%q is not in\n%s", line, out.String())
		}
	}
}

func TestAReportSaysThatAListGoesOn(t *testing.T) {
	const pages = "cdrs:\n  formats: [json]\n  document: {entries: /calls}\n  pages: {total: /total}\n  fields: {conversation_id: [/id]}\n"
	page := func(ids string) string { return `{"total":3,"calls":[` + ids + `]}` }
	r := reported(t, pages, "cdrs", "2026-11-20/1.json", page(`{"id":1},{"id":2}`), "2026-11-20/2.json", page(`{"id":3}`), "2026-11-21/1.json", page(`{"id":4}`))
	want := []string{"2026-11-21: its objects say that there are 3 records in all, and they hold 1"}
	if diff := cmp.Diff(want, r.Unfinished); diff != "" || !strings.Contains(r.Text(), "not all of it: 2026-11-21: ") {
		t.Errorf("(-want +got):\n%s\n%s", diff, r.Text())
	}
}
