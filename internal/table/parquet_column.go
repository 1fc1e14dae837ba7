package table

import (
	"encoding/binary"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"cdrmend/internal/intern"
)

// parquetColumn collects the values of one column of a row group and makes its
// pages: one dictionary page, if it has a dictionary, and data pages of at most
// rowsPerPage rows. It also makes what lets a reader skip pages: their bounds, and
// a filter of all values if people look up rows by the column.
type parquetColumn struct {
	column *Column

	// The rows of the page, in the form that suits the column.
	levels levels
	plain  plainTexts
	texts  []byte   // prefixed and shared: the texts one after another
	ends   []uint32 // prefixed and shared: 0, then the end of each text
	ints   []int64
	refs   []int32 // references to the dictionary

	dictionary dictionary
	refers     bool // the page refers to the dictionary

	pages   []byte // complete data pages
	totals  totals
	index   pageIndex // of the complete pages
	values  *valueSet // nil: the column has no filter
	buffers buffers
}

// totals describes the pages of a row group that are complete.
type totals struct {
	uncompressed int // size of the pages without compression
	rows, nulls  int
}

// buffers are kept from page to page.
type buffers struct {
	levels     []byte // encoded levels
	values     []byte // encoded values
	page       []byte // a page before compression
	data       []byte // the compressed data page
	dictionary []byte // the compressed dictionary page, in use until the chunk is written
	seen       []bool // by number in the dictionary: the page has the text
	bounds     [16]byte
}

// begin starts a new row group.
func (c *parquetColumn) begin() {
	c.clearPage()
	c.pages, c.totals = c.pages[:0], totals{}
	c.index.reset()
	if c.column.hasFilter() && c.values == nil {
		c.values = new(valueSet)
	}
	if c.values != nil {
		c.values.reset()
	}
	if c.refers = c.column.hasDictionary(); c.refers {
		c.dictionary.reset()
	}
}

func (c *parquetColumn) clearPage() {
	c.levels.rows, c.levels.each = 0, c.levels.each[:0]
	c.plain.encoded, c.plain.later = c.plain.encoded[:0], c.plain.later[:0]
	c.texts, c.ends = c.texts[:0], append(c.ends[:0], 0)
	c.ints, c.refs = c.ints[:0], c.refs[:0]
}

// add adds cell i of a row.
func (c *parquetColumn) add(r *Row, i int) {
	cell := &r.cells[i]
	if cell.state == missing {
		c.levels.add(0)
		return
	}

	c.levels.add(1)
	switch {
	case c.column.Kind != Text:
		c.ints = append(c.ints, cell.n)
	case c.refers && cell.state == symbol:
		c.refs = append(c.refs, c.dictionary.symbol(r, i))
	case c.refers && cell.state == borrowed:
		c.refs = append(c.refs, c.dictionary.borrowed(r.borrowed[cell.n]))
	case c.refers:
		c.refs = append(c.refs, c.dictionary.number(r.Bytes(i)))
	case c.column.pack == prefixed || c.column.pack == shared:
		c.texts = append(c.texts, r.Bytes(i)...)
		c.ends = append(c.ends, uint32(len(c.texts)))
	default:
		c.plain.add(r, i)
	}
}

// plainTexts collects texts that are stored one after another, each after its
// length. Looking up many UUIDs at once is cheaper than one at a time, so they
// wait until another text follows or the page ends.
type plainTexts struct {
	encoded []byte
	later   []intern.Text // symbols of UUIDs that follow encoded
	symbols *intern.Table // their texts
}

func (p *plainTexts) add(r *Row, i int) {
	if cell := r.cells[i]; cell.state == symbol && intern.Text(cell.n).IsUUID() {
		p.symbols, p.later = r.texts, append(p.later, intern.Text(cell.n))
		return
	}
	p.spell() // the texts stay in the order of rows
	p.encoded = appendPlain(p.encoded, r.Bytes(i))
}

// spell appends the UUIDs in later to encoded.
func (p *plainTexts) spell() {
	var ids [64]intern.UUID
	for some := range slices.Chunk(p.later, len(ids)) {
		p.symbols.UUIDs(ids[:], some)
		for i := range some {
			p.encoded = binary.LittleEndian.AppendUint32(p.encoded, intern.UUIDLen)
			p.encoded = ids[i].AppendTo(p.encoded)
		}
	}
	p.later = p.later[:0]
}

