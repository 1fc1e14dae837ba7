// Package table writes and reads the tables of results as CSV and as Parquet:
// findings, repairs, calls, outages, recordings and the history of findings.
//
// A text is either missing or not empty: an empty one is missing, as a CSV
// cell cannot tell the two apart. A byte that is not part of valid UTF-8
// becomes U+FFFD in both formats.
package table

import (
	"bytes"
	"cmp"
	"fmt"
)

// Kind is the type of the cells of a column.
type Kind uint8

// The kinds of column.
const (
	Text Kind = iota // UTF-8
	Int              // 64 bits, signed
	Time             // microseconds in UTC
)

var kindNames = [...]string{"text", "int", "time"}

// String returns the name of the kind, for messages.
func (k Kind) String() string { return kindNames[k] }

// Column is one column of a table. Every cell may be missing.
type Column struct {
	Name string
	Kind Kind
	pack packing
}

// Schema is the shape of a table.
type Schema struct {
	Name    string
	Columns []Column
	order   []int   // columns that rows are sorted by
	wider   *Schema // the same table with more columns at its end, nil for none
}

// The tables. Their columns, and the order of their rows, are the published
// contract.
var (
	Findings = newSchema("findings", findingColumns, findingOrder...)
	Repairs  = newSchema("repairs", []Column{
		text("interval"), text("source"), key("object_key"), number("entry"),
		text("org_id"), id("conversation_id"), id("recording_id"),
		text("field"), text("old_value"), prose("new_value"), text("rule"), prose("evidence"),
	}, "object_key", "source", "entry", "field")
	Calls = newSchema("calls", []Column{
		text("org_id"), id("conversation_id"), id("leg_id"), text("trunk_id"), text("line_id"),
		text("direction"), prose("ani"), prose("dnis"), text("user_ids"), text("queue_ids"),
		instant("start_time"), instant("answer_time"), instant("end_time"),
		text("verdict"), text("reason"), text("matched_by"), text("proof"), number("entries"), number("covered_ms"), number("uncovered_ms"),
		text("outage_id"), text("outage_cause"), text("outage_relation"), number("outage_overlap_ms"),
		text("source"), key("object_key"), number("row"),
	}, "start_time", "org_id", "conversation_id", "leg_id", "object_key", "source", "row")
	Outages = newSchema("outages", []Column{
		id("outage_id"), text("org_id"), text("trunk_id"), text("line_id"), text("username"),
		instant("start_time"), instant("end_time"), text("ended_by"), text("cause"), text("causes"), number("failures"),
		instant("binding_until"), instant("unregistered_from"), text("harmless"), instant("last_attempt"), text("began"),
		text("first_source"), key("first_object_key"), number("first_row"),
		text("last_source"), key("last_object_key"), number("last_row"),
	}, "org_id", "trunk_id", "line_id", "start_time", "username")
	Recordings = newSchema("recordings", recordingColumns, recordingOrder...)

	// Heard is the table of recordings of a run that looked into media. Whoever reads
	// Recordings gets its rows, too, where a file has its columns.
	Heard = newSchema("recordings", append(recordingColumns[:len(recordingColumns):len(recordingColumns)],
		text("media_format"), number("media_channels"), number("media_duration_ms")), recordingOrder...)

	History = newSchema("history", append(findingColumns[:len(findingColumns):len(findingColumns)],
		text("state"), number("first_commit"), number("last_commit"), number("closed_commit")),
		findingOrder...)

	// Unrecorded lists calls of many intervals that should have been recorded and were not,
	// and then those of which nobody can tell; see package audit. In each part calls are in
	// the order of their intervals.
	Unrecorded = newSchema("unrecorded", []Column{
		text("part"), text("interval"), text("org_id"), id("conversation_id"), id("leg_id"), text("trunk_id"), text("line_id"), text("user_ids"), text("queue_ids"),
		text("direction"), prose("ani"), prose("dnis"), instant("start_time"), instant("end_time"), text("verdict"), prose("reason"),
		text("outage_id"), text("outage_cause"), text("outage_relation"), number("commit"), text("record_sha256"),
	})

	// Evidence is the index of a pack of inputs; see package pack.
	Evidence = newSchema("evidence", []Column{
		text("source"), key("object_key"), id("version_id"), id("etag"), instant("modified"), number("size"), prose("sha256"),
		number("frame"), number("frame_at"), number("frame_bytes"), text("frame_sha256"), number("place"),
	}, "source", "object_key")

	// Media is what media objects hold; see package mediacheck.
	Media = newSchema("media", []Column{
		text("source"), key("media_key"), id("version_id"), id("etag"), instant("modified"), number("size"),
		text("format"), text("codec"), number("rate"), number("channels"), number("duration_us"),
		text("cut"), prose("reason"), number("byte"), text("code"), text("kms_key"),
		text("decoded"), prose("decoding"), text("silent"), number("silence_us"),
	}, "source", "media_key")
)

