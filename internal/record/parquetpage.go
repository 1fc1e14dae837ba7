package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The library makes room for whatever sizes it reads, and running out of
// memory is no panic that could be caught. So sizes are checked before it
// sees them.
const (
	maxParquetFooter = 16 << 20
	maxPageBytes     = 512 << 20
	freePageBytes    = 16 << 20 // however few bytes they are packed into
	maxPageRatio     = 1024
	maxRowValues     = 1 << 20 // of one column
	valuesPerRead    = 256
)

var errCut = errors.New("the file ends before its footer")

func (p *parquetFile) checkFooter() error {
	const magic = "PAR1"
	var head, tail [8]byte
	if p.size < int64(len(magic)+len(tail)) {
		return errCut
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
		return errCut
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if length > p.size-int64(len(magic)+len(tail)) || length > maxParquetFooter {
		return fmt.Errorf("%d bytes cannot hold a footer of %d", p.size, length)
	}
	footer := make([]byte, length)
	if err := p.readFull(footer, p.size-int64(len(tail))-length); err != nil {
		return err
	}
	var meta format.FileMetaData
	if _, err := decodeThrift(footer, &meta); err != nil {
		return fmt.Errorf("reading the footer: %w", err)
	}
	var names []string
	for _, element := range meta.Schema {
		names = append(names, element.Name)
		if t := element.Type; t.Valid && (t.V < format.Boolean || t.V > format.FixedLenByteArray) {
			return fmt.Errorf("column %q has the type %d, which there is not", element.Name, t.V)
		}
	}
	return p.limits.header(names)
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
	pages  parquet.Pages
	group  int
	at     int64 // of the next page's header
	end    int64 // of the column chunk
	count  int64 // values of the pages so far
	values parquet.ValueReader
	page   parquet.Page
	buf    []parquet.Value
	next   int             // in buf
	row    []parquet.Value // of the row under way, valid until the next one
}

func newLeafReader(p *parquetFile, column *parquet.Column) *leafReader {
	return &leafReader{file: p, column: column}
}

func (l *leafReader) chunk(group int) *format.ColumnChunk {
	return &l.file.file.Metadata().RowGroups[group].Columns[l.column.Index()]
}

// begin moves to the start of a row group.
func (l *leafReader) begin(group int) {
	l.close()
	meta := &l.chunk(group).MetaData
	l.at = chunkStart(meta)
	l.end = l.at + meta.TotalCompressedSize
	l.group, l.count = group, 0
	l.pages = l.file.file.RowGroups()[group].ColumnChunks()[l.column.Index()].Pages()
	l.buf, l.next = l.buf[:0], 0
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
				l.row[i] = l.row[i].Clone() // its page is about to go
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

// nextPage checks the headers up to the next data page and reads that page.
func (l *leafReader) nextPage() error {
	var header *format.PageHeader
	for header == nil || header.Type == format.DictionaryPage {
		if l.at >= l.end {
			return io.EOF
		}
		next, length, err := l.header()
		if err != nil {
			return err
		}
		header = next
		l.at += int64(length) + int64(header.CompressedPageSize)
		if err := l.checkPage(header); err != nil {
			return err
		}
	}
	if err := l.checkCount(header); err != nil {
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
	return l.checkWidth(header)
}

func (l *leafReader) checkPage(h *format.PageHeader) error {
	packed, unpacked := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	values := int64(max(valuesOfPage(h), h.DictionaryPageHeader.V.NumValues))
	switch {
	case packed < 0 || l.at > l.end || l.end > l.file.size:
		return errors.New("a page ends outside its column")
	case unpacked < 0 || unpacked > min(maxPageBytes, freePageBytes+maxPageRatio*packed):
		return fmt.Errorf("a page of %d bytes, packed into %d", unpacked, packed)
	case values < 0 || values > l.file.mostValues() || int64(h.DictionaryPageHeader.V.NumValues) > 8*unpacked:
		return fmt.Errorf("a page of %d bytes with %d values", unpacked, values)
	}
	return nil
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
	total, rows := l.chunk(l.group).MetaData.NumValues, l.file.file.RowGroups()[l.group].NumRows()
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
	encoding, levels := h.DataPageHeader.V.Encoding, int32(0)
	if v2 := &h.DataPageHeaderV2.V; h.Type == format.DataPageV2 {
		encoding, levels = v2.Encoding, v2.RepetitionLevelsByteLength+v2.DefinitionLevelsByteLength
	}
	values := l.page.NumValues() - l.page.NumNulls()
	if encoding != format.Plain && encoding != format.ByteStreamSplit || values*bitsOf(l.column.Type()) <= 8*int64(h.UncompressedPageSize-levels) {
		return nil
	}
	return fmt.Errorf("a page of %d bytes with %d values", h.UncompressedPageSize, values)
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
		b := make([]byte, min(window, l.end-l.at, longest))
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

func (l *leafReader) close() {
	l.release()
	if l.pages != nil {
		l.pages.Close()
	}
	l.pages = nil
}
