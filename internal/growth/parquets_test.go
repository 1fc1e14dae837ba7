package growth

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"reflect"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// parquets are structures of Parquet files: what a footer may claim in a few bytes, and
// pages that say in a few bytes what many rows have.
var parquets = []structure{
	{name: "row groups of a footer", n: 20_000, write: func(w *night, n int) {
		w.footer(func(meta *format.FileMetaData) { meta.RowGroups = make([]format.RowGroup, n) })
	}},
	{name: "column chunks of a footer", n: 20_000, write: func(w *night, n int) {
		w.footer(func(meta *format.FileMetaData) {
			meta.RowGroups = []format.RowGroup{{Columns: make([]format.ColumnChunk, n)}}
		})
	}},
	{name: "keys and values of a footer", n: 20_000, write: func(w *night, n int) {
		w.footer(func(meta *format.FileMetaData) { meta.KeyValueMetadata = make([]format.KeyValue, n) })
	}},
	{name: "columns of a schema", n: 2000, write: func(w *night, n int) {
		w.footer(func(meta *format.FileMetaData) {
			root := &meta.Schema[0]
			for i := range n {
				meta.Schema = append(meta.Schema, format.SchemaElement{Name: fmt.Sprint("c", i), Type: meta.Schema[1].Type, RepetitionType: meta.Schema[1].RepetitionType})
			}
			root.NumChildren.V += int32(n)
		})
	}},
	{name: "rows of one value", n: 20_000, write: func(w *night, n int) {
		type row struct {
			Conversation string `parquet:"conversation_id,dict,zstd"`
			Leg          string `parquet:"leg_id,dict,zstd"`
			Recorded     bool   `parquet:"recorded"`
		}
		w.put(cdrs, "x.parquet", func(b *bufio.Writer) {
			parquetOf(w, b, n, func(i int) row { return row{Conversation: "c" + fmt.Sprint(i/900), Leg: "1"} })
		})
	}},
	{name: "a long text in every row of a dictionary", n: 5000, write: func(w *night, n int) {
		type row struct {
			Conversation string `parquet:"conversation_id,delta"`
			Direction    string `parquet:"direction,dict,zstd"`
			Start        string `parquet:"start_time,dict,zstd"`
		}
		text := again("x", 100_000)
		w.put(cdrs, "x.parquet", func(b *bufio.Writer) {
			parquetOf(w, b, n, func(i int) row { return row{fmt.Sprint("c", i), text, text} })
		})
	}, dense: &density{100, "each row has two values that do not parse, which are findings"}},
}

// footer writes a Parquet file of CDRs without rows, whose metadata change changes.
func (n *night) footer(change func(*format.FileMetaData)) {
	type row struct {
		Conversation *string `parquet:"conversation_id,optional"`
	}
	n.put(cdrs, "x.parquet", func(b *bufio.Writer) {
		meta := format.FileMetaData{Version: 1}
		for i, e := range schemaOf[row]() {
			if i == 0 {
				e.Name = "root"
			}
			meta.Schema = append(meta.Schema, e)
		}
		change(&meta)
		text, err := thrift.Marshal(new(thrift.CompactProtocol), &meta)
		if err != nil {
			n.t.Fatal(err)
		}
		_, _ = b.WriteString("PAR1")
		_, _ = b.Write(text)
		_ = binary.Write(b, binary.LittleEndian, uint32(len(text)))
		_, _ = b.WriteString("PAR1")
	})
}

// schemaOf returns the elements of the schema of a type.
func schemaOf[T any]() []format.SchemaElement {
	file := &memory{}
	w := parquet.NewGenericWriter[T](file)
	_ = w.Close()
	opened, err := parquet.OpenFile(file, int64(len(file.b)))
	if err != nil {
		panic(fmt.Sprintf("the schema of %v: %v", reflect.TypeFor[T](), err))
	}
	return opened.Metadata().Schema
}

// memory is a file in memory.
type memory struct{ b []byte }

func (m *memory) Write(b []byte) (int, error) {
	m.b = append(m.b, b...)
	return len(b), nil
}

func (m *memory) ReadAt(b []byte, at int64) (int, error) {
	n := copy(b, m.b[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// parquetOf writes rows as Parquet.
func parquetOf[T any](n *night, to io.Writer, count int, row func(i int) T) {
	n.t.Helper()
	w := parquet.NewGenericWriter[T](to)
	for i := range count {
		if _, err := w.Write([]T{row(i)}); err != nil {
			n.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		n.t.Fatal(err)
	}
}
