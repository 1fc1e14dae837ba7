package parquetfile

import (
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// pageSource offers decompressed pages to the library, which accepts them only as
// parts of a file. The library reads a column chunk from it in order, and asks
// for no byte that was not offered.
type pageSource struct {
	offered [][]byte // in the order in which they are read

	// Memory for a page, overwritten by the next one.
	header, stored, content []byte
}

// reset discards pages that were not read.
func (s *pageSource) reset() { s.offered = s.offered[:0] }

// offer makes a page the next to be read. Its content must stay as it is until
// then.
func (s *pageSource) offer(h *format.PageHeader, content []byte) error {
	uncompressed := *h
	uncompressed.CompressedPageSize = h.UncompressedPageSize
	uncompressed.CRC = 0 // of the compressed page, and compared already

	// Nothing uses the statistics, and a forged header may have anything in them.
	uncompressed.DataPageHeader.V.Statistics = format.Statistics{}
	uncompressed.DataPageHeaderV2.V.Statistics = format.Statistics{}

	header, err := thrift.Marshal(new(thrift.CompactProtocol), &uncompressed)
	s.offered = append(s.offered, header, content)
	return err
}

// keepContent makes the next page be read into other memory. A dictionary is
// read by the library together with the data page after it.
func (s *pageSource) keepContent() { s.stored, s.content = nil, nil }

// ReadAt implements [io.ReaderAt] with two exceptions: it continues after the last
// byte, whatever the offset is, and it may return fewer bytes than were asked for
// without an error, as another page can follow.
func (s *pageSource) ReadAt(b []byte, _ int64) (int, error) {
	for len(s.offered) > 0 && len(s.offered[0]) == 0 {
		s.offered = s.offered[1:]
	}
	if len(s.offered) == 0 {
		return 0, io.EOF
	}

	n := copy(b, s.offered[0])
	s.offered[0] = s.offered[0][n:]
	return n, nil
}

// shrink releases the memory of an unusually large page once the library has its
// copy; usual buffers are reused for the next page.
func (s *pageSource) shrink() {
	const usual = 2 << 20
	if cap(s.stored)+cap(s.content) > usual {
		s.stored, s.content = nil, nil
	}
}

// resized returns n bytes in *b, which is replaced when it is too small.
func resized(b *[]byte, n int) []byte {
	if cap(*b) < n {
		*b = make([]byte, n)
	}
	return (*b)[:n]
}
