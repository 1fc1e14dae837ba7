package table

import (
	"fmt"
	"io"
)

// sink writes a table in one format.
type sink interface {
	write(*Row) error
	close() error // completes the table, not the writer below it
}

// Writer writes rows of one table as CSV and as Parquet. Equal rows give equal
// bytes. After an error the output is unusable.
type Writer struct {
	schema  *Schema
	sinks   []sink
	parquet *parquetWriter // one of them, or nil
}

// NewWriter returns a writer of a table. A format with a nil destination is not
// written.
func NewWriter(s *Schema, csv, parquet io.Writer) *Writer { return newWriter(s, csv, parquet, nil) }

// Extended returns a writer of a table whose rows begin with the cells of the
// rows of w. Each row must be written right after its row of w, and the table
// must be closed before w. The shared columns are then encoded only once.
func (w *Writer) Extended(s *Schema, csv, parquet io.Writer) *Writer {
	return newWriter(s, csv, parquet, w.parquet)
}

func newWriter(s *Schema, csv, parquet io.Writer, base *parquetWriter) *Writer {
	w := &Writer{schema: s}
	if csv != nil {
		w.sinks = append(w.sinks, newCSVWriter(csv, s))
	}
	if parquet != nil {
		w.parquet = newParquetWriter(parquet, s, base)
		w.sinks = append(w.sinks, w.parquet)
	}
	return w
}

// Write writes one row.
func (w *Writer) Write(r *Row) error {
	err := w.check(r)
	for i := 0; err == nil && i < len(w.sinks); i++ {
		err = w.sinks[i].write(r)
	}
	return w.failed(err)
}

// check returns an error unless r is a complete row of the table.
func (w *Writer) check(r *Row) error {
	if r.schema != w.schema {
		return fmt.Errorf("a row of %s cannot be written to %s", r.schema.Name, w.schema.Name)
	}
	if len(r.cells) != len(w.schema.Columns) {
		return fmt.Errorf("a row of %s has %d cells instead of %d", w.schema.Name, len(r.cells), len(w.schema.Columns))
	}
	return nil
}

// Close completes the table, not the destinations.
func (w *Writer) Close() error {
	for _, k := range w.sinks {
		if err := k.close(); err != nil {
			return w.failed(err)
		}
	}
	return nil
}

func (w *Writer) failed(err error) error {
	if err != nil {
		return fmt.Errorf("writing table %s: %w", w.schema.Name, err)
	}
	return nil
}

// Passing yields the given rows and writes each before it is yielded.
func (w *Writer) Passing(rows Rows) Rows {
	return func(yield func(*Row, error) bool) {
		for r, err := range rows {
			if err == nil {
				err = w.Write(r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Drain ranges over rows and ignores them, for rows that do something as they
// are yielded, such as those of [Writer.Passing].
func Drain(rows Rows) error {
	for _, err := range rows {
		if err != nil {
			return err
		}
	}
	return nil
}

// Write writes a whole table. It ranges over the rows once.
func Write(s *Schema, rows Rows, csv, parquet io.Writer) error {
	w := NewWriter(s, csv, parquet)
	if err := Drain(w.Passing(rows)); err != nil {
		return err
	}
	return w.Close()
}
