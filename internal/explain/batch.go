package explain

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"

	"cdrmend/internal/committed"
	"cdrmend/internal/table"

	"golang.org/x/sync/errgroup"
)

// batch gathers stories together.
type batch struct {
	commit *committed.Commit
	list   []*gathering
	mu     sync.Mutex // guards how many rows the stories do not show
}

// together runs steps at the same time. No step may need what another one gathers. Over a
// network each step waits for one answer after another.
func together(ctx context.Context, steps ...func(context.Context) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, step := range steps {
		g.Go(func() error { return step(ctx) })
	}
	return g.Wait()
}

// search searches a table for all stories. It gives each story the rows that fit its
// matches, no more of them than most if that is not 0, and counts the others.
func (b *batch) search(ctx context.Context, s *table.Schema, most int, query func(*gathering) []table.Match, take func(*gathering, *table.Row)) error {
	search, routes := &table.Search{}, b.routes(s, query)
	if len(routes) == 0 {
		return nil // the table need not be there
	}
	for _, r := range routes {
		search.Any = append(search.Any, r.match)
	}
	if len(b.list) == 1 { // the rows beyond need not be decoded
		search.Limit = most
	}

	var key []byte
	number := int64(0)
	given := make([]struct { // of each story
		last int64 // number of the row that it was given last
		rows int
		more int64
	}, len(b.list))
	for row, err := range b.commit.Find(ctx, s, search) {
		if err != nil {
			return err
		}
		number++
		for _, r := range routes {
			key = r.key(key[:0], row)
			for _, i := range r.stories[string(key)] {
				g := &given[i]
				if g.last == number { // by another match
					continue
				}
				if g.last = number; most > 0 && g.rows == most {
					g.more++
					continue
				}
				g.rows++
				take(b.list[i], row)
			}
		}
	}
	given[0].more += search.Beyond

	b.mu.Lock()
	defer b.mu.Unlock()
	for i, g := range b.list {
		g.story.More += given[i].more
	}
	return nil
}

// route says for which stories a row is wanted because of its cells in some columns.
type route struct {
	match   table.Match // of all of them
	columns []int
	stories map[string][]int // their numbers, by these cells
}

// routes returns the matches of all stories, those in the same columns as one.
func (b *batch) routes(s *table.Schema, query func(*gathering) []table.Match) (list []*route) {
	for number, g := range b.list {
		for _, m := range query(g) {
			if len(m.Tuples) == 0 {
				continue
			}
			i := slices.IndexFunc(list, func(r *route) bool { return slices.Equal(r.match.Columns, m.Columns) })
			if i < 0 {
				i = len(list)
				r := &route{match: table.Match{Columns: m.Columns}, stories: map[string][]int{}}
				for _, column := range m.Columns {
					r.columns = append(r.columns, s.Index(column))
				}
				list = append(list, r)
			}

			r := list[i]
			for _, tuple := range m.Tuples {
				var key []byte
				for _, cell := range tuple {
					key = endCell(append(key, cell...), len(key))
				}
				if r.stories[string(key)] == nil {
					r.match.Tuples = append(r.match.Tuples, tuple)
				}
				r.stories[string(key)] = append(r.stories[string(key)], number)
			}
		}
	}
	return list
}

// key appends the cells of a row in the columns.
func (r *route) key(b []byte, row *table.Row) []byte {
	for _, i := range r.columns {
		b = endCell(row.AppendCell(b, i), len(b))
	}
	return b
}

// endCell ends a cell of a key with its length, so that different cells give different
// keys.
func endCell(key []byte, start int) []byte {
	return binary.BigEndian.AppendUint32(key, uint32(len(key)-start))
}
