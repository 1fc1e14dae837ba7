package registration

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/token"
)

// randomEvents returns events of few keys close in time, so that much meets.
func randomEvents(r *rand.Rand, texts *intern.Table, n int) []Event {
	pick := func(names ...string) intern.Text { return texts.OfString(names[r.IntN(len(names))]) }
	statuses := []int32{0, 100, 200, 200, 204, 401, 403, 407, 408, 423, 429, 500, 503}
	expiries := []int32{-1, 0, 1, 5, 10, 60}
	events := make([]Event, n)
	for i := range events {
		e := attempt(r.IntN(120), statuses[r.IntN(len(statuses))], expiries[r.IntN(len(expiries))])
		e.Org, e.Trunk, e.Line = pick("", "o"), pick("", "T1", "T2"), pick("L1", "L2")
		e.Ref = record.Ref{Object: uint32(r.IntN(3)), Row: uint32(i)}
		events[i] = e
	}
	return events
}

func TestOutagesAreTheMaximalUnionsOfExposures(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 0))
		texts := intern.NewTable()
		events := randomEvents(r, texts, 1+r.IntN(60))
		p := testPolicy()
		p.DefaultExpiry = 20 * time.Second
		got := Outages(events, texts, p)
		want := naiveOutages(events, texts, p)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: %d events (-want +got)\n%s", seed, len(events), diff)
		}
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		if diff := gocmp.Diff(got, Outages(events, texts, p)); diff != "" {
			t.Fatalf("seed %d: shuffled events (-before +after)\n%s", seed, diff)
		}
	}
}

// exposed is one failure and how long it exposed its key.
type exposed struct {
	event Event
	end   record.Time
}

// naiveOutages looks at all pairs of events instead of walking along them.
func naiveOutages(events []Event, texts *intern.Table, p *policy.Policy) []Outage {
	exposures := map[key][]exposed{}
	for _, e := range events {
		if x, ok := naiveExposure(e, events, p); ok {
			exposures[e.key()] = append(exposures[e.key()], x)
		}
	}
	var all []Outage
	for k, xs := range exposures {
		slices.SortFunc(xs, func(a, b exposed) int {
			return cmp.Or(cmp.Compare(a.event.Time, b.event.Time), compareRefs(a.event.Ref, b.event.Ref))
		})
		for len(xs) > 0 {
			n, end := 1, xs[0].end
			for n < len(xs) && xs[n].event.Time <= end {
				end = max(end, xs[n].end)
				n++
			}
			all = append(all, naiveOutage(k, xs[:n], end, events, texts, p))
			xs = xs[n:]
		}
	}
	slices.SortFunc(all, func(a, b Outage) int {
		return cmp.Or(texts.Compare(a.Org, b.Org), texts.Compare(a.Trunk, b.Trunk), texts.Compare(a.Line, b.Line), cmp.Compare(a.Span.Start, b.Span.Start))
	})
	return all
}

func naiveExpiry(e Event, p *policy.Policy) record.Time {
	if e.Expiry < 0 {
		return record.Time(p.DefaultExpiry.Microseconds())
	}
	return record.Time(e.Expiry) * second
}

func naiveExposure(e Event, events []Event, p *policy.Policy) (exposed, bool) {
	if e.Expiry == 0 || e.Status >= 100 && e.Status < 300 {
		return exposed{}, false
	}
	end := e.Time + naiveExpiry(e, p)
	for _, s := range events {
		if s.key() != e.key() || s.Status/100 != 2 || s.Expiry == 0 || s.Time < e.Time {
			continue
		}
		if slices.Contains([]int32{401, 407, 423}, e.Status) && s.Time-e.Time <= 5*second {
			return exposed{}, false
		}
		end = min(end, s.Time)
	}
	return exposed{e, end}, end > e.Time
}

func naiveOutage(k key, xs []exposed, end record.Time, events []Event, texts *intern.Table, p *policy.Policy) Outage {
	counts := map[string]int{}
	for _, x := range xs {
		counts[CauseOf(&x.event, &token.Rules{Leeway: p.Leeway, Race: p.RefreshRace}).String()]++
	}
	var causes []string
	for name, n := range counts {
		causes = append(causes, fmt.Sprintf("%s=%d", name, n))
	}
	slices.Sort(causes)
	first := xs[0].event
	o := Outage{
		Org: k.org, Trunk: k.trunk, Line: k.line, Span: record.Span{Start: first.Time, End: end}, EndedBy: EndedByAssumed,
		Cause: CauseOf(&first, &token.Rules{Leeway: p.Leeway, Race: p.RefreshRace}), Causes: strings.Join(causes, ";"), Failures: len(xs),
		BindingUntil: record.NoTime, First: first.Ref, Last: xs[len(xs)-1].event.Ref,
	}
	var last Event
	for _, s := range events {
		if s.key() != k || s.Status/100 != 2 || s.Expiry == 0 {
			continue
		}
		if o.EndedBy == EndedByAssumed {
			o.EndedBy = EndedByExpiry
		}
		if s.Time == end {
			o.EndedBy = EndedBySuccess
		}
		if s.Time < first.Time && (last.Status == 0 || compareEvents(&s, &last) > 0) {
			last = s
			o.BindingUntil = s.Time + naiveExpiry(s, p)
		}
	}
	o.ID = (&sweep{texts: texts}).id(&o)
	return o
}

func BenchmarkOutages(b *testing.B) {
	texts := intern.NewTable()
	events := make([]Event, 1_000_000)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range events {
		e := attempt(r.IntN(86_400), []int32{200, 200, 200, 403, 503}[r.IntN(5)], 600)
		e.Line = texts.OfString(fmt.Sprintf("line-%d", r.IntN(20_000)))
		e.Ref.Row = uint32(i)
		events[i] = e
	}
	for b.Loop() {
		Outages(events, texts, testPolicy())
	}
}
