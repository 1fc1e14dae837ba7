package parquetfile

import (
	"bytes"
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/format"
)

// encodeChunk writes a column chunk with edits. It encodes a file with only this
// column and copies the chunk from it.
func (s *splicer) encodeChunk(chunk *format.ColumnChunk, group, leaf int, edits map[int64]cellEdit) error {
	column := leavesOf(nil, s.file.file.Root())[leaf]
	alone, err := s.encodeAlone(column, group, edits)
	if err != nil {
		return err
	}
	f, err := parquet.OpenFile(bytes.NewReader(alone), int64(len(alone)))
	if err != nil {
		return err
	}

	// The chunk keeps its path and its own metadata.
	encoded := f.Metadata().RowGroups[0].Columns[0]
	meta := &encoded.MetaData
	from, to := chunkStart(meta), s.at
	meta.PathInSchema, meta.KeyValueMetadata = chunk.MetaData.PathInSchema, chunk.MetaData.KeyValueMetadata

	// The copy has a page index only if the chunk had one.
	index := chunkIndex{chunk: chunk}
	if chunk.ColumnIndexOffset != 0 {
		index.columns = alone[encoded.ColumnIndexOffset:][:encoded.ColumnIndexLength]
	}
	if chunk.OffsetIndexOffset != 0 {
		if index.offsets, err = movedPages(f.OffsetIndexes()[0], to-from); err != nil {
			return err
		}
	}
	if chunk.FileOffset == 0 {
		encoded.FileOffset = 0
	}

	*chunk = encoded
	move(chunk, to-from)
	s.index = append(s.index, index)
	return s.put(alone[from:][:meta.TotalCompressedSize])
}

// encodeAlone returns a file with one column of one row group.
func (s *splicer) encodeAlone(column *parquet.Column, group int, edits map[int64]cellEdit) ([]byte, error) {
	const largestDictionary = 1 << 20 // above it the other values are written without one
	leaf := newLeafReader(s.file, column)
	defer leaf.close()
	if err := leaf.begin(group); err != nil {
		return nil, err
	}

	codec := codecOf(leaf.chunk(group).MetaData.Codec)
	var b bytes.Buffer
	w := parquet.NewWriter(&b, parquet.NewSchema("alone", s.alone(column, codec)),
		parquet.DataPageStatistics(false),
		parquet.DictionaryMaxBytes(largestDictionary),
		parquet.DataPageVersion(pageVersion(leaf.chunk(group))),
	)

	values := w.ColumnWriters()[0]
	for row := range s.file.meta.RowGroups[group].NumRows {
		if err := leaf.nextRow(); err != nil {
			return nil, fmt.Errorf("column %q: %w", column.Name(), err)
		}
		if e, ok := edits[row]; ok {
			leaf.row = e.apply(leaf.row)
		}
		if _, err := values.WriteRowValues(leaf.row); err != nil {
			return nil, err
		}
	}

	err := w.Close()
	return b.Bytes(), err
}

// pageVersion returns the version of a column chunk's data pages.
func pageVersion(chunk *format.ColumnChunk) int {
	for _, stats := range chunk.MetaData.EncodingStats {
		if stats.PageType == format.DataPageV2 {
			return 2
		}
	}
	return 1 // which every reader understands
}

// alone returns the schema without all other columns.
func (s *splicer) alone(column *parquet.Column, codec compress.Codec) parquet.Node {
	path := column.Path()
	groups := []*parquet.Column{s.file.file.Root()}
	for _, name := range path[:len(path)-1] {
		groups = append(groups, groups[len(groups)-1].Column(name))
	}

	// The groups stay around the column: levels of values depend on them.
	node := parquet.Compressed(column, codec)
	for i := len(groups) - 1; i >= 0; i-- {
		node = parquet.Group{path[i]: node}
		switch {
		case i > 0 && groups[i].Optional():
			node = parquet.Optional(node)
		case i > 0 && groups[i].Repeated():
			node = parquet.Repeated(node)
		}
	}
	return node
}
