package rows

import (
	"encoding/csv"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"cdrmend/internal/stream"
	"cdrmend/internal/window"
)

// checkCells holds every cell of every row against encoding/csv, whose last
// row may be one that ends inside quotes.
func checkCells(t *testing.T, text string, delimiter byte, arrive func(io.Reader) io.Reader) {
	t.Helper()
	naive := csv.NewReader(strings.NewReader(text))
	naive.Comma = rune(delimiter)
	naive.FieldsPerRecord, naive.LazyQuotes = -1, true
	w := window.New(arrive(strings.NewReader(text)), &stream.Limits{})
	cells := cells{delimiter: delimiter}
	for n := 0; ; n++ {
		want, wantErr := naive.Read()
		row, err := nextCSVRow(&w, delimiter)
		if err != wantErr || err != nil {
			if err != io.EOF || wantErr != io.EOF {
				t.Fatalf("row %d of %q: %v, in encoding/csv %v", n, text, err, wantErr)
			}
			return
		}
		if end := w.Offset(); end != naive.InputOffset() || string(row.raw) != text[row.at:int(row.at)+len(row.raw)] {
			t.Fatalf("row %d of %q is %q at %d and ends at %d, in encoding/csv at %d", n, text, row.raw, row.at, end, naive.InputOffset())
		}
		if row.open {
			continue // what there is of the last cell is told by nobody
		}
		cells.split(row.raw)
		if got := cells.texts(); !slices.Equal(got, want) {
			t.Fatalf("row %d of %q is %q, in encoding/csv %q", n, text, got, want)
		}
	}
}

// randomQuotes returns a text of little else than what has a meaning in CSV.
func randomQuotes(rng *rand.Rand, length int) string {
	pieces := []string{`"`, `"`, `"`, `""`, ",", ",", "\n", "\r\n", "\r", "a", "b c", "é\xff", "\x00"}
	var b strings.Builder
	for b.Len() < length {
		b.WriteString(pieces[rng.IntN(len(pieces))])
	}
	return b.String()
}

func TestCellsOfCSVAreThoseOfTheStandardLibrary(t *testing.T) {
	rng := rand.New(rand.NewPCG(4180, 4))
	for range 30_000 {
		delimiter := ",;\t|"[rng.IntN(4)]
		text := strings.ReplaceAll(randomQuotes(rng, rng.IntN(30)), ",", string(delimiter))
		checkCells(t, text, delimiter, iotest.OneByteReader)
	}
	for range 20 { // rows longer than the window
		text := randomQuotes(rng, 1000) + `"` + strings.ReplaceAll(randomQuotes(rng, 200<<10), `"`, `""`) + randomQuotes(rng, 1000)
		checkCells(t, text, ',', iotest.HalfReader)
	}
}

// FuzzCells: every cell is what encoding/csv finds in it.
func FuzzCells(f *testing.F) {
	for _, text := range []string{"a,\"b\"\"\"\r\n\"c\r\nd\",e\r", "\"a\"b\"\",c\n\r\n\n\"\",\"", "\"a\"\r\r\n\"b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkCells(t, text, ',', iotest.OneByteReader) })
}
