package xmlscan_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/stream"
	"cdrmend/internal/xmlscan"
)

// recordsOf returns the records of a document and what ended it.
func recordsOf(t testing.TB, text, path string, limits *stream.Limits) (records []string, end string) {
	t.Helper()
	r := xmlscan.NewReader(strings.NewReader(text), strings.Split(path, "/")[1:], limits)
	for {
		record, err := r.Next()
		switch {
		case err == io.EOF:
			return records, ""
		case err != nil:
			if !jsonscan.IsDamage(err) {
				t.Fatal(err)
			}
			if syntax, ok := errors.AsType[*jsonscan.SyntaxError](err); ok {
				return records, fmt.Sprintf("%v at %d", err, syntax.Offset)
			}
			return records, err.Error()
		}

		if raw := text[record.Offset : record.Offset+int64(len(record.Raw))]; raw != string(record.Raw) {
			t.Fatalf("record at %d is %q, in the document %q", record.Offset, record.Raw, raw)
		}
		switch record.Place {
		case xmlscan.Other:
			records = append(records, fmt.Sprintf("%d other %s", record.Offset, record.Raw))
			continue
		case xmlscan.Misplaced:
			records = append(records, fmt.Sprintf("%d misplaced %s", record.Offset, record.Raw))
			continue
		}
		if _, err := jsonscan.Parse(record.JSON, &stream.Limits{}); err != nil {
			t.Fatalf("%s: %v", record.JSON, err)
		}
		records = append(records, fmt.Sprintf("%d %s", record.Offset, record.JSON))
	}
}

