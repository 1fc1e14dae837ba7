package table

import (
	"cmp"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

const (
	// A row group is what a reader takes in at once and a writer holds in
	// memory.
	rowsPerGroup = 1 << 17
	// Rows are handed over in batches that fit the processor's cache.
	rowsPerBatch = 512
	// Above this size a dictionary helps nobody; the rest of the row group is
	// written without one.
	maxDictionary = 1 << 20

	createdBy        = "cdrmend"
	createdByVersion = "1"
)

// packing is how a column is encoded in Parquet, by what its cells look like.
type packing uint8

const (
	repeated packing = iota // few different texts
	distinct                // random ids: nothing to gain by compression
	prefixed                // texts that begin like the one before
	varied                  // other texts
	numeric
)

func (p packing) node(n parquet.Node) parquet.Node {
	switch p {
	case repeated:
		n = parquet.Compressed(parquet.Encoded(n, &parquet.RLEDictionary), fastZstd)
	case distinct:
		n = parquet.Compressed(parquet.Encoded(n, &parquet.Plain), &parquet.Uncompressed)
	case prefixed:
		n = parquet.Compressed(parquet.Encoded(n, &parquet.DeltaByteArray), fastZstd)
	case varied:
		n = parquet.Compressed(parquet.Encoded(n, &parquet.Plain), fastZstd)
	case numeric:
		n = parquet.Compressed(parquet.Encoded(n, &parquet.DeltaBinaryPacked), &parquet.Uncompressed)
	}
	return parquet.Optional(n)
}

var fastZstd = &zstd.Codec{Level: zstd.SpeedFastest, Concurrency: 1}

func (k Kind) node() parquet.Node {
	switch k {
	case Int:
		return parquet.Int(64)
	case Time:
		return parquet.Timestamp(parquet.Microsecond)
	}
	return parquet.String()
}

// columns is a group whose fields stand in the order of a table; the
// library's own is sorted by name.
type columns struct {
	parquet.Group
	schema *Schema
}

func (c columns) Fields() []parquet.Field {
	fields := c.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return cmp.Compare(c.schema.Index(a.Name()), c.schema.Index(b.Name()))
	})
	return fields
}

func parquetSchema(s *Schema) *parquet.Schema {
	group := parquet.Group{}
	for _, c := range s.Columns {
		group[c.Name] = c.pack.node(c.Kind.node())
	}
	return parquet.NewSchema(s.Name, columns{group, s})
}

// parquetWriter turns rows into columns, a batch at a time.
type parquetWriter struct {
	w       *parquet.GenericWriter[any]
	schema  *Schema
	columns []parquetColumn
	rows    int    // in the batch
	grouped int    // in the row group, without the batch
	texts   []byte // of the batch
}

type parquetColumn struct {
	kind   Kind
	values []parquet.Value
	w      *parquet.ColumnWriter
}

func newParquetWriter(w io.Writer, s *Schema) *parquetWriter {
	p := &parquetWriter{schema: s}
	p.w = parquet.NewGenericWriter[any](w, parquetSchema(s),
		parquet.CreatedBy(createdBy, createdByVersion, ""),
		parquet.DataPageStatistics(false),
		parquet.DictionaryMaxBytes(maxDictionary),
	)
	for i, column := range p.w.ColumnWriters() {
		p.columns = append(p.columns, parquetColumn{s.Columns[i].Kind, make([]parquet.Value, rowsPerBatch), column})
	}
	return p
}

func (p *parquetWriter) write(r *Row) error {
	// The values point into what append made of texts, which stays as it is
	// when a later append moves on to more memory.
	at := len(p.texts)
	p.texts = append(p.texts, r.text...)
	text, start := p.texts[at:], 0
	for i := range p.columns {
		c, cell := &p.columns[i], &r.cells[i]
		v := parquet.Value{}
		switch {
		case !cell.known:
		case c.kind == Text:
			v = parquet.ByteArrayValue(text[start:cell.end]).Level(0, 1, i)
		default:
			v = parquet.Int64Value(cell.n).Level(0, 1, i)
		}
		start = cell.end
		c.values[p.rows] = v
	}
	p.rows++
	if p.rows < rowsPerBatch {
		return nil
	}
	return p.flushBatch()
}

func (p *parquetWriter) flushBatch() error {
	for i := range p.columns {
		if _, err := p.columns[i].w.WriteRowValues(p.columns[i].values[:p.rows]); err != nil {
			return err
		}
	}
	p.grouped += p.rows
	p.rows, p.texts = 0, p.texts[:0]
	if p.grouped < rowsPerGroup {
		return nil
	}
	p.grouped = 0
	return p.w.Flush()
}

func (p *parquetWriter) close() error {
	if err := p.flushBatch(); err != nil {
		return err
	}
	return p.w.Close()
}
