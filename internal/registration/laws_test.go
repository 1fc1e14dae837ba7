package registration

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

// randomLog returns events of few keys close in time, so that much meets.
func randomLog(r *rand.Rand, texts *intern.Table, n int) *Log {
	pick := func(names ...string) intern.Text { return texts.OfString(names[r.IntN(len(names))]) }
	statuses := []int16{0, 100, 200, 200, 200, 204, 401, 403, 407, 408, 423, 429, 500, 503}
	expiries := []int64{-1, 0, 1, 5, 10, 60}
	l := &Log{Objects: []uint32{0, 0, 1}, Sources: []Source{{}, {Successes: r.IntN(2) == 0}}, End: start + 110*second}
	for i := range n {
		e := Event{
			Time: start + record.Time(r.IntN(120))*second, Status: statuses[r.IntN(len(statuses))], Expiry: expiries[r.IntN(len(expiries))],
			Issued: record.NoTime, Org: pick("", "o"), Trunk: pick("", "T1", "T2"), Line: pick("L1", "L2"),
			Ref: record.Ref{Object: uint32(r.IntN(3)), Row: uint32(i)},
		}
		if r.IntN(4) == 0 {
			e.Trunk, e.Line, e.User = pick("T1", "T2"), intern.None, pick("", "u", "v")
		}
		l.Events = append(l.Events, e)
	}
	for i := range r.IntN(8) {
		l.Requests = append(l.Requests, Request{
			Time: start + record.Time(r.IntN(120))*second, Org: pick("", "o"), Client: pick("", "a", "b"),
			Ref: record.Ref{Object: uint32(r.IntN(3)), Row: uint32(n + i)}, Outcome: Outcome(r.IntN(3)),
		})
	}
	return l
}

func TestTheOrderOfALogDoesNotMatter(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 0))
		texts := intern.NewTable()
		log := randomLog(r, texts, 1+r.IntN(60))
		want := StatesOf(log, texts, testPolicy())
		r.Shuffle(len(log.Events), func(i, j int) { log.Events[i], log.Events[j] = log.Events[j], log.Events[i] })
		r.Shuffle(len(log.Requests), func(i, j int) { log.Requests[i], log.Requests[j] = log.Requests[j], log.Requests[i] })
		if diff := gocmp.Diff(want.Outages, StatesOf(log, texts, testPolicy()).Outages); diff != "" {
			t.Fatalf("seed %d: shuffled events (-before +after)\n%s", seed, diff)
		}
	}
}

func TestOutagesOfAKeyStandApartAndInOrder(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		texts := intern.NewTable()
		outages := StatesOf(randomLog(r, texts, 1+r.IntN(60)), texts, testPolicy()).Outages
		for i := range outages {
			a := &outages[i]
			if a.Span.End <= a.Span.Start || a.Harmless && a.UnregisteredFrom.Known() || a.UnregisteredFrom.Known() && a.UnregisteredFrom < a.Span.Start {
				t.Fatalf("seed %d: %+v", seed, a)
			}
			if i == 0 {
				continue
			}
			b := &outages[i-1]
			before, after := key{org: b.Org, trunk: b.Trunk, line: b.Line}, key{org: a.Org, trunk: a.Trunk, line: a.Line}
			c := cmp.Or(compareKeys(texts, before, after), cmp.Compare(b.Span.Start, a.Span.Start), texts.Compare(b.User, a.User))
			if c >= 0 || before == after && b.User == a.User && b.Span.End > a.Span.Start {
				t.Fatalf("seed %d: %+v comes before %+v", seed, b, a)
			}
		}
	}
}

// A call that starts while a line is surely unregistered is not vouched for.
func TestNobodyVouchesForAnUnregisteredLine(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		texts := intern.NewTable()
		s := StatesOf(randomLog(r, texts, 1+r.IntN(60)), texts, testPolicy())
		for i := range s.Outages {
			o := &s.Outages[i]
			span, ok := o.Unregistered()
			if !ok || o.EndedBy == EndedByAssumed || o.Sparse || o.Cause == Lapsed {
				continue
			}
			for _, v := range s.vouchers {
				if v.key != (key{o.Org, o.Trunk, o.Line, o.User}) {
					continue
				}
				before := record.Span{Start: span.Start, End: span.End.Add(-unanswered)} // then a success is near
				for at := before.Start; at < before.End; at += second {
					if contains(record.SectionOf(v.times, s.vouched), at) {
						t.Fatalf("seed %d: vouched for at %s during %s", seed, seconds(at), brief(texts, o))
					}
				}
			}
		}
	}
}

func BenchmarkStates(b *testing.B) {
	texts := intern.NewTable()
	log := &Log{Objects: []uint32{0}, Sources: []Source{{}}, End: start + 90_000*second}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 1_000_000 {
		log.Events = append(log.Events, Event{
			Time: start + record.Time(r.IntN(86_400))*second, Status: []int16{200, 200, 200, 403, 503}[r.IntN(5)], Expiry: 600,
			Issued: record.NoTime, Line: texts.OfString(fmt.Sprintf("line-%d", r.IntN(20_000))), Ref: record.Ref{Row: uint32(i)},
		})
	}
	for b.Loop() {
		NewIndex(StatesOf(log, texts, testPolicy()))
	}
}