func TestElementsAtAPathAreRecords(t *testing.T) {
	limits := stream.DefaultLimits()
	for _, tt := range []struct {
		name, text, path string
		want             []string
		end              string
	}{
		{"the root", `<?xml version="1.0"?><cdr id="7"><leg>a</leg><leg>b</leg><to tel="1">x</to></cdr>`, "/cdr", []string{`21 {"@id":"7","leg":["a","b"],"to":{"@tel":"1","#text":"x"}}`}, ""},
		{"elements below it", "<cdrs>\n <cdr><a>1</a></cdr>\n <other><cdr/></other>\n <cdr><a> 2 </a></cdr>\n</cdrs>\n", "/cdrs/cdr", []string{`8 {"a":"1"}`, `29 other <other>`, `36 misplaced <cdr/>`, `52 {"a":"2"}`}, ""},
		{"another case", `<cdrs><CDR><a/></CDR><cdr/></cdrs>`, "/cdrs/cdr", []string{`6 misplaced <CDR>`, `21 ""`}, ""},
		{"one list deeper", `<cdrs><page n="1"><cdr><cdr/></cdr></page></cdrs>`, "/cdrs/cdr", []string{`6 other <page n="1">`, `18 misplaced <cdr>`, `23 misplaced <cdr/>`}, ""},
		{"one list higher", `<x><cdr/><cdrs><cdr/></cdrs><head><n/></head></x>`, "/x/cdrs/cdr", []string{`3 misplaced <cdr/>`, `15 ""`}, ""},
		{"inside a record", `<cdrs><cdr><cdr/><x/></cdr></cdrs>`, "/cdrs/cdr", []string{`6 {"cdr":"","x":""}`}, ""},
		{"names of the frame", `<cdr><list><cdr/></list></cdr>`, "/cdr/list/cdr", []string{`11 ""`}, ""},
		{"another document", `<Cdrs><cdr/><x/></Cdrs>`, "/cdrs/cdr", nil, ""},
		{"name spaces", `<x:a xmlns:x="u"><x:b y:c="1"/></x:a>`, "/a/b", []string{`17 {"@c":"1"}`}, ""},
		{"entities of XML itself", `<a><b>&lt;&#65;&amp;</b></a>`, "/a", []string{`0 {"b":"<A&"}`}, ""},
		{"text in parts", `<a><b>x<!-- c -->y<![CDATA[<z>]]></b></a>`, "/a", []string{`0 {"b":"xy<z>"}`}, ""},
		{"an element without anything", `<a/>`, "/a", []string{`0 ""`}, ""},
		{"an empty element inside", `<a><b/><c></c></a>`, "/a", []string{`0 {"b":"","c":""}`}, ""},
		{"no record", `<a><b/></a>`, "/a/c", []string{`3 other <b/>`}, ""},
		{"nothing", ``, "/a", nil, ""},

		{"an entity of its own", `<!DOCTYPE a [<!ENTITY e "x">]><a><b>&e;</b></a>`, "/a", nil, "the entity &e; (at byte 36) is none of &lt; &gt; &amp; &quot; &apos; or of a number, and no other is expanded: export the character itself at 39"},
		{"one from outside", `<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>`, "/a", nil, "the entity &e; (at byte 57) is none of &lt; &gt; &amp; &quot; &apos; or of a number, and no other is expanded: export the character itself at 60"},
		{"one of HTML", `<a><b>M&uuml;ller</b></a>`, "/a", nil, "the entity &uuml; (at byte 7) is none of &lt; &gt; &amp; &quot; &apos; or of a number, and no other is expanded: export the character itself at 13"},
		{"a long one", `<a>&` + strings.Repeat("e", 100) + `;</a>`, "/a", nil, "the entity &" + strings.Repeat("e", 39) + "… (at byte 3) is none of &lt; &gt; &amp; &quot; &apos; or of a number, and no other is expanded: export the character itself at 105"},
		{"another encoding", `<?xml version="1.0" encoding="ISO-8859-1"?><a><b/></a>`, "/a", nil, "it says that it is in the encoding \"ISO-8859-1\" (before byte 43), and only UTF-8 is read: export it in UTF-8, or convert it before it is uploaded at 43"},
		{"ASCII", `<?xml version="1.0" encoding="US-ASCII"?><a><b>1</b></a>`, "/a/b", []string{`44 "1"`}, ""},
		{"no UTF-8", "<a><b>M\xfcller</b></a>", "/a/b", nil, "byte 7 is not UTF-8, though the document names no other encoding: export it in UTF-8, or convert it before it is uploaded at 12"},
		{"a cut", `<a><b>1</b><b>2</b><b>`, "/a/b", []string{`3 "1"`, `11 "2"`}, "ends inside a value at 22"},
		{"a cut in a tag", `<a><b>1</b><b`, "/a/b", []string{`3 "1"`}, "ends inside a value at 13"},
		{"tags that do not fit", `<a><b>1</c></a>`, "/a/b", nil, "syntax error at 11"},
		{"an end too much", `<a></a></b>`, "/x", nil, "syntax error at 11"},
		{"no XML", `{"a":1}<`, "/a", nil, "syntax error at 0"},
		{"an element after the root", "<a><b>1</b></a>\n<b>2</b>", "/a/b", []string{`3 "1"`}, "syntax error at 16"},
		{"text after the root", "<a><b>1</b></a>\n junk", "/a/b", []string{`3 "1"`}, "syntax error at 15"},
		{"what may follow the root", "<a><b>1</b></a>\n<!-- end --><?done?>\n", "/a/b", []string{`3 "1"`}, ""},
		{"documents one after the other", "<a><b>1</b></a>\n<?xml version=\"1.0\"?><a><b>2</b></a>", "/a/b", []string{`3 "1"`, `40 "2"`}, ""},
		{"a byte order mark", "\xef\xbb\xbf<a><b>1</b></a>", "/a/b", []string{`6 "1"`}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, end := recordsOf(t, tt.text, tt.path, &limits)
			if diff := cmp.Diff(tt.want, got); diff != "" || end != tt.end {
				t.Errorf("ended with %q, want %q (-want +got):\n%s", end, tt.end, diff)
			}
		})
	}
}

