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
	p.Fields[record.TrunkID] = []string{"/trunk_id", "/trunk"}
	const other = ": another number of cells than the header"
	checkRows(t, p, profile.CSV, "\xef\xbb\xbfleg_id , trunk_id,x\r\na,t1,\r\n\r\n\"b,1\",\"t\"\"2\",\"new\nline\"\r\nc\nd,t4,5,6\ne,,", []string{
		`0@24 a|t1`, `1@33 b,1|t"2`, `4@69 e|`,
	}, []string{"2@58 c" + other, "3@60 d,t4,5,6" + other})
	checkRows(t, p, profile.CSV, "trunk,leg_id,trunk_id,leg_id\nT,a,,b\n,c,t,d", []string{"0@29 b|T", "1@36 d|t"}, nil)
	checkRows(t, p, profile.CSV, "", nil, nil)
	checkRows(t, p, profile.CSV, "leg_id", nil, nil)
	checkRows(t, p, profile.CSV, "x\n1\n", []string{"0@2 |"}, nil)
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
		Line:   regexp.MustCompile(`^(?P<leg_id>\S+) (?:on (?P<first>\S*)|by (?P<second>\S+))?`),
		Fields: map[record.Field][]string{record.LegID: {"/leg_id"}, record.TrunkID: {"first", "second"}},
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
	reading = checkRows(t, p, profile.TextLines, text, want, []string{"2@18 nonsense: the line does not match the profile's pattern"})
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
		m := rows.NewMapping(&profile.Profile{Fields: map[record.Field][]string{record.LegID: {"/id"}}}, record.LegFields, &stream.Limits{})
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
