package parquetfile

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go"
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

	// The library decodes the pages that source offers, not those in the file.
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
			switch err := l.fill(); {
			case err == io.EOF && len(l.row) > 0:
				return nil // the row was the last of its row group
			case err == io.EOF:
				return errShort
			case err != nil:
				return err
			}
		}

		// A row ends where the next one begins: at a value that repeats nothing.
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
			return nil // without lists a row is one value; the next page need not be read
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

		// io.EOF may come together with values. Then the next call returns it alone.
		n, err := l.values.ReadValues(l.buf[:cap(l.buf)])
		l.buf, l.next = l.buf[:n], 0
		switch {
		case n > 0:
			return nil
		case err == nil:
			return io.ErrNoProgress
		case err != io.EOF:
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

		// Nothing is allocated for a page before its header is checked.
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

		// Only the decoded page shows how many of its values are not null.
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

// finish returns an error when the column has more rows than its row group claims.
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

	codec := l.chunk(l.group).MetaData.Codec
	if packed := h.DataPageHeaderV2.V.IsCompressed; h.Type == format.DataPageV2 && packed.Valid && !packed.V {
		codec = format.Uncompressed
	}
	if codec == format.Uncompressed && h.CompressedPageSize == h.UncompressedPageSize {
		return stored, nil
	}

	// Levels that the header counts are never compressed.
	levels := levelBytes(h)
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

	// io.EOF would look like the end of the column.
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

// header decodes the page header at l.at and returns its length.
func (l *leafReader) header() (*format.PageHeader, int, error) {
	const usual, longest = 512, 1 << 20

	// A header does not say how long it is. Statistics make some very long, so more
	// is read until it can be decoded.
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

// release returns the memory of the present page to the library.
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
