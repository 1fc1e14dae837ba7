package registration

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

func span(from, to int) record.Span {
	return record.Span{Start: start + record.Time(from)*second, End: start + record.Time(to)*second}
}

// subjectOf reads trunk/line from-to, or trunk/line from for an instant.
func subjectOf(t testing.TB, texts *intern.Table, words string) Subject {
	t.Helper()
	place, times, _ := strings.Cut(words, " ")
	trunk, line, _ := strings.Cut(place, "/")
	s := Subject{Trunk: texts.OfString(trunk), Line: texts.OfString(line), Timed: times != ""}
	from, to := 0, 0
	if n, _ := fmt.Sscanf(times, "%d-%d", &from, &to); n == 1 {
		s.Instant = true
	}
	s.Span = span(from, to)
	return s
}

func briefCoincidence(texts *intern.Table, x *Index, c Coincidence) string {
	if c.Outage < 0 {
		return c.Relation.String()
	}
	o := &x.outages[c.Outage]
	return fmt.Sprintf("%s/%s%s@%s %s %d", texts.String(o.Trunk), texts.String(o.Line), texts.String(o.User), seconds(o.Span.Start), c.Relation, c.OverlapMS)
}

func TestTheCoincidingOutage(t *testing.T) {
	const (
		line     = "T/L 0:200/60 100:503 200:200/9000 "
		trunk    = "T 0:200/60 100:503 200:200/9000 "
		account  = "T//u 0:200/60 100:503 200:200/9000 "
		other    = "T/M 0:200/60 90:503 200:200/9000 "
		nowhere  = "/N 0:200/60 100:503 200:200/9000 "
		lasting  = "T/L 0:200/600 100:503 900:200/9000 "
		harmless = "T/L 0:200/600 100:503 500:200/9000 "
		signOff  = "T/M 0:200/600 100:200/0 900:200/9000 "
		failures = "T/L 100:503/100 T/M 100:503/100"
		open     = "T/L 0:200/60 100:503 T/M 0:200/60 150:200/60"
	)
	tests := []struct{ name, log, subject, want string }{
		{"its line", line, "T/L 120-180", "T/L@100 inside 60000"},
		{"a call that began before", line, "T/L 40-180", "T/L@100 edge 80000"},
		{"its line on a trunk that the call does not name", line, "/L 120-180", "T/L@100 inside 60000"},
		{"its line, registered without a trunk", nowhere, "T/N 120-180", "/N@100 inside 60000"},
		{"its line on another trunk", line, "X/L 120-180", "unknown"},
		{"its trunk", trunk, "T/L 120-180", "T/@100 inside 60000"},
		{"its trunk, without a line", trunk, "T/ 120-180", "T/@100 inside 60000"},
		{"the line before the trunk", line + trunk, "T/L 120-180", "T/L@100 inside 60000"},
		{"the trunk before other lines", other + trunk, "T/ 120-180", "T/@100 inside 60000"},
		{"another line of its trunk", other, "T/ 120-180", "T/M@90 possible 60000"},
		{"not when the call names its line", other, "T/L 120-180", "unknown"},
		{"an account of its trunk", account, "T/L 120-180", "T/u@100 possible 60000"},
		{"another line signed off", signOff, "T/ 120-180", "unknown"},
		{"the line itself signed off", signOff, "T/M 120-180", "T/M@100 possible 60000"},
		{"while the old registration lasts", lasting, "T/L 120-180", "T/L@100 possible 60000"},
		{"beyond the end of the old registration", lasting, "T/L 120-700", "T/L@100 edge 580000"},
		{"after its end", lasting, "T/L 620-700", "T/L@100 inside 80000"},
		{"a renewal that failed once", harmless, "T/L 120-180", "none"},
		{"a log of failures", failures, "T/L 120-180", "T/L@100 possible 60000"},
		{"a log that keeps a part of the successes", "T/L 0:200/60 500:200/60 1000:200/60 1500:200/60 1510:503 1600:200", "T/L 1570-1580", "T/L@1510 possible 10000"},
		{"an outage that may have ended", open, "T/L 151-180", "T/L@100 possible 29000"},
		{"an outage that lasted by the last word", open, "T/L 150-180", "T/L@100 inside 30000"},

		{"an instant", line, "T/L 120", "T/L@100 inside 0"},
		{"an instant at the start", line, "T/L 100", "T/L@100 inside 0"},
		{"an instant at the end", line, "T/L 200", "none"},
		{"a span that touches the start", line, "T/L 80-100", "unknown"},
		{"a span that touches the end", line, "T/L 200-220", "none"},
		{"no time", line, "T/L", "unknown"},
		{"nothing to compare", line, "/ 120-180", "unknown"},
		{"only a trunk, while a line without a trunk fails", nowhere + "T/L 0:200/9000", "T/ 120-180", "unknown"},
		{"and while it does not", nowhere + "T/L 0:200/9000", "T/ 220-280", "none"},
		{"only a line, while a trunk fails", trunk + "X/K 0:200/9000", "/K 120-180", "unknown"},
	}
	for _, tt := range tests {
		texts := intern.NewTable()
		x := NewIndex(StatesOf(logOf(t, texts, tt.log), texts, testPolicy()))
		if got := briefCoincidence(texts, x, x.Coinciding(subjectOf(t, texts, tt.subject))); got != tt.want {
			t.Errorf("%s: %s with %s: got %s, want %s", tt.name, tt.subject, tt.log, got, tt.want)
		}
	}
}

