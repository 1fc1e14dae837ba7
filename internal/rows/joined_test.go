package rows_test

import (
	"bufio"
	"strings"
	"testing"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

func TestLinesOfAnotherLayoutDoNotVanishInRecordsOfSeveralLines(t *testing.T) {
	const yaml = `registrations: {formats: [text], begins: '^\d{4}-\d\d-\d\d ', line: '(?P<time>\d\d:\d\d:\d\d) (?P<trunk_id>T\d) (?P<status>\d{3})'}`
	const first = "2026-11-20 10:00:00 T1 503\n"
	for name, test := range map[string]struct {
		text string
		want rows.Joined
	}{
		"one line each":             {first + first, rows.Joined{}},
		"a trace":                   {first + "REGISTER sip:t1 SIP/2.0\r\nDate: Fri, 20 Nov 2026 10:00:00 GMT\r\n\r\n" + first, rows.Joined{Records: 1, Longest: 3}},
		"another layout":            {first + "20.11.2026 10:00:01 x\n" + first, rows.Joined{Records: 1, Longest: 2, Odd: 1}},
		"of syslog":                 {first + "Nov 20 10:00:01 host x\n<34>Nov  2 10:00:01 host x\n", rows.Joined{Records: 1, Longest: 3, Odd: 2}},
		"of the new syslog":         {first + "<34>1 2026-11-20T10:00:01Z host x\n", rows.Joined{Records: 1, Longest: 2, Odd: 1}},
		"of a web server":           {first + "[20/Nov/2026:10:00:01 +0000] x\n", rows.Joined{Records: 1, Longest: 2, Odd: 1}},
		"in brackets":               {first + "[2026/11/20 10:00:01] x\n", rows.Joined{Records: 1, Longest: 2, Odd: 1}},
		"with the day of the week":  {first + "Fri Nov 20 10:00:01 2026 x\n", rows.Joined{Records: 1, Longest: 2, Odd: 1}},
		"an event of its own":       {first + "at 10:00:05 T2 503\n", rows.Joined{Records: 1, Longest: 2, Odd: 1}},
		"the event of the record":   {"2026-11-20 a request\nat 10:00:05 T2 503\n", rows.Joined{Records: 1, Longest: 2}},
		"before the first one":      {"Nov 20 10:00:01 host x\nNov 20 10:00:02 host x\n" + first, rows.Joined{Records: 1, Longest: 2, Odd: 1}},
		"in the second record":      {first + first + "Nov 20 10:00:01 host x\n", rows.Joined{Records: 1, Longest: 2, Odd: 1, First: 1}},
		"a number that is no date":  {first + "2026 10:00 x\n12 34 56 78 90 12\n", rows.Joined{Records: 1, Longest: 3}},
		"a date in the line":        {first + "since Nov 20 10:00:01\n", rows.Joined{Records: 1, Longest: 2}},
		"a short line":              {first + "Nov 1\n", rows.Joined{Records: 1, Longest: 2}},
		"several records and lines": {first + "x\n" + first + "x\ny\nz\n", rows.Joined{Records: 2, Longest: 4}},
	} {
		p, err := profile.Load("own.yaml", []byte(yaml), "registrations")
		if err != nil {
			t.Fatal(err)
		}
		m := rows.NewMapping(p, record.EventFields, &stream.Limits{})
		reading, err := m.Read(bufio.NewReader(strings.NewReader(test.text)), profile.TextLines, "", rows.Visitor{
			Row: func(*rows.Row) error { return nil }, Reject: func(rows.Reject) error { return nil },
		})
		got := reading.Joined
		if got.Odd == 0 {
			got.First = 0 // it means nothing
		}
		if err != nil || got != test.want {
			t.Errorf("%s: %+v, %v, want %+v of %q", name, got, err, test.want, test.text)
		}
	}
}
