package parquetfile

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
)

var defaults = stream.DefaultLimits()

// oneColumn writes a file with the column x.
func oneColumn(t *testing.T, node parquet.Node, values ...parquet.Value) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewWriter(&b, parquet.NewSchema("t", parquet.Group{"x": node}))
	for _, v := range values {
		level := 0
		if node.Optional() && !v.IsNull() {
			level = 1
		}
		if _, err := w.WriteRows([]parquet.Row{{v.Level(0, level, 0)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fieldAt maps the field of all these tests to a place.
func fieldAt(places ...string) *rows.Mapping {
	p := &profile.Profile{Fields: map[record.Field][]profile.Place{record.RecordingID: profile.At(places...)}}
	return rows.NewMapping(p, []record.Field{record.RecordingID}, &defaults)
}

func valuesOf(t *testing.T, m *rows.Mapping, file []byte) ([]string, rows.Reading) {
	t.Helper()
	var got []string
	reading, err := Read(m, bytes.NewReader(file), int64(len(file)), rows.Visitor{Row: func(r *rows.Row) error {
		if int(r.Index) != len(got) {
			t.Errorf("row %d has number %d", len(got), r.Index)
		}
		v := r.Value(record.RecordingID)
		got = append(got, fmt.Sprint(v.Kind, " ", string(v.Raw)))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return got, reading
}

func TestParquetValuesBecomeWhatTheirTypeMeans(t *testing.T) {
	const micros = 1_795_420_800_123_456 // 2026-11-23T08:00:00.123456Z
	uuid := parquet.FixedLenByteArrayValue([]byte{0x6f, 0x0a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14})
	decimal := parquet.FixedLenByteArrayValue([]byte{0xff, 0xff, 0xfe, 0x0c}) // -500
	julian := parquet.Int96Value(deprecated.Int96{1_000_000_000, 0, 2440588 + 1})
	for name, test := range map[string]struct {
		node  parquet.Node
		value parquet.Value
		want  string
	}{
		"text":            {parquet.String(), parquet.ByteArrayValue([]byte(`a"b`)), `7 a"b`},
		"bytes":           {parquet.Leaf(parquet.ByteArrayType), parquet.ByteArrayValue([]byte("a\x00")), "7 a\x00"},
		"enum":            {parquet.Enum(), parquet.ByteArrayValue([]byte("call")), "7 call"},
		"null":            {parquet.Optional(parquet.String()), parquet.NullValue(), "1 "},
		"optional":        {parquet.Optional(parquet.String()), parquet.ByteArrayValue([]byte("a")), "7 a"},
		"JSON list":       {parquet.JSON(), parquet.ByteArrayValue([]byte(` ["a"] `)), `5 ["a"]`},
		"no JSON":         {parquet.JSON(), parquet.ByteArrayValue([]byte(`[a`)), `7 [a`},
		"uuid":            {parquet.UUID(), uuid, "7 6f0a0102-0304-0506-0708-090a0b0c0d0e"},
		"fixed text":      {parquet.Leaf(parquet.FixedLenByteArrayType(2)), parquet.FixedLenByteArrayValue([]byte("ab")), "7 ab"},
		"bool":            {parquet.Leaf(parquet.BooleanType), parquet.BooleanValue(true), "4 true"},
		"int32":           {parquet.Int(32), parquet.Int32Value(-7), "3 -7"},
		"int64":           {parquet.Int(64), parquet.Int64Value(math.MaxInt64), "3 9223372036854775807"},
		"plain int64":     {parquet.Leaf(parquet.Int64Type), parquet.Int64Value(12), "3 12"},
		"uint32":          {parquet.Uint(32), parquet.Int32Value(-1), "3 4294967295"},
		"uint64":          {parquet.Uint(64), parquet.Int64Value(-1), "3 18446744073709551615"},
		"double":          {parquet.Leaf(parquet.DoubleType), parquet.DoubleValue(1795420800.5), "3 1795420800.5"},
		"integral double": {parquet.Leaf(parquet.DoubleType), parquet.DoubleValue(12345678), "3 12345678"},
		"large double":    {parquet.Leaf(parquet.DoubleType), parquet.DoubleValue(1e300), "3 1e+300"},
		"no number":       {parquet.Leaf(parquet.DoubleType), parquet.DoubleValue(math.NaN()), "7 NaN"},
		"float":           {parquet.Leaf(parquet.FloatType), parquet.FloatValue(0.1), "3 0.1"},
		"millis":          {parquet.Timestamp(parquet.Millisecond), parquet.Int64Value(micros / 1000), "7 2026-11-23T08:00:00.123Z"},
		"micros":          {parquet.Timestamp(parquet.Microsecond), parquet.Int64Value(micros), "7 2026-11-23T08:00:00.123456Z"},
		"nanos":           {parquet.Timestamp(parquet.Nanosecond), parquet.Int64Value(micros*1000 + 7), "7 2026-11-23T08:00:00.123456007Z"},
		"before 1970":     {parquet.Timestamp(parquet.Millisecond), parquet.Int64Value(-1), "7 1969-12-31T23:59:59.999Z"},
		"local":           {parquet.TimestampAdjusted(parquet.Millisecond, false), parquet.Int64Value(micros / 1000), "7 2026-11-23T08:00:00.123"},
		"int96":           {parquet.Leaf(parquet.Int96Type), julian, "7 1970-01-02T00:00:01"},
		"date":            {parquet.Date(), parquet.Int32Value(20780), "7 2026-11-23"},
		"time of day":     {parquet.Time(parquet.Millisecond), parquet.Int32Value(1500), "7 00:00:01.5"},
		"decimal":         {parquet.Decimal(2, 9, parquet.Int32Type), parquet.Int32Value(5), "3 0.05"},
		"negative bytes":  {parquet.Decimal(2, 9, parquet.FixedLenByteArrayType(4)), decimal, "3 -5.00"},
		"whole decimal":   {parquet.Decimal(0, 18, parquet.Int64Type), parquet.Int64Value(-42), "3 -42"},
	} {
		t.Run(name, func(t *testing.T) {
			got, reading := valuesOf(t, fieldAt("/x"), oneColumn(t, test.node, test.value))
			if diff := cmp.Diff([]string{test.want}, got); diff != "" || reading.Damage != nil {
				t.Errorf("damage %v, values (-want +got):\n%s", reading.Damage, diff)
			}
		})
	}
}

type span struct {
	Start int64 `parquet:"start,timestamp(millisecond)"`
	End   *int64
}

type nested struct {
	IDs    []string          `parquet:"ids,list"`
	Bare   []int32           `parquet:"bare"`
	Talk   []span            `parquet:"talk,list"`
	Claims *claimsRow        `parquet:"claims,optional"`
	Map    map[string]string `parquet:"map"`
}

type claimsRow struct {
	Exp    int64    `parquet:"exp"`
	Scopes []string `parquet:"scopes,list"`
	Org    *struct {
		ID string `parquet:"id"`
	} `parquet:"org,optional"`
}

func written[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNestedParquetColumnsBecomeJSON(t *testing.T) {
	end := int64(9)
	full := nested{
		IDs: []string{"a", `b"`}, Bare: []int32{1, 2}, Talk: []span{{1000, nil}, {2000, &end}},
		Claims: &claimsRow{Exp: 5, Scopes: []string{"x", "y"}}, Map: map[string]string{"k": "v"},
	}
	full.Claims.Org = &struct {
		ID string `parquet:"id"`
	}{"acme"}
	file := written(t, []nested{full, {}, {IDs: []string{"c"}, Claims: &claimsRow{}}})
	for place, want := range map[string][]string{
		"/ids":            {`5 ["a","b\""]`, `5 []`, `5 ["c"]`},
		"/bare":           {`5 [1,2]`, `5 []`, `5 []`},
		"/talk":           {`5 [{"start":"1970-01-01T00:00:01Z","End":null},{"start":"1970-01-01T00:00:02Z","End":9}]`, `5 []`, `5 []`},
		"/claims":         {`6 {"exp":5,"scopes":["x","y"],"org":{"id":"acme"}}`, `1 `, `6 {"exp":0,"scopes":[],"org":null}`},
		"/claims/scopes":  {`5 ["x","y"]`, `1 `, `5 []`},
		"/claims/org/id":  {`7 acme`, `1 `, `1 `},
		"claims.org.id":   {`7 acme`, `1 `, `1 `},
		"/map":            {`6 {"k":"v"}`, `6 {}`, `6 {}`},
		"/claims/nothing": {`0 `, `0 `, `0 `},
	} {
		got, reading := valuesOf(t, fieldAt(place), file)
		if diff := cmp.Diff(want, got); diff != "" || reading.Damage != nil {
			t.Errorf("%s: damage %v (-want +got):\n%s", place, reading.Damage, diff)
		}
	}
}

func TestTheFirstParquetColumnWithAValueCounts(t *testing.T) {
	type row struct {
		A *string `parquet:"a,optional"`
		B *string `parquet:"b,optional"`
	}
	x, y := "x", "y"
	file := written(t, []row{{&x, &y}, {nil, &y}, {nil, nil}})
	got, _ := valuesOf(t, fieldAt("/none", "/a", "/b"), file)
	if diff := cmp.Diff([]string{"7 x", "7 y", "1 "}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Long lists cross the borders of pages and reads, where values move.
func TestRowsSpanPages(t *testing.T) {
	type row struct {
		IDs []string `parquet:"ids,list"`
		ID  string   `parquet:"id"`
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var rows []row
	var want []string
	for i := range 300 {
		r := row{ID: fmt.Sprint(i)}
		text := "5 ["
		for n := range rng.IntN(900) {
			id := fmt.Sprintf("%d-%d", i, n)
			if r.IDs = append(r.IDs, id); n > 0 {
				text += ","
			}
			text += `"` + id + `"`
		}
		rows, want = append(rows, r), append(want, text+"]")
	}
	for _, version := range []int{1, 2} {
		file := written(t, rows, parquet.PageBufferSize(2000), parquet.MaxRowsPerRowGroup(70), parquet.DataPageVersion(version))
		got, reading := valuesOf(t, fieldAt("/ids"), file)
		if diff := cmp.Diff(want, got); diff != "" || reading.Rows != 300 || reading.Damage != nil {
			t.Fatalf("version %d: %+v (-want +got):\n%s", version, reading, diff)
		}
	}
}