func TestValuesAroundTheRecordsAreThoseOfTheLastElementOrAttribute(t *testing.T) {
	const text = `<x:cdrs total="1" total2="9"><page><next> a&amp;b<!-- c -->c </next></page><cdr><total>7</total></cdr><more>false</more><next/>` +
		`</x:cdrs><cdrs total="2"><end>2026</end><page><next><![CDATA[d]]></next></page></cdrs>`
	limits := stream.DefaultLimits()
	r := xmlscan.NewReader(strings.NewReader(text), []string{"cdrs", "cdr"}, &limits)
	r.Watch([][]string{{"cdrs", "@total"}, {"cdrs", "page", "next"}, {"cdrs", "more"}, {"cdrs", "cdr", "total"}, nil, {"cdrs", "end"}, {"cdrs", "next"}})
	var others []string
	for {
		record, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if record.Place != xmlscan.Listed {
			others = append(others, string(record.Raw))
		}
	}

	var got []string
	for n := range 7 {
		got = append(got, fmt.Sprintf("%d %s", r.Outer(n).Kind, r.Outer(n).Raw))
	}
	want := []string{
		fmt.Sprintf("%d \"2\"", jsonscan.String), fmt.Sprintf("%d \"d\"", jsonscan.String), fmt.Sprintf("%d false", jsonscan.Bool),
		fmt.Sprintf("%d ", jsonscan.Absent), fmt.Sprintf("%d ", jsonscan.Absent), fmt.Sprintf("%d \"2026\"", jsonscan.String), fmt.Sprintf("%d \"\"", jsonscan.String),
	}
	if diff := cmp.Diff(want, got); diff != "" || len(others) > 0 {
		t.Errorf("others %q, values (-want +got):\n%s", others, diff)
	}
}

func TestARecordIsWithinTheLimits(t *testing.T) {
	for _, tt := range []struct {
		limits stream.Limits
		text   string
		limit  string
	}{
		{stream.Limits{RecordBytes: 20}, "<a><b>" + strings.Repeat("x", 20) + "</b></a>", "record_bytes"},
		{stream.Limits{RecordBytes: 20}, "<a><c x='" + strings.Repeat("x", 20) + "'/></a>", "record_bytes"},
		{stream.Limits{RecordBytes: 20}, "<a><!--" + strings.Repeat("x", 20) + "--><b/></a>", "record_bytes"},
		{stream.Limits{Depth: 3}, "<a><b><c><d/></c></b></a>", "depth"},
		{stream.Limits{Depth: 3}, "<a><x><c><d/></c></x></a>", "depth"},
		{stream.Limits{Members: 2}, "<a><b><c/><d/><e/></b></a>", "members"},
	} {
		_, end := recordsOf(t, tt.text, "/a/b", &tt.limits)
		if !strings.Contains(end, "limits."+tt.limit) {
			t.Errorf("%s: got %q, want the limit %s", tt.text, end, tt.limit)
		}
	}

	limits := stream.Limits{RecordBytes: 30}
	if got, end := recordsOf(t, "<a>"+strings.Repeat("<b>12345</b>", 50)+"</a>", "/a/b", &limits); len(got) != 50 || end != "" {
		t.Errorf("the limit is for each record: %d, %q", len(got), end)
	}
}

// FuzzRecords: whatever the text, records are JSON, stand where they say, and
// nothing panics.
func FuzzRecords(f *testing.F) {
	for _, text := range []string{`<a x="1"><b>1</b><b><c/>t</b></a>`, "<a><!DOCTYPE b><b>&#1;</b>", "\xef\xbb\xbf<a/>"} {
		f.Add(text)
	}
	limits := stream.DefaultLimits()
	f.Fuzz(func(t *testing.T, text string) {
		recordsOf(t, text, "/a/b", &limits)
		recordsOf(t, text, "/a", &limits)
	})
}
