package profile_test

import (
	"strings"
	"testing"
	"time"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/manifests"

	"github.com/google/go-cmp/cmp"
)

func builtIn(t testing.TB, name, kind string) *profile.Profile {
	t.Helper()
	text, ok := manifests.Profile(name)
	if !ok {
		t.Fatalf("%s is not built in", name)
	}
	p, err := profile.Load(name, text, kind)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheCanonicalProfileUsesTheNamesOfTheFields(t *testing.T) {
	for kind, fields := range map[string][]record.Field{
		"manifests": record.EntryFields, "cdrs": record.LegFields, "registrations": record.EventFields,
	} {
		p := builtIn(t, "cdrmend", kind)
		if len(p.Fields) != len(fields) {
			t.Errorf("%s has %d fields, want %d", kind, len(p.Fields), len(fields))
		}
		for _, f := range fields {
			if diff := cmp.Diff(profile.At("/"+f.String()), p.Fields[f]); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", f, kind, diff)
			}
		}
		if diff := cmp.Diff([]string{record.TimeLayout}, p.Layouts); diff != "" {
			t.Errorf("layouts of %s (-want +got):\n%s", kind, diff)
		}
		if p.Zone != nil || p.Settle != 0 || p.KeyPattern != nil || p.Missing.Has([]byte("n/a")) {
			t.Errorf("%s: %+v", kind, p)
		}
	}
	p := builtIn(t, "cdrmend", "manifests")
	if p.List != "/recordings" || p.Format != "/format" || p.DocOrg != "/org_id" || p.DocTotal != "/counts/total" || p.DocFailed != "/counts/failed" {
		t.Errorf("document: %+v", p)
	}
	if diff := cmp.Diff([]string{"tel:", "sip:"}, p.Prefixes); diff != "" {
		t.Errorf("prefixes (-want +got):\n%s", diff)
	}
}

func TestGenesysKeysNameDocumentsAndMedia(t *testing.T) {
	const (
		hour  = "acme/year=2026/month=11/day=20/hour=8/conversation_id=c-1/"
		media = "2aBe7c04-63d1-ab47-4182-6e2653f37546"
	)
	p := builtIn(t, "genesys-cloud", "manifests")
	if p.Settle != 48*time.Hour || p.Suffix != "_metadata.json" {
		t.Errorf("settle %v suffix %q", p.Settle, p.Suffix)
	}
	for key, want := range map[string]string{
		hour + media + ".opus_metadata.json":            "acme c-1 " + media + " " + media + ".opus",
		"x/" + hour + "rec_1.tar.gz_metadata.json":      "acme c-1 rec_1 rec_1.tar.gz",
		hour + media + "_metadata.json":                 "acme c-1 " + media + " " + media,
		hour + media + "_call_metadata.json":            "",
		hour + media + ".opus_metadata.json.gz":         "",
		hour + "deeper/" + media + "_metadata.json":     "",
		"year=2026/month=11/day=20/hour=8/" + media:     "",
		hour + "_metadata.json":                         "",
		strings.Replace(hour, "8", "x", 1) + "a_m.json": "",
	} {
		got := ""
		if m := p.KeyPattern.FindStringSubmatch(key); m != nil && !p.Exclude.MatchString(key) {
			group := func(name string) string { return m[p.KeyPattern.SubexpIndex(name)] }
			got = strings.Join([]string{group("org_id"), group("conversation_id"), group("recording_id"), group("media_key")}, " ")
		}
		if got != want {
			t.Errorf("document %q: got %q, want %q", key, got, want)
		}
	}
	for key, want := range map[string]string{
		hour + media:                     media,
		hour + media + ".opus":           media,
		"x/" + hour + media + ".tar.gz":  media,
		hour + "{" + media + "}.wav":     "{" + media + "}",
		hour + media + ".json":           "",
		hour + media + ".opus.txt":       "",
		hour + media + "_metadata.json":  "",
		hour + media + "x.opus":          "",
		hour + "{" + media + ".opus":     "",
		hour + "segment-7.opus":          "",
		hour + "media/" + media + ".wav": "",
		"media/" + media + ".opus":       "",
	} {
		got := ""
		if m := p.MediaPattern.FindStringSubmatch(key); m != nil && !p.MediaExclude.MatchString(key) {
			got = m[p.MediaPattern.SubexpIndex("recording_id")]
		}
		if got != want {
			t.Errorf("media %q: got %q, want %q", key, got, want)
		}
	}
}

