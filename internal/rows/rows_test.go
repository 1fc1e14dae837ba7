package rows_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
	"cdrmend/manifests"

	"github.com/google/go-cmp/cmp"
)

var limits = stream.DefaultLimits()

func builtIn(t testing.TB) *profile.Profile {
	t.Helper()
	text, _ := manifests.Profile("cdrmend")
	p, err := profile.Load("cdrmend", text, "cdrs")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// rowsOf reads a text and returns its rows, as the values of leg_id and
// trunk_id, and its rejects, both with their index and offset.
func rowsOf(t testing.TB, p *profile.Profile, f profile.Format, r io.Reader) (got, rejects []string, reading rows.Reading) {
	t.Helper()
	m := rows.NewMapping(p, record.LegFields, &limits)
	reading, err := m.Read(bufio.NewReader(r), f, p.List, rows.Visitor{
		Row: func(row *rows.Row) error {
			leg, trunk := row.Value(record.LegID), row.Value(record.TrunkID)
			got = append(got, fmt.Sprintf("%d@%d %s|%s", row.Index, row.Offset, leg.Raw, trunk.Raw))
			return nil
		},
		Reject: func(r rows.Reject) error {
			rejects = append(rejects, fmt.Sprintf("%d@%d %s: %s", r.Row, r.Offset, r.Bytes, r.Reason))
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if reading.Rows != int64(len(got)+len(rejects))+reading.Unmatched || reading.Rejected != int64(len(rejects)) {
		t.Errorf("%+v for %d rows and %d rejects", reading, len(got), len(rejects))
	}
	return got, rejects, reading
}

func checkRows(t *testing.T, p *profile.Profile, f profile.Format, text string, wantRows, wantRejects []string) rows.Reading {
	t.Helper()
	got, rejects, reading := rowsOf(t, p, f, strings.NewReader(text))
	if diff := cmp.Diff(wantRows, got); diff != "" {
		t.Errorf("rows of %q (-want +got):\n%s", text, diff)
	}
	if diff := cmp.Diff(wantRejects, rejects); diff != "" {
		t.Errorf("rejects of %q (-want +got):\n%s", text, diff)
	}
	slow, slowRejects, _ := rowsOf(t, p, f, iotest.OneByteReader(strings.NewReader(text)))
	if !cmp.Equal(got, slow) || !cmp.Equal(rejects, slowRejects) {
		t.Errorf("%q read byte by byte gives other rows", text)
	}
	return reading
}

func TestRowsOfCSV(t *testing.T) {
	p := builtIn(t)
	p.Fields[record.TrunkID] = profile.At("/trunk_id", "/trunk")
	const other = ": another number of cells than the header"
	checkRows(t, p, profile.CSV, "\xef\xbb\xbfleg_id , trunk_id,x\r\na,t1,\r\n\r\n\"b,1\",\"t\"\"2\",\"new\nline\"\r\nc\nd,t4,5,6\ne,,", []string{
		`0@24 a|t1`, `1@33 b,1|t"2`, `4@69 e|`,
	}, []string{"2@58 c" + other, "3@60 d,t4,5,6" + other})
	checkRows(t, p, profile.CSV, "trunk,x,trunk_id,x,leg_id\nT,a,,1,b\n,c,t,2,d", []string{"0@26 b|T", "1@35 d|t"}, nil)
	checkRows(t, p, profile.CSV, "", nil, nil)
	checkRows(t, p, profile.CSV, "leg_id", nil, nil)
	checkRows(t, p, profile.CSV, "x\n1\n", []string{"0@2 |"}, nil)
}

func TestRowsOfCSVAsAProfileDescribesIt(t *testing.T) {
	for _, tt := range []struct {
		name   string
		layout profile.CSVLayout
		text   string
		want   []string
	}{
		{"another delimiter", profile.CSVLayout{Delimiter: ';'}, "leg_id;trunk_id\na,b;\"t;1\"\n", []string{"0@16 a,b|t;1"}},
		{"no header", profile.CSVLayout{Header: []string{"trunk_id", "x", "leg_id"}}, "t,5,a\nu,6,b\n", []string{"0@0 a|t", "1@6 b|u"}},
		{"a row of types", profile.CSVLayout{Skip: 1}, "leg_id,trunk_id\nINTEGER,VARCHAR\na,t\n", []string{"0@32 a|t"}},
		{"lines before the header", profile.CSVLayout{Before: 2}, "Report of \"today\n\nleg_id,trunk_id\na,t\n", []string{"0@34 a|t"}},
		{"comments", profile.CSVLayout{Comment: "#"}, "leg_id,trunk_id\n# one, two, three\na,t\n", []string{"1@34 a|t"}},
		{"a preamble alone", profile.CSVLayout{Before: 5, Skip: 5}, "x\n", nil},
		{"no header and types", profile.CSVLayout{Header: []string{"leg_id"}, Skip: 1}, "VARCHAR\na\n", []string{"0@8 a|"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := builtIn(t)
			p.CSV = tt.layout
			checkRows(t, p, profile.CSV, tt.text, tt.want, nil)
		})
	}
}

func TestAHeaderWithAnotherDelimiterIsAnError(t *testing.T) {
	const want = "the header is one column that holds ';': name the delimiter in the profile (csv.delimiter)"
	reading := checkRows(t, builtIn(t), profile.CSV, "leg_id;trunk_id\na;t\n", nil, nil)
	if reading.Damage == nil || reading.Damage.Error() != want || reading.Used != 0 || !reading.Tabular {
		t.Errorf("got %+v", reading)
	}

	semicolons := builtIn(t)
	semicolons.CSV.Delimiter = ';'
	if reading := checkRows(t, semicolons, profile.CSV, "leg_id,trunk_id\na,t\n", nil, nil); reading.Damage == nil || !strings.Contains(reading.Damage.Error(), "holds ','") {
		t.Errorf("commas instead of semicolons: got %+v", reading)
	}

	for _, text := range []string{"\"x,y\"\na\n", "leg_id\na\n", "note\nx;y\n", "x;y,leg_id\n1,a\n"} {
		if _, _, reading := rowsOf(t, builtIn(t), profile.CSV, strings.NewReader(text)); reading.Damage != nil {
			t.Errorf("%q: %v", text, reading.Damage)
		}
	}
}

func TestCommentsOfCSVAreNoRowsAndNoHeader(t *testing.T) {
	p, err := profile.Load("own.yaml", []byte("cdrs: {formats: [csv], csv: {comment: '--'}, fields: {leg_id: [leg], trunk_id: [t]}}"), "cdrs")
	if err != nil {
		t.Fatal(err)
	}
	reading := checkRows(t, p, profile.CSV, "-- export, of x\n\n--\nleg,t\n-- a\n1,2\n", []string{`1@31 1|2`}, nil)
	if reading.Unmatched != 1 || reading.Rows != 2 || reading.Damage != nil {
		t.Errorf("%+v", reading)
	}
}

func TestAColumnThatIsReadAndStandsTwiceIsAnError(t *testing.T) {
	const want = `the header has "leg_id" twice, as columns 1 and 3, and the profile reads it: give one of them another name in the export, or name the columns in the profile (csv.header, and csv.before: 2)`
	p := builtIn(t)
	p.CSV.Before = 1
	reading := checkRows(t, p, profile.CSV, "calls\nleg_id,x, leg_id ,x\na,1,b,2\n", nil, nil)
	if reading.Damage == nil || reading.Damage.Error() != want || reading.Used != 0 || !reading.Tabular {
		t.Errorf("got %+v, want the damage %s", reading, want)
	}

	const computed = "cdrs: {formats: [csv], fields: {leg_id: [leg], trunk_id: [{from: channel}]}}\n"
	own, err := profile.Load("own.yaml", []byte(computed), "cdrs")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, reading := rowsOf(t, own, profile.CSV, strings.NewReader("channel,leg,channel\na,b,c\n")); reading.Damage == nil {
		t.Error("a column that a computed value reads stands twice, and nothing is said")
	}
}

func TestRowsThatAreNoRecordsAreSkippedAndCounted(t *testing.T) {
	const own = `
cdrs:
  formats: [csv, jsonl]
  skip:
    - {reason: voicemail, where: {/app: [Voicemail, null], /x: {match: '^[0-9]+$'}}}
  keep:
    - {reason: no voice contact, where: {/channel: VOICE}}
  fields: {leg_id: [/leg_id], trunk_id: [/trunk_id]}
`
	p, err := profile.Load("own.yaml", []byte(own), "cdrs")
	if err != nil {
		t.Fatal(err)
	}

	const (
		cells = "leg_id,channel,app,x\na,VOICE,Dial,1\nb,voice,VOICEMAIL,22\nc,CHAT,Dial,1\nd,VOICE,,3\ne,VOICE,,\nf,,Dial,1\n"
		lines = `{"leg_id":"a","channel":"VOICE","app":"Dial","x":1}
{"leg_id":"b","channel":"voice","app":"VOICEMAIL","x":22}
{"leg_id":"c","channel":"CHAT","app":"Dial","x":1}
{"leg_id":"d","channel":"VOICE","app":null,"x":"3"}
{"leg_id":"e","channel":"VOICE"}
{"leg_id":"f","app":"Dial","x":1}
`
	)
	for f, text := range map[profile.Format]string{profile.CSV: cells, profile.JSONLines: lines} {
		var got []string
		reading, err := rows.NewMapping(p, record.LegFields, &limits).Read(bufio.NewReader(strings.NewReader(text)), f, "", rows.Visitor{
			Row: func(r *rows.Row) error {
				v := r.Value(record.LegID)
				got = append(got, fmt.Sprintf("%d %s", r.Index, v.Text()))
				return nil
			},
		})
		if diff := cmp.Diff([]string{"0 a", "4 e"}, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", f, err, diff)
		}
		if reading.Rows != 6 || reading.Skipped() != 4 || !cmp.Equal(reading.Filtered, []int64{2, 2}) {
			t.Errorf("%s: %+v", f, reading)
		}
	}
}

func TestRecordsInsideElementsAreRows(t *testing.T) {
	const own = `
cdrs:
  formats: [json, jsonl]
  document: {entries: /calls}
  each: /parts/*/legs/*
  fields:
    conversation_id: [../../call]
    leg_id: [{join: [../part, /leg], with: "-"}]
    recording_ids: [/files/*/name]
    user_ids: [/none/*/name]
`
	p, err := profile.Load("own.yaml", []byte(own), "cdrs")
	if err != nil {
		t.Fatal(err)
	}

	calls := []string{
		`{"call":"c1","parts":[{"part":1,"legs":[{"leg":"a","files":[{"name":"x"},{},{"name":"y"}]},{"leg":"b","files":[]}]},{"part":2,"legs":[{"leg":"c","files":{"name":"z"}}]}]}`,
		`{"call":"c2","parts":[{"part":1,"legs":[]},{"part":3}]}`,
		`{"call":"c3"}`,
		`{"call":"c4","parts":[5,{"legs":[{"leg":"d"},[]]},{"legs":{}}]}`,
	}
	want := []string{
		`0 c1 1-a ["x","y"]`, "1 c1 1-b ", `2 c1 2-c !{"name":"z"}`,
		"3 not an object: 5", "4 c4  ", "5 not an object: []", `6 has no list where its records should be: {"legs":{}}`,
	}

	for f, text := range map[profile.Format]string{
		profile.JSON: `{"calls":[` + strings.Join(calls, ",") + `]}`, profile.JSONLines: strings.Join(calls, "\n"),
	} {
		var got []string
		reading, err := rows.NewMapping(p, record.LegFields, &limits).Read(bufio.NewReader(strings.NewReader(text)), f, p.List, rows.Visitor{
			Row: func(r *rows.Row) error {
				call, leg, files := r.Value(record.ConversationID), r.Value(record.LegID), r.Value(record.RecordingIDs)
				shown := string(files.Raw)
				if files.Kind == jsonscan.Unusable {
					shown = "!" + shown
				}
				if users := r.Value(record.UserIDs); users.Kind != jsonscan.Absent {
					t.Errorf("user_ids: %s", users.Raw)
				}
				got = append(got, fmt.Sprintf("%d %s %s %s", r.Index, call.Text(), leg.Text(), shown))
				return nil
			},
			Reject: func(r rows.Reject) error {
				got = append(got, fmt.Sprintf("%d %s: %s", r.Row, r.Reason, r.Bytes))
				return nil
			},
		})
		if diff := cmp.Diff(want, got); diff != "" || err != nil || reading.Rows != 7 || reading.Rejected != 3 {
			t.Errorf("%s: %v, %+v (-want +got):\n%s", f, err, reading, diff)
		}
	}
}

func TestRecordsOfXMLAreRows(t *testing.T) {
	p, err := profile.Load("own.yaml", []byte("cdrs: {formats: [xml], document: {entries: /cdrs/cdr}, fields: {leg_id: [/vars/uuid, /@id], trunk_id: [/vars/gw/*]}}"), "cdrs")
	if err != nil {
		t.Fatal(err)
	}

	checkRows(t, p, profile.XML, `<cdrs><cdr id="x"><vars><uuid>a</uuid><gw>1</gw><gw>2</gw></vars></cdr><cdr id="b"/><cdr>5</cdr></cdrs>`, []string{
		`0@6 "a"|["1","2"]`, `1@71 "b"|`,
	}, []string{"2@84 <cdr>5</cdr>: has no elements and no attributes"})

	other := checkRows(t, p, profile.XML, `<cdrs><head n="1"/><cdr id="a"/><page><cdr id="b"/></page></cdrs>`, []string{`0@19 "a"|`}, []string{"-1@38 <cdr id=\"b\"/>: " + rows.MisplacedRecord})
	if other.Unmatched != 2 || other.Rows != 4 || other.Listed != 1 || other.Incomplete() != nil {
		t.Errorf("elements next to the records: %+v", other)
	}

	if reading := checkRows(t, p, profile.XML, `<cdrs></cdrs>`, nil, nil); reading.Incomplete() != nil {
		t.Errorf("a list without records is whole: %v", reading.Incomplete())
	}
	if reading := checkRows(t, p, profile.XML, `<other/>`, nil, nil); reading.Incomplete() == nil {
		t.Error("a document of something else is not whole")
	}
	reading := checkRows(t, p, profile.XML, `<cdrs><cdr id="a"/><cdr id=`, []string{`0@6 "a"|`}, nil)
	if !jsonscan.IsTruncated(reading.Damage) || reading.Used != 19 {
		t.Errorf("a cut is damage: %+v", reading)
	}
}

func TestAnElementThatOccursOnceIsAListOfOne(t *testing.T) {
	p, err := profile.Load("own.yaml", []byte("cdrs: {formats: [xml, json], document: {entries: /calls/call}, each: /leg/*, fields: {leg_id: [../@id], trunk_id: [/rec/*/@id]}}"), "cdrs")
	if err != nil {
		t.Fatal(err)
	}
	checkRows(t, p, profile.XML, `<calls><call id="c1"><leg><rec id="a"/></leg></call><call id="c2"><leg><rec id="b"/><rec id="c"/></leg><leg/><leg n="3"/></call><call id="c3"/></calls>`, []string{
		`0@7 "c1"|["a"]`, `1@52 "c2"|["b","c"]`, `3@52 "c2"|`,
	}, []string{`2@52 "": has no elements and no attributes`})

	// In JSON what is no list is a mistake.
	checkRows(t, p, profile.JSON, `{"leg":{"rec":{"@id":"a"}}}`, nil, []string{`0@0 {"leg":{"rec":{"@id":"a"}}}: has no list where its records should be`})
}

func TestALineOfALogIsOfTheFirstKindThatMatches(t *testing.T) {
	const own = `
registrations:
  formats: [text]
  lines:
    - {match: 'failed for (?P<trunk_id>\w+): (?P<status>\d+)'}
    - {match: '(?P<trunk_id>\w+) rejected', set: {status: 403}}
    - {match: 'registered (?P<line>\w+)', set: {status: 200, trunk_id: main}}
  fields: {line_id: [line]}
`
	p, err := profile.Load("own.yaml", []byte(own), "registrations")
	if err != nil {
		t.Fatal(err)
	}

	var got []string
	const log = "failed for t1: 503\nt2 rejected\nregistered l1\nchatter\nfailed for t3: 401 t4 rejected\n"
	reading, err := rows.NewMapping(p, record.EventFields, &limits).Read(bufio.NewReader(strings.NewReader(log)), profile.TextLines, "", rows.Visitor{
		Row: func(r *rows.Row) error {
			trunk, line, status := r.Value(record.TrunkID), r.Value(record.LineID), r.Value(record.Status)
			got = append(got, fmt.Sprintf("%s %s %s", trunk.Raw, line.Raw, status.Raw))
			return nil
		},
	})
	if diff := cmp.Diff([]string{"t1  503", "t2  403", "main l1 200", "t3  401"}, got); diff != "" || err != nil || reading.Unmatched != 1 {
		t.Errorf("%v, %+v (-want +got):\n%s", err, reading, diff)
	}
}

func TestRowsOfJSONLines(t *testing.T) {
	p := builtIn(t)
	reading := checkRows(t, p, profile.JSONLines, "\xef\xbb\xbf{\"leg_id\":\"a\"}\r\n\n \t\n{\"leg_id\":1,\"leg_id\":2} x\n {\"leg_id\":3,\"trunk_id\":null}\n5\n[]\n{\"leg_id\":\n{\"leg_id\":\"c\"", []string{
		`0@3 "a"|`, `2@49 3|null`,
	}, []string{
		`1@23 {"leg_id":1,"leg_id":2} x: syntax error`, "3@79 5: not an object", "4@81 []: not an object", `5@84 {"leg_id":: ends inside a value`, `6@95 {"leg_id":"c": ends inside a value`,
	})
	if reading.Damage != nil {
		t.Errorf("%v: a bad line is no damage of the object", reading.Damage)
	}
}

func TestRowsOfJSON(t *testing.T) {
	p := builtIn(t)
	checkRows(t, p, profile.JSON, `[{"leg_id":"a"}, 5 ,{"trunk_id":[1]}]`, []string{`0@1 "a"|`, `2@20 |[1]`}, []string{"1@17 5: not an object"})
	checkRows(t, p, profile.JSON, ` {"leg_id":"a"} `, []string{`0@1 "a"|`}, nil)
	for text, offset := range map[string]int64{`[{"leg_id":"a"},{"leg_id":"b"`: 29, `[{"leg_id":"a"},{"leg_id":"b"}}`: 30} {
		rows, _, reading := rowsOf(t, p, profile.JSON, strings.NewReader(text))
		var syntax *jsonscan.SyntaxError
		if !errors.As(reading.Damage, &syntax) || syntax.Offset != offset || rows[0] != `0@1 "a"|` {
			t.Errorf("%s: damage %v, rows %q", text, reading.Damage, rows)
		}
	}
	p.List = "/legs"
	checkRows(t, p, profile.JSON, `{"legs":[{"leg_id":1}],"leg_id":2}`, []string{`0@9 1|`}, nil)
}

func TestOfAListSpelledTwiceOnlyTheLastRowsCount(t *testing.T) {
	p := builtIn(t)
	restarts := 0
	m := rows.NewMapping(p, record.LegFields, &limits)
	reading, err := m.Read(bufio.NewReader(strings.NewReader(`{"legs":[{},5,{}],"legs":[{}]}`)), profile.JSON, "/legs", rows.Visitor{
		Row: func(*rows.Row) error { return nil }, Reject: func(rows.Reject) error { return nil }, Restart: func() { restarts++ },
	})
	if err != nil || restarts != 1 || reading.Rows != 1 || reading.Rejected != 0 {
		t.Errorf("%+v, %v, started over %d times", reading, err, restarts)
	}
}

func TestRowsOfTextLines(t *testing.T) {
	p := &profile.Profile{
		Lines:  linesOf(regexp.MustCompile(`^(?P<leg_id>\S+) (?:on (?P<first>\S*)|by (?P<second>\S+))?`)),
		Fields: map[record.Field][]profile.Place{record.LegID: profile.At("/leg_id"), record.TrunkID: profile.At("first", "second")},
	}
	const text = "a on t1\r\n\nb by t2\nnonsense\nc on \nd "
	want := []string{"0@0 a|t1", "1@10 b|t2", "3@27 c|", "4@33 d|"}

	reading := checkRows(t, p, profile.TextLines, text, want, nil)
	if reading.Rows != 5 || reading.Unmatched != 1 || reading.Incomplete() != nil {
		t.Errorf("a line about something else counts as skipped: %+v", reading)
	}
	if reading := checkRows(t, p, profile.TextLines, "nonsense\n", nil, nil); reading.Unmatched != 1 || reading.Incomplete() != nil {
		t.Errorf("a log of such lines has no row and is whole: %+v", reading)
	}

	p.RejectUnmatched = true
	reading = checkRows(t, p, profile.TextLines, text, want, []string{"2@18 nonsense: the line matches no pattern of the profile"})
	if reading.Rows != 5 || reading.Unmatched != 0 || reading.Rejected != 1 {
		t.Errorf("in a log of nothing else it is a reject: %+v", reading)
	}
}

func TestTheVisitorsErrorEndsTheReading(t *testing.T) {
	p := builtIn(t)
	stop := errors.New("disk full")
	for f, text := range map[profile.Format]string{profile.JSON: "[{},{}]", profile.JSONLines: "{}\n{}\n", profile.CSV: "leg_id\n1\n2\n"} {
		seen := 0
		_, err := rows.NewMapping(p, record.LegFields, &limits).Read(bufio.NewReader(strings.NewReader(text)), f, "", rows.Visitor{Row: func(*rows.Row) error { seen++; return stop }})
		if !errors.Is(err, stop) || seen != 1 {
			t.Errorf("%s: %v after %d rows", f, err, seen)
		}
	}
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := stream.Gzip.Compress(&b)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestADamagedStreamEndsTheRowsOfEveryFormat(t *testing.T) {
	p := builtIn(t)
	for f, text := range map[profile.Format]string{
		profile.JSON: `[{"leg_id":"a"},{"leg_id":"b"},{"leg_id":"c"}]`, profile.JSONLines: "{\"leg_id\":\"a\"}\n{\"leg_id\":\"b\"}\n", profile.CSV: "leg_id\n\"a\"\n\"b\"\n",
	} {
		stored := gzipped(t, text)
		for n := 2; n < len(stored); n++ {
			in := stream.Open(bytes.NewReader(stored[:n]), 0, &limits)
			rows, _, reading := rowsOf(t, p, f, in)
			if !jsonscan.IsTruncated(reading.Damage) {
				t.Errorf("%s cut at %d: damage %v", f, n, reading.Damage)
			}
			for i, row := range rows {
				if want := fmt.Sprintf("%q|", "abc"[i:i+1]); !strings.HasSuffix(strings.ReplaceAll(row, `"`, ""), strings.ReplaceAll(want, `"`, "")) {
					t.Errorf("%s cut at %d: row %s", f, n, row)
				}
			}
		}
	}
}

func TestObjectsThatEndInsideARowOrHaveNoneAreIncomplete(t *testing.T) {
	for name, c := range map[string]struct {
		format     profile.Format
		text       string
		incomplete bool
	}{
		"a line without its end":      {profile.JSONLines, "{\"id\":\"1\"}\n{\"id\":", true},
		"a last line with more":       {profile.JSONLines, "{\"id\":\"1\"}\n{}}\n", true},
		"a bad line before":           {profile.JSONLines, "{\"id\":\n{\"id\":\"1\"}\n\n", false},
		"a last line of another kind": {profile.JSONLines, "{\"id\":\"1\"}\n5", false},
		"lines without any":           {profile.JSONLines, "\n \n", true},
		"a row without all its cells": {profile.CSV, "id,b\n1,2\n3", true},
		"a row with too many":         {profile.CSV, "id,b\n1,2\n3,4,5", false},
		"a short row before":          {profile.CSV, "id,b\n1\n3,4\n\n", false},
		"a row inside quotes":         {profile.CSV, "id,b\n1,2\n3,\"4", true},
		"a header alone":              {profile.CSV, "id,b\n", false},
		"no header":                   {profile.CSV, "\n", true},
		"an empty list":               {profile.JSON, "[]", false},
		"white space":                 {profile.JSON, " \n", true},
		"an element cut":              {profile.JSON, `[{"id":"1"},{"id":`, true},
	} {
		m := rows.NewMapping(&profile.Profile{Fields: map[record.Field][]profile.Place{record.LegID: profile.At("/id")}}, record.LegFields, &stream.Limits{})
		reading, err := m.Read(bufio.NewReader(strings.NewReader(c.text)), c.format, "", rows.Visitor{
			Row: func(*rows.Row) error { return nil }, Reject: func(rows.Reject) error { return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		if why := reading.Incomplete(); (why != nil) != c.incomplete {
			t.Errorf("%s: %v, want incomplete: %v", name, why, c.incomplete)
		}
	}
}
