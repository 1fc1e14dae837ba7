package discover

import (
	"context"
	"fmt"
	"slices"

	"cdrmend/internal/committed"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/redact"
	"cdrmend/internal/table"

	"golang.org/x/sync/errgroup"
)

// Night is what a request covers of one interval.
type Night struct {
	Commit     *committed.Commit
	Calls      []*Call      // in the order of their table
	Recordings []*Recording // likewise

	searched string                     // a clause that says what was searched
	others   map[[2]string][]*Recording // the covered recordings of each conversation
}

// Call is a row of calls.
type Call struct {
	table.Cells
	Shown      table.Cells  // the row as the production may show it
	Direct     bool         // the row itself fits the request; else it is linked with a recording that does
	Custodians []string     // whose values it has
	Recordings []*Recording // that are covered and linked with it

	covered bool
}

// Recording is a row of recordings.
type Recording struct {
	table.Cells
	Shown      table.Cells
	Direct     bool
	Custodians []string
	Calls      []*Call
	Control    string // its number in the production, once it has one

	covered bool
}

// Selection covers intervals by a request. It counts which values of the request were
// found.
type Selection struct {
	Request *Request

	show *redact.Redactor

	clauses                   []*clause
	byCalls, byRecordings     []*clause // about which a table says something
	callsOnly, recordingsOnly []*clause // about which the other table says nothing
}

// Select prepares a request of which a report may show as much as show says.
func Select(r *Request, show policy.Report) *Selection {
	s := &Selection{Request: r, show: redact.New(show), clauses: r.clauses()}
	for _, c := range s.clauses {
		calls, recordings := c.toldBy(table.Calls), c.toldBy(table.Recordings)
		if calls {
			s.byCalls = append(s.byCalls, c)
		}
		if recordings {
			s.byRecordings = append(s.byRecordings, c)
		}
		if !recordings {
			s.callsOnly = append(s.callsOnly, c)
		}
		if !calls {
			s.recordingsOnly = append(s.recordingsOnly, c)
		}
	}
	return s
}

// Cover returns what the request covers of an interval. The commit keeps its checked
// tables until it is closed.
func (s *Selection) Cover(ctx context.Context, commit *committed.Commit, interval record.Span) (*Night, error) {
	f := newFamilies(interval)
	if err := s.find(ctx, commit, f); err != nil {
		return nil, err
	}
	n := &Night{Commit: commit}
	if f.empty() {
		return n, nil
	}

	calls, recordings, err := f.rows(ctx, commit, s.show)
	if err != nil {
		return nil, err
	}
	link(calls, recordings)
	s.decide(calls, recordings, interval)

	for _, c := range calls {
		if c.covered {
			c.Recordings = slices.DeleteFunc(c.Recordings, func(r *Recording) bool { return !r.covered })
			c.Custodians = s.note(c.Cells)
			n.Calls = append(n.Calls, c)
		}
	}
	for _, r := range recordings {
		if r.covered {
			r.Calls = slices.DeleteFunc(r.Calls, func(c *Call) bool { return !c.covered })
			r.Custodians = s.note(r.Cells)
			n.Recordings = append(n.Recordings, r)
		}
	}
	return n, nil
}

// find finds the families of all that the request covers. Each covered row is among the
// rows that are looked for here, or linked with one of them.
func (s *Selection) find(ctx context.Context, commit *committed.Commit, f *families) error {
	// A covered recording of such a call may overlap the span when the call does not, and
	// the other way round.
	always := record.Span{Start: record.NoTime, End: record.NoTime}
	if len(s.callsOnly) > 0 {
		return s.add(ctx, commit, f, table.Calls, s.callsOnly, always)
	}
	if len(s.recordingsOnly) > 0 {
		return s.add(ctx, commit, f, table.Recordings, s.recordingsOnly, always)
	}

	commit.Prepare(ctx, table.Calls, table.Recordings) // to stay when the group has ended
	others := newFamilies(f.interval)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.add(gctx, commit, f, table.Calls, s.byCalls, s.Request.span) })
	g.Go(func() error {
		return s.add(gctx, commit, others, table.Recordings, s.byRecordings, s.Request.span)
	})
	err := g.Wait()
	f.join(others)
	return err
}

