package profile_test

import (
	"testing"

	"cdrmend/internal/profile"
)

func TestTheNameDecidesTheFormatAndElseTheContent(t *testing.T) {
	p := builtIn(t, "cdrmend", "cdrs")
	for key, want := range map[string]profile.Format{
		"a.json": profile.JSON, "a.JSON.gz": profile.JSON, "a.jsonl.zst": profile.JSONLines, "a.ndjson": profile.JSONLines, "dir.json/a.csv": profile.CSV, "a.parquet": profile.Parquet, "a.gz": profile.CSV, "a.log": profile.CSV, "a.json.bak": profile.CSV,
	} {
		if got := p.FormatOf(key, []byte("x,y")); got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
	for head, want := range map[string]profile.Format{
		"": profile.JSON, " [1": profile.JSON, "\xef\xbb\xbf\n{\"a\":1}": profile.JSON, "{\n\"a\":1}": profile.JSON, "{\"a\":1}\n\n": profile.JSON, "{\"a\":1}\r\n{": profile.JSONLines, "PAR1\x15": profile.Parquet, "a,b": profile.CSV, "\"a\",b": profile.CSV,
	} {
		if got := p.FormatOf("part-0", []byte(head)); got != want {
			t.Errorf("%q: got %s, want %s", head, got, want)
		}
	}
	if got := (&profile.Profile{Formats: []profile.Format{profile.JSON}}).FormatOf("a.csv", []byte("a,b")); got != profile.JSON {
		t.Errorf("the only format is not taken: %s", got)
	}
}

func TestObjectsWhoseRowsDependOnTheLineBeforeAreNotSplit(t *testing.T) {
	for _, test := range []struct {
		text   string
		format profile.Format
		want   bool
	}{
		{"registrations: {formats: [text], line: '(?P<time>x)'}", profile.TextLines, true},
		{"registrations: {formats: [text, csv], begins: '^x', line: '(?P<time>x)'}", profile.TextLines, false},
		{"registrations: {formats: [text, csv], begins: '^x', line: '(?P<time>x)'}", profile.CSV, true},
		{"registrations: {formats: [jsonl], each: /a/*, fields: {time: [/t]}}", profile.JSONLines, false},
		{"registrations: {formats: [jsonl], concatenated: true, fields: {time: [/t]}}", profile.JSONLines, false},
		{"registrations: {formats: [json], fields: {time: [/t]}}", profile.JSON, false},
	} {
		p, err := profile.Load("own.yaml", []byte(test.text), "registrations")
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Splits(test.format); got != test.want {
			t.Errorf("%s in %s: split %v, want %v", test.text, test.format, got, test.want)
		}
	}
}

func TestValuesThatFollowEachOtherAreLinesWhateverTheirName(t *testing.T) {
	p, err := profile.Load("own.yaml", []byte("cdrs: {formats: [json, jsonl, csv], concatenated: true, fields: {leg_id: [/id]}}"), "cdrs")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		key, head string
		want      profile.Format
	}{
		{"stream-1-2026", `{"id":1}{"id":2}`, profile.JSONLines},
		{"stream-1-2026.json", `{"id":1}{"id":2}`, profile.JSONLines},
		{"a.json", " \n{\"id\":1}", profile.JSONLines},
		{"a.json", `[{"id":1}]`, profile.JSON},
		{"a", "\ufeff[]", profile.JSON},
		{"a.csv", `{"id":1}`, profile.CSV},
	} {
		if got := p.FormatOf(test.key, []byte(test.head)); got != test.want {
			t.Errorf("%s with %s is %v, want %v", test.key, test.head, got, test.want)
		}
	}
}