func TestAProfileOfOnesOwnIsRead(t *testing.T) {
	p, err := profile.Load("log.yaml", []byte(`registrations:
  settle: 0
  formats: [text, csv]
  line: '^(?P<time>\S+) (?P<who>\S+) (?P<status>\d+)$'
  key_pattern: '^(?P<org_id>[^/]+)/'
  document: {entries: /a~1b/events}
  fields:
    line_id: [who, /line]
  time_layouts: ["02.01.2006 15:04"]
  zone: Europe/Berlin
  missing: [" - ", "n/a"]
  phone_prefixes: ["TEL:"]
`), "registrations")
	if err != nil {
		t.Fatal(err)
	}
	want := map[record.Field][]profile.Place{record.EventTime: profile.At("time"), record.Status: profile.At("status"), record.LineID: profile.At("who", "/line")}
	if diff := cmp.Diff(want, p.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(profile.NewWords("-", "n/a"), p.Missing, cmp.AllowUnexported(profile.Words{})); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if p.Zone.String() != "Europe/Berlin" || p.List != "/a~1b/events" || p.Prefixes[0] != "tel:" || p.Kind != "registrations" || p.Name != "log.yaml" {
		t.Errorf("got %+v", p)
	}
	if diff := cmp.Diff([]profile.Format{profile.TextLines, profile.CSV}, p.Formats); diff != "" {
		t.Errorf("formats (-want +got):\n%s", diff)
	}
}

func TestEveryErrorOfAProfileNamesLineColumnAndKey(t *testing.T) {
	entry := func(lines string) string {
		return "manifests:\n  formats: [json]\n  fields: {recording_id: [/id]}\n" + lines
	}
	media := func(lines string) string {
		return "manifests:\n  documents: none\n  media_pattern: '(?P<recording_id>.)'\n" + lines
	}
	for name, test := range map[string]struct{ kind, text, want string }{
		"unknown key":       {"manifests", entry("  colour: blue"), "p.yaml:4:3: manifests.colour: unknown key, want one of csv document documents exclude fields formats id_pattern key_pattern media_exclude media_pattern media_suffix missing pages phone_prefixes screen_pattern settle time_layouts zone"},
		"unknown section":   {"manifests", entry("legs: {}"), "p.yaml:4:1: legs: unknown key, want one of cdrs manifests registrations"},
		"missing section":   {"cdrs", entry(""), "p.yaml:1:1: the profile has no section cdrs, want one of: manifests"},
		"nothing":           {"cdrs", "", "p.yaml:1:1: want a profile with a section manifests, cdrs or registrations\np.yaml:1:1: the profile has no section cdrs"},
		"unknown field":     {"cdrs", "cdrs:\n  formats: [csv]\n  fields: {media_key: [u]}", "p.yaml:3:12: cdrs.fields.media_key: unknown key, want one of ani answer_time conversation_id direction dnis duration_ms end_time leg_id line_id org_id pauses queue_ids recorded recording_ids sip_status start_time talk talk_ms trunk_id updated_at user_ids"},
		"unknown format":    {"manifests", "manifests:\n  formats: [text]\n  fields: {ani: [/a]}", `p.yaml:2:13: manifests.formats[0]: is "text", want one of json jsonl csv parquet xml`},
		"bad pointer":       {"manifests", "manifests:\n  formats: [json]\n  fields: {ani: [/a, /b~2]}", `p.yaml:3:22: manifests.fields.ani[1]: is "/b~2", want a JSON pointer such as /recordingId, the name of a column, or an object with from, join or value`},
		"no pointer":        {"manifests", "manifests:\n  formats: [json]\n  fields: {ani: [a, /b]}", `p.yaml:3:12: manifests.fields.ani: begins with the column "a", want the JSON pointer that repairs are written to`},
		"document pointer":  {"manifests", entry("  document: {total: total}"), `p.yaml:4:14: manifests.document.total: is "total", want a JSON pointer such as /recordings`},
		"regexp":            {"manifests", entry("  key_pattern: '(?P<org_id>'"), "p.yaml:4:3: manifests.key_pattern: error parsing regexp: missing closing ): `(?P<org_id>`"},
		"group":             {"manifests", entry("  key_pattern: '(?P<trunk>.)'"), `p.yaml:4:3: manifests.key_pattern: the group "trunk" has no meaning here, want one of: org_id conversation_id recording_id media_key`},
		"media group":       {"manifests", entry("  media_pattern: x\n  media_suffix: y"), "p.yaml:4:3: manifests.media_pattern: has no group recording_id"},
		"media suffix":      {"manifests", entry("  media_pattern: '(?P<recording_id>x)'"), "p.yaml:4:3: manifests.media_pattern: needs media_suffix, from which the key of a lost document is made"},
		"media exclude":     {"manifests", entry("  media_exclude: x"), "p.yaml:4:3: manifests.media_exclude: needs media_pattern"},
		"layout, no year":   {"manifests", entry("  time_layouts: [Jan _2 15:04:05]\n  zone: UTC"), `p.yaml:4:18: manifests.time_layouts[0]: "Jan _2 15:04:05" has no year, which only the step time can read; name it at the fields that it is for, such as {from: PLACE, then: [{time: ["Jan _2 15:04:05"]}]}`},
		"layout, a weekday": {"manifests", entry("  time_layouts: ['Mon Jan _2 15:04:05']\n  zone: UTC"), `p.yaml:4:18: manifests.time_layouts[0]: "Mon Jan _2 15:04:05" has no year, which only the step time can read; name it at the fields that it is for, such as {from: PLACE, then: [{time: ["Mon Jan _2 15:04:05"]}]}`},
		"layout, no date":   {"manifests", entry("  time_layouts: ['15:04:05']\n  zone: UTC"), `p.yaml:4:18: manifests.time_layouts[0]: "15:04:05" has no date, which only the step time can read; name it at the fields that it is for, such as {from: PLACE, then: [{time: ["15:04:05"]}]}`},
		"layout, strftime":  {"manifests", entry("  time_layouts: ['%Y-%m-%d %H:%M:%S']\n  zone: UTC"), `p.yaml:4:18: manifests.time_layouts[0]: "%Y-%m-%d %H:%M:%S" is a layout of strftime, which only the step time can read; name it at the fields that it is for, such as {from: PLACE, then: [{time: ["%Y-%m-%d %H:%M:%S"]}]}`},
		"layout, no time":   {"manifests", entry("  time_layouts: ['2006-01-02']\n  zone: UTC"), `p.yaml:4:18: manifests.time_layouts[0]: "2006-01-02" does not write a whole time, want a layout of the reference time 2006-01-02T15:04:05`},
		"values, no jsonl":  {"cdrs", "cdrs: {formats: [csv], concatenated: true, fields: {leg_id: [id]}}", `p.yaml:1:24: cdrs.concatenated: is given, but jsonl is not among the formats`},
		"values in a list":  {"cdrs", "cdrs: {formats: [jsonl], concatenated: true, document: {entries: /a}, fields: {leg_id: [/id]}}", `p.yaml:1:26: cdrs.concatenated: stands with document.entries, want only one of them: each value is a record, or a document that has a list of them`},
		"layout":            {"manifests", entry("  time_layouts: [YYYY-MM-DD]\n  zone: UTC"), `p.yaml:4:18: manifests.time_layouts[0]: "YYYY-MM-DD" does not write a whole time, want a layout of the reference time 2006-01-02T15:04:05`},
		"layout zone":       {"manifests", entry("  time_layouts: ['2006-01-02 15:04:05']"), `p.yaml:4:18: manifests.time_layouts[0]: "2006-01-02 15:04:05" has no zone, and the profile has none either; name the zone there or at the source`},
		"zone":              {"manifests", entry("  zone: Local"), `p.yaml:4:3: manifests.zone: "Local" is no time zone, want one such as Europe/Berlin`},
		"settle":            {"manifests", entry("  settle: -1h"), `p.yaml:4:3: manifests.settle: is "-1h", want a duration of 0 or more such as 48h, 95h59m, 90s or 998ms`},
		"no fields":         {"cdrs", "cdrs: {formats: [csv]}", "p.yaml:1:1: cdrs.fields: is missing, want where the fields are"},
		"no line":           {"registrations", "registrations: {formats: [text], fields: {time: [t]}}", "p.yaml:1:1: registrations.line: is missing, want the regular expression of a text line"},
		"line without use":  {"registrations", "registrations: {formats: [csv], line: '(?P<time>.)', fields: {time: [t]}}", "p.yaml:1:33: registrations.line: is given, but text is not among the formats\np.yaml:1:33: registrations.line: the group \"time\" feeds no field"},
		"unmatched":         {"registrations", "registrations: {formats: [csv], unmatched: reject, fields: {time: [t]}}", "p.yaml:1:33: registrations.unmatched: is given, but text is not among the formats"},
		"unknown member":    {"cdrs", "cdrs:\n  formats: [csv]\n  fields: {ani: [{form: a}]}", "p.yaml:3:19: cdrs.fields.ani[0].form: unknown key, want one of from join then value with"},
		"unknown step":      {"cdrs", "cdrs:\n  formats: [csv]\n  fields: {ani: [{from: a, then: [{mach: x}]}]}", "p.yaml:3:36: cdrs.fields.ani[0].then[0].mach: unknown key, want one of decode else epoch map match sort split time unit"},
		"unit of a text":    {"cdrs", "cdrs:\n  formats: [csv]\n  fields: {ani: [{from: a, then: [{unit: s}]}]}", "p.yaml:3:36: cdrs.fields.ani[0].then[0].unit: is for durations, and the field is none"},
		"unknown unit":      {"cdrs", "cdrs:\n  formats: [csv]\n  fields: {talk_ms: [{from: a, then: [{unit: m}]}]}", `p.yaml:3:40: cdrs.fields.talk_ms[0].then[0].unit: is "m", want one of ns us ms s hh:mm:ss`},
		"two sources":       {"cdrs", "cdrs:\n  formats: [csv]\n  fields: {ani: [{from: a, value: b}]}", "p.yaml:3:19: cdrs.fields.ani[0]: has 2 of from, join and value, want exactly one"},
		"computed repair":   {"manifests", "manifests:\n  formats: [json]\n  fields: {end_time: [{from: /a}], state: [{value: absent}]}", "p.yaml:3:12: manifests.fields.end_time: begins with a computed value, want the JSON pointer that repairs are written to"},
		"lost group":        {"registrations", "registrations: {formats: [text], line: '(?P<when>.)', fields: {time: [t]}}", `p.yaml:1:34: registrations.line: the group "when" feeds no field`},
		"a group twice":     {"registrations", "registrations: {formats: [text], line: '(?P<time>a)|(?P<time>b)'}", "p.yaml:1:34: registrations.line: the group \"time\" stands twice, and only the last one would count; want each name once, with alternatives inside the group or in patterns of their own"},
		"set of a group":    {"registrations", "registrations: {formats: [text], lines: [{match: '(?P<status>.)', set: {status: 200}}]}", "p.yaml:1:73: registrations.lines[0].set.status: is a group of the pattern, too, whose value would never count; want only one of them"},
		"no formats":        {"manifests", "manifests:\n  fields: {recording_id: [/id]}", "p.yaml:1:1: manifests.formats: is missing, want a list of formats, or documents: none where recordings have no metadata files"},
		"no media pattern":  {"manifests", "manifests: {documents: none}", "p.yaml:1:1: manifests.media_pattern: is missing, want the regular expression of the keys of recordings; its named groups are the columns of fields"},
		"none and formats":  {"manifests", media("  formats: [json]"), "p.yaml:4:3: manifests.formats: is given, but with documents: none there are no documents that it could be about"},
		"none and suffix":   {"manifests", media("  media_suffix: .json"), "p.yaml:4:3: manifests.media_suffix: is given, but with documents: none there are no documents that it could be about"},
		"other documents":   {"manifests", "manifests:\n  documents: some\n  formats: [json]\n  fields: {recording_id: [/id]}", `p.yaml:2:3: manifests.documents: is "some", want none: each recording is an entry, described by its key alone`},
		"group of no field": {"manifests", "manifests:\n  documents: none\n  media_pattern: '(?P<recording_id>.)(?P<rest>.)'", `p.yaml:3:3: manifests.media_pattern: the group "rest" feeds no field`},
		"own media group":   {"manifests", "manifests:\n  documents: none\n  media_pattern: '(?P<recording_id>.)(?P<media_key>.)'", `p.yaml:3:3: manifests.media_pattern: the group "media_key" has the name of what every media object has; choose another name`},
		"no group":          {"manifests", media("  fields: {ani: [from]}"), `p.yaml:4:12: manifests.fields.ani: names "from", which is no group of media_pattern, want one of: media_bytes media_key recording_id`},
		"no group in steps": {"manifests", media("  fields: {ani: [{from: /x}]}"), `p.yaml:4:3: manifests.fields: a computed value reads "/x", which is no group of media_pattern, want one of: media_bytes media_key recording_id`},
		"no id in a name":   {"manifests", "manifests:\n  documents: none\n  media_pattern: '(?P<ani>.)'", "p.yaml:1:1: manifests.fields: has neither recording_id nor conversation_id, so that no call could have a recording; name a group of media_pattern like one of them, or compute it"},
		"xml and others":    {"manifests", "manifests:\n  formats: [xml, json]\n  document: {entries: /r/e}\n  fields: {ani: [/a]}", "p.yaml:2:3: manifests.formats: lists xml and others, want xml alone: its repaired values are written as other documents than those of other formats"},
		"around xml":        {"manifests", "manifests:\n  formats: [xml]\n  document: {entries: /r/e, total: /r/n}\n  fields: {ani: [/a]}", "p.yaml:3:29: manifests.document.total: is given, but nothing outside the entries is read of XML"},
		"syntax":            {"manifests", "manifests: [", "p.yaml:1:12: sequence end token ']' not found"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := profile.Load("p.yaml", []byte(test.text), test.kind)
			if err == nil || p != nil {
				t.Fatalf("accepted\n%s", test.text)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, test.text)
			}
		})
	}
}

// FuzzLoadProfile: a text is refused with a reason, or becomes a profile of the
// kind asked for, with formats and something to find.
func FuzzLoadProfile(f *testing.F) {
	for _, name := range manifests.Profiles() {
		text, _ := manifests.Profile(name)
		f.Add(string(text), "manifests")
		f.Add(string(text), "registrations")
	}
	f.Fuzz(func(t *testing.T, text, kind string) {
		p, err := profile.Load("p.yaml", []byte(text), kind)
		if (p == nil) == (err == nil) {
			t.Fatalf("profile %v, error %v", p, err)
		}
		if p != nil && (p.Kind != kind || len(p.Formats) == 0 && !p.NoDocuments || len(p.Fields) == 0 && p.Shape == "") {
			t.Errorf("accepted %+v", p)
		}
	})
}