func TestIncompleteRegistrationsVouchForNothing(t *testing.T) {
	texts := intern.NewTable()
	x := NewIndex(StatesOf(logOf(t, texts, "T/L 0:200/9000 T/M 0:200/60 100:503 200:200/60"), texts, testPolicy()))
	for words, want := range map[string]string{"T/L 120-180": "unknown", "T/M 120-180": "T/M@100 inside 60000"} {
		s := subjectOf(t, texts, words)
		s.Incomplete = true
		if got := briefCoincidence(texts, x, x.Coinciding(s)); got != want {
			t.Errorf("%s: got %s, want %s", words, got, want)
		}
	}
}

func TestAnotherOrganisationIsAnotherRegistration(t *testing.T) {
	texts := intern.NewTable()
	x := NewIndex(StatesOf(logOf(t, texts, "T/L 0:200/60 100:503 200:200/60"), texts, testPolicy()))
	s := subjectOf(t, texts, "T/L 120-180")
	s.Org = texts.OfString("o")
	if got := x.Coinciding(s); got.Relation != Uncertain || x.Fits(s.Org, s.Trunk, s.Line) {
		t.Errorf("got %+v", got)
	}
}

func TestWhoVouches(t *testing.T) {
	tests := []struct{ name, log, subject, want string }{
		{"bound at the start", "T/L 0:200/60", "T/L 59-99", "none"},
		{"not bound any more", "T/L 0:200/60", "T/L 60-99", "unknown"},
		{"a success soon after", "T/L 0:200/60 92:200/60", "T/L 60-99", "none"},
		{"a success too late", "T/L 0:200/60 93:200/60", "T/L 60-99", "unknown"},
		{"removed before", "T/L 0:200/60 20:200/0 24:200/10", "T/L 40-99", "unknown"},
		{"an instant", "T/L 0:200/60", "T/L 59", "none"},
		{"the line in any trunk", "T/L 0:200/60", "/L 10-99", "none"},
		{"a line without a trunk", "/L 0:200/60", "T/L 10-99", "none"},
		{"any line for a call without one", "T/L 0:200/60 T/M 0:200/5", "T/ 10-99", "none"},
		{"the trunk for a line that the log does not show", "T 0:200/60", "T/L 10-99", "none"},
		{"not for one that it shows", "T 0:200/60 T/L 0:200/5", "T/L 10-99", "unknown"},
		{"all accounts for a line", "T//u 0:200/60 T//v 0:200/60", "T/L 10-99", "none"},
		{"not one of two", "T//u 0:200/60 T//v 0:200/5", "T/L 10-99", "unknown"},
		{"nor the other one", "T//u 0:200/5 T//v 0:200/60", "T/L 10-99", "unknown"},
		{"one of two for a call without a line", "T//u 0:200/60 T//v 0:200/5", "T/ 10-99", "none"},
		{"nobody in a log of failures", "T/L 0:200/60 T/M 0:503 T/N 0:503", "T/L 10-99", "unknown"},

		{"a log of changes", "T/L 0:200 9000:100", "T/L 8000-8100", "none"},
		{"until its last word", "T/L 0:200 9000:100", "T/L 9001-9100", "unknown"},
		{"not after a removal", "T/L 0:200 10:200/0 30:200/1 9000:100", "T/L 8000-8100", "unknown"},
		{"not when it says how long a registration lasts", "T/L 0:200/60 9000:100", "T/L 8000-8100", "unknown"},
		{"also when some successes stand in a row with a failure", "T/L 0:200 1:200 2:503 3:200 9000:100", "T/L 8000-8100", "none"},
		{"not when the log keeps a part of the successes", "T/S 0:200/60 500:200/60 1000:200/60 1500:200/60 T/L 0:200 T/M 0:200 T/N 0:200 9000:100", "T/L 8000-8100", "unknown"},
		{"not when most keys show renewals", "T/L 0:200 1:200 2:200 9000:100", "T/L 8000-8100", "unknown"},
	}
	for _, tt := range tests {
		texts := intern.NewTable()
		x := NewIndex(StatesOf(logOf(t, texts, tt.log), texts, testPolicy()))
		if got := briefCoincidence(texts, x, x.Coinciding(subjectOf(t, texts, tt.subject))); got != tt.want {
			t.Errorf("%s: %s with %s: got %s, want %s", tt.name, tt.subject, tt.log, got, tt.want)
		}
	}
}

