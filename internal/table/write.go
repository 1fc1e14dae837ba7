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

// Write ranges over rows once and writes them as CSV and as Parquet; a nil
// writer is a format that nobody wants. Equal rows give equal bytes. What was
// written before an error is of no use.
func Write(s *Schema, rows Rows, csv, parquet io.Writer) error {
	var sinks []sink
	if csv != nil {
		sinks = append(sinks, newCSVWriter(csv, s))
	}
	if parquet != nil {
		sinks = append(sinks, newParquetWriter(parquet, s))
	}
	if err := pour(s, rows, sinks); err != nil {
		return fmt.Errorf("writing table %s: %w", s.Name, err)
	}
	return nil
}

func pour(s *Schema, rows Rows, sinks []sink) error {
	for r, err := range rows {
		if err != nil {
			return err
		}
		if err := r.check(s); err != nil {
			return err
		}
		for _, k := range sinks {
			if err := k.write(r); err != nil {
				return err
			}
		}
	}
	for _, k := range sinks {
		if err := k.close(); err != nil {
			return err
		}
	}
	return nil
}
