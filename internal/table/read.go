package table

import (
	"io"
	"strings"
)

// Read reads a table as Parquet if its file's name ends in .parquet, and as CSV
// otherwise. The rows can be ranged over more than once.
func Read(r io.ReaderAt, size int64, name string, s *Schema) Rows {
	if strings.HasSuffix(name, ".parquet") {
		return ReadParquet(r, size, s)
	}
	return func(yield func(*Row, error) bool) {
		ReadCSV(io.NewSectionReader(r, 0, size), s)(yield)
	}
}
