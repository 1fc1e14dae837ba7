package table

import (
	"fmt"
	"iter"
)

// Closed is the state of a finding that no longer holds.
const Closed = "closed"

// The columns that history has and findings lack.
var (
	stateColumn  = History.Index("state")
	firstColumn  = History.Index("first_commit")
	lastColumn   = History.Index("last_commit")
	closedColumn = History.Index("closed_commit")
)

// Merge returns the history after a commit. It has every finding of the
// previous history and every finding of the commit's run. A finding that still
// holds takes the columns of this run. One that no longer holds keeps its
// columns, and this commit closes it unless an earlier one did. One that came
// back keeps its first commit.
//
// All tables are in their order. A finding is matched by its id, because
// changed columns may have moved it to another place in the order. The ids of
// the history are therefore collected in memory first. ids are the same
// findings as current; they are ranged over only if there is a history. When
// several findings share an id, the n-th of the run continues the n-th of the
// history.
func Merge(previous, ids, current Rows, commit int64) Rows {
	return func(yield func(*Row, error) bool) {
		known, err := identities(previous, ids)
		if err != nil {
			yield(nil, fmt.Errorf("merging history: %w", err))
			return
		}

		m := merge{known: known, commit: commit}

		// Without a history every finding of the run is new.
		rows := m.held(current)
		if len(known) > 0 {
			rows = mergeSorted(m.gone(previous), rows)
		}

		for r, err := range rows {
			if err != nil {
				yield(nil, fmt.Errorf("merging history: %w", err))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// identity counts the findings that share one id of the history. Nearly always
// it is one finding.
type identity struct {
	first []int64 // first commit of each finding of the history
	held  int     // number of findings of the run

	previous, current int // findings of the history and of the run merged so far
}

func identities(previous, ids Rows) (map[string]*identity, error) {
	known := map[string]*identity{}
	for r, err := range previous {
		if err != nil {
			return nil, err
		}

		// A lookup by string(bytes) allocates nothing; only a new id is copied.
		i := known[string(r.Bytes(0))]
		if i == nil {
			i = &identity{}
			known[r.Text(0)] = i
		}
		i.first = append(i.first, r.Count(firstColumn))
	}

	if len(known) == 0 {
		return nil, nil // a first commit: the findings need not be counted
	}

	for r, err := range ids {
		if err != nil {
			return nil, err
		}
		if i := known[string(r.Bytes(0))]; i != nil {
			i.held++
		}
	}

	return known, nil
}

type merge struct {
	known  map[string]*identity
	commit int64
}

// gone yields the rows of the history whose findings do not hold.
func (m *merge) gone(previous Rows) Rows {
	return func(yield func(*Row, error) bool) {
		var out Row
		for r, err := range previous {
			if err != nil {
				yield(nil, err)
				return
			}

			i := m.known[string(r.Bytes(0))]
			i.previous++
			if i.previous <= i.held { // it holds: held yields its row
				continue
			}

			closed := r.Count(closedColumn)
			if closed < 0 {
				closed = m.commit
			}

			out.setHistory(r, Closed, r.Count(firstColumn), r.Count(lastColumn), closed)
			if !yield(&out, nil) {
				return
			}
		}
	}
}

// held yields a row of the history for each finding of the run.
func (m *merge) held(current Rows) Rows {
	return func(yield func(*Row, error) bool) {
		var out Row
		for r, err := range current {
			if err != nil {
				yield(nil, err)
				return
			}

			first := m.commit
			if i := m.known[string(r.Bytes(0))]; i != nil {
				if i.current < len(i.first) {
					first = i.first[i.current]
				}
				i.current++
			}

			out.setHistory(r, r.Text(statusColumn), first, m.commit, -1)
			if !yield(&out, nil) {
				return
			}
		}
	}
}

const statusColumn = 3

// setHistory makes r a row of history from one of findings or history. Both
// begin with the same columns, whose cells are copied.
func (r *Row) setHistory(finding *Row, state string, first, last, closed int64) {
	r.Reset(History)
	r.texts = finding.texts
	r.text, r.borrowed = append(r.text, finding.text...), append(r.borrowed, finding.borrowed...)
	r.cells = append(r.cells, finding.cells[:len(findingColumns)]...)

	r.AddText(state)
	r.AddCount(first)
	r.AddCount(last)
	r.AddCount(closed)
}

// mergeSorted merges two sorted histories. For equal rows, the row of a comes
// first.
func mergeSorted(a, b Rows) Rows {
	return func(yield func(*Row, error) bool) {
		next, stop := iter.Pull2(b)
		defer stop()

		waiting, err, more := next()
		for r, failed := range a {
			if failed != nil {
				yield(nil, failed)
				return
			}

			// An error of b ends the merge at once, wherever its row would go.
			for more && (err != nil || History.Compare(waiting, r) < 0) {
				if !yield(waiting, err) || err != nil {
					return
				}
				waiting, err, more = next()
			}
			if !yield(r, nil) {
				return
			}
		}

		for more {
			if !yield(waiting, err) || err != nil {
				return
			}
			waiting, err, more = next()
		}
	}
}
