package rows_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"

	"github.com/google/go-cmp/cmp"
)

// splitProfile reads every format in lines.
var splitProfile = &profile.Profile{
	Fields: map[record.Field][]profile.Place{record.LegID: profile.At("/id")}, Lines: linesOf(regexp.MustCompile(`^(?P<id>[^x]*)$`)),
}

// layoutProfile has everything that a profile can say about CSV.
var layoutProfile = &profile.Profile{
	Fields: splitProfile.Fields, Lines: splitProfile.Lines,
	CSV: profile.CSVLayout{Delimiter: ';', Before: 1, Skip: 1, Comment: "#"},
}

// told is what the reading of one object or of its chunks told.
type told struct {
	rows    []string
	reading rows.Reading
}

func (to *told) read(t *testing.T, p *profile.Profile, c *rows.Chunk, l *stream.Limits) {
	t.Helper()
	reading, err := rows.NewMapping(p, record.LegFields, l).ReadRows(c, rows.Visitor{
		Row: func(r *rows.Row) error {
			to.rows = append(to.rows, fmt.Sprintf("%d@%d %q id=%q", r.Index, r.Offset, r.Bytes, r.Value(record.LegID).Raw))
			return nil
		},
		Reject: func(r rows.Reject) error {
			to.rows = append(to.rows, fmt.Sprintf("%d@%d %q: %s", r.Row, r.Offset, r.Bytes, r.Reason))
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	to.reading.Add(reading)
}

// checkSplit holds what chunks of a text tell against what the whole does. The
// stream may break off at its end.
func checkSplit(t *testing.T, text string, f profile.Format, size int, most int64, broken bool) {
	t.Helper()
	l := &stream.Limits{RecordBytes: most}
	p := splitProfile
	if size%3 == 0 {
		p = layoutProfile
	}
	content := func() io.Reader {
		r := io.Reader(strings.NewReader(text))
		if broken {
			r = io.MultiReader(r, iotest.ErrReader(&stream.Error{Truncated: true, Err: io.ErrUnexpectedEOF}))
		}
		return iotest.HalfReader(r)
	}
	var want, got told
	want.read(t, p, rows.NewChunk(content(), p, f, l), l)
	memory := make([]byte, 0, size) // one is enough when each chunk is read before the next is made
	for c := range rows.NewChunk(content(), p, f, l).Split(func() ([]byte, bool) { return memory, true }) {
		got.read(t, p, c, l)
	}
	if diff := cmp.Diff(want.rows, got.rows); diff != "" {
		t.Fatalf("%s in chunks of %d bytes, records of at most %d, broken %v: %q (-whole +chunks):\n%s", f, size, most, broken, text, diff)
	}
	if fmt.Sprintf("%+v", want.reading) != fmt.Sprintf("%+v", got.reading) {
		t.Fatalf("%s in chunks of %d bytes, records of at most %d, broken %v: %q: %+v, want %+v", f, size, most, broken, text, got.reading, want.reading)
	}
}

var inLines = []profile.Format{profile.JSONLines, profile.CSV, profile.TextLines}

func TestChunksTellWhatTheWholeDoes(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	pieces := []string{"\n", "\n", "\r\n", "\n\n", " \t\n", `{"id":1}`, `{"id":"x`, `"`, `""`, ",", ";", "#", "id", "x,\"\n\"", "\xef\xbb\xbf", "   ", "\r", strings.Repeat("long", 10)}
	for range 20_000 {
		var b strings.Builder
		for range rng.IntN(20) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		checkSplit(t, b.String(), inLines[rng.IntN(3)], 1+rng.IntN(40), int64(rng.IntN(4)*rng.IntN(20)), rng.IntN(4) == 0)
	}
}

// FuzzSplit: chunks of any size tell the same rows, rejects, places and damage
// as the whole.
func FuzzSplit(f *testing.F) {
	f.Add("\xef\xbb\xbfid,x\r\n1,\"\n\"\"\n\"\r\n\n2,3\n", uint8(1), uint8(5), uint8(0), false)
	f.Add("{\"id\":1}\n \n{\"id\"\n{}", uint8(0), uint8(9), uint8(4), true)
	f.Fuzz(func(t *testing.T, text string, format, size, most uint8, broken bool) {
		if len(text) <= 1000 {
			checkSplit(t, text, inLines[format%3], 1+int(size), int64(most), broken)
		}
	})
}
