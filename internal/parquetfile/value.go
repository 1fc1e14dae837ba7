package parquetfile

import (
	"math"
	"math/big"
	"strconv"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/stream"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// scalar is the meaning of the values of a column, beyond their physical type.
type scalar struct {
	kind  scalarKind
	unit  time.Duration // of times
	local bool          // times without a zone
	scale int           // of decimals

	limits *stream.Limits // of JSON
}

type scalarKind uint8

const (
	physical scalarKind = iota // nothing but its physical type
	jsonText
	uuidBytes
	unsigned
	decimals
	timestamp
	date
	timeOfDay
)

// scalarOf returns the meaning of a column's type. Limits are for JSON.
func scalarOf(t parquet.Type, limits *stream.Limits) scalar {
	logical := t.LogicalType()
	if logical == nil {
		return scalar{}
	}

	switch l := logical.Value.(type) {
	case *format.JsonType:
		return scalar{kind: jsonText, limits: limits}
	case *format.UUIDType:
		return scalar{kind: uuidBytes}
	case *format.IntType:
		if !l.IsSigned {
			return scalar{kind: unsigned}
		}
	case *format.DecimalType:
		return scalar{kind: decimals, scale: int(l.Scale)}
	case *format.TimestampType:
		return scalar{kind: timestamp, unit: l.Unit.Value.Duration(), local: !l.IsAdjustedToUTC}
	case *format.DateType:
		return scalar{kind: date}
	case *format.TimeType:
		return scalar{kind: timeOfDay, unit: l.Unit.Value.Duration()}
	}

	return scalar{} // signed integers and strings have no other meaning
}

// isLocal reports whether the values of a column are times without a zone: timestamps
// that are not adjusted to UTC, and the timestamps of old writers.
func isLocal(t parquet.Type) bool {
	return t.Kind() == parquet.Int96 || scalarOf(t, nil).local
}

// value returns v as a raw value. A text that must be written for it is appended
// to text.
func (s scalar) value(v parquet.Value, text *[]byte) jsonscan.Value {
	if v.IsNull() {
		return jsonscan.Value{Kind: jsonscan.Null}
	}

	// A text that is not valid JSON is read like any other text.
	if s.kind == jsonText {
		if parsed, err := jsonscan.Parse(v.ByteArray(), s.limits); err == nil {
			return parsed
		}
	}
	if v.Kind() == parquet.ByteArray && s.kind != decimals {
		return jsonscan.Value{Kind: jsonscan.Cell, Raw: v.ByteArray()}
	}

	from := len(*text)
	kind, b := s.append(*text, v)
	*text = b
	return jsonscan.Value{Kind: kind, Raw: b[from:len(b):len(b)]}
}

// append appends the text of a value and returns its kind.
func (s scalar) append(b []byte, v parquet.Value) (jsonscan.ValueKind, []byte) {
	switch s.kind {
	case uuidBytes:
		return jsonscan.Cell, (*intern.UUID)(v.ByteArray()).AppendTo(b)
	case unsigned:
		if v.Kind() == parquet.Int32 {
			return jsonscan.Number, strconv.AppendUint(b, uint64(v.Uint32()), 10)
		}
		return jsonscan.Number, strconv.AppendUint(b, v.Uint64(), 10)
	case decimals:
		return appendDecimal(b, v, s.scale)
	case timestamp:
		return jsonscan.Cell, appendInstant(b, v.Int64(), s.unit, s.local)
	case date:
		return jsonscan.Cell, time.Unix(int64(v.Int32())*86400, 0).UTC().AppendFormat(b, time.DateOnly)
	case timeOfDay:
		return jsonscan.Cell, timeOf(integerOf(v), s.unit).AppendFormat(b, "15:04:05.999999999")
	}

	return appendPhysical(b, v)
}

// appendPhysical appends a value whose physical type is all its meaning.
func appendPhysical(b []byte, v parquet.Value) (jsonscan.ValueKind, []byte) {
	switch v.Kind() {
	case parquet.Boolean:
		return jsonscan.Bool, strconv.AppendBool(b, v.Boolean())
	case parquet.Int32, parquet.Int64:
		return jsonscan.Number, strconv.AppendInt(b, integerOf(v), 10)
	case parquet.Int96:
		return jsonscan.Cell, appendInt96(b, v.Int96())
	case parquet.Float:
		return appendFloat(b, float64(v.Float()), 32)
	case parquet.Double:
		return appendFloat(b, v.Double(), 64)
	}

	return jsonscan.Cell, append(b, v.ByteArray()...)
}

func integerOf(v parquet.Value) int64 {
	if v.Kind() == parquet.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}

// timeOf returns the instant n units after 1970.
func timeOf(n int64, unit time.Duration) time.Time {
	switch unit {
	case time.Millisecond:
		return time.UnixMilli(n).UTC()
	case time.Microsecond:
		return time.UnixMicro(n).UTC()
	}
	return time.Unix(0, n).UTC()
}

const localLayout = "2006-01-02T15:04:05.999999999"

// appendInstant appends a timestamp, without a zone when it is local.
func appendInstant(b []byte, n int64, unit time.Duration, local bool) []byte {
	b = timeOf(n, unit).AppendFormat(b, localLayout)
	if local {
		return b
	}
	return append(b, 'Z')
}

// unixEpoch is the Julian day on which 1970 begins.
const unixEpoch = 2440588

// appendInt96 appends the nanoseconds of a Julian day, the timestamp of old
// writers. Nothing says which zone it is in.
func appendInt96(b []byte, v deprecated.Int96) []byte {
	nanos := int64(uint64(v[1])<<32 | uint64(v[0]))
	day := int64(v[2]) - unixEpoch
	return time.Unix(day*86400, nanos).UTC().AppendFormat(b, localLayout)
}

// appendFloat appends a number in the form of JSON. NaN and infinities, which JSON
// does not have, are cells.
func appendFloat(b []byte, f float64, bits int) (jsonscan.ValueKind, []byte) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return jsonscan.Cell, strconv.AppendFloat(b, f, 'g', -1, bits)
	}

	// The same limits as in ECMAScript: long rows of zeros are not written out.
	verb := byte('f')
	if abs := math.Abs(f); abs >= 1e21 || abs != 0 && abs < 1e-6 {
		verb = 'e'
	}

	return jsonscan.Number, strconv.AppendFloat(b, f, verb, -1, bits)
}

