package explain

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"cdrmend/internal/committed"
	"cdrmend/internal/job"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/table"

	"golang.org/x/sync/errgroup"
)

// Rows names the rows that decide what the story tells: its own, and those of the
// tables that share a conversation or a recording with them. They come from the checked
// tables that [Tell] leaves open.
func (s *Story) Rows(c *committed.Commit) *job.Part {
	p, ids := &job.Part{}, map[string]bool{}
	add := func(cells table.Cells, at place) {
		ids[cells.Find("conversation_id")], ids[cells.Find("recording_id")] = true, true
		p.Places = append(p.Places, job.Place{Source: at.source, Key: at.key, Row: at.row})
	}
	for _, c := range s.Calls {
		add(c.cells, c.place)
	}
	for _, r := range s.Recordings {
		add(r.cells, r.place)
	}
	for _, f := range s.Findings {
		ids[f.row.Recording] = true
	}
	delete(ids, "")
	p.IDs = slices.Sorted(maps.Keys(ids))
	p.Find = func(ctx context.Context, ids []string) ([]job.Place, error) { return placesOf(ctx, c, ids) }
	return p
}

// linking are the columns by which rows have to do with each other.
var linking = []struct {
	schema  *table.Schema
	columns []string
}{
	{table.Calls, []string{"conversation_id"}},
	{table.Recordings, []string{"conversation_id", "recording_id"}},
}

// placesOf returns the places of rows that have one of some ids.
func placesOf(ctx context.Context, c *committed.Commit, ids []string) ([]job.Place, error) {
	found := make([][]job.Place, len(linking))
	g, gctx := errgroup.WithContext(ctx)
	for i, l := range linking {
		c.Prepare(ctx, l.schema) // to stay when the group has ended
		g.Go(func() error {
			search := &table.Search{}
			for _, column := range l.columns {
				search.Any = append(search.Any, table.Having(column, ids...))
			}
			for r, err := range c.Find(gctx, l.schema, search) {
				if err != nil {
					return err
				}
				at := placeOf(r)
				found[i] = append(found[i], job.Place{Source: at.source, Key: at.key, Row: at.row})
			}
			return nil
		})
	}
	err := g.Wait()
	return slices.Concat(found...), err
}

// agrees compares the new decision with the tables, row by row: the reasons for another
// decision would explain nothing.
func (s *Story) agrees(r *job.Reading) error {
	for _, c := range s.Calls {
		n, ok := r.Leg(c.place.source, c.place.key, c.place.row)
		if !ok {
			return fmt.Errorf("decided again, there is no leg in %s", c.place)
		}
		if err := equal("the leg", c.place, r.CallCells(n), c.cells); err != nil {
			return err
		}
		if err := s.equalFindings(c.place, r.FindingsOn(reconcile.AboutLeg, n)); err != nil {
			return err
		}
	}

	for _, rec := range s.Recordings {
		n, ok := r.Entry(rec.place.source, rec.place.key, rec.place.row)
		if !ok {
			return fmt.Errorf("decided again, there is no recording in %s", rec.place)
		}
		cells, ok := r.RecordingCells(n)
		if !ok {
			return fmt.Errorf("decided again, the recording in %s is not one of the interval", rec.place)
		}
		if err := equal("the recording", rec.place, cells, rec.cells); err != nil {
			return err
		}
		if err := s.equalFindings(rec.place, r.FindingsOn(reconcile.AboutEntry, n)); err != nil {
			return err
		}
	}
	return nil
}

// undecided are the columns that no decision is about.
var undecided = []string{"media_key", "media_bytes", "media_sha256"}

// equal compares a row that was decided again with that of the table.
func equal(what string, at place, again, was table.Cells) error {
	for _, column := range again.Columns() {
		if got, want := again.Get(column), was.Get(column); got != want && !slices.Contains(undecided, column) {
			return fmt.Errorf("decided again, %s in %s has the %s %q instead of %q", what, at, column, got, want)
		}
	}
	return nil
}

// equalFindings compares the open findings on a row that was decided again with those
// of the table.
func (s *Story) equalFindings(at place, again []table.Cells) error {
	if s.More > 0 {
		return nil // not all of them are in the story
	}
	open := map[string]table.HistoryRow{}
	for _, f := range s.Findings {
		if f.row.State != table.Closed && at == (place{f.row.Source, f.row.ObjectKey, f.row.Entry}) {
			open[f.row.ID] = f.row
		}
	}
	for _, row := range again {
		id := row.Get("finding_id")
		was, ok := open[id]
		if !ok {
			return fmt.Errorf("decided again, there is a finding on the row in %s that was not committed, %s", at, id)
		}
		if row.Get("severity") != was.Severity || row.Get("detail") != was.Detail {
			return fmt.Errorf("decided again, finding %s is another", id)
		}
		delete(open, id)
	}
	if len(open) > 0 {
		return fmt.Errorf("decided again, there is no finding %s", slices.Min(slices.Collect(maps.Keys(open))))
	}
	return nil
}
