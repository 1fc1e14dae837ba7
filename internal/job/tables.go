package job

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"

	"cdrmend/internal/ledger"
	"cdrmend/internal/page"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"

	"golang.org/x/sync/errgroup"
)

// renderTables writes the five tables in the wanted formats and the history that
// a commit after head would make, nil for none: as many at a time as there are
// processors, and while some are made, those before them are put where they
// belong, which is waiting for a disk or a server.
func (j *Job) renderTables(ctx context.Context, run *ledger.Run, book *ledger.Interval, head *ledger.Head, snap *snapshot, d *reconcile.Decision, p *page.Run) (history, error) {
	puts, gctx := errgroup.WithContext(ctx)
	g, gctx := errgroup.WithContext(gctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	j.Watch("writing tables", 0, 0)
	var made history
	g.Go(func() (err error) {
		made, err = j.renderFindings(gctx, run, book, head, snap, d, p)
		return err
	})
	for _, t := range []struct {
		schema *table.Schema
		rows   table.Rows
	}{
		{table.Recordings, d.RecordingRows},
		{table.Calls, d.CallRows},
		{table.Repairs, d.RepairRows(snap.label)},
		{table.Outages, d.OutageRows},
	} {
		g.Go(func() error {
			files, err := j.renderTable(run, t.schema, t.rows)
			if err != nil {
				return err
			}
			puts.Go(func() error {
				defer files.close()
				return files.putInto(ctx, run)
			})
			return nil
		})
	}
	err := g.Wait()
	return made, cmp.Or(puts.Wait(), err) // a failure to put one ends what is under way, which is no failure of its own
}

// renderFindings writes the findings, and what is made of them beside, as they
// pass: a night may have millions.
func (j *Job) renderFindings(ctx context.Context, run *ledger.Run, book *ledger.Interval, head *ledger.Head, snap *snapshot, d *reconcile.Decision, p *page.Run) (made history, err error) {
	if err := p.Gather(); err != nil {
		return made, err
	}
	files, err := j.newTable(table.Findings, run.NewSpool, nil)
	if err != nil {
		return made, err
	}
	defer files.close()
	rows := files.Passing(p.Passing(d.FindingRows))
	if head != nil {
		made, err = j.renderHistory(ctx, book, *head, snap, d, rows, files.Writer)
	} else {
		err = table.Drain(rows)
	}
	if err != nil {
		return made, err
	}
	return made, files.putInto(ctx, run)
}

// renderTable makes a table, to be put where it belongs and closed.
func (j *Job) renderTable(run *ledger.Run, schema *table.Schema, rows table.Rows) (*tableFiles, error) {
	files, err := j.newTable(schema, run.NewSpool, nil)
	if err != nil {
		return nil, err
	}
	if err := table.Drain(files.Passing(rows)); err != nil {
		files.close()
		return nil, err
	}
	return files, nil
}

// tableFiles is one table under way in the wanted formats.
type tableFiles struct {
	*table.Writer
	schema       *table.Schema
	csv, parquet *scratch.Spool // nil when nobody wants it
}

// newTable begins a table; base is the writer of one whose rows its own begin
// with, nil for none.
func (j *Job) newTable(schema *table.Schema, newSpool func() (*scratch.Spool, error), base *table.Writer) (*tableFiles, error) {
	t := &tableFiles{schema: schema}
	var csv, parquet io.Writer
	var err error
	if j.Config.Output.CSV {
		if t.csv, err = newSpool(); err != nil {
			return nil, err
		}
		csv = t.csv
	}
	if j.Config.Output.Parquet {
		if t.parquet, err = newSpool(); err != nil {
			t.close()
			return nil, err
		}
		parquet = t.parquet
	}
	if base != nil {
		t.Writer = base.Extended(schema, csv, parquet)
	} else {
		t.Writer = table.NewWriter(schema, csv, parquet)
	}
	return t, nil
}

func (t *tableFiles) close() {
	for _, spool := range []*scratch.Spool{t.csv, t.parquet} {
		if spool != nil {
			spool.Close()
		}
	}
}

// put completes the table and puts each file where it belongs.
func (t *tableFiles) put(each func(suffix string, spool *scratch.Spool) error) error {
	if err := t.Close(); err != nil {
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

func (t *tableFiles) putInto(ctx context.Context, run *ledger.Run) error {
	return t.put(func(suffix string, spool *scratch.Spool) error { return run.Put(ctx, t.schema.Name+suffix, spool) })
}

// rows copies a table, so that it can be read any number of times until it is
// given up.
func (j *Job) rows(body io.Reader, name string, schema *table.Schema) (table.Rows, func(), error) {
	spool := scratch.NewSpool(j.Config.Scratch)
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