func TestALogThatIsKnownToTellRenewalsVouchesForNoSilence(t *testing.T) {
	texts := intern.NewTable()
	log := logOf(t, texts, "T/L 0:200 9000:100")
	log.Sources[0].Successes = true
	x := NewIndex(StatesOf(log, texts, testPolicy()))
	if got := x.Coinciding(subjectOf(t, texts, "T/L 8000-8100")); got.Relation != Uncertain {
		t.Errorf("got %s, want unknown", got.Relation)
	}
}

func TestWhichSubjectsTheLogShows(t *testing.T) {
	tests := []struct {
		log, place string
		want       bool
	}{
		{"T/L 0:503", "T/L", true},
		{"T/L 0:503", "/L", true},
		{"T/L 0:503", "T/", true},
		{"T/L 0:503", "T/M", false},
		{"T/L 0:503", "X/L", false},
		{"/L 0:503", "T/L", true},
		{"T 0:503", "T/M", true},
		{"T//u 0:503", "T/M", true},
		{"T/L 0:503", "/", false},
	}
	for _, tt := range tests {
		texts := intern.NewTable()
		x := NewIndex(StatesOf(logOf(t, texts, tt.log), texts, testPolicy()))
		if s := subjectOf(t, texts, tt.place); x.Fits(s.Org, s.Trunk, s.Line) != tt.want {
			t.Errorf("%s with %s: want %v", tt.place, tt.log, tt.want)
		}
	}
}

