package table

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"cdrmend/internal/record"
)

// parquetColumn collects the values of one column of a row group and makes
// its pages: one of a dictionary, if it has one, and one of data, or two when
// the dictionary became too long on the way.
type parquetColumn struct {
	column *Column

	rows   int    // of the page
	level  byte   // of all of them, 1 for a value and 0 for a missing one, while they have no levels
	levels []byte // of each row, when they differ
	values []byte // of texts without a dictionary, each after its length
	texts  []byte // prefixed: the texts alone,
	ends   []uint32
	ints   []int64

	dictionary bool             // the page refers to one
	numbers    map[string]int32 // of its texts
	symbols    map[record.Text]int32
	entries    []byte      // the texts, each after its length
	refs       []int32     // of the page
	last       []byte      // the text before, which is often the same,
	lastSymbol record.Text // or the symbol
	lastRef    int32

	pages        []byte // of data, complete
	uncompressed int    // what they would take without compression
	nulls        int
	total        int
	min, max     int64
	scratch      []byte // of a part of a page,
	whole        []byte // of a page before compression
	packed       []byte // and after it
}

// begin starts a new row group.
func (c *parquetColumn) begin() {
	c.clearPage()
	c.pages, c.uncompressed, c.nulls, c.total = c.pages[:0], 0, 0, 0
	c.min, c.max = math.MaxInt64, math.MinInt64
	c.dictionary = c.column.Kind == Text && c.column.pack == repeated
	if c.dictionary {
		c.numbers, c.symbols = map[string]int32{}, map[record.Text]int32{}
		c.entries, c.last, c.lastSymbol = c.entries[:0], c.last[:0], record.None
	}
}

func (c *parquetColumn) clearPage() {
	c.rows, c.levels, c.values, c.texts, c.ints, c.refs = 0, c.levels[:0], c.values[:0], c.texts[:0], c.ints[:0], c.refs[:0]
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
	case c.dictionary && cell.state == symbol:
		c.refs = append(c.refs, c.symbolNumber(r, i))
	case c.dictionary:
		c.refs = append(c.refs, c.number(r.Bytes(i)))
	case c.column.pack == prefixed:
		c.texts = append(c.texts, r.Bytes(i)...)
		c.ends = append(c.ends, uint32(len(c.texts)))
	default:
		c.values = appendPlain(c.values, r.Bytes(i))
	}
}

// addLevel adds the level of a row. In most columns all cells are there, or all
// are missing.
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

// symbolNumber returns the number of a symbol's text in the dictionary, which
// need not be spelled out when the symbol was met before.
func (c *parquetColumn) symbolNumber(r *Row, i int) int32 {
	s := record.Text(r.cells[i].n)
	if s == c.lastSymbol {
		return c.lastRef
	}
	n, met := c.symbols[s]
	if !met {
		n = c.number(r.Bytes(i))
		c.symbols[s] = n
	}
	c.last, c.lastSymbol, c.lastRef = c.last[:0], s, n
	return n
}

func appendPlain(b, v []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(v))), v...)
}

// number returns that of a text in the dictionary.
func (c *parquetColumn) number(v []byte) int32 {
	if bytes.Equal(v, c.last) {
		return c.lastRef
	}
	c.lastSymbol = record.None
	n, known := c.numbers[string(v)]
	if !known {
		n = int32(len(c.numbers))
		c.numbers[string(v)] = n
		c.entries = appendPlain(c.entries, v)
	}
	c.last, c.lastRef = append(c.last[:0], v...), n
	return n
}

// full reports whether a dictionary has become too long to be of use.
func (c *parquetColumn) full() bool { return c.dictionary && len(c.entries) > maxDictionary }

// endDictionary goes on without a dictionary after the rows so far.
func (c *parquetColumn) endDictionary() error {
	err := c.endPage()
	c.dictionary = false
	return err
}

