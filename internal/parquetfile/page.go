package parquetfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The library allocates whatever sizes it reads, and running out of memory cannot
// be caught like a panic. So sizes are checked before the library sees them.
const (
	maxFooter     = 16 << 20
	maxPageBytes  = 512 << 20
	freePageBytes = 16 << 20 // allowed at any ratio
	maxPageRatio  = 1024
	maxRowValues  = 1 << 20 // of one column
	valuesPerRead = 256
)

var errTruncated = errors.New("the file ends before its footer")

// readFooter reads the metadata of the file.
func (p *parquetFile) readFooter() error {
	var head, tail [8]byte
	if p.size < int64(len(magic)+len(tail)) {
		return errTruncated
	}
	if err := p.readFull(head[:], 0); err != nil {
		return err
	}
	if string(head[:4]) != magic {
		return errors.New("it does not begin like a Parquet file")
	}
	if err := p.readFull(tail[:], p.size-int64(len(tail))); err != nil {
		return err
	}
	if string(tail[4:]) != magic {
		return errTruncated
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if length > p.size-int64(len(magic)+len(tail)) || length > maxFooter {
		return fmt.Errorf("%d bytes cannot hold a footer of %d", p.size, length)
	}
	b := make([]byte, length)
	if err := p.readFull(b, p.size-int64(len(tail))-length); err != nil {
		return err
	}
	n, err := decodeThrift(b, (*footer)(&p.meta))
	if err != nil {
		return fmt.Errorf("reading the footer: %w", err)
	}
	if n < len(b) && p.meta.EncryptionAlgorithm.Value == nil { // else its signature follows
		return fmt.Errorf("reading the footer: %d bytes after its end", len(b)-n)
	}
	var names []string
	for _, element := range p.meta.Schema {
		names = append(names, element.Name)
		if t := element.Type; t.Valid && (t.V < format.Boolean || t.V > format.FixedLenByteArray) {
			return fmt.Errorf("column %q has the type %d, which there is not", element.Name, t.V)
		}
	}
	return p.limits.CheckHeader(names)
}

func (p *parquetFile) readFull(b []byte, at int64) error {
	n, err := p.src.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// decodeThrift decodes b and returns how much of it that took.
func decodeThrift(b []byte, v any) (int, error) {
	r := listChecker{new(thrift.CompactProtocol).NewReaderFromBytes(b), len(b)}
	err := thrift.NewDecoder(r).Decode(v)
	return r.BytesRead(), err
}

// listChecker refuses lists that are longer than the text that holds them.
type listChecker struct {
	thrift.BytesReader
	size int
}

func (r listChecker) ReadList() (thrift.List, error) {
	const shortest = 3 // bytes of any structure in a footer; in memory it takes a hundred
	l, err := r.BytesReader.ReadList()
	least := int(l.Size)
	if l.Type == thrift.STRUCT {
		least *= shortest
	}
	if err == nil && least > r.size-r.BytesRead() {
		err = fmt.Errorf("a list of %d elements in %d bytes", l.Size, r.size-r.BytesRead())
	}
	return l, err
}

// leafReader reads the values of one column, a page at a time.
type leafReader struct {
	file   *parquetFile
	column *parquet.Column
	group  int
	at     int64 // of the next page's header
	end    int64 // of the column chunk
	count  int64 // values of the pages so far
	source pageSource
	dict   bool          // the dictionary of the column chunk was read
	pages  parquet.Pages // decodes what source offers
	values parquet.ValueReader
	page   parquet.Page
	buf    []parquet.Value
	next   int             // in buf
	row    []parquet.Value // values of the present row, valid until the next
}

func newLeafReader(p *parquetFile, column *parquet.Column) *leafReader {
	return &leafReader{file: p, column: column}
}

func (l *leafReader) chunk(group int) *format.ColumnChunk {
	return &l.file.meta.RowGroups[group].Columns[l.column.Index()]
}

// begin moves to the start of a row group.
func (l *leafReader) begin(group int) error {
	l.close()
	chunk := l.chunk(group)
	l.at = chunkStart(&chunk.MetaData)
	l.end = l.at + chunk.MetaData.TotalCompressedSize
	l.group, l.count, l.dict = group, 0, false
	l.buf, l.next = l.buf[:0], 0
	l.source.reset()
	l.pages = l.file.file.RowGroups()[group].ColumnChunks()[l.column.Index()].(*parquet.FileColumnChunk).PagesFrom(&l.source)
	switch {
	case chunk.FilePath != "":
		return l.file.fault(fmt.Errorf("column %q: its values are in another file, %q", l.column.Name(), chunk.FilePath))
	case chunk.CryptoMetadata.Value != nil:
		return l.file.fault(fmt.Errorf("column %q: it is encrypted", l.column.Name()))
	}
	return nil
}

// chunkStart returns where the pages of a column begin.
func chunkStart(meta *format.ColumnMetaData) int64 {
	if meta.DictionaryPageOffset != 0 {
		return meta.DictionaryPageOffset
	}
	return meta.DataPageOffset
}

var errShort = errors.New("it has fewer values than its row group has rows")

// nextRow reads the values of the next row.
func (l *leafReader) nextRow() error {
	l.row = l.row[:0]
	for {
		if l.next == len(l.buf) {
			for i := range l.row {
				l.row[i] = l.row[i].Clone() // its page is released next
			}
			err := l.fill()
			if err == io.EOF && len(l.row) > 0 {
				return nil
			}
			if err == io.EOF {
				return errShort
			}
			if err != nil {
				return err
			}
		}
		v := l.buf[l.next]
		if len(l.row) > 0 && v.RepetitionLevel() == 0 {
			return nil
		}
		if len(l.row) == 0 && v.RepetitionLevel() > 0 {
			return errors.New("its first row goes on with a row before it")
		}
		if len(l.row) == maxRowValues {
			return fmt.Errorf("a row of more than %d values", maxRowValues)
		}
		l.row = append(l.row, v)
		l.next++
		if l.column.MaxRepetitionLevel() == 0 {
			return nil
		}
	}
}

// fill reads some values, io.EOF at the end of the row group.
func (l *leafReader) fill() error {
	if l.buf == nil {
		l.buf = make([]parquet.Value, 0, valuesPerRead)
	}
	for {
		if l.values == nil {
			if err := l.nextPage(); err != nil {
				return err
			}
		}
		n, err := l.values.ReadValues(l.buf[:cap(l.buf)])
		l.buf, l.next = l.buf[:n], 0
		if n > 0 {
			return nil
		}
		if err == nil {
			return io.ErrNoProgress
		}
		if err != io.EOF {
			return err
		}
		l.release()
	}
}

// nextPage reads the next data page that has values, and a dictionary before
// it.
func (l *leafReader) nextPage() error {
	for {
		if l.at >= l.end {
			return l.ended()
		}
		h, length, err := l.header()
		if err != nil {
			return err
		}
		from := l.at + int64(length)
		l.at = from + int64(h.CompressedPageSize)
		if err := l.checkPage(h); err != nil {
			return err
		}
		if h.Type == format.DictionaryPage {
			if err := l.readDictionary(h, from); err != nil {
				return err
			}
			continue // the library reads it together with the page after it
		}
		if err := l.checkCount(h); err != nil {
			return err
		}
		if valuesOfPage(h) == 0 {
			continue // the library takes a page without levels for a damaged one
		}

		content, err := l.content(h, from)
		if err != nil {
			return err
		}
		if err := l.decode(h, content); err != nil {
			return err
		}
		if err := l.checkIndexes(h, content); err != nil {
			return err
		}
		l.source.shrink()
		return l.checkWidth(h)
	}
}

// ended returns io.EOF after the last page, and an error when the pages have
// fewer values than the footer says: a list would lose its end without a word.
func (l *leafReader) ended() error {
	if total := l.chunk(l.group).MetaData.NumValues; l.count < total {
		return fmt.Errorf("pages with %d values, where there are %d", l.count, total)
	}
	return io.EOF
}

// finish returns an error when the row group has more rows than it says.
func (l *leafReader) finish() error {
	if l.next < len(l.buf) {
		return fmt.Errorf("values behind the %d rows of a row group", l.file.meta.RowGroups[l.group].NumRows)
	}
	return nil
}

// readDictionary offers the dictionary of the column chunk.
func (l *leafReader) readDictionary(h *format.PageHeader, at int64) error {
	if l.dict {
		return errors.New("a second dictionary")
	}
	l.dict = true
	content, err := l.content(h, at)
	if err != nil {
		return err
	}
	l.source.keepContent()
	return l.source.offer(h, content)
}

// content reads a page and returns its levels and values, decompressed.
func (l *leafReader) content(h *format.PageHeader, at int64) ([]byte, error) {
	stored := resized(&l.source.stored, int(h.CompressedPageSize))
	if err := l.file.readFull(stored, at); err != nil {
		return nil, err
	}
	if sum := crc32.ChecksumIEEE(stored); h.CRC != 0 && sum != uint32(h.CRC) {
		return nil, fmt.Errorf("a page with the crc32 %08x, its header says %08x", sum, uint32(h.CRC))
	}
	if err := l.file.decompressed(int64(h.UncompressedPageSize)); err != nil {
		return nil, err
	}
	codec, levels := l.chunk(l.group).MetaData.Codec, int32(0)
	if h.Type == format.DataPageV2 {
		v2 := &h.DataPageHeaderV2.V
		levels = v2.RepetitionLevelsByteLength + v2.DefinitionLevelsByteLength // never compressed
		if v2.IsCompressed.Valid && !v2.IsCompressed.V {
			codec = format.Uncompressed
		}
	}
	if codec == format.Uncompressed && h.CompressedPageSize == h.UncompressedPageSize {
		return stored, nil
	}
	content := resized(&l.source.content, int(h.UncompressedPageSize))
	copy(content, stored[:levels])
	if err := decompressPage(codec, content[levels:], stored[levels:]); err != nil {
		return nil, fmt.Errorf("a page of %d bytes, packed into %d by %s: %w", len(content), len(stored), codec, err)
	}
	return content, nil
}

// decode has the library decode a page that has values.
func (l *leafReader) decode(h *format.PageHeader, content []byte) error {
	if !l.dict && hasIndexes(h) {
		return errors.New("a page refers to a dictionary that is missing")
	}
	if err := l.source.offer(h, content); err != nil {
		return err
	}
	page, err := l.pages.ReadPage()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	l.page, l.values = page, page.Values()
	return nil
}

// checkPage checks the sizes and counts that a page header states, before
// anything is allocated for them.
func (l *leafReader) checkPage(h *format.PageHeader) error {
	packed, unpacked := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	v2 := &h.DataPageHeaderV2.V
	repetition, definition := int64(v2.RepetitionLevelsByteLength), int64(v2.DefinitionLevelsByteLength)
	values := int64(max(valuesOfPage(h), h.DictionaryPageHeader.V.NumValues))
	switch {
	case packed < 0 || l.at > l.end || l.end > l.file.size:
		return errors.New("a page ends outside its column")
	case unpacked < 0 || packed > maxPageBytes || unpacked > min(maxPageBytes, freePageBytes+maxPageRatio*packed):
		return fmt.Errorf("a page of %d bytes, packed into %d", unpacked, packed)
	case repetition < 0 || definition < 0 || repetition+definition > min(packed, unpacked):
		return fmt.Errorf("a page of %d bytes, packed into %d, with levels of %d and %d bytes", unpacked, packed, repetition, definition)
	case min(valuesOfPage(h), h.DictionaryPageHeader.V.NumValues, v2.NumNulls) < 0,
		values > l.file.mostValues(), int64(h.DictionaryPageHeader.V.NumValues) > 8*unpacked, v2.NumNulls > v2.NumValues:
		return fmt.Errorf("a page of %d bytes with %d values", unpacked, values)
	}
	return checkPageType(h)
}

// checkPageType checks that the header has the part that its type asks for.
func checkPageType(h *format.PageHeader) error {
	valid := false
	switch h.Type {
	case format.DataPage:
		valid = h.DataPageHeader.Valid
	case format.DataPageV2:
		valid = h.DataPageHeaderV2.Valid
	case format.DictionaryPage:
		valid = h.DictionaryPageHeader.Valid
	default:
		return fmt.Errorf("a page of type %s among those with values", h.Type)
	}
	if !valid {
		return fmt.Errorf("a page of type %s without the header of that type", h.Type)
	}
	return nil
}

func encodingOfPage(h *format.PageHeader) format.Encoding {
	if h.Type == format.DataPageV2 {
		return h.DataPageHeaderV2.V.Encoding
	}
	return h.DataPageHeader.V.Encoding
}

func valuesOfPage(h *format.PageHeader) int32 {
	if h.Type == format.DataPageV2 {
		return h.DataPageHeaderV2.V.NumValues
	}
	return h.DataPageHeader.V.NumValues
}

// checkCount holds a page against the footer. For values that a page says it
// has, and has not, the library would make some up.
func (l *leafReader) checkCount(h *format.PageHeader) error {
	l.count += int64(valuesOfPage(h))
	total, rows := l.chunk(l.group).MetaData.NumValues, l.file.meta.RowGroups[l.group].NumRows
	if total < rows || total > rows && l.column.MaxRepetitionLevel() == 0 {
		return fmt.Errorf("%d values for %d rows", total, rows)
	}
	if l.count > total {
		return fmt.Errorf("pages with %d values, where there are %d", l.count, total)
	}
	return nil
}

// checkWidth makes sure that a page has room for the values it says it has.
func (l *leafReader) checkWidth(h *format.PageHeader) error {
	encoding, levels := encodingOfPage(h), int32(0)
	if v2 := &h.DataPageHeaderV2.V; h.Type == format.DataPageV2 {
		levels = v2.RepetitionLevelsByteLength + v2.DefinitionLevelsByteLength
	}
	values := l.page.NumValues() - l.page.NumNulls()
	if encoding != format.Plain && encoding != format.ByteStreamSplit || values*bitsOf(l.column.Type()) <= 8*int64(h.UncompressedPageSize-levels) {
		return nil
	}
	return fmt.Errorf("a page of %d bytes with %d values", h.UncompressedPageSize, values)
}

// hasIndexes reports whether the values of a page are numbers of entries in the
// dictionary.
func hasIndexes(h *format.PageHeader) bool {
	const plainDictionary = 2 // what old writers call RLEDictionary
	encoding := encodingOfPage(h)
	return encoding == plainDictionary || encoding == format.RLEDictionary
}

// checkIndexes makes sure that a page has an index for each value. The library
// fills up what is missing with the first entry of the dictionary.
func (l *leafReader) checkIndexes(h *format.PageHeader, content []byte) error {
	if !hasIndexes(h) {
		return nil
	}
	if v2 := &h.DataPageHeaderV2.V; h.Type == format.DataPageV2 {
		content = content[v2.RepetitionLevelsByteLength+v2.DefinitionLevelsByteLength:]
	} else {
		for _, most := range []byte{byte(l.column.MaxRepetitionLevel()), byte(l.column.MaxDefinitionLevel())} {
			if most > 0 { // the library has read the levels, so they are there
				content = content[4+binary.LittleEndian.Uint32(content):]
			}
		}
	}
	want := l.page.NumValues() - l.page.NumNulls()
	if got := countIndexes(content, want); got < want {
		return fmt.Errorf("a page with %d indexes for %d values", got, want)
	}
	return nil
}

// countIndexes counts the indexes in runs, up to enough. Behind a byte with their
// width come runs: of one index that is repeated, or of eights that are packed.
func countIndexes(b []byte, enough int64) (n int64) {
	if len(b) == 0 {
		return 0
	}
	width := int64(b[0])
	b = b[1:]
	for n < enough {
		run, length := binary.Uvarint(b)
		if length <= 0 {
			return n
		}
		b = b[length:]
		count, size := int64(run>>1), (width+7)/8
		if run&1 == 1 {
			count, size = min(count, enough)*8, min(count, enough)*width
		}
		if size > int64(len(b)) {
			return n + min(count, 8*int64(len(b))/max(width, 1)) // the last run may be cut short
		}
		n, b = n+count, b[size:]
	}
	return n
}

// bitsOf returns how many bits every value of a type takes, 0 when they vary.
func bitsOf(t parquet.Type) int64 {
	switch t.Kind() {
	case parquet.Boolean:
		return 1
	case parquet.Int32, parquet.Float:
		return 32
	case parquet.Int64, parquet.Double:
		return 64
	case parquet.Int96:
		return 96
	case parquet.FixedLenByteArray:
		return 8 * int64(t.Length())
	}
	return 0
}

// header decodes the page header at l.at and returns its length.
func (l *leafReader) header() (*format.PageHeader, int, error) {
	const usual, longest = 512, 1 << 20
	for window := int64(usual); ; window *= 8 {
		b := resized(&l.source.header, int(min(window, l.end-l.at, longest)))
		if err := l.file.readFull(b, l.at); err != nil {
			return nil, 0, err
		}
		h := new(format.PageHeader)
		n, err := decodeThrift(b, h)
		if err == nil {
			return h, n, nil
		}
		if int64(len(b)) < window || len(b) == longest {
			return nil, 0, fmt.Errorf("reading a page header: %w", err)
		}
	}
}

func (l *leafReader) release() {
	if l.page != nil {
		parquet.Release(l.page)
	}
	l.page, l.values = nil, nil
}

// close releases the page under way.
func (l *leafReader) close() {
	l.release()
	l.source.shrink()
	if l.pages != nil {
		l.pages.Close()
	}
	l.pages = nil
}
