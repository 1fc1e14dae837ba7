package steps_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/record"
	"cdrmend/internal/steps"
)

// compile returns the expression of a declaration, what is wrong with it, and the
// places that it reads.
func compile(t testing.TB, decl string, target steps.Target) (*steps.Expr, []string, []string) {
	t.Helper()
	var d steps.Decl
	if err := json.Unmarshal([]byte(decl), &d); err != nil {
		t.Fatalf("%s: %v", decl, err)
	}

	var places, problems []string
	c := steps.Compiler{
		Place: func(name string) int { places = append(places, name); return len(places) - 1 },
		Problem: func(key, format string, args ...any) {
			problems = append(problems, key+" "+fmt.Sprintf(format, args...))
		},
	}
	return c.Compile("f", &d, target), places, problems
}

var zurich, _ = time.LoadLocation("Europe/Zurich")

// context is that of an object of 20 November 2026, modified the day after.
var context = &steps.Context{
	Modified:  record.TimeOf(time.Date(2026, time.November, 21, 3, 0, 0, 0, time.UTC)),
	Partition: record.Span{Start: record.TimeOf(time.Date(2026, time.November, 20, 0, 0, 0, 0, time.UTC)), End: record.TimeOf(time.Date(2026, time.November, 21, 0, 0, 0, 0, time.UTC))},
	Zone:      zurich,
}

// eval computes a declaration from the members of a JSON object. A value that does
// not parse is shown with an exclamation mark.
func eval(t testing.TB, decl string, target steps.Target, from string, c *steps.Context) string {
	t.Helper()
	e, places, problems := compile(t, decl, target)
	if problems != nil {
		t.Fatalf("%s: %q", decl, problems)
	}

	r := steps.Run{Context: c, Get: func(n int) jsonscan.Value {
		return jsonscan.Value{Kind: jsonscan.Object, Raw: []byte(from)}.Member(places[n])
	}}
	v := r.Value(e)
	switch v.Kind {
	case jsonscan.Absent:
		return ""
	case jsonscan.Unusable:
		return "!" + string(v.Raw)
	case jsonscan.List:
		return string(v.Raw)
	}
	return string(v.Text())
}

