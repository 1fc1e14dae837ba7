package parquetfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const magic = "PAR1"

// footer is the metadata of a file. It decodes a key without a value as a key with
// an empty value. The format allows such keys, but the library refuses them.
type footer format.FileMetaData

var _ thrift.Value = footer{}

// DecodeFunc implements [thrift.Value].
func (footer) DecodeFunc(known thrift.DecodeFuncCache) thrift.DecodeFunc {
	type pair struct {
		Key   string `thrift:"1,required"`
		Value string `thrift:"2,optional"`
	}

	decodePair := thrift.DecodeFuncFor[pair](known)
	known[reflect.TypeFor[format.KeyValue]()] = func(r thrift.Reader, v reflect.Value, flags thrift.Flags) error {
		var p pair
		if err := decodePair(r, reflect.ValueOf(&p).Elem(), flags); err != nil {
			return err
		}
		v.Set(reflect.ValueOf(format.KeyValue(p)))
		return nil
	}

	decode := thrift.DecodeFuncFor[format.FileMetaData](known)
	return func(r thrift.Reader, v reflect.Value, flags thrift.Flags) error {
		return decode(r, v.Addr().Convert(reflect.TypeFor[*format.FileMetaData]()).Elem(), flags)
	}
}

// EncodeFunc implements [thrift.Value].
func (footer) EncodeFunc(known thrift.EncodeFuncCache) thrift.EncodeFunc {
	return thrift.EncodeFuncFor[format.FileMetaData](known)
}

// Type implements [thrift.Value].
func (footer) Type() thrift.Type { return thrift.STRUCT }

// NullFunc implements [thrift.Value].
func (footer) NullFunc() thrift.NullFunc { return func(reflect.Value) bool { return false } }

// encodeFooter returns the end of a file: its metadata, their length and the
// magic number.
func encodeFooter(meta *format.FileMetaData) ([]byte, error) {
	b, err := thrift.Marshal(new(thrift.CompactProtocol), meta)
	if err != nil {
		return nil, err
	}
	n := uint32(len(b))
	return append(binary.LittleEndian.AppendUint32(b, n), magic...), nil
}

// openUncompressed gives the library a file of this metadata alone, which says
// that no column is compressed. The file provides the schema, and decodes pages
// that a pageSource offers.
func openUncompressed(meta format.FileMetaData) (*parquet.File, error) {
	meta.RowGroups = slices.Clone(meta.RowGroups)
	for i := range meta.RowGroups {
		group := &meta.RowGroups[i]
		group.Columns = slices.Clone(group.Columns)
		for k := range group.Columns {
			chunk := &group.Columns[k]
			chunk.CryptoMetadata.Value = nil
			chunk.MetaData.Codec = format.Uncompressed
			chunk.MetaData.DataPageOffset, chunk.MetaData.DictionaryPageOffset = 0, 0
			chunk.MetaData.TotalCompressedSize = math.MaxInt64 // a pageSource ends by itself
		}
	}

	end, err := encodeFooter(&meta)
	if err != nil {
		return nil, fmt.Errorf("reading the footer: %w", err)
	}
	file := append([]byte(magic), end...)
	return parquet.OpenFile(bytes.NewReader(file), int64(len(file)),
		parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(4<<10))
}

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

	// The file ends with the length of the footer and the magic number.
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

	// The library does not expect types that the format does not have.
	var names []string
	for _, element := range p.meta.Schema {
		names = append(names, element.Name)
		if t := element.Type; t.Valid && (t.V < format.Boolean || t.V > format.FixedLenByteArray) {
			return fmt.Errorf("column %q has the type %d, which there is not", element.Name, t.V)
		}
	}

	if err := p.limits.CheckHeader(names); err != nil {
		return err
	}
	return p.checkChunks()
}

// checkChunks refuses column chunks that describe nothing. In a footer they take three
// bytes, and in memory a thousand.
func (p *parquetFile) checkChunks() error {
	leaves := 0
	for _, element := range p.meta.Schema {
		if element.Type.Valid {
			leaves++
		}
	}

	for i := range p.meta.RowGroups {
		columns := p.meta.RowGroups[i].Columns
		if len(columns) != leaves {
			return fmt.Errorf("row group %d has %d columns, and the schema %d", i, len(columns), leaves)
		}
		for k := range columns {
			c := &columns[k]
			encrypted := c.CryptoMetadata.Value != nil || len(c.EncryptedColumnMetadata) > 0
			if len(c.MetaData.PathInSchema) == 0 && !encrypted {
				return fmt.Errorf("row group %d does not say what its column %d is", i, k)
			}
		}
	}
	return nil
}

// readFull fills b from an offset.
func (p *parquetFile) readFull(b []byte, at int64) error {
	n, err := p.src.ReadAt(b, at)
	if n == len(b) {
		return nil // ReadAt may return io.EOF together with all bytes
	}

	// io.EOF would look like the end of the rows.
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// decodeThrift decodes b and returns the number of bytes that it used.
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