// levels collects the definition levels of a page: 1 for a value, 0 for a
// missing cell. In most columns all cells are present or all are missing. Each
// level is therefore collected only once they differ.
type levels struct {
	rows int
	all  byte   // level of all rows while each is empty
	each []byte // level of each row
}

func (l *levels) add(level byte) {
	switch {
	case l.rows == 0:
		l.all = level
	case len(l.each) > 0:
		l.each = append(l.each, level)
	case level != l.all:
		for range l.rows {
			l.each = append(l.each, l.all)
		}
		l.each = append(l.each, level)
	}
	l.rows++
}

func appendPlain(b, v []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(v))), v...)
}

// full reports whether the dictionary has become too long to be useful.
func (c *parquetColumn) full() bool { return c.refers && len(c.dictionary.entries) > maxDictionary }

// endDictionary ends the page and writes later rows without the dictionary,
// which stays: finish writes it for the pages so far.
func (c *parquetColumn) endDictionary() error {
	err := c.endPage()
	c.refers = false
	return err
}

// endPage makes a page of the rows since the last one.
func (c *parquetColumn) endPage() error {
	if c.levels.rows == 0 {
		return nil
	}

	header := format.DataPageHeader{
		NumValues:               int32(c.levels.rows),
		DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
	}

	nulls := c.totals.nulls
	if err := c.encodeLevels(); err != nil {
		return err
	}
	nulls = c.totals.nulls - nulls
	values, encoding, err := c.encode()
	if err != nil {
		return err
	}

	header.Encoding = encoding
	page, err := c.page(&c.buffers.data, format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(header)}, c.buffers.levels, values)
	if err != nil {
		return err
	}

	known := nulls < c.levels.rows
	if known {
		c.look()
	}
	c.index.add(len(c.pages), size(page), c.totals.rows, nulls, c.column.Kind, known)

	// The parts lie in buffers that the next page uses again, so they are copied.
	for _, part := range page {
		c.pages = append(c.pages, part...)
	}
	c.totals.rows += c.levels.rows
	c.clearPage()
	return nil
}

// encodeLevels encodes the levels of the page after their length, and counts
// the missing cells.
func (c *parquetColumn) encodeLevels() (err error) {
	b := append(c.buffers.levels[:0], 0, 0, 0, 0)
	if len(c.levels.each) == 0 {
		c.totals.nulls += c.levels.rows * (1 - int(c.levels.all))
		b = append(binary.AppendUvarint(b, uint64(c.levels.rows)<<1), c.levels.all) // one run
	} else {
		for _, level := range c.levels.each {
			c.totals.nulls += 1 - int(level)
		}
		c.buffers.values, err = (&rle.Encoding{BitWidth: 1}).EncodeLevels(c.buffers.values[:0], c.levels.each)
		b = append(b, c.buffers.values...)
	}

	binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	c.buffers.levels = b
	return err
}

// encode returns the encoded values of the page.
func (c *parquetColumn) encode() (values []byte, encoding format.Encoding, err error) {
	switch {
	case c.column.Kind != Text:
		c.buffers.values, err = (&delta.BinaryPackedEncoding{}).EncodeInt64(c.buffers.values[:0], c.ints)
		return c.buffers.values, format.DeltaBinaryPacked, err
	case c.refers && len(c.refs) > 0: // a page of missing values needs no dictionary
		c.buffers.values, err = (&rle.DictionaryEncoding{}).EncodeInt32(c.buffers.values[:0], c.refs)
		return c.buffers.values, format.RLEDictionary, err
	case c.column.pack == prefixed || c.column.pack == shared:
		c.buffers.values, err = (&delta.ByteArrayEncoding{}).EncodeByteArray(c.buffers.values[:0], c.texts, c.ends)
		return c.buffers.values, format.DeltaByteArray, err
	}

	c.plain.spell() // the UUIDs that no other text followed
	return c.plain.encoded, format.Plain, nil
}

