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
	offered []byte // headers, and a dictionary, that wait to be read
	read    int    // of offered
	page    []byte // comes after offered

	// What pages are read into, overwritten by the next one.
	header, stored, content []byte
}

// reset drops pages that were not read.
func (s *pageSource) reset() { s.offered, s.read, s.page = s.offered[:0], 0, nil }

// offer makes a data page the next to be read. Its content must stay as it is
// until then.
func (s *pageSource) offer(h *format.PageHeader, content []byte) error {
	s.page = content
	return s.offerHeader(h)
}

// offerDictionary makes a dictionary the next page to be read. It is copied,
// as the library reads it together with the data page that comes after it.
func (s *pageSource) offerDictionary(h *format.PageHeader, content []byte) error {
	err := s.offerHeader(h)
	s.offered = append(s.offered, content...)
	return err
}

func (s *pageSource) offerHeader(h *format.PageHeader) error {
	uncompressed := *h
	uncompressed.CompressedPageSize = h.UncompressedPageSize
	uncompressed.CRC = 0 // of the compressed page, and compared already
	uncompressed.DataPageHeader.V.Statistics = format.Statistics{}
	uncompressed.DataPageHeaderV2.V.Statistics = format.Statistics{}
	b, err := thrift.Marshal(new(thrift.CompactProtocol), &uncompressed)
	if s.read == len(s.offered) {
		s.offered, s.read = s.offered[:0], 0
	}
	s.offered = append(s.offered, b...)
	return err
}

// ReadAt implements [io.ReaderAt] with two exceptions: it continues after the last
// byte, whatever the offset is, and it may return fewer bytes than were asked for
// without an error, as another page can follow.
func (s *pageSource) ReadAt(b []byte, _ int64) (int, error) {
	if s.read < len(s.offered) {
		n := copy(b, s.offered[s.read:])
		s.read += n
		return n, nil
	}
	if len(s.page) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.page)
	s.page = s.page[n:]
	return n, nil
}

// shrink releases the memory of unusually large pages; usual buffers are reused
// for the next row group.
func (s *pageSource) shrink() {
	const usual = 2 << 20
	if cap(s.stored)+cap(s.content)+cap(s.offered) > usual {
		s.offered, s.stored, s.content = nil, nil, nil
	}
}

// resized returns n bytes in *b, which is replaced when it is too small.
func resized(b *[]byte, n int) []byte {
	if cap(*b) < n {
		*b = make([]byte, n)
	}
	return (*b)[:n]
}
