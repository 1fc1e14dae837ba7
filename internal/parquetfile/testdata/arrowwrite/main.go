// Command arrowwrite writes Parquet files with Apache Arrow, an implementation
// of the format that shares nothing with the one under test.
//
//	arrowwrite DIR
//
// It reads DIR/NAME.values, where each line has a value in hexadecimal digits
// or is empty for none, and writes NAME in all codecs, encodings and page
// versions, with a required and an optional column x:
//
//	DIR/NAME,CODEC,ENCODING,VERSION,REPETITION.parquet
//
//	arrowwrite -times FILE
//
// It writes a manifest whose times are in columns of all types of timestamps, with
// and without adjustment to UTC, also that of old writers (INT96).
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

var codecs = map[string]compress.Compression{
	"UNCOMPRESSED": compress.Codecs.Uncompressed,
	"SNAPPY":       compress.Codecs.Snappy,
	"GZIP":         compress.Codecs.Gzip,
	"BROTLI":       compress.Codecs.Brotli,
	"ZSTD":         compress.Codecs.Zstd,
	"LZ4_RAW":      compress.Codecs.Lz4Raw,
}

// An encoding is one of a physical type.
type encoding struct {
	name  string
	value parquet.Encoding
	kind  parquet.Type
}

var encodings = []encoding{
	{"PLAIN", parquet.Encodings.Plain, parquet.Types.ByteArray},
	{"RLE_DICTIONARY", parquet.Encodings.RLEDict, parquet.Types.ByteArray},
	{"DELTA_LENGTH_BYTE_ARRAY", parquet.Encodings.DeltaLengthByteArray, parquet.Types.ByteArray},
	{"DELTA_BYTE_ARRAY", parquet.Encodings.DeltaByteArray, parquet.Types.ByteArray},
	{"PLAIN_INT64", parquet.Encodings.Plain, parquet.Types.Int64},
	{"DELTA_BINARY_PACKED", parquet.Encodings.DeltaBinaryPacked, parquet.Types.Int64},
	{"BYTE_STREAM_SPLIT", parquet.Encodings.ByteStreamSplit, parquet.Types.Int64},
}

func main() {
	log.SetFlags(0)
	if os.Args[1] == "-times" {
		if err := writeTimes(os.Args[2]); err != nil {
			log.Fatal(err)
		}
		return
	}
	paths, err := filepath.Glob(filepath.Join(os.Args[1], "*.values"))
	if err != nil || len(paths) == 0 {
		log.Fatalf("no values in %s, %v", os.Args[1], err)
	}
	for _, path := range paths {
		values, err := read(path)
		if err != nil {
			log.Fatal(err)
		}
		if err := writeAll(strings.TrimSuffix(path, ".values"), values); err != nil {
			log.Fatal(err)
		}
	}
}

func read(path string) ([][]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var values [][]byte
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() {
		v, err := hex.DecodeString(lines.Text())
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, lines.Err()
}

func writeAll(name string, values [][]byte) error {
	for codec, compression := range codecs {
		for _, e := range encodings {
			for version, pages := range map[string]parquet.DataPageVersion{"v1": parquet.DataPageV1, "v2": parquet.DataPageV2} {
				for _, repetition := range []parquet.Repetition{parquet.Repetitions.Required, parquet.Repetitions.Optional} {
					path := fmt.Sprintf("%s,%s,%s,%s,%s.parquet", name, codec, e.name, version, strings.ToLower(repetition.String()))
					properties := []parquet.WriterProperty{
						parquet.WithCompression(compression),
						parquet.WithDataPageVersion(pages),
						parquet.WithDataPageSize(32 << 10),
						parquet.WithDictionaryDefault(e.value == parquet.Encodings.RLEDict),
					}
					if e.value != parquet.Encodings.RLEDict {
						properties = append(properties, parquet.WithEncoding(e.value))
					}
					if err := write(path, e.kind, repetition, values, properties); err != nil {
						return fmt.Errorf("%s: %w", path, err)
					}
				}
			}
		}
	}
	return nil
}

// write writes the values in batches, as a page ends only between two.
func write(path string, kind parquet.Type, repetition parquet.Repetition, values [][]byte, properties []parquet.WriterProperty) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	x, err := schema.NewPrimitiveNode("x", repetition, kind, -1, -1)
	if err != nil {
		return err
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, schema.FieldList{x}, -1)
	if err != nil {
		return err
	}
	w := file.NewParquetWriter(out, root, file.WithWriterProps(parquet.NewWriterProperties(properties...)))
	for _, group := range [][][]byte{values[:len(values)/2], values[len(values)/2:]} {
		column, err := w.AppendRowGroup().NextColumn()
		if err != nil {
			return err
		}
		for len(group) > 0 {
			n := min(100, len(group))
			if err := writeBatch(column, repetition == parquet.Repetitions.Optional, group[:n]); err != nil {
				return err
			}
			group = group[n:]
		}
		if err := column.Close(); err != nil {
			return err
		}
	}
	return w.Close()
}

func writeBatch(column file.ColumnChunkWriter, optional bool, batch [][]byte) error {
	var levels []int16
	var texts []parquet.ByteArray
	var numbers []int64
	for _, v := range batch {
		if optional {
			levels = append(levels, min(1, int16(len(v))))
		}
		if len(v) == 0 && optional {
			continue
		}
		var number [8]byte
		copy(number[:], v)
		texts = append(texts, v)
		numbers = append(numbers, int64(binary.LittleEndian.Uint64(number[:])))
	}
	var err error
	switch w := column.(type) {
	case *file.ByteArrayColumnChunkWriter:
		_, err = w.WriteBatch(texts, levels, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = w.WriteBatch(numbers, levels, nil)
	}
	return err
}
