package parquetfile

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"

	"github.com/parquet-go/parquet-go"
)

// otherRow has one known column; all others are unknown to the profile.
type otherRow struct {
	Leg   *string  `parquet:"leg_id,optional"`
	Note  *string  `parquet:"note,optional,dict"`
	Tags  []string `parquet:"tags,list,optional"`
	N     *int64   `parquet:"n,optional"`
	Group *struct {
		A *string `parquet:"a,optional"`
	} `parquet:"group,optional"`
}

// A row that says nothing is told from one that says something unknown, in every
// format alike.
func TestARowOfParquetSaysWhatTheSameRowSaysInOtherFormats(t *testing.T) {
	text, zero := func(s string) *string { return &s }, int64(0)
	known := otherRow{Leg: text("1")}
	cases := []struct {
		row  otherRow
		json string
		says bool
	}{
		{otherRow{}, `{}`, false},
		{known, `{"leg_id":"1"}`, false},
		{otherRow{Note: text("")}, `{"note":""}`, false},
		{otherRow{Note: text(" ")}, `{"note":" "}`, false},
		{otherRow{Note: text("n/a")}, `{"note":"n/a"}`, false},
		{otherRow{Note: text("x")}, `{"note":"x"}`, true},
		{otherRow{Tags: []string{}}, `{"tags":[]}`, false},
		{otherRow{Tags: []string{""}}, `{"tags":[""]}`, true},
		{otherRow{N: &zero}, `{"n":0}`, true},
		{otherRow{Group: &struct {
			A *string `parquet:"a,optional"`
		}{}}, `{"group":{"a":null}}`, true},
		{known, `{"leg_id":"1"}`, false},
		{otherRow{N: &zero, Leg: text("2")}, `{"n":0,"leg_id":"2"}`, true},
	}
	p := &profile.Profile{Fields: map[record.Field][]profile.Place{record.LegID: profile.At("/leg_id")}, Missing: profile.NewWords("n/a")}
	m := rows.NewMapping(p, record.LegFields, &stream.Limits{})

	var all []otherRow
	var lines strings.Builder
	var want []bool
	for _, c := range cases {
		all, want = append(all, c.row), append(want, c.says)
		fmt.Fprintln(&lines, c.json)
	}
	says := func(read func(rows.Visitor) (rows.Reading, error)) (got []bool) {
		reading, err := read(rows.Visitor{Row: func(row *rows.Row) error {
			has, err := row.HasOther()
			got = append(got, has)
			return err
		}})
		if err != nil || reading.Damage != nil {
			t.Fatal(err, reading.Damage)
		}
		return got
	}

	if got := says(func(to rows.Visitor) (rows.Reading, error) {
		return m.Read(bufio.NewReader(strings.NewReader(lines.String())), profile.JSONLines, "", to)
	}); !slices.Equal(got, want) {
		t.Errorf("JSON: got %v, want %v", got, want)
	}
	for _, perGroup := range []int64{1, 5, 100} {
		file := written(t, all, parquet.MaxRowsPerRowGroup(perGroup), parquet.PageBufferSize(20))
		if got := says(func(to rows.Visitor) (rows.Reading, error) {
			return Read(m, bytes.NewReader(file), int64(len(file)), to)
		}); !slices.Equal(got, want) {
			t.Errorf("%d rows in a group: got %v, want %v", perGroup, got, want)
		}
	}
}

// A file whose unknown columns cannot be read is damaged where somebody asks for
// them, and the row that asked is not counted: what it says is not known.
func TestDamageOfAnUnknownColumnEndsTheRowsBeforeTheRowThatAsks(t *testing.T) {
	note := strings.Repeat("x", 100)
	leg := "1"
	file := written(t, []otherRow{{Leg: &leg, Note: &note}, {Note: &note}, {Leg: &leg}}, parquet.Compression(&parquet.Uncompressed))
	at := bytes.Index(file, []byte(note))
	for i := -20; i < 0; i++ { // the header of the page
		file[at+i] ^= 0xff
	}

	m := rows.NewMapping(&profile.Profile{Fields: map[record.Field][]profile.Place{record.LegID: profile.At("/leg_id")}}, record.LegFields, &stream.Limits{})
	var visited []uint32
	reading, err := Read(m, bytes.NewReader(file), int64(len(file)), rows.Visitor{Row: func(row *rows.Row) error {
		visited = append(visited, row.Index)
		if len(visited) == 1 {
			return nil
		}
		_, err := row.HasOther()
		return err
	}})
	if err != nil || reading.Damage == nil || reading.Rows != 1 || len(visited) != 2 {
		t.Errorf("got %+v after the rows %v, %v; want one row and damage", reading, visited, err)
	}
}
