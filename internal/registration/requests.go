package registration

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/record"
	"cdrmend/internal/token"
)

// Request is one request for a token that a log of HTTP requests shows.
type Request struct {
	Time    record.Time
	Org     intern.Text
	Client  intern.Text // of OAuth, None when the row does not name it
	Ref     record.Ref
	Outcome Outcome
	Granted token.Grant // what was granted says about the required scopes
	scopes  uint64      // digest of what was granted, 0 when that is not known
}

// Outcome is how a request for a token ended.
type Outcome uint8

// The outcomes.
const (
	Unclear    Outcome = iota // its status could not be read
	Answered                  // with a token
	Unanswered                // refused, or not answered
)

// recovery is how soon a client that repeats a request has its token, so that the
// request before it did no harm.
const recovery = 60 * time.Second

// requests finds requests by their source, organisation and client. A request and
// an event are of the same client unless both name one and they differ.
type requests struct {
	all      map[requestKey][]Request // in order of time and Ref
	answered map[requestKey][]Request // of those, the ones that brought a token
	failed   map[requestKey][]Request // and the token failures
}

// requestKey names the requests of one client, those without a client, or all.
type requestKey struct {
	source      uint32
	org, client intern.Text
	any         bool
}

func newRequests(log *Log) *requests {
	r := &requests{map[requestKey][]Request{}, map[requestKey][]Request{}, map[requestKey][]Request{}}
	sorted := slices.Clone(log.Requests)
	slices.SortFunc(sorted, func(a, b Request) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), compareRefs(a.Ref, b.Ref))
	})

	for _, x := range sorted {
		source := log.Objects[x.Ref.Object]
		addRequest(r.all, source, x)
		if x.Outcome == Answered {
			addRequest(r.answered, source, x)
		}
	}

	// A request that the client repeated with success soon after is no failure. This
	// needs all answers, so it is a pass of its own.
	for _, x := range sorted {
		source := log.Objects[x.Ref.Object]
		if x.Outcome == Unanswered && !anyBetween(r.answered, source, x.Org, x.Client, x.Time, x.Time.Add(recovery)+1) {
			addRequest(r.failed, source, x)
		}
	}
	return r
}

func addRequest(to map[requestKey][]Request, source uint32, x Request) {
	for _, k := range []requestKey{{source, x.Org, x.Client, false}, {source, x.Org, intern.None, true}} {
		to[k] = append(to[k], x)
	}
}

// eachOf calls visit for the lists that hold the requests of a client: those that
// name it and those that name none; all, when it is not known.
func eachOf(in map[requestKey][]Request, source uint32, org, client intern.Text, visit func([]Request)) {
	if len(in) == 0 {
		return
	}
	if client == intern.None {
		visit(in[requestKey{source, org, intern.None, true}])
		return
	}
	visit(in[requestKey{source, org, client, false}])
	visit(in[requestKey{source, org, intern.None, false}])
}

// lastAt returns the last request of a client at or before t, nil without one.
func lastAt(in map[requestKey][]Request, source uint32, org, client intern.Text, t record.Time) *Request {
	var last *Request
	eachOf(in, source, org, client, func(list []Request) {
		n := sort.Search(len(list), func(i int) bool { return list[i].Time > t })
		if n == 0 {
			return
		}

		// Of two lists, the later request counts.
		x := &list[n-1]
		if last == nil || cmp.Or(cmp.Compare(x.Time, last.Time), compareRefs(x.Ref, last.Ref)) > 0 {
			last = x
		}
	})
	return last
}

// anyBetween reports whether there is a request of a client in [from, to).
func anyBetween(in map[requestKey][]Request, source uint32, org, client intern.Text, from, to record.Time) bool {
	found := false
	eachOf(in, source, org, client, func(list []Request) {
		n := sort.Search(len(list), func(i int) bool { return list[i].Time >= from })
		found = found || n < len(list) && list[n].Time < to
	})
	return found
}

// failedIn reports whether a token failure of a client lies in a span.
func (r *requests) failedIn(sources []uint32, org, client intern.Text, span record.Span) bool {
	return slices.ContainsFunc(sources, func(source uint32) bool {
		return anyBetween(r.failed, source, org, client, span.Start, span.End)
	})
}

// failedLast reports whether the last request of a client at or before t, in one
// of some sources, is a token failure.
func (r *requests) failedLast(sources []uint32, org, client intern.Text, t record.Time) bool {
	return slices.ContainsFunc(sources, func(source uint32) bool {
		last := lastAt(r.all, source, org, client, t)
		return last != nil && last.Outcome == Unanswered && !anyBetween(r.answered, source, last.Org, last.Client, last.Time, last.Time.Add(recovery)+1)
	})
}
