package main

import (
	"encoding/binary"
	"os"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// writeTimes writes three recordings: the start of each at 10:00:00.123456789, an end
// five minutes later that the second one lacks, and its duration. The third one
// starts in the hour that European clocks show twice.
func writeTimes(path string) error {
	starts := []time.Time{
		time.Date(2026, 11, 20, 10, 0, 0, 123456789, time.UTC),
		time.Date(2026, 11, 20, 10, 0, 0, 123456789, time.UTC),
		time.Date(2026, 10, 25, 2, 30, 0, 0, time.UTC),
	}
	required, optional := parquet.Repetitions.Required, parquet.Repetitions.Optional
	stamp := func(name string, adjusted bool, unit schema.TimeUnitType) schema.Node {
		return schema.MustPrimitive(schema.NewPrimitiveNodeLogical(name, optional, schema.NewTimestampLogicalType(adjusted, unit), parquet.Types.Int64, 0, -1))
	}
	root, err := schema.NewGroupNode("schema", required, schema.FieldList{
		schema.MustPrimitive(schema.NewPrimitiveNodeLogical("id", required, schema.StringLogicalType{}, parquet.Types.ByteArray, 0, -1)),
		schema.NewInt64Node("ms", required, -1),
		schema.NewInt96Node("int96_start", optional, -1),
		schema.NewInt96Node("int96_end", optional, -1),
		stamp("local_ms_start", false, schema.TimeUnitMillis),
		stamp("local_ms_end", false, schema.TimeUnitMillis),
		stamp("local_us_start", false, schema.TimeUnitMicros),
		stamp("local_us_end", false, schema.TimeUnitMicros),
		stamp("local_ns_start", false, schema.TimeUnitNanos),
		stamp("local_ns_end", false, schema.TimeUnitNanos),
		stamp("utc_us_start", true, schema.TimeUnitMicros),
		stamp("utc_us_end", true, schema.TimeUnitMicros),
	}, -1)
	if err != nil {
		return err
	}

	out, err := os.Create(path)
	if err != nil {
		return err
	}
	w := file.NewParquetWriter(out, root)
	group := w.AppendRowGroup()
	for i := range root.NumFields() {
		column, err := group.NextColumn()
		if err != nil {
			return err
		}
		if err := writeTimesOf(column, root.Field(i).Name(), starts); err != nil {
			return err
		}
		if err := column.Close(); err != nil {
			return err
		}
	}
	return w.Close()
}

// writeTimesOf writes a column. The second end is missing.
func writeTimesOf(column file.ColumnChunkWriter, name string, starts []time.Time) error {
	unit := time.Microsecond
	switch {
	case strings.HasPrefix(name, "local_ms"):
		unit = time.Millisecond
	case strings.HasPrefix(name, "local_ns"):
		unit = time.Nanosecond
	}
	isEnd := strings.HasSuffix(name, "_end")

	var levels []int16
	var numbers []int64
	var old []parquet.Int96
	for i, t := range starts {
		level := int16(1)
		if isEnd {
			t = t.Add(5 * time.Minute)
			level = int16((i + 1) % 2)
		}
		levels = append(levels, level)
		if level == 0 {
			continue
		}
		numbers = append(numbers, t.UnixNano()/int64(unit))
		var n parquet.Int96
		const dayNanos = 24 * 3600 * 1e9
		binary.LittleEndian.PutUint32(n[8:], uint32(t.UnixNano()/dayNanos+2440588)) // the Julian day
		n.SetNanoSeconds(t.UnixNano() % dayNanos)
		old = append(old, n)
	}

	var err error
	switch w := column.(type) {
	case *file.ByteArrayColumnChunkWriter:
		_, err = w.WriteBatch([]parquet.ByteArray{[]byte("r1"), []byte("r2"), []byte("r3")}, nil, nil)
	case *file.Int96ColumnChunkWriter:
		_, err = w.WriteBatch(old, levels, nil)
	case *file.Int64ColumnChunkWriter:
		if name == "ms" {
			_, err = w.WriteBatch([]int64{300_000, 300_000, 300_000}, nil, nil)
		} else {
			_, err = w.WriteBatch(numbers, levels, nil)
		}
	}
	return err
}