// endPage makes a page of the rows since the last one.
func (c *parquetColumn) endPage() error {
	if c.rows == 0 {
		return nil
	}
	header := format.DataPageHeader{
		NumValues:               int32(c.rows),
		DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
	}
	levels, err := c.encodeLevels()
	if err != nil {
		return err
	}
	c.whole = append(binary.LittleEndian.AppendUint32(c.whole[:0], uint32(len(levels))), levels...)
	c.scratch = levels
	var values []byte
	if values, header.Encoding, err = c.encode(); err != nil {
		return err
	}
	c.whole = append(c.whole, values...)
	c.total += c.rows
	c.clearPage()
	page := format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(header)}
	return c.appendPage(page, c.whole)
}

// encodeLevels returns the levels of the page, and counts the missing cells.
func (c *parquetColumn) encodeLevels() ([]byte, error) {
	if len(c.levels) == 0 {
		c.nulls += c.rows * (1 - int(c.level))
		return append(binary.AppendUvarint(c.scratch[:0], uint64(c.rows)<<1), c.level), nil // one run
	}
	for _, level := range c.levels {
		c.nulls += 1 - int(level)
	}
	return (&rle.Encoding{BitWidth: 1}).EncodeLevels(c.scratch[:0], c.levels)
}

// encode returns the values of the page.
func (c *parquetColumn) encode() (values []byte, encoding format.Encoding, err error) {
	switch {
	case c.column.Kind != Text:
		values, err = (&delta.BinaryPackedEncoding{}).EncodeInt64(c.scratch[:0], c.ints)
		c.scratch = values
		return values, format.DeltaBinaryPacked, err
	case c.dictionary && len(c.refs) > 0: // a page of missing values needs no dictionary
		values, err = (&rle.DictionaryEncoding{}).EncodeInt32(c.scratch[:0], c.refs)
		c.scratch = values
		return values, format.RLEDictionary, err
	case c.column.pack == prefixed:
		values, err = (&delta.ByteArrayEncoding{}).EncodeByteArray(c.scratch[:0], c.texts, c.ends)
		c.scratch = values
		return values, format.DeltaByteArray, err
	}
	return c.values, format.Plain, nil
}

// compressed reports whether the pages of the column are. Random ids have
// nothing to gain, references and numbers are packed already.
func (c *parquetColumn) compressed() bool {
	return c.column.Kind == Text && (c.column.pack == prefixed || c.column.pack == varied)
}

func (c *parquetColumn) appendPage(h format.PageHeader, content []byte) error {
	h.UncompressedPageSize = int32(len(content))
	if c.compressed() {
		packed, err := fastZstd.Encode(c.packed[:0], content)
		if err != nil {
			return err
		}
		c.packed, content = packed, packed
	}
	h.CompressedPageSize = int32(len(content))
	raw, err := thrift.Marshal(new(thrift.CompactProtocol), h)
	if err != nil {
		return err
	}
	c.uncompressed += len(raw) + int(h.UncompressedPageSize)
	c.pages = append(append(c.pages, raw...), content...)
	return nil
}

// finish returns the pages of the row group and what the footer says about
// them; offsets are from the first page, that of a missing dictionary is -1.
func (c *parquetColumn) finish() ([]byte, format.ColumnMetaData, error) {
	withDictionary := c.column.Kind == Text && c.column.pack == repeated
	if err := c.endPage(); err != nil {
		return nil, format.ColumnMetaData{}, err
	}
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
	case withDictionary:
		meta.Encoding = append(meta.Encoding, format.RLEDictionary)
	case c.column.pack == prefixed:
		meta.Encoding = []format.Encoding{format.RLE, format.DeltaByteArray}
	}
	if c.compressed() {
		meta.Codec = format.Zstd
	}
	if withDictionary && len(c.numbers) > 0 {
		data := len(c.pages)
		err := c.appendPage(format.PageHeader{
			Type:                 format.DictionaryPage,
			DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(len(c.numbers)), Encoding: format.Plain}),
		}, c.entries)
		if err != nil {
			return nil, meta, err
		}
		// It was made last, but stands first.
		c.whole = append(append(c.whole[:0], c.pages[data:]...), c.pages[:data]...)
		meta.DictionaryPageOffset, meta.DataPageOffset = 0, int64(len(c.pages)-data)
		c.pages, c.whole = c.whole, c.pages
	}
	meta.TotalCompressedSize, meta.TotalUncompressedSize = int64(len(c.pages)), int64(c.uncompressed)
	return c.pages, meta, nil
}