// appendDecimal appends an unscaled integer with its decimal point.
func appendDecimal(b []byte, v parquet.Value, scale int) (jsonscan.ValueKind, []byte) {
	// A forged schema must not ask for a text of any length.
	const longest = 64
	if scale < 0 || scale > 8*longest {
		return jsonscan.Null, b
	}

	unscaled := new(big.Int)
	switch v.Kind() {
	case parquet.Int32, parquet.Int64:
		unscaled.SetInt64(integerOf(v))

	default:
		raw := v.ByteArray()
		if len(raw) > longest {
			return jsonscan.Cell, append(b, raw...)
		}
		// Bytes are in two's complement, the most significant first.
		unscaled.SetBytes(raw)
		if len(raw) > 0 && raw[0]&0x80 != 0 {
			unscaled.Sub(unscaled, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
		}
	}

	if unscaled.Sign() < 0 {
		b = append(b, '-')
	}

	// There is at least one digit before the point.
	digits := unscaled.Abs(unscaled).Append(nil, 10)
	for len(digits) <= scale {
		digits = append([]byte{'0'}, digits...)
	}

	b = append(b, digits[:len(digits)-scale]...)
	if scale > 0 {
		b = append(append(b, '.'), digits[len(digits)-scale:]...)
	}
	return jsonscan.Number, b
}
