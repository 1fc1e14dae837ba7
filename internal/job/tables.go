package job

import (
	"fmt"
	"io"

	"cdrmend/internal/ledger"
	"cdrmend/internal/table"
)

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
