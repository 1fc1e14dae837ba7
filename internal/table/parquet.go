package table

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// A reader loads a whole row group at once, and the writer holds one in
	// memory.
	rowsPerGroup = 1 << 15
	// A reader that looks up a row decodes the pages that hold it. Smaller pages
	// would compress worse.
	rowsPerPage = 1 << 12
	// The length of the dictionaries is checked each time after so many rows.
	rowsPerCheck = 1 << 10
	// Above this size, in bytes, a dictionary saves nothing. The rest of the row
	// group is written without one.
	maxDictionary = 1 << 20

	createdBy        = "cdrmend"
	createdByVersion = "1"
)

// packing says how a column is encoded in Parquet, by what its cells look like.
type packing uint8

const (
	repeated packing = iota // few different texts
	distinct                // random ids: nothing to gain by compression
	prefixed                // texts that begin like the one before
	shared                  // few different texts, or many that begin like the one before
	varied                  // other texts
	numeric
)

// hasDictionary reports whether the column begins with a dictionary.
func (c *Column) hasDictionary() bool {
	return c.Kind == Text && (c.pack == repeated || c.pack == shared)
}

// fastZstd is shared by all pages: making an encoder for each page would clear
// more memory than most pages have.
var fastZstd = func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithZeroFrames(true), zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // only for invalid options
	}
	return e
}()

func (k Kind) node() parquet.Node {
	switch k {
	case Int:
		return parquet.Int(64)
	case Time:
		return parquet.Timestamp(parquet.Microsecond)
	}
	return parquet.String()
}

// columns is a group whose fields are in the order of a table. The library's
// own group is sorted by name.
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
		group[c.Name] = parquet.Optional(c.Kind.node())
	}
	return parquet.NewSchema(s.Name, columns{group, s})
}

// parquetWriter turns rows into columns and columns into pages, one row group
// at a time. The library makes the footer and encodes values. The pages are laid
// out here, because passing each value through all layers of the library costs
// several times more than encoding it.
type parquetWriter struct {
	w       io.Writer
	schema  *Schema
	base    *parquetWriter // writer of the table whose columns come first, or nil
	columns []parquetColumn
	chunks  []columnChunk // of the last row group
	footer  *format.FileMetaData
	indexes []chunkIndex // of all chunks, by row group and column
	rows    int          // in the row group
	offset  int64
}

// chunkIndex is what is stored of a chunk after all row groups. There a reader
// gets all of it with few requests: the filters column by column, as a look-up
// needs those of one column, then the column indexes and the offset indexes.
// Until then it is in memory: 1.3 bytes a row for each filter, and little more.
type chunkIndex struct{ filter, column, offsets []byte }

func newParquetWriter(w io.Writer, s *Schema, base *parquetWriter) *parquetWriter {
	// An extended table collects only the columns that its base does not have.
	p := &parquetWriter{w: w, schema: s, base: base, columns: make([]parquetColumn, len(s.Columns)-base.width())}
	for i := range p.columns {
		p.columns[i].column = &s.Columns[base.width()+i]
		p.columns[i].begin()
	}

	return p
}

func (p *parquetWriter) width() int {
	if p == nil {
		return 0
	}
	return len(p.schema.Columns)
}

func (p *parquetWriter) write(r *Row) error {
	for i := range p.columns {
		p.columns[i].add(r, p.base.width()+i)
	}

	p.rows++
	switch {
	case p.rows == rowsPerGroup:
		return p.flush()
	case p.rows%rowsPerPage == 0:
		return p.endPages()
	case p.rows%rowsPerCheck == 0:
		return p.endDictionaries()
	}
	return nil
}

// endPages ends the pages of all columns, and too long dictionaries with them.
func (p *parquetWriter) endPages() error {
	for i := range p.columns {
		if err := p.columns[i].endPage(); err != nil {
			return err
		}
	}
	return p.endDictionaries()
}

// endDictionaries ends the dictionaries that have become too long to be useful.
func (p *parquetWriter) endDictionaries() error {
	for i := range p.columns {
		if p.columns[i].full() {
			if err := p.columns[i].endDictionary(); err != nil {
				return err
			}
		}
	}
	return nil
}

const parquetMagic = "PAR1"

// begin writes the bytes before the first row group. The footer starts as that
// of an empty table, which the library makes.
func (p *parquetWriter) begin() error {
	var empty bytes.Buffer
	w := parquet.NewGenericWriter[any](&empty, parquetSchema(p.schema), parquet.CreatedBy(createdBy, createdByVersion, ""))
	if err := w.Close(); err != nil {
		return err
	}

	f, err := parquet.OpenFile(bytes.NewReader(empty.Bytes()), int64(empty.Len()))
	if err != nil {
		return err
	}

	p.footer = f.Metadata()
	return p.put([]byte(parquetMagic))
}

