package table

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"cdrmend/internal/intern"
)

// parquetColumn collects the values of one column of a row group and makes its
// pages: one dictionary page, if it has a dictionary, and one data page, or two
// if the dictionary became too long.
type parquetColumn struct {
	column *Column

	rows     int           // number of rows of the page
	level    byte          // level of all rows while levels is empty: 1 for a value, 0 for a missing cell
	levels   []byte        // level of each row, once they differ
	values   []byte        // texts without a dictionary, each after its length
	later    []intern.Text // symbols of UUIDs that follow values, not spelled out yet
	meanings *intern.Table // the texts of these symbols
	texts    []byte        // prefixed and shared: the texts one after another
	ends     []uint32      // prefixed and shared: 0, then the end of each text
	ints     []int64

	dictionary dictionary
	refers     bool    // the page refers to the dictionary
	refs       []int32 // its references

	pages         []byte // complete data page before the current one
	uncompressed  int    // size of all pages without compression
	nulls         int
	total         int
	min, max      int64
	encoded       []byte // buffer for levels
	scratch       []byte // buffer for values
	whole         []byte // buffer for a page before compression
	packed        []byte // buffer for a compressed data page
	packedEntries []byte // buffer for the compressed dictionary page
}

// begin starts a new row group.
func (c *parquetColumn) begin() {
	c.clearPage()
	c.pages, c.uncompressed, c.nulls, c.total = c.pages[:0], 0, 0, 0
	c.min, c.max = math.MaxInt64, math.MinInt64
	if c.refers = c.column.hasDictionary(); c.refers {
		c.dictionary.reset()
	}
}

func (c *parquetColumn) clearPage() {
	c.rows, c.levels, c.values, c.later, c.texts, c.ints, c.refs = 0, c.levels[:0], c.values[:0], c.later[:0], c.texts[:0], c.ints[:0], c.refs[:0]
	c.ends = append(c.ends[:0], 0)
}

// add adds cell i of a row.
func (c *parquetColumn) add(r *Row, i int) {
	cell := &r.cells[i]
	if cell.state == missing {
		c.addLevel(0)
		return
	}

	c.addLevel(1)
	switch {
	case c.column.Kind != Text:
		c.ints = append(c.ints, cell.n)
		c.min, c.max = min(c.min, cell.n), max(c.max, cell.n)
	case c.refers && cell.state == symbol:
		c.refs = append(c.refs, c.dictionary.symbol(r, i))
	case c.refers && cell.state == borrowed:
		c.refs = append(c.refs, c.dictionary.lent(r.lent[cell.n]))
	case c.refers:
		c.refs = append(c.refs, c.dictionary.number(r.Bytes(i)))
	case c.column.pack == prefixed || c.column.pack == shared:
		c.texts = append(c.texts, r.Bytes(i)...)
		c.ends = append(c.ends, uint32(len(c.texts)))
	case cell.state == symbol && intern.Text(cell.n).IsUUID():
		// Looking up many UUIDs at once is cheaper than one at a time.
		c.meanings, c.later = r.texts, append(c.later, intern.Text(cell.n))
	default:
		c.spell() // values stay in the order of rows
		c.values = appendPlain(c.values, r.Bytes(i))
	}
}

// spell appends the UUIDs in later to values.
func (c *parquetColumn) spell() {
	var ids [64]intern.UUID
	for some := range slices.Chunk(c.later, len(ids)) {
		c.meanings.UUIDs(ids[:], some)
		for i := range some {
			c.values = binary.LittleEndian.AppendUint32(c.values, intern.UUIDLen)
			c.values = ids[i].AppendTo(c.values)
		}
	}
	c.later = c.later[:0]
}

// addLevel adds the level of a row. In most columns all cells are present or all
// are missing. Levels are therefore collected only once they differ.
func (c *parquetColumn) addLevel(level byte) {
	switch {
	case c.rows == 0:
		c.level = level
	case len(c.levels) > 0:
		c.levels = append(c.levels, level)
	case level != c.level:
		for range c.rows {
			c.levels = append(c.levels, c.level)
		}
		c.levels = append(c.levels, level)
	}
	c.rows++
}

func appendPlain(b, v []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(v))), v...)
}

// full reports whether the dictionary has become too long to be useful.
func (c *parquetColumn) full() bool { return c.refers && len(c.dictionary.entries) > maxDictionary }

// endDictionary ends the page and writes later rows without the dictionary.
func (c *parquetColumn) endDictionary() error {
	// The parts lie in buffers that the next page uses again, so they are copied.
	page, err := c.endPage()
	for _, part := range page {
		c.pages = append(c.pages, part...)
	}
	c.clearPage()
	c.refers = false
	return err
}

// endPage makes a page of the rows since the last one. Its parts are valid
// until rows are added.
func (c *parquetColumn) endPage() (parts [][]byte, err error) {
	if c.rows == 0 {
		return nil, nil
	}

	header := format.DataPageHeader{
		NumValues:               int32(c.rows),
		DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
	}
	if err := c.encodeLevels(); err != nil {
		return nil, err
	}
	values, encoding, err := c.encode()
	if err != nil {
		return nil, err
	}

	header.Encoding = encoding
	c.total += c.rows
	return c.page(&c.packed, format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(header)}, c.encoded, values)
}