func TestAValueIsTakenStepByStep(t *testing.T) {
	for _, tt := range []struct {
		name, decl, from, want string
	}{
		{"a place", `"a"`, `{"a":"x"}`, "x"},
		{"a number", `{"from":"a"}`, `{"a":5.0}`, "5.0"},
		{"nothing there", `{"from":"a"}`, `{}`, ""},
		{"blanks", `{"from":"a"}`, `{"a":"  "}`, ""},
		{"a constant", `{"value":200}`, `{}`, "200"},
		{"an object is no value", `{"from":"a"}`, `{"a":{"b":1}}`, `!{"b":1}`},

		{"the group of a match", `{"from":"a","then":[{"match":"^PJSIP/(.+)-[0-9a-f]{8}$"}]}`, `{"a":"PJSIP/sip-trunk-000000ba"}`, "sip-trunk"},
		{"no match", `{"from":"a","then":[{"match":"^PJSIP/(.+)$"}]}`, `{"a":"Local/201"}`, ""},
		{"a match without a group", `{"from":"a","then":[{"match":"[0-9]+"}]}`, `{"a":"x12y3"}`, "12"},
		{"the group that takes part", `{"from":"a","then":[{"match":"a(.)|b(.)"}]}`, `{"a":"b2"}`, "2"},
		{"an empty group", `{"from":"a","then":[{"match":"a(x*)"}]}`, `{"a":"a"}`, ""},

		{"a word", `{"from":"a","then":[{"map":{"Rejected":403,"Registered":"200"}}]}`, `{"a":"rejected"}`, "403"},
		{"a word that means missing", `{"from":"a","then":[{"map":{"none":null,"no":""}}]}`, `{"a":"None"}`, ""},
		{"an unknown word", `{"from":"a","then":[{"map":{"x":"y"}}]}`, `{"a":"z"}`, `!"z"`},
		{"any other word is missing", `{"from":"a","then":[{"map":{"x":"y"},"else":""}]}`, `{"a":"z"}`, ""},
		{"any other word stays", `{"from":"a","then":[{"map":{"x":"y"},"else":"="}]}`, `{"a":"z"}`, "z"},
		{"any other word is this", `{"from":"a","then":[{"map":{"x":"y"},"else":503}]}`, `{"a":"z"}`, "503"},

		{"percent-encoding", `{"from":"a","then":[{"decode":"url"}]}`, `{"a":"%2B1%20a+b"}`, "+1 a+b"},
		{"broken percent-encoding", `{"from":"a","then":[{"decode":"url"}]}`, `{"a":"%2"}`, `!"%2"`},

		{"a join", `{"join":["a",{"from":"b","then":[{"match":"(.)$"}]},"c"],"with":"-"}`, `{"a":1,"b":"xy","c":"z"}`, "1-y-z"},
		{"a join without a part", `{"join":["a","b"]}`, `{"a":1}`, ""},
		{"a join of what is unusable", `{"join":["a","b"]}`, `{"a":1,"b":{}}`, "!{}"},
		{"a join of a list", `{"join":["a","b"]}`, `{"a":1,"b":["x"]}`, `!["x"]`},
		{"steps after a join", `{"join":["a","b"],"with":"/","then":[{"match":"/(.*)"}]}`, `{"a":1,"b":2}`, "2"},

		{"a list", `{"from":"a"}`, `{"a":["x"," y ",null,"",3]}`, `["x","y","3"]`},
		{"a list in a text", `{"from":"a","then":[{"split":","}]}`, `{"a":"x, y,,z"}`, `["x","y","z"]`},
		{"sorted", `{"join":["a","b"],"with":"/","then":[{"sort":"/"}]}`, `{"a":"y","b":"x"}`, `x/y`},
		{"sorted already", `{"join":["a","b"],"with":"/","then":[{"sort":"/"}]}`, `{"a":"x","b":"y"}`, `x/y`},
		{"one part", `{"from":"a","then":[{"sort":"/"}]}`, `{"a":"x"}`, `x`},
		{"a step for each element", `{"from":"a","then":[{"match":"([^/]+)$"}]}`, `{"a":["b/x","c/","/y"]}`, `["x","y"]`},
		{"an element that is unusable", `{"from":"a","then":[{"map":{"x":"1"}}]}`, `{"a":["x","y"]}`, `!["x","y"]`},
		{"a list of lists", `{"from":"a"}`, `{"a":[["x"]]}`, `![["x"]]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := eval(t, tt.decl, steps.Text, tt.from, context); got != tt.want {
				t.Errorf("%s of %s: got %q, want %q", tt.decl, tt.from, got, tt.want)
			}
		})
	}
}

func TestDurationsAreInTheUnitOfTheField(t *testing.T) {
	for _, tt := range []struct{ unit, text, millis, seconds string }{
		{"s", "295", "295000", "295"},
		{"s", "0.0009999", "0", "0"},
		{"s", "1.2345", "1234", "1"},
		{"ms", "1999", "1999", "1"},
		{"us", "1999999", "1999", "1"},
		{"ns", "1999999999", "1999", "1"},
		{"hh:mm:ss", "01:02:03.5", "3723500", "3723"},
		{"hh:mm:ss", "2:03", "123000", "123"},
		{"hh:mm:ss", "100:00:00", "360000000", "360000"},
		{"s", "-1", "!", "!"},
		{"s", "+1", "!", "!"},
		{"s", "1.", "!", "!"},
		{"s", "1e3", "!", "!"},
		{"s", "soon", "!", "!"},
		{"s", "99999999999999999999", "!", "!"},
		{"s", "9223372036854775807", "!", "!"},
		{"hh:mm:ss", "5", "!", "!"},
		{"hh:mm:ss", "0:60", "!", "!"},
		{"hh:mm:ss", "1:2:3:4", "!", "!"},
		{"hh:mm:ss", "9999999999:0:0", "!", "!"},
	} {
		decl, from := fmt.Sprintf(`{"from":"a","then":[{"unit":%q}]}`, tt.unit), fmt.Sprintf(`{"a":%q}`, tt.text)
		for target, want := range map[steps.Target]string{steps.Milliseconds: tt.millis, steps.Seconds: tt.seconds} {
			if want == "!" {
				want += fmt.Sprintf("%q", tt.text)
			}
			if got := eval(t, decl, target, from, context); got != want {
				t.Errorf("%s %s: got %q, want %q", tt.text, tt.unit, got, want)
			}
		}
	}
}

func TestTimesAreReadByTheirLayout(t *testing.T) {
	for _, tt := range []struct{ name, step, text, want string }{
		{"without an offset", `{"time":["02.01.2006 15:04:05"]}`, "20.11.2026 10:00:00", "2026-11-20T10:00:00"},
		{"in the words of strftime", `{"time":["%d/%b/%Y:%H:%M:%S %z"]}`, "20/Nov/2026:11:00:01 +0100", "2026-11-20T10:00:01Z"},
		{"with a fraction", `{"time":["%Y-%m-%d %H:%M:%S.%f"]}`, "2026-11-20 10:00:01.120", "2026-11-20T10:00:01.12"},
		{"in the second layout", `{"time":["%H:%M %d.%m.%Y","%Y%m%d-%H%M%S"]}`, "20261120-101500", "2026-11-20T10:15:00"},
		{"with a literal Z", `{"time":["20060102T150405Z"]}`, "20261120T101500Z", "2026-11-20T10:15:00Z"},
		{"with the zone's own abbreviation", `{"time":["2006-01-02 15:04:05 MST"]}`, "2026-11-20 11:00:00 CET", "2026-11-20T10:00:00Z"},
		{"with an unknown abbreviation", `{"time":["2006-01-02 15:04:05 MST"]}`, "2026-11-20 11:00:00 XYZ", "!"},
		{"on no day", `{"time":["%d.%m.%Y %H:%M"]}`, "31.11.2026 10:00", "!"},

		{"without a year", `{"time":["Jan _2 15:04:05"]}`, "Nov 20 10:00:01", "2026-11-20T10:00:01"},
		{"without a year, a day after the object", `{"time":["Jan _2 15:04:05"]}`, "Nov 22 03:59:00", "2026-11-22T03:59:00"},
		{"without a year, later than that", `{"time":["Jan _2 15:04:05"]}`, "Nov 22 04:01:00", "2025-11-22T04:01:00"},
		{"without a year, on a leap day", `{"time":["Jan _2 15:04:05"]}`, "Feb 29 10:00:00", "2024-02-29T10:00:00"},
		{"without a date", `{"time":["15:04:05"]}`, "10:00:01", "2026-11-20T10:00:01"},
		{"without a date, after midnight of the zone", `{"time":["15:04:05"]}`, "00:30:00", "2026-11-21T00:30:00"},

		{"since 1970", `{"epoch":{}}`, "1795168800.5", "2026-11-20T10:00:00.5Z"},
		{"in nanoseconds", `{"epoch":{"unit":"ns"}}`, "1795168800123456789", "2026-11-20T10:00:00.123456789Z"},
		{"in microseconds with a fraction", `{"epoch":{"unit":"us"}}`, "1795168800000001.25", "2026-11-20T10:00:00.00000125Z"},
		{"since the year 0", `{"epoch":{"since":"0000-01-01"}}`, "63962388000", "2026-11-20T10:00:00Z"},
		{"zero", `{"epoch":{"since":"0000-01-01"}}`, "0.0", ""},
		{"too far away", `{"epoch":{}}`, "999999999999", "!"},
		{"before the epoch", `{"epoch":{}}`, "-5", "!"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			if want == "!" {
				want += fmt.Sprintf("%q", tt.text)
			}
			got := eval(t, `{"from":"a","then":[`+tt.step+`]}`, steps.Time, fmt.Sprintf(`{"a":%q}`, tt.text), context)
			if got != want {
				t.Errorf("%s of %q: got %q, want %q", tt.step, tt.text, got, want)
			}
		})
	}
}

func TestATimeOfDayNeedsAPartition(t *testing.T) {
	flat := &steps.Context{Modified: context.Modified, Partition: record.Forever}
	if got := eval(t, `{"from":"a","then":[{"time":["15:04"]}]}`, steps.Time, `{"a":"10:00"}`, flat); got != `!"10:00"` {
		t.Errorf("got %q", got)
	}
}

func TestJoinedDateAndTime(t *testing.T) {
	const decl = `{"join":["Date","Time"],"with":" ","then":[{"time":["%d.%m.%Y %H:%M:%S"]}]}`
	if got := eval(t, decl, steps.Time, `{"Date":"20.11.2026","Time":"10:00:00"}`, context); got != "2026-11-20T10:00:00" {
		t.Errorf("got %q", got)
	}
	if got := eval(t, decl, steps.Time, `{"Date":"20.11.2026","Time":"soon"}`, context); got != `!"20.11.2026 soon"` {
		t.Errorf("got %q", got)
	}
}

func TestAValueCannotGrowBeyondATextsLimit(t *testing.T) {
	long := strings.Repeat("x", 3000)
	from := fmt.Sprintf(`{"a":%q}`, long)
	if got := eval(t, `{"join":["a","a"]}`, steps.Text, from, context); !strings.HasPrefix(got, "!") {
		t.Errorf("got %d bytes", len(got))
	}
	if got := eval(t, `{"from":"a","then":[{"match":"x*"}]}`, steps.Text, from, context); got != long {
		t.Errorf("got %d bytes", len(got))
	}
}

func TestEveryMistakeOfADeclarationIsNamed(t *testing.T) {
	for _, tt := range []struct {
		decl   string
		target steps.Target
		want   []string
	}{
		{`{}`, steps.Text, []string{"f has 0 of from, join and value, want exactly one"}},
		{`{"from":"a","value":"b"}`, steps.Text, []string{"f has 2 of from, join and value, want exactly one"}},
		{`{"from":"a","then":[{"match":"x","split":","}]}`, steps.Text, []string{"f.then[0] has 2 steps (match, split), want exactly one in each element of the list"}},
		{`{"from":"a","then":[{"match":"x"},{"match":"("}]}`, steps.Text, []string{"f.then[1].match error parsing regexp: missing closing ): `(`"}},
		{`{"from":"a","then":[{"match":"x","else":"y"}]}`, steps.Text, []string{"f.then[0].else stands without map"}},
		{`{"from":"a","then":[{"else":"y"}]}`, steps.Text, []string{"f.then[0].else stands without map"}},
		{`{"from":"a","then":[{"unit":"s"}]}`, steps.Text, []string{"f.then[0].unit is for durations, and the field is none"}},
		{`{"from":"a","then":[{"time":["2006"]}]}`, steps.Text, []string{"f.then[0].time is for times, and the field is none"}},
		{`{"from":"a","then":[{"epoch":{}}]}`, steps.Milliseconds, []string{"f.then[0].epoch is for times, and the field is none"}},
		{`{"from":"a","then":[{"epoch":{"since":"0"}}]}`, steps.Time, []string{`f.then[0].epoch.since "0" is no date, want one such as 0000-01-01`}},
		{`{"from":"a","then":[{"time":["2006-01-02"]}]}`, steps.Time, []string{`f.then[0].time[0] "2006-01-02" has no hour or no minute, want a layout of the reference time 2006-01-02T15:04:05 or of strftime`}},
		{`{"from":"a","then":[{"time":["%Y %H:%M"]}]}`, steps.Time, []string{`f.then[0].time[0] "%Y %H:%M" has a year, but no month or no day, want a layout of the reference time 2006-01-02T15:04:05 or of strftime`}},
		{`{"from":"a","then":[{"time":["%Q"]}]}`, steps.Time, []string{`f.then[0].time[0] "%Q" has the directive %Q, which is not known, want a layout of the reference time 2006-01-02T15:04:05 or of strftime`}},
		{`{"join":["a",{"join":["b",{}]}]}`, steps.Text, []string{"f.join[1].join[1] has 0 of from, join and value, want exactly one"}},
	} {
		_, _, problems := compile(t, tt.decl, tt.target)
		if diff := cmp.Diff(tt.want, problems); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.decl, diff)
		}
	}
}

func TestAYearIsThatOfThePartitionAmongThoseThatTheObjectAllows(t *testing.T) {
	day := func(year int, month time.Month, day int) record.Time {
		return record.TimeOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
	}
	for name, test := range map[string]struct {
		modified        record.Time
		partition       record.Span
		text, want      string
		contradictories bool
	}{
		"soon after":                          {day(2026, 11, 21), record.Span{Start: day(2026, 11, 20), End: day(2026, 11, 21)}, "Nov 20 10:00:00", "2026-11-20T10:00:00", false},
		"copied a year later":                 {day(2027, 12, 1), record.Span{Start: day(2026, 11, 20), End: day(2026, 11, 21)}, "Nov 20 10:00:00", "2026-11-20T10:00:00", true},
		"copied many years later":             {day(2040, 1, 1), record.Span{Start: day(2026, 11, 20), End: day(2026, 11, 21)}, "Nov 20 10:00:00", "2026-11-20T10:00:00", true},
		"copied within the year":              {day(2027, 10, 1), record.Span{Start: day(2026, 11, 20), End: day(2026, 11, 21)}, "Nov 20 10:00:00", "2026-11-20T10:00:00", false},
		"the end of the year before":          {day(2028, 2, 1), record.Span{Start: day(2027, 1, 1), End: day(2027, 1, 2)}, "Dec 31 23:59:00", "2026-12-31T23:59:00", true},
		"the start of the year after":         {day(2027, 1, 1), record.Span{Start: day(2026, 12, 31), End: day(2027, 1, 1)}, "Jan  1 00:01:00", "2027-01-01T00:01:00", false},
		"a partition of a year":               {day(2029, 1, 1), record.Span{Start: day(2026, 1, 1), End: day(2027, 1, 1)}, "Dec 31 23:59:00", "2026-12-31T23:59:00", true},
		"by the partition in no year":         {day(2026, 11, 21), record.Span{Start: day(2026, 1, 2), End: day(2026, 1, 3)}, "Nov 20 10:00:00", "2026-11-20T10:00:00", true},
		"a partition after the object":        {day(2026, 11, 21), record.Span{Start: day(2027, 11, 20), End: day(2027, 11, 21)}, "Nov 20 10:00:00", "2026-11-20T10:00:00", true},
		"a leap day of another year":          {day(2026, 11, 21), record.Span{Start: day(2026, 11, 20), End: day(2026, 11, 21)}, "Feb 29 10:00:00", "2024-02-29T10:00:00", true},
		"a partition of all time tells none":  {day(2028, 12, 1), record.Forever, "Nov 20 10:00:00", "2028-11-20T10:00:00", false},
		"nobody knows of which partition":     {day(2028, 12, 1), record.Span{Start: record.NoTime, End: record.NoTime}, "Nov 20 10:00:00", "2028-11-20T10:00:00", false},
		"a day of rotation before the object": {day(2026, 11, 21), record.Span{Start: day(2026, 11, 20), End: day(2026, 11, 21)}, "Nov 13 10:00:00", "2026-11-13T10:00:00", false},
	} {
		torn := new(atomic.Bool)
		c := &steps.Context{Modified: test.modified, Partition: test.partition, YearTorn: torn}
		got := eval(t, `{"from":"a","then":[{"time":["Jan _2 15:04:05"]}]}`, steps.Time, `{"a":"`+test.text+`"}`, c)
		if got != test.want || torn.Load() != test.contradictories {
			t.Errorf("%s: got %s, contradictory %v, want %s, %v", name, got, torn.Load(), test.want, test.contradictories)
		}
	}
}
