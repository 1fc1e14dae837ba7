package parquetfile

import (
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
)

// Edit is a new value of one field of one row, as the profile writes it.
type Edit struct {
	Row   uint32
	Field record.Field
	Value string
}

// Rewrite copies a Parquet file with edits. Each edit goes to the first column that
// its field has. The schema stays as it is, so an edit of a field without a column
// is left out. Only column chunks with an edited cell are encoded anew, in the
// encoding and compression that they had; the bytes of all others are copied.
func Rewrite(m *rows.Mapping, w io.Writer, r io.ReaderAt, size int64, edits []Edit) (err error) {
	p, err := openParquet(r, size, m.Limits)
	if err != nil {
		return err
	}
	defer p.rescue(&err)

	// All edits are checked before anything is written.
	plan := editPlan{mapping: m, file: p, units: map[int]time.Duration{}, leaves: map[int]map[int64]cellEdit{}}
	plan.wanted, plan.columns = wantedColumns(m, p.file.Root())
	for _, edit := range edits {
		if err := plan.add(edit); err != nil {
			return err
		}
	}

	s := splicer{w: w, file: p, edits: plan.leaves}
	return s.write()
}

// editPlan holds the new values of cells.
type editPlan struct {
	mapping *rows.Mapping
	file    *parquetFile
	wanted  []*parquet.Column
	columns *rows.Columns
	leaves  map[int]map[int64]cellEdit // by number of the leaf and row
	units   map[int]time.Duration      // of integers that are times, by leaf
}

// cellEdit replaces the values of a leaf in one row.
type cellEdit struct {
	value parquet.Value

	// The edit is for a neighbour of a new value: the group around both exists
	// now, and the neighbour is null in it. In Parquet that differs from a
	// group that does not exist, by the definition level.
	raises bool
}

// apply returns the values of the leaf in a row after the edit.
func (e cellEdit) apply(row []parquet.Value) []parquet.Value {
	if e.raises && row[0].DefinitionLevel() >= e.value.DefinitionLevel() {
		return row
	}
	return append(row[:0], e.value)
}

// add converts an edit and adds it to the plan.
func (p *editPlan) add(e Edit) error {
	cell := p.columns.Cell(e.Field)
	if cell < 0 {
		return nil
	}

	column := p.wanted[cell]
	path := strings.Join(column.Path(), ".")
	if !column.Leaf() || column.Repeated() {
		return fmt.Errorf("column %q holds more than one value, so %s of row %d cannot be written", path, e.Field, e.Row)
	}

	v, err := p.value(column, e)
	if err != nil {
		return fmt.Errorf("column %q is %s and cannot hold %q of row %d: %w", path, column.Type(), e.Value, e.Row, err)
	}

	p.put(column, int64(e.Row), cellEdit{value: v.Level(0, column.MaxDefinitionLevel(), column.Index())})
	return p.raiseNeighbours(column, int64(e.Row))
}

// put adds the edit of a cell, which may have one already.
func (p *editPlan) put(leaf *parquet.Column, row int64, e cellEdit) {
	rows := p.leaves[leaf.Index()]
	if rows == nil {
		rows = map[int64]cellEdit{}
		p.leaves[leaf.Index()] = rows
	}

	// A new value wins over a null for a neighbour, and of two such nulls the one in
	// the deeper group.
	before, ok := rows[row]
	if !ok || !e.raises || before.raises && before.value.DefinitionLevel() < e.value.DefinitionLevel() {
		rows[row] = e
	}
}

// raiseNeighbours makes the groups around a column exist in a row, also for the
// other leaves of the groups.
func (p *editPlan) raiseNeighbours(column *parquet.Column, row int64) error {
	group := p.file.file.Root()
	for _, name := range column.Path()[:len(column.Path())-1] {
		group = group.Column(name)
		level := group.MaxDefinitionLevel()
		if level == 0 {
			continue // the group exists in every row
		}

		for _, leaf := range leavesOf(nil, group) {
			if leaf == column {
				continue
			}
			if leaf.MaxDefinitionLevel() == level {
				return fmt.Errorf("column %q cannot be written in row %d, as %q next to it must have a value",
					strings.Join(column.Path(), "."), row, strings.Join(leaf.Path(), "."))
			}
			p.put(leaf, row, cellEdit{parquet.NullValue().Level(0, level, leaf.Index()), true})
		}
	}

	return nil
}

// value converts a text to the type of a column.
func (p *editPlan) value(column *parquet.Column, e Edit) (parquet.Value, error) {
	meaning := scalarOf(column.Type(), p.file.limits)

	switch kind := column.Type().Kind(); {
	case meaning.kind == timestamp:
		return p.timestamp(meaning, e)
	case kind == parquet.Int96:
		return p.int96(e)
	case kind == parquet.ByteArray && meaning.kind == jsonText:
		return parquet.ByteArrayValue(jsonscan.AppendQuoted(nil, []byte(e.Value))), nil
	case kind == parquet.ByteArray && meaning.kind == physical:
		return parquet.ByteArrayValue([]byte(e.Value)), nil
	case kind == parquet.FixedLenByteArray && meaning.kind == uuidBytes:
		return uuidValue(e.Value)
	case kind == parquet.FixedLenByteArray && meaning.kind == physical && len(e.Value) == column.Type().Length():
		return parquet.FixedLenByteArrayValue([]byte(e.Value)), nil
	case (meaning.kind == physical || meaning.kind == unsigned) && isNumeric(kind):
		return p.number(column, e)
	}

	return parquet.Value{}, errOtherType
}