func init() { Recordings.wider = Heard }

var recordingColumns = []Column{
	text("org_id"), id("conversation_id"), id("recording_id"), id("leg_id"), text("trunk_id"), text("line_id"),
	instant("start_time"), instant("end_time"), number("duration_ms"),
	text("direction"), prose("ani"), prose("dnis"), text("media_type"), text("media_subtype"), text("user_ids"),
	name("media_key"), number("media_bytes"), id("media_sha256"), text("state"),
	text("status"), text("source"), key("object_key"), number("entry"),
}

var recordingOrder = []string{"source", "object_key", "entry"}

var findingColumns = []Column{
	id("finding_id"), text("class"), text("severity"), text("status"),
	text("org_id"), id("conversation_id"), id("recording_id"), id("leg_id"), text("trunk_id"), text("line_id"),
	text("direction"), prose("ani"), prose("dnis"), text("user_ids"), text("queue_ids"), text("field"), prose("detail"), text("source"), key("object_key"), number("entry"),
	instant("start_time"), instant("end_time"),
	text("outage_id"), text("outage_cause"), text("outage_relation"), number("outage_overlap_ms"),
}

// The id comes last, so that the order is total.
var findingOrder = []string{
	"class", "org_id", "conversation_id", "recording_id", "leg_id", "object_key", "source", "entry", "field", "start_time", "finding_id",
}

func text(column string) Column    { return Column{column, Text, repeated} }
func id(column string) Column      { return Column{column, Text, distinct} }
func name(column string) Column    { return Column{column, Text, prefixed} }
func key(column string) Column     { return Column{column, Text, shared} }
func prose(column string) Column   { return Column{column, Text, varied} }
func number(column string) Column  { return Column{column, Int, numeric} }
func instant(column string) Column { return Column{column, Time, numeric} }

func newSchema(table string, columns []Column, order ...string) *Schema {
	s := &Schema{Name: table, Columns: columns}
	for _, column := range order {
		s.order = append(s.order, s.Index(column))
	}

	return s
}

// fitting returns the schema of a file of the table with so many columns: its own, or
// that with more.
func (s *Schema) fitting(columns int) *Schema {
	if s.wider != nil && columns == len(s.wider.Columns) {
		return s.wider
	}
	return s
}

// Index returns the number of the column with a name. It panics when there is
// none.
func (s *Schema) Index(column string) int {
	for i := range s.Columns {
		if s.Columns[i].Name == column {
			return i
		}
	}
	panic(fmt.Sprintf("table: %s has no column %q", s.Name, column))
}

// Compare orders two rows by the order of the table: texts by their bytes,
// numbers by their values, missing cells first.
func (s *Schema) Compare(a, b *Row) int {
	for _, i := range s.order {
		if c := s.compareCell(a, b, i); c != 0 {
			return c
		}
	}
	return 0
}

func (s *Schema) compareCell(a, b *Row, i int) int {
	if s.Columns[i].Kind == Text {
		return bytes.Compare(a.Bytes(i), b.Bytes(i))
	}

	// A number is either missing, which is the smaller state, or present.
	x, y := &a.cells[i], &b.cells[i]
	if x.state != y.state {
		return cmp.Compare(x.state, y.state)
	}
	return cmp.Compare(x.n, y.n)
}
