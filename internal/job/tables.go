package job

import (
	"context"
	"fmt"
	"io"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// ReadTable yields a table of a committed run.
func (j *Job) ReadTable(ctx context.Context, r *report.Run, schema *table.Schema) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		rows, done, err := j.openTable(ctx, r, schema)
		if err != nil {
			yield(nil, err)
			return
		}
		defer done()
		rows(yield)
	}
}

func (j *Job) openTable(ctx context.Context, r *report.Run, schema *table.Schema) (table.Rows, func(), error) {
	book := &ledger.Interval{Store: j.Stores.Output, Root: j.Config.Output.URL.Prefix(), Label: r.Interval}
	prefix := book.RunPrefix(r.RunID)
	for info, err := range j.Stores.Output.List(ctx, prefix) {
		if err != nil {
			return nil, nil, err
		}
		name := strings.TrimPrefix(info.Key, prefix)
		if name != schema.Name+".csv" && name != schema.Name+".parquet" {
			continue
		}
		body, err := j.Stores.Output.Open(ctx, info, 0)
		if err != nil {
			return nil, nil, err
		}
		defer body.Close()
		return j.rows(body, name, schema)
	}
	return nil, nil, fmt.Errorf("run %s of interval %s has no table %s", r.RunID, r.Interval, schema.Name)
}

// rows copies a table, so that it can be read any number of times until it is
// given up.
func (j *Job) rows(body io.Reader, name string, schema *table.Schema) (table.Rows, func(), error) {
	spool := ledger.NewSpool(j.Config.Scratch)
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
