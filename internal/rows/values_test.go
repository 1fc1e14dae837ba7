package rows_test

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// readValues reads an object of values that follow each other, byte by byte if slow.
func readValues(t *testing.T, yaml, text string, limits stream.Limits, slow bool) (got []string, reading rows.Reading) {
	t.Helper()
	p, err := profile.Load("own.yaml", []byte(yaml), "cdrs")
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(strings.NewReader(text))
	if slow {
		in = bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(text)), 16)
	}
	m := rows.NewMapping(p, record.LegFields, &limits)
	reading, err = m.Read(in, p.FormatOf("x", []byte(text)), "", rows.Visitor{
		Row: func(r *rows.Row) error {
			if where := text[r.Offset:][:len(r.Bytes)]; where != string(r.Bytes) {
				t.Errorf("row %d is %q and %q stands at its offset", r.Index, r.Bytes, where)
			}
			v := r.Value(record.LegID)
			got = append(got, fmt.Sprintf("%d %s", r.Index, v.Text()))
			return nil
		},
		Reject: func(r rows.Reject) error {
			got = append(got, fmt.Sprintf("%d at %d: %s: %s", r.Row, r.Offset, r.Reason, r.Bytes))
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, reading
}

func TestValuesNeedNoNewlineBetweenThem(t *testing.T) {
	const yaml = "cdrs: {formats: [jsonl, json], concatenated: true, fields: {leg_id: [/id]}}"
	for name, test := range map[string]struct {
		text   string
		want   []string
		damage string // nothing when the object is whole
	}{
		"one after another":   {`{"id":"a"}{"id":"b"}{"id":"c"}`, []string{"0 a", "1 b", "2 c"}, ""},
		"in lines":            {"{\"id\":\"a\"}\n{\"id\":\"b\"}\r\n\n{\"id\":\"c\"}\n", []string{"0 a", "1 b", "2 c"}, ""},
		"of several lines":    {"{\n \"id\": \"a\"\n}\n{\n \"id\": \"b\"\n} {\"id\":\"c\"}", []string{"0 a", "1 b", "2 c"}, ""},
		"a byte order mark":   {"\ufeff{\"id\":\"a\"}{\"id\":\"b\"}", []string{"0 a", "1 b"}, ""},
		"braces in texts":     {`{"id":"a}{"}{"id":"b\"}{"}{"id":"c\\"}`, []string{"0 a}{", `1 b"}{`, `2 c\`}, ""},
		"values inside":       {`{"x":{"y":[{}]},"id":"a"}{"id":"b","x":[[]]}`, []string{"0 a", "1 b"}, ""},
		"a list is no record": {`{"id":"a"}[1]{"id":"b"}`, []string{"0 a", "1 at 10: not an object: [1]", "2 b"}, ""},
		"between them":        {"{\"id\":\"a\"},\n{\"id\":\"b\"}", []string{"0 a", "1 at 10: syntax error: ,", "2 b"}, ""},
		"a bad one":           {`{"id":"a"}{"id":b}{"id":"c"}`, []string{"0 a", `1 at 10: syntax error: {"id":b}`, "2 c"}, ""},
		"a text that breaks off in its line": {
			"{\"id\":\"a\"}{\"id\":\"b\n{\"id\":\"c\"}", []string{"0 a", "1 at 10: ends inside a value: {\"id\":\"b", "2 c"}, "",
		},
		"one that never ends": {`{"id":"a"}{"id":"b"{"id":"c"}`, []string{"0 a", `1 at 10: syntax error: {"id":"b"{"id":"c"}`}, "the object ends inside a row"},
		"cut":                 {`{"id":"a"}{"id":"b`, []string{"0 a", `1 at 10: ends inside a value: {"id":"b`}, "the object ends inside a row"},
		"nothing":             {" \n", nil, "the object has no rows, and says so nowhere"},
		"too long": {
			`{"id":"a"}{"id":"` + strings.Repeat("b", 60) + `"}{"id":"c"}`,
			[]string{"0 a"},
			"record_bytes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, slow := range []bool{false, true} {
				got, reading := readValues(t, yaml, test.text, stream.Limits{RecordBytes: 40}, slow)
				if !slices.Equal(got, test.want) {
					t.Errorf("slow %v: got %q, want %q of %q", slow, got, test.want, test.text)
				}
				if why := reading.Incomplete(); why == nil && test.damage != "" || why != nil && (test.damage == "" || !strings.Contains(why.Error(), test.damage)) {
					t.Errorf("slow %v: damaged by %v, want %q: %q", slow, why, test.damage, test.text)
				}
				if n := int64(len(`{"id":"a"}`)); test.damage == "record_bytes" && reading.Used != n {
					t.Errorf("slow %v: %d bytes were used, want %d", slow, reading.Used, n)
				}
				if int(reading.Rows) != len(test.want) {
					t.Errorf("slow %v: %d rows, want %d", slow, reading.Rows, len(test.want))
				}
			}
		})
	}
}

func TestValuesWithoutANewlineAreNamed(t *testing.T) {
	const text = "{\"id\":\"a\"} {\"id\":\"b\"}\n"
	got, _ := readValues(t, "cdrs: {formats: [jsonl], fields: {leg_id: [/id]}}", text, stream.Limits{}, false)
	if want := []string{"0 at 0: " + rows.SeveralValues + `: {"id":"a"} {"id":"b"}`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}

	_, reading := readValues(t, "cdrs: {formats: [json], fields: {leg_id: [/id]}}", text, stream.Limits{}, false)
	if reading.Damage == nil || !strings.Contains(reading.Damage.Error(), "concatenated: true") {
		t.Errorf("damaged by %v", reading.Damage)
	}
}
