package parquetfile

import (
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// createdBy is the writer named in a rewritten file. It does not name the library,
// whose version must not change the bytes.
const createdBy = "cdrmend version 1(build )"

// splicer writes a file again, with some of its column chunks encoded anew.
type splicer struct {
	w     io.Writer
	file  *parquetFile
	edits map[int]map[int64]cellEdit // by number of the leaf and row
	at    int64                      // how many bytes were written
	index []chunkIndex               // of each chunk, in order
}

// chunkIndex is the page index of one column chunk; a part is empty when the chunk
// does not have it.
type chunkIndex struct {
	chunk   *format.ColumnChunk
	columns []byte
	offsets []byte
}

// write writes the whole file.
func (s *splicer) write() error {
	meta := s.file.meta
	meta.CreatedBy = createdBy
	if meta.EncryptionAlgorithm.Value != nil {
		return fmt.Errorf("it is encrypted")
	}

	if err := s.put([]byte(magic)); err != nil {
		return err
	}
	if slices.ContainsFunc(meta.ColumnOrders, func(o format.ColumnOrder) bool { return o.Value == nil }) {
		meta.ColumnOrders = nil // one of them is newer than the library, which would write it without its kind
	}

	// The metadata of the file that was read stays as it is: edits are read with it.
	meta.RowGroups = slices.Clone(meta.RowGroups)
	first := int64(0)
	for i := range meta.RowGroups {
		group := &meta.RowGroups[i]
		if err := s.group(i, group, first); err != nil {
			return err
		}
		first += group.NumRows
	}

	// The footer holds the offsets of the page index, so it comes last.
	if err := s.pageIndex(); err != nil {
		return err
	}
	footer, err := encodeFooter(&meta)
	if err != nil {
		return err
	}
	return s.put(footer)
}

func (s *splicer) put(b []byte) error {
	n, err := s.w.Write(b)
	s.at += int64(n)
	return err
}

// group writes a row group, whose first row has the given number in the file.
func (s *splicer) group(number int, group *format.RowGroup, first int64) error {
	group.Columns = slices.Clone(group.Columns)
	start, size := s.at, group.TotalByteSize
	for leaf := range group.Columns {
		chunk := &group.Columns[leaf]
		if chunk.FilePath != "" {
			return fmt.Errorf("its column chunks are in another file, %q", chunk.FilePath)
		}

		edited := editsWithin(s.edits[leaf], first, group.NumRows)
		if len(edited) == 0 {
			if err := s.copyChunk(chunk); err != nil {
				return err
			}
			continue
		}

		before := chunk.MetaData.TotalUncompressedSize
		if err := s.encodeChunk(chunk, number, leaf, edited); err != nil {
			return err
		}
		size += chunk.MetaData.TotalUncompressedSize - before
		group.SortingColumns = sortedBefore(group.SortingColumns, leaf)
	}

	// Optional fields that the writer left out are 0, and stay so.
	group.TotalByteSize = size
	if group.TotalCompressedSize != 0 {
		group.TotalCompressedSize = s.at - start
	}
	if group.FileOffset != 0 {
		group.FileOffset = start
	}
	return nil
}

// editsWithin returns the edits of a row group's rows, by number within it.
func editsWithin(edits map[int64]cellEdit, first, rows int64) map[int64]cellEdit {
	within := map[int64]cellEdit{}
	for row, e := range edits {
		if row >= first && row-first < rows {
			within[row-first] = e
		}
	}
	return within
}

// sortedBefore returns the part of an order that still holds when a column changed.
func sortedBefore(order []format.SortingColumn, leaf int) []format.SortingColumn {
	for i := range order {
		if int(order[i].ColumnIdx) == leaf {
			return order[:i:i]
		}
	}
	return order
}

// copyChunk copies the bytes of a column chunk. Its Bloom filter is not copied:
// readers use it only to skip the chunk.
func (s *splicer) copyChunk(chunk *format.ColumnChunk) error {
	meta := &chunk.MetaData
	from, to := chunkStart(meta), s.at
	if from < 0 || meta.TotalCompressedSize < 0 || from > s.file.size-meta.TotalCompressedSize {
		return fmt.Errorf("a column chunk ends outside the file")
	}

	index, err := s.readIndex(chunk, to-from)
	if err != nil {
		return err
	}
	s.index = append(s.index, index)

	n, err := io.Copy(s.w, io.NewSectionReader(s.file.src, from, meta.TotalCompressedSize))
	s.at += n
	if err != nil {
		return err
	}
	if n != meta.TotalCompressedSize {
		return io.ErrUnexpectedEOF
	}

	move(chunk, to-from)
	return nil
}

// move adjusts the offsets of a column chunk that moved.
func move(chunk *format.ColumnChunk, by int64) {
	meta := &chunk.MetaData
	for _, offset := range []*int64{&chunk.FileOffset, &meta.DataPageOffset, &meta.IndexPageOffset, &meta.DictionaryPageOffset} {
		if *offset != 0 {
			*offset += by
		}
	}
	meta.BloomFilterOffset, meta.BloomFilterLength = 0, 0
}

// readIndex reads the page index of a column chunk that moves.
func (s *splicer) readIndex(chunk *format.ColumnChunk, by int64) (chunkIndex, error) {
	columns, err := s.section(chunk.ColumnIndexOffset, chunk.ColumnIndexLength)
	if err != nil {
		return chunkIndex{}, err
	}
	offsets, err := s.section(chunk.OffsetIndexOffset, chunk.OffsetIndexLength)
	if err != nil || offsets == nil {
		return chunkIndex{chunk: chunk, columns: columns}, err
	}

	var pages format.OffsetIndex
	if _, err := decodeThrift(offsets, &pages); err != nil {
		return chunkIndex{}, fmt.Errorf("reading a page index: %w", err)
	}
	offsets, err = movedPages(pages, by)
	return chunkIndex{chunk, columns, offsets}, err
}

// movedPages encodes an offset index with all pages moved.
func movedPages(pages format.OffsetIndex, by int64) ([]byte, error) {
	pages.PageLocations = slices.Clone(pages.PageLocations)
	for i := range pages.PageLocations {
		pages.PageLocations[i].Offset += by
	}
	return thrift.Marshal(new(thrift.CompactProtocol), &pages)
}

// section reads a part of the file, nil when the footer has no offset for it.
func (s *splicer) section(at int64, length int32) ([]byte, error) {
	if at == 0 || length <= 0 {
		return nil, nil
	}
	if int64(length) > s.file.size {
		return nil, io.ErrUnexpectedEOF // checked before so much is allocated
	}

	b := make([]byte, length)
	return b, s.file.readFull(b, at)
}

// pageIndex writes the page index of all chunks: first the column indexes, then
// the offset indexes.
func (s *splicer) pageIndex() error {
	for _, i := range s.index {
		if err := s.putIndex(i.columns, &i.chunk.ColumnIndexOffset, &i.chunk.ColumnIndexLength); err != nil {
			return err
		}
	}

	for _, i := range s.index {
		if err := s.putIndex(i.offsets, &i.chunk.OffsetIndexOffset, &i.chunk.OffsetIndexLength); err != nil {
			return err
		}
	}

	return nil
}

// putIndex writes a part of the page index and notes its place, 0 for none.
func (s *splicer) putIndex(b []byte, offset *int64, length *int32) error {
	*offset, *length = 0, 0
	if len(b) > 0 {
		*offset, *length = s.at, int32(len(b))
	}
	return s.put(b)
}
