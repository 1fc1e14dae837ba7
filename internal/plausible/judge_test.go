package plausible_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/plausible"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
)

// fit is what is observed when all is fine.
func fit() *plausible.Observation {
	all := func(n int64) plausible.Join {
		return plausible.Join{All: n, ByID: n, ByConversation: n, Any: n, Naming: n}
	}
	return &plausible.Observation{
		Calls: plausible.Share{N: 100, Of: 100}, Legs: all(100), Entries: all(100), OnTrunk: plausible.Share{N: 100, Of: 100}, Total: 100,
		Clocks: []plausible.Clock{{CDRs: "c", Manifests: "m", Near: plausible.Share{N: 100, Of: 100}, Tolerance: 5 * time.Second}},
		Sources: []plausible.Source{
			{Name: "c", Kind: policy.CDRs, Records: 100, Read: 100, Limit: 0.0001, Met: plausible.Share{N: 100, Of: 100}, InDay: plausible.Share{N: 100, Of: 100}, Filled: map[record.Field]int64{record.StartTime: 100}, Needs: [][]record.Field{{record.StartTime}}},
			{Name: "r", Kind: policy.Registrations, Records: 9, Read: 9, Met: plausible.Share{N: 9, Of: 9}},
		},
	}
}

// The judgement of one line follows from its numbers at the bounds that are published.
func TestJudgementsChangeAtTheirBounds(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(o *plausible.Observation)
		about  plausible.Subject
		want   plausible.Judgement
	}{
		{"nine in ten calls join", func(o *plausible.Observation) { o.Legs.Any = 90 }, plausible.Joins, plausible.Fine},
		{"fewer calls join", func(o *plausible.Observation) { o.Legs.Any = 89 }, plausible.Joins, plausible.Look},
		{"fewer recordings join", func(o *plausible.Observation) { o.Entries.Any = 89 }, plausible.Joins, plausible.Look},
		{"four calls", func(o *plausible.Observation) { o.Legs.All, o.Legs.Any = 4, 0 }, plausible.Joins, plausible.Unknown},
		{"no recordings", func(o *plausible.Observation) { o.Entries = plausible.Join{} }, plausible.Calls, plausible.Look},
		{"neither calls nor recordings", func(o *plausible.Observation) { o.Entries, o.Legs = plausible.Join{}, plausible.Join{} }, plausible.Calls, plausible.Look},
		{"calls without an answer that have a recording", func(o *plausible.Observation) { o.Unexpected = plausible.Share{N: 5, Of: 50} }, plausible.Calls, plausible.Look},
		{"few of them", func(o *plausible.Observation) { o.Unexpected = plausible.Share{N: 5, Of: 51} }, plausible.Calls, plausible.Fine},
		{"one record of another organisation", func(o *plausible.Observation) { o.Sources[0].Met.N = 99 }, plausible.Organisations, plausible.Look},
		{"nothing to compare organisations with", func(o *plausible.Observation) { o.Sources[0].Met = plausible.Share{} }, plausible.Organisations, plausible.Unknown},
		{"nine in ten have a start", func(o *plausible.Observation) { o.Sources[0].Filled[record.StartTime] = 90 }, plausible.Fields, plausible.Fine},
		{"fewer have a start", func(o *plausible.Observation) { o.Sources[0].Filled[record.StartTime] = 89 }, plausible.Fields, plausible.Look},
		{"one has an answer", func(o *plausible.Observation) {
			o.Sources[0].Needs, o.Sources[0].Filled[record.AnswerTime] = [][]record.Field{{record.AnswerTime}}, 1
		}, plausible.Fields, plausible.Fine},
		{"none has an answer", func(o *plausible.Observation) { o.Sources[0].Needs = [][]record.Field{{record.AnswerTime}} }, plausible.Fields, plausible.Look},
		{"registrations that never succeed", func(o *plausible.Observation) { o.Sources[1].Silent = true }, plausible.Fields, plausible.Look},
		{"one in ten thousand rejected", func(o *plausible.Observation) { o.Sources[0].Read, o.Sources[0].Rejected = 10000, 1 }, plausible.Rows, plausible.Fine},
		{"two in ten thousand rejected", func(o *plausible.Observation) { o.Sources[0].Read, o.Sources[0].Rejected = 10000, 2 }, plausible.Rows, plausible.Look},
		{"no rows", func(o *plausible.Observation) { o.Sources[0].Read = 0 }, plausible.Rows, plausible.Look},
		{"rows that are no records", func(o *plausible.Observation) { o.Sources[0].Records = 0 }, plausible.Rows, plausible.Look},
		{"one in ten on another day", func(o *plausible.Observation) { o.Sources[0].InDay.N = 90 }, plausible.Days, plausible.Fine},
		{"more on another day", func(o *plausible.Observation) { o.Sources[0].InDay.N = 89 }, plausible.Days, plausible.Look},
		{"a stray", func(o *plausible.Observation) { o.Sources[0].Strays = 1 }, plausible.Days, plausible.Look},
		{"clocks within the tolerance", func(o *plausible.Observation) { o.Clocks[0].Offset = -5 * time.Second }, plausible.Clocks, plausible.Fine},
		{"clocks beyond it", func(o *plausible.Observation) { o.Clocks[0].Offset = -6 * time.Second }, plausible.Clocks, plausible.Look},
		{"ends all over", func(o *plausible.Observation) { o.Clocks[0].Offset, o.Clocks[0].Near.N = time.Minute, 10 }, plausible.Clocks, plausible.Look},
		{"four pairs", func(o *plausible.Observation) {
			o.Clocks[0].Offset, o.Clocks[0].Near = time.Hour, plausible.Share{N: 4, Of: 4}
		}, plausible.Clocks, plausible.Unknown},
		{"no pairs", func(o *plausible.Observation) { o.Clocks = nil }, plausible.Clocks, plausible.Unknown},
		{"a tenth of the trunks is unknown", func(o *plausible.Observation) { o.OnTrunk.N = 90 }, plausible.Registrations, plausible.Fine},
		{"more trunks are unknown", func(o *plausible.Observation) { o.OnTrunk.N = 89 }, plausible.Registrations, plausible.Look},
		{"no trunks", func(o *plausible.Observation) { o.OnTrunk = plausible.Share{} }, plausible.Registrations, plausible.Unknown},
		{"no log", func(o *plausible.Observation) { o.Sources = o.Sources[:1] }, plausible.Registrations, plausible.Unknown},
		{"half are chats", func(o *plausible.Observation) { o.Media = []plausible.Count{{Name: "chat", N: 50}} }, plausible.Media, plausible.Fine},
		{"all are chats", func(o *plausible.Observation) { o.Media = []plausible.Count{{Name: "chat", N: 100}} }, plausible.Media, plausible.Look},
		{"nine in ten media objects can be read", func(o *plausible.Observation) { o.Audio = plausible.Share{N: 90, Of: 100} }, plausible.Audio, plausible.Fine},
		{"fewer can be read", func(o *plausible.Observation) { o.Audio = plausible.Share{N: 89, Of: 100} }, plausible.Audio, plausible.Look},
		{"four media objects", func(o *plausible.Observation) { o.Audio = plausible.Share{Of: 4} }, plausible.Audio, plausible.Unknown},
		{"nobody looks into media", func(*plausible.Observation) {}, plausible.Audio, ""},
		{"nothing was exported", func(o *plausible.Observation) { o.Total = 0 }, plausible.Media, plausible.Unknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := fit()
			test.change(o)
			r := o.Report(&report.Run{Interval: "2026-11-20", RunID: strings.Repeat("0", 32), URL: "file:///tmp/x/"})
			checkPublished(t, r)

			// The worst line of the subject counts; they stand in this order.
			got := plausible.Judgement("")
			for _, l := range r.Lines {
				if l.About == test.about && got == "" {
					got = l.Judgement
				}
				if l.About != test.about && l.Judgement == plausible.Look && test.want == plausible.Fine {
					t.Errorf("something else is to be looked at: %+v", l)
				}
			}
			if got != test.want || (r.Verdict == "look") != (r.Lines[0].Judgement == plausible.Look) {
				t.Errorf("the judgement is %s, want %s, the verdict %s", got, test.want, r.Verdict)
			}
		})
	}
}