// look goes through the values of the page for their bounds and the filter. The
// page has a value.
func (c *parquetColumn) look() {
	x := &c.index
	x.min, x.max = nil, nil
	switch {
	case c.column.Kind != Text:
		x.min = binary.LittleEndian.AppendUint64(c.buffers.bounds[:0], uint64(slices.Min(c.ints)))
		x.max = binary.LittleEndian.AppendUint64(c.buffers.bounds[8:8], uint64(slices.Max(c.ints)))
	case c.refers:
		c.lookAtDictionary()
	case c.column.pack == prefixed || c.column.pack == shared:
		for i, end := range c.ends[1:] {
			x.widen(c.texts[c.ends[i]:end])
		}
	default:
		for b := c.plain.encoded; len(b) > 0; {
			end := 4 + binary.LittleEndian.Uint32(b)
			x.widen(b[4:end])
			if c.values != nil {
				c.values.add(b[4:end])
			}
			b = b[end:]
		}
	}
}

// lookAtDictionary is look for a page that refers to the dictionary. Its texts
// are added to the filter when it is complete.
func (c *parquetColumn) lookAtDictionary() {
	seen := slices.Grow(c.buffers.seen[:0], c.dictionary.count())[:c.dictionary.count()]
	clear(seen)
	for _, n := range c.refs {
		seen[n] = true
	}

	for n, met := range seen {
		if met {
			c.index.widen(c.dictionary.text(int32(n)))
		}
	}
	c.buffers.seen = seen
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
		c.buffers.page = c.buffers.page[:0]
		for _, part := range content {
			c.buffers.page = append(c.buffers.page, part...)
		}

		packed := fastZstd.EncodeAll(c.buffers.page, (*memory)[:0])
		*memory, content = packed, [][]byte{packed}
		h.CompressedPageSize = int32(len(packed))
	}

	raw, err := thrift.Marshal(new(thrift.CompactProtocol), h)
	c.totals.uncompressed += len(raw) + int(h.UncompressedPageSize)
	return append([][]byte{raw}, content...), err
}

// columnChunk is one column of a row group as it is stored. Its parts are valid
// until a row is added.
type columnChunk struct {
	parts [][]byte
	meta  format.ColumnMetaData // offsets are relative to the first part, -1 for no dictionary

	// These are memory of their own: an extended table uses them after the column
	// has begun a new row group, and they are stored after all row groups.
	pages  []format.PageLocation // offsets are relative to the first data page
	index  []byte                // the column index
	filter []byte                // nil: none
}

func (c *parquetColumn) finish() (columnChunk, error) {
	if err := c.endPage(); err != nil {
		return columnChunk{}, err
	}

	// With only missing values the dictionary is empty and has no page.
	k := columnChunk{parts: [][]byte{c.pages}, meta: c.describe(), pages: slices.Clone(c.index.offsets.PageLocations)}
	if c.column.hasDictionary() && c.dictionary.count() > 0 {
		header := format.DictionaryPageHeader{NumValues: int32(c.dictionary.count()), Encoding: format.Plain}
		dictionary, err := c.page(&c.buffers.dictionary, format.PageHeader{Type: format.DictionaryPage, DictionaryPageHeader: thrift.New(header)}, c.dictionary.entries)
		if err != nil {
			return columnChunk{}, err
		}
		k.parts = append(dictionary, k.parts...) // complete only now, but stored first
		k.meta.DictionaryPageOffset, k.meta.DataPageOffset = 0, int64(size(dictionary))
	}

	k.meta.TotalCompressedSize, k.meta.TotalUncompressedSize = int64(size(k.parts)), int64(c.totals.uncompressed)
	return k, c.complete(&k)
}

// complete adds the index and the filter to a chunk.
func (c *parquetColumn) complete(k *columnChunk) (err error) {
	if k.index, err = c.index.stored(c.column.Kind); err != nil || c.values == nil {
		return err
	}

	if c.column.hasDictionary() {
		for n := range c.dictionary.count() {
			c.values.add(c.dictionary.text(int32(n)))
		}
	}
	k.filter, err = c.values.filter()
	return err
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
		Type: format.ByteArray, PathInSchema: []string{c.column.Name}, NumValues: int64(c.totals.rows),
		Statistics: format.Statistics{NullCount: int64(c.totals.nulls)}, DictionaryPageOffset: -1,
		Encoding: []format.Encoding{format.Plain, format.RLE},
	}

	switch {
	case c.column.Kind != Text:
		meta.Type = format.Int64
		meta.Encoding = []format.Encoding{format.RLE, format.DeltaBinaryPacked}
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
	meta.Statistics.MinValue, meta.Statistics.MaxValue = c.index.bounds(c.column.Kind)
	return meta
}
