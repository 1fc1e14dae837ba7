package output

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"

	"cdrmend/internal/page"
	"cdrmend/internal/policy"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"

	"golang.org/x/sync/errgroup"
)

// WriteTables writes the five tables in the wanted formats. It ranges over the
// findings once, as a night may have millions: the page and with see them as they
// pass. With gets the findings and their table, and must range over all of them;
// it may be nil.
func (r *Run) WriteTables(ctx context.Context, p *page.Run, with func(ctx context.Context, findings table.Rows, of *Table) error) error {
	// Making a table keeps a processor busy, so there is a limit. Putting one waits
	// for a disk or a server, so it goes on while the next is made.
	puts, gctx := errgroup.WithContext(ctx)
	g, gctx := errgroup.WithContext(gctx)
	g.SetLimit(runtime.GOMAXPROCS(0))

	g.Go(func() error { return r.writeFindings(gctx, p, with) })
	d := r.Decision
	for _, t := range []struct {
		schema *table.Schema
		rows   table.Rows
	}{
		{d.RecordingTable(), d.RecordingRows},
		{table.Calls, d.CallRows},
		{table.Repairs, d.RepairRows(r.Inputs.Interval.Label)},
		{table.Outages, d.OutageRows},
	} {
		g.Go(func() error {
			made, err := r.makeTable(t.schema, Until(gctx, t.rows))
			if err != nil {
				return err
			}

			puts.Go(func() error {
				defer made.Close()
				return r.put(ctx, made) // gctx ends when all tables are made
			})
			return nil
		})
	}

	// A failure to put a table cancels the others, whose error then only says so.
	err := g.Wait()
	return cmp.Or(puts.Wait(), err)
}

func (r *Run) writeFindings(ctx context.Context, p *page.Run, with func(context.Context, table.Rows, *Table) error) error {
	if err := p.Gather(); err != nil {
		return err
	}

	t, err := NewTable(&r.Config.Output, table.Findings, r.files.NewSpool, nil)
	if err != nil {
		return err
	}
	defer t.Close()

	rows := t.Passing(p.Passing(Until(ctx, r.Decision.FindingRows)))
	if with != nil {
		err = with(ctx, rows, t)
	} else {
		err = table.Drain(rows)
	}
	if err != nil {
		return err
	}

	return r.put(ctx, t)
}

// makeTable makes a table. The caller puts and closes it.
func (r *Run) makeTable(schema *table.Schema, rows table.Rows) (*Table, error) {
	t, err := NewTable(&r.Config.Output, schema, r.files.NewSpool, nil)
	if err != nil {
		return nil, err
	}
	if err := table.Drain(t.Passing(rows)); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func (r *Run) put(ctx context.Context, t *Table) error {
	return t.Put(func(suffix string, spool *scratch.Spool) error { return r.files.Put(ctx, t.schema.Name+suffix, spool) })
}

// Table is one table under way in the wanted formats.
type Table struct {
	writer       *table.Writer
	schema       *table.Schema
	csv, parquet *scratch.Spool // nil for a format that is not wanted
}

// NewTable begins a table. Base may be nil; else each row of the new table begins
// with the cells of the same row of base. The caller closes the table.
func NewTable(o *policy.Output, schema *table.Schema, newSpool func() (*scratch.Spool, error), base *Table) (*Table, error) {
	t := &Table{schema: schema}
	var csv, parquet io.Writer
	var err error
	if o.CSV {
		if t.csv, err = newSpool(); err != nil {
			return nil, err
		}
		csv = t.csv
	}

	if o.Parquet {
		if t.parquet, err = newSpool(); err != nil {
			t.Close()
			return nil, err
		}
		t.parquet.SumBlocks() // so that a search of it need not read all of it
		parquet = t.parquet
	}

	if base != nil {
		t.writer = base.writer.Extended(schema, csv, parquet)
	} else {
		t.writer = table.NewWriter(schema, csv, parquet)
	}

	return t, nil
}

// Passing yields rows as they are written to the table.
func (t *Table) Passing(rows table.Rows) table.Rows { return t.writer.Passing(rows) }

// Put completes the table and calls each for each of its files.
func (t *Table) Put(each func(suffix string, spool *scratch.Spool) error) error {
	if err := t.writer.Close(); err != nil {
		return err
	}
	if t.csv != nil {
		if err := each(".csv", t.csv); err != nil {
			return err
		}
	}
	if t.parquet != nil {
		return each(".parquet", t.parquet)
	}

	return nil
}

// Close deletes the table's temporary files.
func (t *Table) Close() {
	for _, spool := range []*scratch.Spool{t.csv, t.parquet} {
		if spool != nil {
			spool.Close()
		}
	}
}

// CopyRows copies a stored table to a temporary file in dir, so that its rows can
// be read any number of times until they are closed.
func CopyRows(body io.Reader, name string, schema *table.Schema, dir string) (table.Rows, func(), error) {
	spool := scratch.NewSpool(dir)
	if _, err := io.Copy(spool, body); err != nil {
		spool.Close()
		return nil, nil, fmt.Errorf("reading %q: %w", name, err)
	}

	r, err := spool.ReaderAt()
	if err != nil {
		spool.Close()
		return nil, nil, err
	}

	return table.Read(r, spool.Size(), name, schema), spool.Close, nil
}
