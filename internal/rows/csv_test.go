package rows_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"

	"github.com/google/go-cmp/cmp"
)

// naiveRow is a row of CSV as it is read one character after the other.
type naiveRow struct {
	start, end int // without the line's end
	cells      []string
	open       bool // the text ends inside quotes
}

// naiveCSV is the second opinion on rows, cells and where they stand. A quote
// that neither opens nor closes a cell is a character of it.
func naiveCSV(text string) []naiveRow {
	var rows []naiveRow
	for at := 0; at < len(text); {
		if n := lineEnd(text[at:]); n > 0 {
			at += n
			continue
		}
		row := naiveRow{start: at}
		for more := true; more && !row.open; {
			var cell string
			if text[at:] != "" && text[at] == '"' {
				cell, at, row.open = quotedCell(text, at+1)
			} else {
				cell, at = plainCell(text, at)
			}
			row.cells = append(row.cells, cell)
			if more = at < len(text) && text[at] == ','; more {
				at++
			}
		}
		row.end = at
		rows = append(rows, row)
		at += max(lineEnd(text[at:]), 0)
	}
	return rows
}

// lineEnd returns the length of the line end that a text begins with, 0 at
// the end of the text, -1 elsewhere.
func lineEnd(text string) int {
	switch {
	case text == "":
		return 0
	case text == "\r" || text[0] == '\n':
		return 1
	case strings.HasPrefix(text, "\r\n"):
		return 2
	}
	return -1
}

func plainCell(text string, at int) (string, int) {
	from := at
	for lineEnd(text[at:]) < 0 && text[at] != ',' {
		at++
	}
	return text[from:at], at
}

func quotedCell(text string, at int) (cell string, end int, open bool) {
	for at < len(text) {
		rest := text[at+1:]
		switch {
		case text[at] != '"' && strings.HasPrefix(text[at:], "\r\n"):
			cell, at = cell+"\n", at+2
		case text[at] != '"':
			cell, at = cell+text[at:at+1], at+1
		case strings.HasPrefix(rest, ",") || lineEnd(rest) >= 0:
			return cell, at + 1, false
		case strings.HasPrefix(rest, `"`):
			cell, at = cell+`"`, at+2
		default:
			cell, at = cell+`"`, at+1
		}
	}
	return cell, at, true
}

var csvSamples = []string{
	"leg_id,trunk_id,n\na,t1,1\n\"b,1\",\"t\"\"2\",\"two\nlines\"\nc\nd,t4,5,6\ne,\x00,7\n",
	"\xef\xbb\xbfleg_id , trunk_id,\"x\"\r\n\r\n\"a\r\n\",b \" c,\"d\" e\"\r\nf,g,h\r\n\"\",,\r\n",
	"n,\"leg\n_id\",leg_id\n1,2,\"é\"\n1,2,\"\xff,\n3,4,5\n",
}

func randomCSV(rng *rand.Rand) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = rng.IntN(2) == 0
	cells := []string{"", "a", "b c", "\"", "x,y", "two\nlines", " padded ", "é\xff", strings.Repeat("long ", 300)}
	for i := range 1 + rng.IntN(30) {
		row := []string{cells[rng.IntN(len(cells))], cells[rng.IntN(len(cells))], fmt.Sprint(i)}
		if i == 0 {
			row = []string{"leg_id", "trunk_id", "n"}
		}
		if rng.IntN(10) == 0 {
			row = append(row, "more")
		}
		w.Write(row)
	}
	w.Flush()
	return b.String()
}