func TestTheIndexFindsWhatLookingAtAllOutagesFinds(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 0))
		texts := intern.NewTable()
		pick := func(names ...string) intern.Text { return texts.OfString(names[r.IntN(len(names))]) }
		var outages []Outage
		for i := range r.IntN(120) {
			from := r.IntN(60)
			o := Outage{
				ID: fmt.Sprintf("%03d", (i*37)%1000), Org: pick("", "o"), Trunk: pick("", "T1", "T2"), Line: pick("", "L1", "L2"),
				Failures: r.IntN(3), Harmless: r.IntN(8) == 0, UnregisteredFrom: record.NoTime,
			}
			o.Span = span(from, from+1+r.IntN(20))
			if o.Line == intern.None {
				o.User = pick("", "u")
			}
			if r.IntN(3) > 0 && !o.Harmless {
				o.UnregisteredFrom = o.Span.Start + record.Time(r.IntN(12))*second
			}
			if o.UnregisteredFrom > o.Span.End {
				o.UnregisteredFrom = record.NoTime
			}
			if o.Trunk != intern.None || o.Line != intern.None {
				outages = append(outages, o)
			}
		}
		x := NewIndex(&States{Outages: outages})
		for range 100 {
			from := r.IntN(70)
			s := Subject{Org: pick("", "o"), Trunk: pick("", "T1", "T2"), Line: pick("", "L1", "L2"), Span: span(from, from+1+r.IntN(25)), Instant: r.IntN(4) == 0, Timed: true}
			if got, want := x.Coinciding(s).Outage, naiveBest(outages, s); got != want {
				t.Fatalf("seed %d, subject %+v: got %d, want %d among %+v", seed, s, got, want, outages)
			}
		}
	}
}

// naiveBest returns the outage that a subject coincides with, -1 for none.
func naiveBest(outages []Outage, s Subject) int32 {
	type candidate struct {
		tier         int
		unregistered record.Time
		whole        record.Time
		outage       int32
	}
	if s.Instant {
		s.Span.End = s.Span.Start + 1
	}
	var found []candidate
	for i := range outages {
		o := &outages[i]
		if o.Org != s.Org || o.Harmless || !s.Span.Overlaps(o.Span) {
			continue
		}
		c := candidate{outage: int32(i), whole: overlapOf(o.Span, s.Span)}
		if o.UnregisteredFrom.Known() {
			c.unregistered = max(0, overlapOf(record.Span{Start: o.UnregisteredFrom, End: o.Span.End}, s.Span))
		}
		sameTrunk := o.Trunk == s.Trunk && o.Trunk != intern.None
		switch {
		case o.Line != intern.None && o.Line == s.Line && (sameTrunk || o.Trunk == intern.None || s.Trunk == intern.None):
			c.tier = 1
		case o.Line == intern.None && o.User == intern.None && sameTrunk:
			c.tier = 2
		case sameTrunk && o.Failures > 0 && (s.Line == intern.None || o.User != intern.None):
			c.tier = 3
		default:
			continue
		}
		found = append(found, c)
	}
	if len(found) == 0 {
		return -1
	}
	return slices.MinFunc(found, func(a, b candidate) int {
		order := cmp.Or(cmp.Compare(a.tier, b.tier), cmp.Compare(b.unregistered, a.unregistered))
		if order == 0 && a.unregistered == 0 {
			order = cmp.Compare(b.whole, a.whole)
		}
		return cmp.Or(order, compareOutages(&outages[a.outage], &outages[b.outage]))
	}).outage
}

// A provider's failure: every line of one trunk is out at once, and the calls
// name only the trunk.
func BenchmarkCoinciding(b *testing.B) {
	texts := intern.NewTable()
	r := rand.New(rand.NewPCG(1, 1))
	var outages []Outage
	for i := range 20_000 {
		from := r.IntN(3600)
		o := Outage{ID: fmt.Sprint(i), Trunk: texts.OfString("T1"), Line: texts.OfString(fmt.Sprintf("L%d", i)), Span: span(from, from+1+r.IntN(3600)), Failures: 1}
		o.UnregisteredFrom = min(o.Span.End, o.Span.Start+record.Time(r.IntN(600))*second)
		outages = append(outages, o)
	}
	index := NewIndex(&States{Outages: outages})
	s := Subject{Trunk: texts.OfString("T1"), Timed: true}
	for b.Loop() {
		from := r.IntN(7200)
		s.Span = span(from, from+1+r.IntN(600))
		index.Coinciding(s)
	}
}