func (p *parquetWriter) put(b []byte) error {
	n, err := p.w.Write(b)
	p.offset += int64(n)
	return err
}

// flush writes the rows so far as a row group.
func (p *parquetWriter) flush() error {
	if p.footer == nil {
		if err := p.begin(); err != nil {
			return err
		}
	}
	if p.rows == 0 {
		return nil
	}

	if err := p.finish(); err != nil {
		return err
	}

	group := format.RowGroup{NumRows: int64(p.rows), FileOffset: p.offset, Ordinal: int16(len(p.footer.RowGroups))}
	for _, k := range p.chunks {
		// A copy: an extended table writes the same chunks at other offsets.
		meta := k.meta
		meta.DataPageOffset += p.offset
		offsets, err := storedOffsets(k.pages, meta.DataPageOffset)
		if err != nil {
			return err
		}
		p.indexes = append(p.indexes, chunkIndex{filter: k.filter, column: k.index, offsets: offsets})

		if meta.DictionaryPageOffset < 0 {
			meta.DictionaryPageOffset = 0
		} else {
			meta.DictionaryPageOffset += p.offset
		}

		group.Columns = append(group.Columns, format.ColumnChunk{FileOffset: p.offset, MetaData: meta})
		group.TotalByteSize += meta.TotalUncompressedSize
		group.TotalCompressedSize += meta.TotalCompressedSize

		for _, part := range k.parts {
			if err := p.put(part); err != nil {
				return err
			}
		}
	}

	// begin keeps the memory of the columns, so that the chunks stay valid for an
	// extended table until the next row is added.
	for i := range p.columns {
		p.columns[i].begin()
	}

	p.footer.RowGroups = append(p.footer.RowGroups, group)
	p.footer.NumRows += int64(p.rows)
	p.rows = 0
	return nil
}

// finish makes the chunks of the row group. They are valid until a row is added.
// The first ones are those of the base table, which has the same rows.
func (p *parquetWriter) finish() error {
	p.chunks = p.chunks[:0]

	if p.base != nil {
		// This does nothing if the base has flushed the group already.
		if err := p.base.flush(); err != nil {
			return err
		}
		p.chunks = append(p.chunks, p.base.chunks...)
	}

	for i := range p.columns {
		k, err := p.columns[i].finish()
		if err != nil {
			return fmt.Errorf("column %s: %w", p.columns[i].column.Name, err)
		}
		p.chunks = append(p.chunks, k)
	}

	return nil
}

// putIndexes writes the filters and indexes of all chunks and notes in the footer
// where they are.
func (p *parquetWriter) putIndexes() error {
	for column := range p.schema.Columns {
		for group := range p.footer.RowGroups {
			x := &p.indexes[group*len(p.schema.Columns)+column]
			meta := &p.footer.RowGroups[group].Columns[column].MetaData
			if x.filter == nil {
				continue
			}

			meta.BloomFilterOffset, meta.BloomFilterLength = p.offset, int32(len(x.filter))
			if err := p.put(x.filter); err != nil {
				return err
			}
		}
	}

	chunk := func(i int) *format.ColumnChunk {
		return &p.footer.RowGroups[i/len(p.schema.Columns)].Columns[i%len(p.schema.Columns)]
	}
	for i, x := range p.indexes {
		chunk(i).ColumnIndexOffset, chunk(i).ColumnIndexLength = p.offset, int32(len(x.column))
		if err := p.put(x.column); err != nil {
			return err
		}
	}
	for i, x := range p.indexes {
		chunk(i).OffsetIndexOffset, chunk(i).OffsetIndexLength = p.offset, int32(len(x.offsets))
		if err := p.put(x.offsets); err != nil {
			return err
		}
	}
	return nil
}

func (p *parquetWriter) close() error {
	if err := p.flush(); err != nil {
		return err
	}
	if err := p.putIndexes(); err != nil {
		return err
	}

	footer, err := thrift.Marshal(new(thrift.CompactProtocol), p.footer)
	if err != nil {
		return err
	}

	// The length of the footer follows it in little-endian order.
	size := len(footer)
	footer = append(footer, byte(size), byte(size>>8), byte(size>>16), byte(size>>24))
	return p.put(append(footer, parquetMagic...))
}