// encodeLevels encodes the levels of the page after their length, and counts
// the missing cells.
func (c *parquetColumn) encodeLevels() (err error) {
	c.encoded = append(c.encoded[:0], 0, 0, 0, 0)
	if len(c.levels) == 0 {
		c.nulls += c.rows * (1 - int(c.level))
		c.encoded = append(binary.AppendUvarint(c.encoded, uint64(c.rows)<<1), c.level) // one run
	} else {
		for _, level := range c.levels {
			c.nulls += 1 - int(level)
		}
		c.scratch, err = (&rle.Encoding{BitWidth: 1}).EncodeLevels(c.scratch[:0], c.levels)
		c.encoded = append(c.encoded, c.scratch...)
	}
	binary.LittleEndian.PutUint32(c.encoded, uint32(len(c.encoded)-4))
	return err
}

// encode returns the encoded values of the page.
func (c *parquetColumn) encode() (values []byte, encoding format.Encoding, err error) {
	switch {
	case c.column.Kind != Text:
		c.scratch, err = (&delta.BinaryPackedEncoding{}).EncodeInt64(c.scratch[:0], c.ints)
		return c.scratch, format.DeltaBinaryPacked, err
	case c.refers && len(c.refs) > 0: // a page of missing values needs no dictionary
		c.scratch, err = (&rle.DictionaryEncoding{}).EncodeInt32(c.scratch[:0], c.refs)
		return c.scratch, format.RLEDictionary, err
	case c.column.pack == prefixed || c.column.pack == shared:
		c.scratch, err = (&delta.ByteArrayEncoding{}).EncodeByteArray(c.scratch[:0], c.texts, c.ends)
		return c.scratch, format.DeltaByteArray, err
	}
	c.spell()
	return c.values, format.Plain, nil
}

// compressed reports whether the pages of the column are compressed. Random ids
// do not get smaller; references and numbers are packed already.
func (c *parquetColumn) compressed() bool {
	return c.column.Kind == Text && (c.column.pack == prefixed || c.column.pack == shared || c.column.pack == varied)
}

// page returns the parts of a page as it is stored. A compressed page is written
// to memory; otherwise the parts are the content itself.
func (c *parquetColumn) page(memory *[]byte, h format.PageHeader, content ...[]byte) ([][]byte, error) {
	for _, part := range content {
		h.UncompressedPageSize += int32(len(part))
	}
	h.CompressedPageSize = h.UncompressedPageSize
	if c.compressed() {
		c.whole = c.whole[:0]
		for _, part := range content {
			c.whole = append(c.whole, part...)
		}
		packed := fastZstd.EncodeAll(c.whole, (*memory)[:0])
		*memory, content = packed, [][]byte{packed}
		h.CompressedPageSize = int32(len(packed))
	}

	raw, err := thrift.Marshal(new(thrift.CompactProtocol), h)
	c.uncompressed += len(raw) + int(h.UncompressedPageSize)
	return append([][]byte{raw}, content...), err
}

// columnChunk is one column of a row group as it is stored. Its parts are valid
// until a row is added.
type columnChunk struct {
	parts [][]byte
	meta  format.ColumnMetaData // offsets are relative to the first part, -1 for no dictionary
}

func (c *parquetColumn) finish() (columnChunk, error) {
	last, err := c.endPage()
	if err != nil {
		return columnChunk{}, err
	}

	k := columnChunk{append([][]byte{c.pages}, last...), c.describe()}
	if c.column.hasDictionary() && c.dictionary.count() > 0 {
		header := format.DictionaryPageHeader{NumValues: int32(c.dictionary.count()), Encoding: format.Plain}
		dictionary, err := c.page(&c.packedEntries, format.PageHeader{Type: format.DictionaryPage, DictionaryPageHeader: thrift.New(header)}, c.dictionary.entries)
		if err != nil {
			return columnChunk{}, err
		}
		k.parts = append(dictionary, k.parts...) // complete only now, but stored first
		k.meta.DictionaryPageOffset, k.meta.DataPageOffset = 0, int64(size(dictionary))
	}

	k.meta.TotalCompressedSize, k.meta.TotalUncompressedSize = int64(size(k.parts)), int64(c.uncompressed)
	return k, nil
}

func size(parts [][]byte) (n int) {
	for _, part := range parts {
		n += len(part)
	}
	return n
}

// describe returns the metadata of the column's values for the footer.
func (c *parquetColumn) describe() format.ColumnMetaData {
	meta := format.ColumnMetaData{
		Type: format.ByteArray, PathInSchema: []string{c.column.Name}, NumValues: int64(c.total),
		Statistics: format.Statistics{NullCount: int64(c.nulls)}, DictionaryPageOffset: -1,
		Encoding: []format.Encoding{format.Plain, format.RLE},
	}
	switch {
	case c.column.Kind != Text:
		meta.Type = format.Int64
		meta.Encoding = []format.Encoding{format.RLE, format.DeltaBinaryPacked}
		if c.nulls < c.total {
			meta.Statistics.MinValue = binary.LittleEndian.AppendUint64(nil, uint64(c.min))
			meta.Statistics.MaxValue = binary.LittleEndian.AppendUint64(nil, uint64(c.max))
		}
	case c.column.pack == repeated:
		meta.Encoding = append(meta.Encoding, format.RLEDictionary)
	case c.column.pack == prefixed:
		meta.Encoding = []format.Encoding{format.RLE, format.DeltaByteArray}
	case c.column.pack == shared:
		meta.Encoding = append(meta.Encoding, format.RLEDictionary, format.DeltaByteArray)
	}

	if c.compressed() {
		meta.Codec = format.Zstd
	}
	return meta
}
