package registration

import (
	"bufio"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/token"

	gocmp "github.com/google/go-cmp/cmp"
)

// berlinLog reads a log in CSV, whose times are local times of Berlin.
func berlinLog(t *testing.T, texts *intern.Table, lines ...string) (*Log, []string) {
	t.Helper()
	p, err := profile.Load("own.yaml", []byte("registrations: {formats: [csv], time_layouts: [\"2006-01-02 15:04:05\"], zone: Europe/Berlin, fields: {time: [time], trunk_id: [t], line_id: [l], status: [s], expiry_seconds: [e]}}"), "registrations")
	if err != nil {
		t.Fatal(err)
	}
	var rejects []string
	r := NewReader(p, texts, &token.Rules{})
	text := "time,t,l,s,e\n" + strings.Join(lines, "\n") + "\n"
	b, err := r.Read(bufio.NewReader(strings.NewReader(text)), profile.CSV, intern.None, func(x rows.Reject) error {
		rejects = append(rejects, strings.TrimSuffix(x.Reason+": "+x.Value, ": "))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	log := &Log{
		Events: b.Events, Objects: []uint32{0}, Sources: []Source{{Successes: true, Profile: p}},
		End: record.TimeOf(time.Date(2026, 10, 26, 0, 0, 0, 0, time.UTC)),
	}
	log.Complete(texts, nil, "")
	return log, rejects
}

func TestALocalTimeThatOccursTwiceProvesNothing(t *testing.T) {
	// Clocks of Berlin were put back at 03:00, which is 01:00 in UTC: from 02:00 to
	// 03:00 each time occurs twice, at 00:00 to 01:00 and at 01:00 to 02:00 in UTC.
	failing := []string{"2026-10-25 00:30:00,T,L,200,7200", "2026-10-25 02:25:00,T,L,503,", "2026-10-25 03:05:00,T,L,200,90000"}
	ending := []string{"2026-10-25 01:50:00,T,L,503,", "2026-10-25 02:25:00,T,L,200,90000", "2026-10-25 03:35:00,T,L,200,90000"}
	renewing := []string{"2026-10-25 01:30:00,T,L,200,7200", "2026-10-25 02:30:00,T,L,200,7200", "2026-10-25 02:30:00,T,L,200,7200", "2026-10-25 03:30:00,T,L,200,7200"}
	longer := []string{"2026-10-25 02:30:00,T,L,200,9000", "2026-10-25 04:00:00,T,L,200,60", "2026-10-25 04:30:00,T,L,503,", "2026-10-25 05:30:00,T,L,200,90000"}
	certain := []string{"2026-10-25 00:30:00,T,L,200,60", "2026-10-25 01:00:00,T,L,503,", "2026-10-25 01:50:00,T,L,200,90000"}
	trunk := []string{"2026-10-25 00:30:00,T,L,200,90000", "2026-10-25 00:30:00,T,,200,90000", "2026-10-25 02:25:00,T,,503,", "2026-10-25 02:30:00,T,,200,90000"}
	failures := []string{
		"2026-10-25 00:10:00,T,,200,90000", "2026-10-25 00:20:00,T,,200,90000", "2026-10-25 00:30:00,T,,200,90000",
		"2026-10-25 02:25:00,T,L,503,60", "2026-10-25 00:25:00,T,M,503,60", "2026-10-25 00:25:00,T,N,503,60",
	}

	for name, test := range map[string]struct {
		log  []string
		at   string // of a call on line L of trunk T, in UTC
		want string
	}{
		"before a failure in doubt":                        {failing, "00:20-00:24", "none"},
		"a failure in the first reading":                   {failing, "00:30-00:35", "possible"},
		"a failure in both readings":                       {failing, "01:30-01:35", "possible"},
		"a call that a failure in doubt may meet":          {failing, "00:20-00:30", "possible"},
		"after the next success":                           {failing, "02:05-02:10", "none"},
		"an outage before its end is in doubt":             {ending, "00:10-00:20", "inside"},
		"that began in it, and lasts beyond its end":       {ending, "00:10-00:50", "inside"},
		"an outage that may have ended":                    {ending, "00:30-00:35", "unknown"},
		"an outage that has ended in both readings":        {ending, "02:40-02:45", "none"},
		"a renewal in doubt":                               {renewing, "00:40-00:45", "unknown"},
		"after renewals in doubt":                          {renewing, "02:31-02:40", "none"},
		"a binding in doubt is longer than the next one":   {longer, "03:40-03:45", "possible"},
		"an outage of certain times":                       {certain, "23:10-23:20", "inside"},
		"a night of certain times":                         {certain, "00:30-00:35", "none"},
		"its line vouches, and its trunk is in doubt":      {trunk, "01:27-01:28", "unknown"},
		"its line vouches, and its trunk was in doubt":     {trunk, "23:27-23:28", "none"},
		"failures alone: an exposure in the other reading": {failures, "01:25-01:26", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			texts := intern.NewTable()
			log, _ := berlinLog(t, texts, test.log...)
			log.Sources[0].Successes = name != "failures alone: an exposure in the other reading"
			x := NewIndex(StatesOf(log, texts, testPolicy()))
			from, to, _ := strings.Cut(test.at, "-")
			s := Subject{Trunk: texts.OfString("T"), Line: texts.OfString("L"), Timed: true, Span: record.Span{Start: night(t, from), End: night(t, to)}}
			if c := x.Coinciding(s); c.Relation.String() != test.want {
				t.Errorf("a call at %s with the log %q is %s, want %s; outages %v", test.at, test.log, c.Relation, test.want, briefAll(texts, &States{Outages: x.outages}))
			}
		})
	}
}

// night returns a time of the night to 25 October 2026 in UTC.
func night(t *testing.T, text string) record.Time {
	t.Helper()
	clock, err := time.Parse("15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	day := 25
	if clock.Hour() > 12 {
		day = 24
	}
	return record.TimeOf(time.Date(2026, 10, day, clock.Hour(), clock.Minute(), 0, 0, time.UTC))
}

func TestARejectOfAnAttemptNamesTheTimeAndWhyItIsNone(t *testing.T) {
	_, rejects := berlinLog(t, intern.NewTable(),
		"2026-03-29 02:30:00,T,L,200,", "2026/03/29 12:30:00,T,L,200,", "1970-01-05 00:00:00,T,L,200,", ",T,L,200,",
		"pass!1,T,L,200,")
	want := []string{
		"the time does not exist: clocks of Europe/Berlin were put forward over it: 2026-03-29 02:30:00",
		"the time does not parse: it is in none of the layouts of the profile: 9999/99/99 99:99:99",
		"the time does not parse: it lies before 1990 or after 2099: 1970-01-05 00:00:00",
		"no time",
		"the time does not parse: it is in none of the layouts of the profile: xxxx!9",
	}
	if diff := gocmp.Diff(want, rejects); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}