// checkCSV holds rows and rejects against the naive reading, and that against
// encoding/csv. Header, rows, rejects and line ends are the whole text.
func checkCSV(t *testing.T, text string) {
	t.Helper()
	mark := len(text) - len(strings.TrimPrefix(text, "\xef\xbb\xbf"))
	naive := naiveCSV(text[mark:])
	checkNaive(t, text[mark:], naive)

	var want []string
	column, broken := -1, len(naive) > 0 && naive[0].open
	for i, row := range naive {
		at := fmt.Sprintf("%d@%d", i-1, mark+row.start)
		raw := text[mark+row.start : mark+row.end]
		switch {
		case broken:
		case i == 0:
			for c, name := range row.cells {
				if strings.TrimSpace(name) == "leg_id" {
					column = c
				}
			}
		case row.open:
			want = append(want, fmt.Sprintf("%s %q: ends inside a quoted cell", at, raw))
		case len(row.cells) != len(naive[0].cells):
			want = append(want, fmt.Sprintf("%s %q: another number of cells than the header", at, raw))
		case column >= 0:
			want = append(want, fmt.Sprintf("%s %q leg_id=%q", at, raw, row.cells[column]))
		default:
			want = append(want, fmt.Sprintf("%s %q", at, raw))
		}
	}

	p := &profile.Profile{Fields: map[record.Field][]profile.Place{record.LegID: profile.At("leg_id")}}
	var got []string
	reading, err := rows.NewMapping(p, record.LegFields, &limits).Read(bufio.NewReader(strings.NewReader(text)), profile.CSV, "", rows.Visitor{
		Row: func(row *rows.Row) error {
			line := fmt.Sprintf("%d@%d %q", row.Index, row.Offset, row.Bytes)
			if v := row.Value(record.LegID); v.Kind != jsonscan.Absent {
				line += fmt.Sprintf(" leg_id=%q", v.Raw)
			}
			got = append(got, line)
			return nil
		},
		Reject: func(r rows.Reject) error {
			got = append(got, fmt.Sprintf("%d@%d %q: %s", r.Row, r.Offset, r.Bytes, r.Reason))
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(want, got) {
		t.Fatalf("rows of %q (-want +got):\n%s", text, cmp.Diff(want, got))
	}
	var syntax *jsonscan.SyntaxError
	if broken != errors.As(reading.Damage, &syntax) || broken && syntax.Offset != int64(len(text)) {
		t.Fatalf("damage %v of %q, want some: %v", reading.Damage, text, broken)
	}
}

// checkNaive makes sure that the naive reading leaves no byte out, and has the
// cells of encoding/csv.
func checkNaive(t *testing.T, text string, naive []naiveRow) {
	t.Helper()
	in := csv.NewReader(strings.NewReader(text))
	in.FieldsPerRecord, in.LazyQuotes = -1, true
	all, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for i, row := range naive {
		if strings.Trim(text[at:row.start], "\r\n") != "" {
			t.Fatalf("%q is in no row of %q", text[at:row.start], text)
		}
		at = row.end
		if i >= len(all) || !row.open && !slices.Equal(row.cells, all[i]) {
			t.Fatalf("row %d of %q is naively %q, in encoding/csv %q", i, text, row.cells, all)
		}
	}
	if strings.Trim(text[at:], "\r\n") != "" || len(naive) != len(all) {
		t.Fatalf("%q is in no row, and there are %d rows, not %d, of %q", text[at:], len(naive), len(all), text)
	}
}

func TestRowsOfCSVAreThoseOfTheStandardLibrary(t *testing.T) {
	rng := rand.New(rand.NewPCG(4180, 1))
	for range 500 {
		checkCSV(t, randomCSV(rng))
	}
}

func TestCSVCutAtEveryByteKeepsItsRowsAndRejectsTheRest(t *testing.T) {
	for _, sample := range csvSamples {
		for n := range len(sample) + 1 {
			if n == 0 || n > 2 || sample[0] != 0xef { // a piece of the mark is a name like any other
				checkCSV(t, sample[:n])
			}
		}
	}
}

func TestStruckCSVLosesNoByte(t *testing.T) {
	const likely = "\",\r\n \x00\xffa"
	rng := rand.New(rand.NewPCG(4180, 3))
	for _, sample := range csvSamples {
		for range 1000 {
			b := []byte(sample[3:])
			for range 1 + rng.IntN(4) {
				at, c := rng.IntN(len(b)), likely[rng.IntN(len(likely))]
				switch rng.IntN(3) {
				case 0:
					b = slices.Insert(b, at, c)
				case 1:
					b = slices.Delete(b, at, at+1)
				default:
					b[at] = c
				}
			}
			checkCSV(t, string(b))
		}
	}
}

// FuzzCSV: every row and reject is what a naive reading finds there, and with
// header and line ends they are the whole text.
func FuzzCSV(f *testing.F) {
	rng := rand.New(rand.NewPCG(4180, 2))
	for range 5 {
		f.Add(randomCSV(rng))
	}
	for _, sample := range csvSamples {
		f.Add(sample)
	}
	f.Add("leg_id\n\"a\nb\"\"\",\r\n\r\n x\"y,\"")
	f.Add("\xef\xbb\xbf\n\nleg_id,b\r\r\n1,2\r")
	f.Fuzz(func(t *testing.T, text string) {
		if !stream.IsUTF16([]byte(text)) && len(text) <= 1000 { // encoding/csv knows no limits
			checkCSV(t, text)
		}
	})
}

func TestUTF16IsDamageAndNoRows(t *testing.T) {
	p := builtIn(t)
	for _, f := range []profile.Format{profile.JSON, profile.JSONLines, profile.CSV} {
		for _, text := range []string{"\xff\xfel\x00e\x00\n\x00x\x00", "\xfe\xff\x00l\x00e\x00\n\x00x"} {
			rows, rejects, reading := rowsOf(t, p, f, strings.NewReader(text))
			if len(rows)+len(rejects) > 0 || reading.Damage == nil || reading.Used != 0 {
				t.Errorf("%s of %q: %d rows, %d rejects, %+v", f, text, len(rows), len(rejects), reading)
			}
		}
	}
}
