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
	maxParquetFooter = 64 << 20
	maxPageBytes     = 512 << 20
	maxPageValues    = 64 << 20
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
	l, err := r.BytesReader.ReadList()
	if err == nil && int(l.Size) > r.size-r.BytesRead() {
		err = fmt.Errorf("a list of %d elements in %d bytes", l.Size, r.size-r.BytesRead())
	}
	return l, err
}

// leafReader reads the values of one column, a page at a time.
type leafReader struct {
	file   *parquetFile
	column *parquet.Column
	pages  parquet.Pages
	at     int64 // of the next page's header
	end    int64 // of the column chunk
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
	for {
		if l.at >= l.end {
			return io.EOF
		}
		header, length, err := l.header()
		if err != nil {
			return err
		}
		l.at += int64(length) + int64(header.CompressedPageSize)
		if err := l.checkPage(header); err != nil {
			return err
		}
		if header.Type != format.DictionaryPage {
			break
		}
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

func (l *leafReader) checkPage(h *format.PageHeader) error {
	values := max(h.DataPageHeader.V.NumValues, h.DataPageHeaderV2.V.NumValues)
	switch {
	case h.CompressedPageSize < 0 || l.at > l.end || l.end > l.file.size:
		return errors.New("a page ends outside its column")
	case h.UncompressedPageSize < 0 || h.UncompressedPageSize > maxPageBytes:
		return fmt.Errorf("a page of %d bytes", h.UncompressedPageSize)
	case values > maxPageValues || int64(h.DictionaryPageHeader.V.NumValues) > 8*int64(h.UncompressedPageSize):
		return fmt.Errorf("a page of %d bytes with %d values", h.UncompressedPageSize, max(values, h.DictionaryPageHeader.V.NumValues))
	}
	return nil
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
