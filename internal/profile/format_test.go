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
