package synth

import (
	"io"

	"github.com/parquet-go/parquet-go"
)

// parquetEntry is an entry as a data warehouse exports it.
type parquetEntry struct {
	Org          string   `parquet:"org_id,dict"`
	Recording    string   `parquet:"recording_id,optional"`
	Conversation string   `parquet:"conversation_id,optional"`
	Trunk        string   `parquet:"trunk_id,optional,dict"`
	Line         string   `parquet:"line_id,optional,dict"`
	Start        int64    `parquet:"start_time,optional,timestamp(microsecond)"`
	End          int64    `parquet:"end_time,optional,timestamp(microsecond)"`
	Duration     int64    `parquet:"duration_ms,optional"`
	Direction    string   `parquet:"direction,optional,dict"`
	ANI          string   `parquet:"ani,optional"`
	DNIS         string   `parquet:"dnis,optional"`
	MediaType    string   `parquet:"media_type,optional,dict"`
	MediaSubtype string   `parquet:"media_subtype,optional,dict"`
	Users        []string `parquet:"user_ids,list"`
	MediaKey     string   `parquet:"media_key,optional"`
	MediaBytes   int64    `parquet:"media_bytes,optional"`
	MediaSHA256  string   `parquet:"media_sha256,optional"`
}

// writeParquet writes a manifest as Parquet.
func (p part) writeParquet(w io.Writer) error {
	out := parquet.NewGenericWriter[parquetEntry](w, parquet.CreatedBy("cdrmend synth", "", ""),
		parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(100_000))

	midnight := p.midnight().UnixMicro()
	rows := make([]parquetEntry, 0, 256)
	err := p.entries(func(c *call, l *leg) error {
		rows = append(rows, p.parquetEntry(c, l, midnight))
		if len(rows) < cap(rows) {
			return nil
		}
		_, err := out.Write(rows)
		rows = rows[:0]
		return err
	})
	if err != nil {
		return err
	}

	if _, err := out.Write(rows); err != nil {
		return err
	}
	return out.Close()
}

// parquetEntry returns an entry of a day whose midnight is given in microseconds.
// The zero value of an optional column is written as null.
func (d day) parquetEntry(c *call, l *leg, midnight int64) parquetEntry {
	numbers := c.numbers(nil, "", " ")
	size, sum := d.mediaClaims(c, l)

	e := parquetEntry{
		Org: string(d.org[:]), Recording: string(l.recording[:]), Conversation: string(c.id[:]),
		Trunk: string(d.trunk(c.line)), Line: string(d.lines[c.line][:]),
		Start: midnight + int64(l.from)*1000, End: midnight + int64(l.until)*1000, Duration: c.duration(l),
		Direction: c.direction(), ANI: string(numbers[:12]), DNIS: string(numbers[13:]), MediaType: "call", MediaSubtype: "trunk",
		Users: []string{string(l.agent[:])}, MediaKey: string(d.appendMediaKey(nil, c, l)),
		MediaBytes: int64(size), MediaSHA256: string(sum),
	}

	lacks := d.lacking(c, l)
	if lacks.recording {
		e.Recording = ""
	}
	if lacks.conversation {
		e.Conversation = ""
	}
	if lacks.mediaKey {
		e.MediaKey = ""
	}

	if l.trunkless {
		e.Trunk = ""
	}
	if c.fate == MissingEnd {
		e.End = 0
	}

	return e
}
