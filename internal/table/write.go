package table

import (
	"fmt"
	"io"
)

// sink is one serialisation of a table under way.
type sink interface {
	write(*Row) error
	close() error // completes the table, not the writer below it
}

// Writer writes rows of one table as CSV and as Parquet. Equal rows give equal
// bytes. What was written before an error is of no use.
type Writer struct {
	schema  *Schema
	sinks   []sink
	parquet *parquetWriter // one of them, or nil
}

// NewWriter returns a writer of a table; a nil destination is a format that
// nobody wants.
func NewWriter(s *Schema, csv, parquet io.Writer) *Writer { return newWriter(s, csv, parquet, nil) }

// Extended returns a writer of a table whose rows begin like those of w. Each
// has to be written right after the one of w, and the table be closed before w
// is: what is equal is then encoded only once.
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
	err := r.check(w.schema)
	for i := 0; err == nil && i < len(w.sinks); i++ {
		err = w.sinks[i].write(r)
	}
	return w.failed(err)
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

// Passing returns rows that are written as they pass.
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

// Drain ranges over rows for the sake of what is done as they pass.
func Drain(rows Rows) error {
	for _, err := range rows {
		if err != nil {
			return err
		}
	}
	return nil
}

// Write writes a whole table, whose rows are ranged over once.
func Write(s *Schema, rows Rows, csv, parquet io.Writer) error {
	w := NewWriter(s, csv, parquet)
	if err := Drain(w.Passing(rows)); err != nil {
		return err
	}
	return w.Close()
}
