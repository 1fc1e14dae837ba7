package record_test

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

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/record"
)

// rowsOf reads a text and returns its rows, as the values of leg_id and
// trunk_id, and its rejects, both with their index and offset.
func rowsOf(t testing.TB, p *record.Profile, f record.Format, r io.Reader) (rows, rejects []string, reading record.Reading) {
	t.Helper()
	m := p.Map(record.LegFields, &limits)
	reading, err := m.Read(bufio.NewReader(r), f, p.List, record.Visitor{
		Row: func(row *record.Row) error {
			leg, trunk := row.Value(record.LegID), row.Value(record.TrunkID)
			rows = append(rows, fmt.Sprintf("%d@%d %s|%s", row.Index, row.Offset, leg.Raw, trunk.Raw))
			return nil
		},
		Reject: func(r record.Reject) error {
			rejects = append(rejects, fmt.Sprintf("%d@%d %s: %s", r.Row, r.Offset, r.Bytes, r.Reason))
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if reading.Rows != int64(len(rows)+len(rejects)) || reading.Rejected != int64(len(rejects)) {
		t.Errorf("%+v for %d rows and %d rejects", reading, len(rows), len(rejects))
	}
	return rows, rejects, reading
}

func checkRows(t *testing.T, p *record.Profile, f record.Format, text string, wantRows, wantRejects []string) record.Reading {
	t.Helper()
	rows, rejects, reading := rowsOf(t, p, f, strings.NewReader(text))
	if diff := cmp.Diff(wantRows, rows); diff != "" {
		t.Errorf("rows of %q (-want +got):\n%s", text, diff)
	}
	if diff := cmp.Diff(wantRejects, rejects); diff != "" {
		t.Errorf("rejects of %q (-want +got):\n%s", text, diff)
	}
	slow, slowRejects, _ := rowsOf(t, p, f, iotest.OneByteReader(strings.NewReader(text)))
	if !cmp.Equal(rows, slow) || !cmp.Equal(rejects, slowRejects) {
		t.Errorf("%q read byte by byte gives other rows", text)
	}
	return reading
}

func TestRowsOfCSV(t *testing.T) {
	p := builtIn(t, "cdrmend", "cdrs")
	p.Fields[record.TrunkID] = []string{"/trunk_id", "/trunk"}
	const other = ": another number of cells than the header"
	checkRows(t, p, record.CSV, "\xef\xbb\xbfleg_id , trunk_id,x\r\na,t1,\r\n\r\n\"b,1\",\"t\"\"2\",\"new\nline\"\r\nc\nd,t4,5,6\ne,,", []string{
		`0@24 a|t1`, `1@33 b,1|t"2`, `4@69 e|`,
	}, []string{"2@58 c" + other, "3@60 d,t4,5,6" + other})
	checkRows(t, p, record.CSV, "trunk,leg_id,trunk_id,leg_id\nT,a,,b\n,c,t,d", []string{"0@29 b|T", "1@36 d|t"}, nil)
	checkRows(t, p, record.CSV, "", nil, nil)
	checkRows(t, p, record.CSV, "leg_id", nil, nil)
	checkRows(t, p, record.CSV, "x\n1\n", []string{"0@2 |"}, nil)
}

func TestRowsOfJSONLines(t *testing.T) {
	p := builtIn(t, "cdrmend", "cdrs")
	reading := checkRows(t, p, record.JSONLines, "\xef\xbb\xbf{\"leg_id\":\"a\"}\r\n\n \t\n{\"leg_id\":1,\"leg_id\":2} x\n {\"leg_id\":3,\"trunk_id\":null}\n5\n[]\n{\"leg_id\":\n{\"leg_id\":\"c\"", []string{
		`0@3 "a"|`, `2@49 3|null`,
	}, []string{
		`1@23 {"leg_id":1,"leg_id":2} x: syntax error`, "3@79 5: not an object", "4@81 []: not an object", `5@84 {"leg_id":: ends inside a value`, `6@95 {"leg_id":"c": ends inside a value`,
	})
	if reading.Damage != nil {
		t.Errorf("%v: a bad line is no damage of the object", reading.Damage)
	}
}

func TestRowsOfJSON(t *testing.T) {
	p := builtIn(t, "cdrmend", "cdrs")
	checkRows(t, p, record.JSON, `[{"leg_id":"a"}, 5 ,{"trunk_id":[1]}]`, []string{`0@1 "a"|`, `2@20 |[1]`}, []string{"1@17 5: not an object"})
	checkRows(t, p, record.JSON, ` {"leg_id":"a"} `, []string{`0@1 "a"|`}, nil)
	for text, offset := range map[string]int64{`[{"leg_id":"a"},{"leg_id":"b"`: 29, `[{"leg_id":"a"},{"leg_id":"b"}}`: 30} {
		rows, _, reading := rowsOf(t, p, record.JSON, strings.NewReader(text))
		var syntax *record.SyntaxError
		if !errors.As(reading.Damage, &syntax) || syntax.Offset != offset || rows[0] != `0@1 "a"|` {
			t.Errorf("%s: damage %v, rows %q", text, reading.Damage, rows)
		}
	}
	p.List = "/legs"
	checkRows(t, p, record.JSON, `{"legs":[{"leg_id":1}],"leg_id":2}`, []string{`0@9 1|`}, nil)
}

func TestOfAListSpelledTwiceOnlyTheLastRowsCount(t *testing.T) {
	p := builtIn(t, "cdrmend", "cdrs")
	restarts := 0
	m := p.Map(record.LegFields, &limits)
	reading, err := m.Read(bufio.NewReader(strings.NewReader(`{"legs":[{},5,{}],"legs":[{}]}`)), record.JSON, "/legs", record.Visitor{
		Row: func(*record.Row) error { return nil }, Reject: func(record.Reject) error { return nil }, Restart: func() { restarts++ },
	})
	if err != nil || restarts != 1 || reading.Rows != 1 || reading.Rejected != 0 {
		t.Errorf("%+v, %v, started over %d times", reading, err, restarts)
	}
}

func TestRowsOfTextLines(t *testing.T) {
	p := &record.Profile{
		Line:   regexp.MustCompile(`^(?P<leg_id>\S+) (?:on (?P<first>\S*)|by (?P<second>\S+))?`),
		Fields: map[record.Field][]string{record.LegID: {"/leg_id"}, record.TrunkID: {"first", "second"}},
	}
	checkRows(t, p, record.TextLines, "a on t1\r\n\nb by t2\nnonsense\nc on \nd ", []string{
		"0@0 a|t1", "1@10 b|t2", "3@27 c|", "4@33 d|",
	}, []string{"2@18 nonsense: the line does not match the profile's pattern"})
}

func TestTheVisitorsErrorEndsTheReading(t *testing.T) {
	p := builtIn(t, "cdrmend", "cdrs")
	stop := errors.New("disk full")
	for f, text := range map[record.Format]string{record.JSON: "[{},{}]", record.JSONLines: "{}\n{}\n", record.CSV: "leg_id\n1\n2\n"} {
		seen := 0
		_, err := p.Map(record.LegFields, &limits).Read(bufio.NewReader(strings.NewReader(text)), f, "", record.Visitor{Row: func(*record.Row) error { seen++; return stop }})
		if !errors.Is(err, stop) || seen != 1 {
			t.Errorf("%s: %v after %d rows", f, err, seen)
		}
	}
}

func TestADamagedStreamEndsTheRowsOfEveryFormat(t *testing.T) {
	p := builtIn(t, "cdrmend", "cdrs")
	for f, text := range map[record.Format]string{
		record.JSON: `[{"leg_id":"a"},{"leg_id":"b"},{"leg_id":"c"}]`, record.JSONLines: "{\"leg_id\":\"a\"}\n{\"leg_id\":\"b\"}\n", record.CSV: "leg_id\n\"a\"\n\"b\"\n",
	} {
		stored := packed(t, record.Gzip, text)
		for n := 2; n < len(stored); n++ {
			stream := record.Open(bytes.NewReader(stored[:n]), 0, &limits)
			rows, _, reading := rowsOf(t, p, f, stream)
			if !record.IsCut(reading.Damage) {
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

func TestTheNameDecidesTheFormatAndElseTheContent(t *testing.T) {
	p := builtIn(t, "cdrmend", "cdrs")
	for key, want := range map[string]record.Format{
		"a.json": record.JSON, "a.JSON.gz": record.JSON, "a.jsonl.zst": record.JSONLines, "a.ndjson": record.JSONLines, "dir.json/a.csv": record.CSV, "a.parquet": record.Parquet, "a.gz": record.CSV, "a.log": record.CSV, "a.json.bak": record.CSV,
	} {
		if got := p.FormatOf(key, []byte("x,y")); got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
	for head, want := range map[string]record.Format{
		"": record.JSON, " [1": record.JSON, "\xef\xbb\xbf\n{\"a\":1}": record.JSON, "{\n\"a\":1}": record.JSON, "{\"a\":1}\n\n": record.JSON, "{\"a\":1}\r\n{": record.JSONLines, "PAR1\x15": record.Parquet, "a,b": record.CSV, "\"a\",b": record.CSV,
	} {
		if got := p.FormatOf("part-0", []byte(head)); got != want {
			t.Errorf("%q: got %s, want %s", head, got, want)
		}
	}
	if got := (&record.Profile{Formats: []record.Format{record.JSON}}).FormatOf("a.csv", []byte("a,b")); got != record.JSON {
		t.Errorf("the only format is not taken: %s", got)
	}
}
