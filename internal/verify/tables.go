package verify

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"cdrmend/internal/object"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"
)

// tables are the tables of a run. The history is not among them: see
// compareHistory.
var tables = []*table.Schema{table.Findings, table.Repairs, table.Calls, table.Outages, table.Recordings}

// schemaOf returns the table that a file of a run holds, nil for none.
func schemaOf(path string) *table.Schema {
	for _, s := range tables {
		if path == s.Name+".csv" || path == s.Name+".parquet" {
			return s
		}
	}
	return nil
}

// compareTable compares a table in every format that it has.
func (c *comparison) compareTable(ctx context.Context, s *table.Schema) error {
	rows := int64(-1)
	for _, path := range []string{s.Name + ".csv", s.Name + ".parquet"} {
		before, ok := c.before[path]
		after, again := c.after[path]
		if !ok || !again {
			continue
		}
		n, err := c.compareTableFile(ctx, s, path, before.SHA256 == after.SHA256)
		// A difference is reported by now, and the table does not count.
		if err != nil || n < 0 {
			return err
		}
		rows = n
	}

	// However many formats it has, it is one table.
	if rows >= 0 {
		c.v.count(func(r *Report) { r.Recomputed.Tables++; r.Recomputed.Rows += rows })
	}
	return nil
}

// compareTableFile returns the number of rows, -1 if the files differ.
func (c *comparison) compareTableFile(ctx context.Context, s *table.Schema, path string, equal bool) (int64, error) {
	got, done, err := c.openTable(ctx, c.again.store, c.files[path], s)
	if err != nil {
		return -1, err
	}
	defer done()

	// Equal files need no comparison; their rows are counted for the report.
	if equal {
		return countRows(got)
	}

	want, done, err := c.openTable(ctx, c.v.out.Store, c.r.chain.objects[c.r.folder+path], s)
	if err != nil {
		return -1, err
	}
	defer done()

	rows, difference, err := compareRows(s, want, got)
	switch {
	case err != nil:
		return -1, err
	case difference != "":
		c.differs(TableLink, path, "%s", difference)
		return -1, nil
	case c.again.sameBuild:
		c.differs(TableLink, path, "its rows are those that are computed again, but not its bytes, though the build is the same")
		return -1, nil
	}
	return rows, nil
}

func countRows(rows table.Rows) (n int64, err error) {
	for _, err := range rows {
		if err != nil {
			return -1, err
		}
		n++
	}
	return n, nil
}

// openTable copies a table, so that it can be ranged over until the returned
// function is called.
func (c *comparison) openTable(ctx context.Context, store object.Store, info object.Info, s *table.Schema) (table.Rows, func(), error) {
	spool := scratch.NewSpool(c.r.run.Config.Scratch)
	body, err := store.Open(ctx, info, 0)
	if err == nil {
		_, err = io.Copy(spool, body)
		body.Close()
	}

	var r io.ReaderAt
	if err == nil {
		r, err = spool.ReaderAt()
	}
	if err != nil {
		spool.Close()
		return nil, nil, err
	}
	return table.Read(r, spool.Size(), info.Key, s), spool.Close, nil
}

// compareRows returns the number of rows, or a description of the first
// difference.
func compareRows(s *table.Schema, want, got table.Rows) (rows int64, difference string, err error) {
	nextWant, stop := iter.Pull2(want)
	defer stop()
	nextGot, stop := iter.Pull2(got)
	defer stop()

	for ; ; rows++ {
		a, errA, more := nextWant()
		b, errB, moreAgain := nextGot()
		switch {
		case errA != nil:
			// Its bytes are those that were committed, so they never were a table.
			return rows, fmt.Sprintf("what was committed is no table: %v", errA), nil
		case errB != nil:
			return rows, "", errB
		case !more && !moreAgain:
			return rows, "", nil
		case !more:
			return rows, fmt.Sprintf("row %d (%s) comes out when it is computed again, and was not committed", rows, firstCells(s, b)), nil
		case !moreAgain:
			return rows, fmt.Sprintf("row %d (%s) was committed, and does not come out when it is computed again", rows, firstCells(s, a)), nil
		}

		columns := a.Schema().Columns
		if n := len(b.Schema().Columns); n != len(columns) {
			return rows, fmt.Sprintf("it was committed with %d columns, and has %d when it is computed again", len(columns), n), nil
		}
		for i := range columns {
			x, y := a.AppendCell(nil, i), b.AppendCell(nil, i)
			if !bytes.Equal(x, y) {
				return rows, fmt.Sprintf("row %d, column %s: committed %q, computed again %q", rows, columns[i].Name, x, y), nil
			}
		}
	}
}

// firstCells shows enough of a row to find it.
func firstCells(s *table.Schema, r *table.Row) string {
	var cells []string
	for i := range s.Columns[:3] {
		cells = append(cells, fmt.Sprintf("%s %q", s.Columns[i].Name, r.AppendCell(nil, i)))
	}
	return strings.Join(cells, ", ")
}

// compareHistory derives the history of the commit again, from the history of
// the commit before and the findings that were computed again.
func (c *comparison) compareHistory(ctx context.Context) error {
	previous := table.Rows(table.Empty)
	if c.r.record.Previous != "" {
		before := c.r.chain.before(c.r.entry)
		if before == nil || before.record == nil || len(before.record.History) == 0 || !c.r.chain.sound[before.record.History[0].Path] {
			return nil // which is reported already
		}

		rows, done, err := c.openTable(ctx, c.v.out.Store, c.r.chain.objects[before.record.History[0].Path], table.History)
		if err != nil {
			return err
		}
		defer done()
		previous = rows
	}

	findings, done, err := c.findings(ctx)
	if err != nil {
		return err
	}
	defer done()

	for _, f := range c.r.record.History {
		if !c.r.chain.sound[f.Path] {
			continue
		}

		committed, done, err := c.openTable(ctx, c.v.out.Store, c.r.chain.objects[f.Path], table.History)
		if err != nil {
			return err
		}

		_, difference, err := compareRows(table.History, committed, table.Merge(previous, findings, findings, c.r.number))
		// Not deferred: each copy is removed before the next is made.
		done()
		if err != nil {
			return err
		}

		if difference != "" {
			c.v.broken(c.r.chain, HistoryLink, c.r.chain.prefix+f.Path, "%s", difference)
		}
	}
	return nil
}

func (c *comparison) findings(ctx context.Context) (table.Rows, func(), error) {
	for _, suffix := range []string{".parquet", ".csv"} {
		if info, ok := c.files[table.Findings.Name+suffix]; ok {
			return c.openTable(ctx, c.again.store, info, table.Findings)
		}
	}
	return table.Empty, func() {}, nil
}
