package parquetfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
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