func TestNoPercentageStandsWithoutItsWhole(t *testing.T) {
	text := fit().Report(&report.Run{}).Text(report.Unpainted)
	for line := range strings.Lines(text) {
		if strings.Contains(line, "%") && !strings.Contains(line, " of ") {
			t.Errorf("%q", line)
		}
	}
	if strings.Count(text, "%") < 5 {
		t.Errorf("there are hardly any percentages in\n%s", text)
	}
}

// Names come from outside: they are printable, and there are few of them.
func TestManyNamesAreCutToAFew(t *testing.T) {
	night := soundNight(t)
	for i := range 30 {
		night[fmt.Sprintf("cdr/date=2026-11-20/more-%02d.csv", i)] = fmt.Sprintf("org_id,conversation_id,start_time,answer_time,end_time\no\x1b[2J%02d,c%d,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:01:00Z\n", i, i)
	}
	r := try(t, night)
	for _, l := range r.Lines {
		if l.About != plausible.Organisations || l.Source != "cdr" {
			continue
		}
		if len(l.Details) != 8 || l.Details[0].N != 200 || l.Details[7] != (plausible.Count{Name: "others", N: 24}) || l.N != 200 || l.Of != 230 {
			t.Errorf("%+v", l)
		}
	}
	if text := r.Text(report.Unpainted); strings.Contains(text, "\x1b") {
		t.Errorf("the text holds an escape:\n%q", text)
	}
}