// add adds the families of the rows of a table that fit some clauses and overlap a span.
func (s *Selection) add(ctx context.Context, commit *committed.Commit, f *families, schema *table.Schema, clauses []*clause, span record.Span) error {
	wanted := search(schema, clauses, span)
	wanted.Columns = append(columnsOf(schema, clauses), "org_id", "conversation_id", "start_time", "end_time")
	loose := false
	err := each(ctx, commit, schema, wanted, func(row *table.Row) {
		if cells := table.CellsOf(row); fitAll(clauses, cells) && overlaps(cells, f.interval, span) && !f.add(row) {
			loose = true
		}
	})
	if err != nil || !loose {
		return err
	}

	// Few rows have no conversation. Of these the places are read, which are long.
	wanted = search(schema, clauses, span)
	wanted.Where = append(wanted.Where, table.Where{Columns: []string{"conversation_id"}, Text: func([]byte) bool { return false }, Missing: true})
	return each(ctx, commit, schema, wanted, func(row *table.Row) {
		if cells := table.CellsOf(row); fitAll(clauses, cells) && overlaps(cells, f.interval, span) {
			f.addPlace(row)
		}
	})
}

// each passes the rows of a table that a search wants; all of them if it says nothing.
func each(ctx context.Context, commit *committed.Commit, schema *table.Schema, wanted *table.Search, see func(*table.Row)) error {
	if len(wanted.Any)+len(wanted.Where) == 0 {
		wanted.Where = []table.Where{{Columns: []string{"org_id"}, Text: func([]byte) bool { return true }, Missing: true}}
	}
	for row, err := range commit.Find(ctx, schema, wanted) {
		if err != nil {
			return err
		}
		see(row)
	}
	return nil
}

// columnsOf returns the columns of a table that some clauses look at.
func columnsOf(s *table.Schema, clauses []*clause) (list []string) {
	for _, c := range clauses {
		list = append(list, c.columns(s)...)
	}
	return list
}

// decide decides which of some linked rows the request covers.
func (s *Selection) decide(calls []*Call, recordings []*Recording, interval record.Span) {
	for _, c := range calls {
		c.Direct = fitAll(s.byCalls, c.Cells) && overlaps(c.Cells, interval, s.Request.span) &&
			(len(s.recordingsOnly) == 0 || slices.ContainsFunc(c.Recordings, func(r *Recording) bool { return fitAll(s.recordingsOnly, r.Cells) }))
	}
	for _, r := range recordings {
		r.Direct = fitAll(s.byRecordings, r.Cells) && overlaps(r.Cells, interval, s.Request.span) &&
			(len(s.callsOnly) == 0 || slices.ContainsFunc(r.Calls, func(c *Call) bool { return fitAll(s.callsOnly, c.Cells) }))
	}

	for _, c := range calls {
		c.covered = c.Direct || fitAll(s.callsOnly, c.Cells) && slices.ContainsFunc(c.Recordings, func(r *Recording) bool { return r.Direct })
	}
	for _, r := range recordings {
		r.covered = r.Direct || fitAll(s.recordingsOnly, r.Cells) && slices.ContainsFunc(r.Calls, func(c *Call) bool { return c.Direct })
	}
}

// note counts the values that a covered row has, and returns the custodians whose values it has.
func (s *Selection) note(row table.Cells) (custodians []string) {
	seen := map[string]bool{"": true} // a value of no custodian; thousands may have one in common
	for _, c := range s.clauses {
		for _, v := range c.has(row) {
			v.hits++
			if !seen[v.custodian] {
				seen[v.custodian], custodians = true, append(custodians, v.custodian)
			}
		}
	}
	return custodians
}

// Unfound is a value of a request that nothing covered has.
type Unfound struct {
	Key   string `json:"key"` // its place in the request, such as select.users[2]
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

func (u Unfound) exception() *Exception {
	return &Exception{About: "value", Reason: Absent, Detail: u.Key, Why: fmt.Sprintf("nothing that the request covers has the %s %s", u.Kind, u.Value)}
}

// Unfound returns the values that no row of the covered intervals had. That no call has
// a verdict is an answer, and no mistake.
func (s *Selection) Unfound() (list []Unfound) {
	for _, c := range s.clauses {
		for _, v := range c.values {
			if v.hits == 0 && v.kind != verdictTerm {
				list = append(list, Unfound{v.key, v.kind.String(), v.written()})
			}
		}
	}
	return list
}