var errOtherType = fmt.Errorf("it is a value of another type")

func isNumeric(k parquet.Kind) bool {
	return k == parquet.Int32 || k == parquet.Int64 || k == parquet.Double
}

func uuidValue(v string) (parquet.Value, error) {
	if !intern.IsUUID(v) {
		return parquet.Value{}, errOtherType
	}
	b, err := hex.DecodeString(strings.ReplaceAll(v, "-", ""))
	return parquet.FixedLenByteArrayValue(b), err
}

// time returns the time of an edit, an error when its field has no times.
func (p *editPlan) time(e Edit) (record.Time, error) {
	t := p.mapping.Profile.ParseTime([]byte(e.Value))
	if e.Field != record.StartTime && e.Field != record.EndTime || !t.Known() {
		return record.NoTime, errOtherType
	}
	return t, nil
}

// timestamp converts a time to a timestamp column, cut to its unit.
func (p *editPlan) timestamp(s scalar, e Edit) (parquet.Value, error) {
	t, err := p.time(e)
	if err != nil {
		return parquet.Value{}, err
	}

	micros := int64(t)
	if s.local {
		if micros, err = p.local(t); err != nil {
			return parquet.Value{}, err
		}
	}

	if s.unit < time.Microsecond {
		if micros > math.MaxInt64/1000 || micros < math.MinInt64/1000 {
			return parquet.Value{}, fmt.Errorf("it is out of range")
		}
		return parquet.Int64Value(micros * 1000), nil
	}
	return parquet.Int64Value(floorDiv(micros, s.unit.Microseconds())), nil
}

// local returns the microseconds from 1970 to a time as clocks in the zone of the
// source show it.
func (p *editPlan) local(t record.Time) (int64, error) {
	zone := p.mapping.Profile.Zone
	if zone == nil {
		return 0, fmt.Errorf("its times have no zone; name one in the profile or at the source")
	}
	_, offset := t.Std().In(zone).Zone()
	return int64(t) + int64(offset)*1e6, nil
}

// int96 converts a time to a timestamp of old writers: nanoseconds of a Julian day.
func (p *editPlan) int96(e Edit) (parquet.Value, error) {
	t, err := p.time(e)
	if err != nil {
		return parquet.Value{}, err
	}
	micros, err := p.local(t)
	if err != nil {
		return parquet.Value{}, err
	}

	const dayMicros = 24 * 3600 * 1e6
	day := floorDiv(micros, dayMicros)
	nanos := uint64(micros-day*dayMicros) * 1000
	return parquet.Int96Value(deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(day + unixEpoch)}), nil
}

// floorDiv divides n and rounds down, so that times before 1970 are cut like others.
func floorDiv(n, by int64) int64 {
	if n < 0 {
		n -= by - 1
	}
	return n / by
}

// number converts a text to a numeric column without further meaning: digits,
// or a time as the epoch number that the column's other values are.
func (p *editPlan) number(column *parquet.Column, e Edit) (parquet.Value, error) {
	n, err := strconv.ParseInt(e.Value, 10, 64)
	if e.Field == record.StartTime || e.Field == record.EndTime {
		n, err = p.epoch(column, e)
	}
	if err != nil {
		return parquet.Value{}, err
	}

	switch column.Type().Kind() {
	case parquet.Int64:
		return parquet.Int64Value(n), nil

	case parquet.Double:
		if int64(float64(n)) != n {
			return parquet.Value{}, fmt.Errorf("it has more digits than a floating-point number")
		}
		return parquet.DoubleValue(float64(n)), nil
	}

	if n != int64(int32(n)) {
		return parquet.Value{}, fmt.Errorf("it is out of range")
	}
	return parquet.Int32Value(int32(n)), nil
}

// epoch converts a time to a number in the unit of the column, cut to it.
func (p *editPlan) epoch(column *parquet.Column, e Edit) (int64, error) {
	t, err := p.time(e)
	if err != nil {
		return 0, err
	}
	unit, ok := p.units[column.Index()]
	if !ok {
		if unit, err = p.unit(column); err != nil {
			return 0, err
		}
		p.units[column.Index()] = unit
	}

	// Readers tell the unit of a number by its size.
	n := floorDiv(int64(t), unit.Microseconds())
	if epochUnit(float64(n)) != unit {
		return 0, fmt.Errorf("it would be read in another unit than %s", unit)
	}
	return n, nil
}

// epochUnit returns the unit in which a profile reads an epoch number.
func epochUnit(n float64) time.Duration {
	switch n = math.Abs(n); {
	case n < 1e11:
		return time.Second
	case n < 1e14:
		return time.Millisecond
	}
	return time.Microsecond
}

// unit returns the unit of a column of times, as its first time shows it.
func (p *editPlan) unit(column *parquet.Column) (time.Duration, error) {
	leaf := newLeafReader(p.file, column)
	defer leaf.close()

	for i, group := range p.file.meta.RowGroups {
		if err := leaf.begin(i); err != nil {
			return 0, err
		}

		for range group.NumRows {
			if err := leaf.nextRow(); err != nil {
				return 0, err
			}
			v := leaf.row[0]
			if v.IsNull() {
				continue
			}

			// 0 means no time, and shows no unit.
			n := v.Double()
			if column.Type().Kind() != parquet.Double {
				n = float64(integerOf(v))
			}
			if n != 0 {
				return epochUnit(n), nil
			}
		}
	}

	// Nothing shows the unit. Of today's times only seconds fit into 32 bits.
	if column.Type().Kind() == parquet.Int32 {
		return time.Second, nil
	}
	return time.Microsecond, nil
}
