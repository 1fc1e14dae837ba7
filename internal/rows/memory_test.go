package rows_test

import (
	"bufio"
	"io"
	"runtime"
	"strings"
	"testing"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
	"cdrmend/internal/stream/streamtest"
)

// endless repeats a text without ever holding more of it.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

// weighed notes the most that is held in memory while it is read.
type weighed struct {
	r     io.Reader
	until int
	most  uint64
}

func (w *weighed) Read(b []byte) (int, error) {
	if w.until <= 0 {
		w.until = 4 << 20
		w.most = max(w.most, held())
	}
	n, err := w.r.Read(b)
	w.until -= n
	return n, err
}

func held() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// However long a line, a row, a text or a list of members is, what is held of
// it is a few times the limit of a record and no more.
func TestLimitOfMemoryHoldsForRecordsOf100MB(t *testing.T) {
	const size = 100 << 20
	limits := stream.DefaultLimits()
	limits.RecordBytes = 4 << 20
	p := &profile.Profile{Fields: map[record.Field][]profile.Place{record.LegID: profile.At("/id", "id")}, Lines: linesOf(logLine)}
	for name, c := range map[string]struct {
		format              profile.Format
		start, fill, finish string
		damage              string
		rows, rejects       int64
	}{
		"line of JSON":      {profile.JSONLines, `{"id":1}` + "\n" + `{"id":"`, "x", `"}` + "\n" + `{"id":2}` + "\n", "", 3, 1},
		"members of a line": {profile.JSONLines, `{"id":1}` + "\n" + `{"id":2`, `,"member":1`, `}` + "\n" + `{"id":2}` + "\n", "", 3, 1},
		"line of a log":     {profile.TextLines, "a on b\n", "x ", "\nc on d\n", "", 3, 1},
		"row of CSV":        {profile.CSV, "id\n1\n\"", "x\n", "\"\n2\n", "record_bytes", 1, 0},
		"cells of a row":    {profile.CSV, "id\n1\n", "x,", "\n2\n", "record_bytes", 1, 0},
		"columns of CSV":    {profile.CSV, "id", ",x", "\n2\n", "record_bytes", 0, 0},
		"text in a list":    {profile.JSON, `[{"id":1},{"id":"`, "x", `"}]`, "record_bytes", 1, 0},
		"members in a list": {profile.JSON, `[{"id":1},{"id":2`, `,"member":1`, `}]`, "members", 1, 0},
		"white space":       {profile.JSON, `[{"id":1},`, " \n", `{"id":2}]`, "", 2, 0},
		"nested lists":      {profile.JSON, `[{"id":1},`, "[", "", "depth", 1, 0},
	} {
		w := &weighed{r: io.MultiReader(strings.NewReader(c.start), io.LimitReader(&endless{text: strings.Repeat(c.fill, 64<<10)}, size), strings.NewReader(c.finish))}
		before := held()
		var rejects int64
		last := int64(-1)
		reading, err := rows.NewMapping(p, record.LegFields, &limits).Read(bufio.NewReader(w), c.format, "", rows.Visitor{
			Row: func(*rows.Row) error { return nil },
			Reject: func(r rows.Reject) error {
				if r.Row != last {
					rejects++
				}
				last = r.Row
				return nil
			},
		})
		if err != nil || streamtest.OverLimit(reading.Damage) != c.damage || reading.Rows != c.rows || rejects != c.rejects {
			t.Errorf("%s: %d rows, %d rejects, damage %v, %v; want %d, %d and the limit %q", name, reading.Rows, rejects, reading.Damage, err, c.rows, c.rejects, c.damage)
		}
		if w.most > before+5*uint64(limits.RecordBytes) {
			t.Errorf("%s: %d MiB are held of 100, with a limit of %d", name, (w.most-before)>>20, limits.RecordBytes>>20)
		}
	}
}
