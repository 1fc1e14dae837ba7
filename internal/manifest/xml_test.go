package manifest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// xml says how a document in XML was read.
func xml(t testing.TB, more, key string, stored []byte) string {
	t.Helper()
	p := csvProfileOf(t, "manifests:\n  formats: [xml]\n  document: {entries: /x/r}\n  fields: {recording_id: [/@id], conversation_id: [/c]}\n"+more)
	in := manifest.Input{Key: key, StoredSize: int64(len(stored)), Stream: stream.Open(bytes.NewReader(stored), int64(len(stored)), &limits), Format: profile.XML}
	in.Body = bufio.NewReader(in.Stream)
	rejected := 0
	in.Reject = func(rows.Reject) error { rejected++; return nil }
	b, err := manifest.NewReader(p, intern.NewTable(), required, &limits).Read(in)
	if err != nil {
		t.Fatal(err)
	}
	brief := fmt.Sprintf("entries=%d rows=%d", b.Doc.N, b.Rows)
	if int64(rejected) != b.Rejects {
		t.Errorf("%d rejects were counted, and %d handed over", b.Rejects, rejected)
	}
	if rejected > 0 {
		brief += fmt.Sprintf(" rejects=%d", rejected)
	}
	if x := b.Doc.Extra; x != nil && x.Malformed != nil {
		brief += fmt.Sprintf(" malformed=%d", x.Malformed.Offset)
	}
	if x := b.Doc.Extra; x != nil && x.Truncated != nil {
		brief += fmt.Sprintf(" truncated=%d", x.Truncated.Offset)
	}
	if b.Skipped > 0 {
		brief += fmt.Sprintf(" skipped=%d", b.Skipped)
	}
	if b.Page != (profile.Page{}) {
		brief += fmt.Sprintf(" more=%v total=%d odd=%v", b.Page.More, b.Page.Total, b.Page.Odd)
	}
	if b.Doc.Damaged() {
		brief += " damaged"
	}
	if from, any := b.Doc.SetAside(); any {
		brief += fmt.Sprintf(" aside=%d", from)
	}
	return brief
}

func TestWhatIsWholeOfXMLIsRead(t *testing.T) {
	const pages = "  pages: {more: /x/next, total: /x/@total}\n"
	const keyed = "  key_pattern: '(?P<conversation_id>[^/]+)/(?P<recording_id>[^/]+)\\.xml$'\n"
	for name, test := range map[string]struct{ more, text, want string }{
		"sound":                {"", `<x><r id="1"/><r id="2"><c>a</c></r></x>`, "entries=2 rows=2"},
		"an empty list":        {"", "<x/>", "entries=0 rows=0"},
		"another root":         {"", "<y><r id='1'/></y>", "entries=0 rows=0 malformed=0 damaged aside=0"},
		"nothing":              {"", "", "entries=0 rows=0 truncated=0 damaged aside=0"},
		"white space":          {"", " \n", "entries=0 rows=0 truncated=0 damaged aside=0"},
		"no elements":          {"", `<x><r>text</r><r id="1"/></x>`, "entries=1 rows=2 rejects=1"},
		"no known field":       {"", `<x><r z="1"/><r id="1"/></x>`, "entries=1 rows=2 rejects=1"},
		"other elements":       {"", `<x><head><r id="3"/></head><r id="1"/><R id="2"/></x>`, "entries=1 rows=4 rejects=2 skipped=1"},
		"pages":                {pages, `<x total="5"><next>t</next><r id="1"/></x>`, "entries=1 rows=1 more=true total=5 odd=false"},
		"the last page":        {pages, `<x total="1"><next/><r id="1"/></x>`, "entries=1 rows=1 more=false total=1 odd=false"},
		"no more pages":        {pages, `<x><next>false</next><r id="1"/></x>`, "entries=1 rows=1"},
		"an odd total":         {pages, `<x total="1,250"><r id="1"/></x>`, "entries=1 rows=1 more=false total=0 odd=true"},
		"cut":                  {"", `<x><r id="1"/><r id="2`, "entries=1 rows=1 truncated=22 damaged aside=14"},
		"cut between entries":  {"", `<x><r id="1"/>`, "entries=1 rows=1 truncated=14 damaged aside=14"},
		"wrong tags":           {"", `<x><r id="1"/></y>`, "entries=1 rows=1 malformed=18 damaged aside=14"},
		"an entity of its own": {"", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x><r id="&e;"/></x>`, "entries=0 rows=0 malformed=67 damaged aside=0"},
		"sole, cut":            {keyed, `<x><r i`, "entries=1 rows=1 truncated=7 aside=0"},
		"sole, nothing":        {keyed, ``, "entries=1 rows=1 truncated=0 aside=0"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := xml(t, test.more, "c/r.xml", []byte(test.text)); got != test.want {
				t.Errorf("%s\ngot  %s\nwant %s", test.text, got, test.want)
			}
		})
	}
}

func TestXMLThatIsCutAnywhereKeepsWhatIsWhole(t *testing.T) {
	const text = `<x><r id="1"><c>a</c></r> <r id="2"/></x>`
	for n := 1; n < len(text); n++ {
		want := 0
		for _, end := range []string{"</r>", `"2"/>`} {
			if n >= strings.Index(text, end)+len(end) {
				want++
			}
		}
		if got := xml(t, "", "k.xml", []byte(text[:n])); !strings.HasPrefix(got, fmt.Sprintf("entries=%d ", want)) || !strings.Contains(got, "truncated=") {
			t.Errorf("%q: %s, want %d entries", text[:n], got, want)
		}
	}
}
