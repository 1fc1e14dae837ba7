package table

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/outside"
	"cdrmend/internal/record"
)

var update = flag.Bool("update", false, "write the golden files anew")

// written returns a table in both formats.
func written(t *testing.T, s *Schema, rows Rows) (csv, parquet []byte) {
	t.Helper()
	var c, p bytes.Buffer
	if err := Write(s, rows, &c, &p); err != nil {
		t.Fatal(err)
	}
	return c.Bytes(), p.Bytes()
}

func TestEveryTableSurvivesBothFormats(t *testing.T) {
	for _, s := range schemas {
		t.Run(s.Name, func(t *testing.T) {
			for _, n := range []int{0, 1, 700} {
				rows := nasty(s, n)
				want := allRows(t, rows)
				csv, parquet := written(t, s, rows)
				if diff := cmp.Diff(want, allRows(t, ReadCSV(bytes.NewReader(csv), s))); diff != "" {
					t.Errorf("CSV of %d rows (-want +got):\n%s", n, diff)
				}
				read := ReadParquet(bytes.NewReader(parquet), int64(len(parquet)), s)
				for range 2 {
					if diff := cmp.Diff(want, allRows(t, read)); diff != "" {
						t.Errorf("Parquet of %d rows (-want +got):\n%s", n, diff)
					}
				}
			}
		})
	}
}

func TestOneFormatAloneHasTheSameBytes(t *testing.T) {
	rows := nasty(Findings, 50)
	csv, parquet := written(t, Findings, rows)
	var c, p bytes.Buffer
	if err := errors.Join(WriteCSV(&c, Findings, rows), WriteParquet(&p, Findings, rows)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(c.Bytes(), csv) || !bytes.Equal(p.Bytes(), parquet) {
		t.Error("a table written to one format differs from the same table written to both")
	}
}

func TestEqualTablesHaveEqualBytes(t *testing.T) {
	for _, s := range schemas {
		_, want := written(t, s, nasty(s, 2000))
		for _, procs := range []int{1, 4} {
			before := runtime.GOMAXPROCS(procs)
			_, got := written(t, s, nasty(s, 2000))
			runtime.GOMAXPROCS(before)
			if !bytes.Equal(got, want) {
				t.Errorf("%s: two writes differ, the second on %d processors", s.Name, procs)
			}
		}
	}
}

func TestParquetNamesNoLibrary(t *testing.T) {
	_, parquet := written(t, Calls, nasty(Calls, 3))
	if !bytes.Contains(parquet, []byte("cdrmend version 1(build )")) || bytes.Contains(parquet, []byte("parquet-go")) {
		t.Error("the footer names the library, or not this program")
	}
}

func TestCSVBytesAreAsPublished(t *testing.T) {
	texts := []string{"plain", "a,b", `a "quoted" word`, "line\nbreak", " space ", "trünk-1", "", "+15553589270"}
	for _, s := range schemas {
		csv, _ := written(t, s, mixed(s, 9, texts))
		golden := filepath.Join("testdata", s.Name+".csv")
		if *update {
			if err := os.WriteFile(golden, csv, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(csv)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", golden, diff)
		}
	}
}

func TestTableLargerThanARowGroupSurvives(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 280,000 rows")
	}
	for _, large := range []struct {
		schema *Schema
		rows   Rows
	}{
		{Calls, newNight(rowsPerGroup + 9000).calls()},
		{Repairs, manyValues(rowsPerGroup + 9000)},
	} {
		_, parquet := written(t, large.schema, large.rows)
		checkEqual(t, large.rows, ReadParquet(bytes.NewReader(parquet), int64(len(parquet)), large.schema))
	}
}

func checkEqual(t *testing.T, want, got Rows) {
	t.Helper()
	next, stop := iter.Pull2(got)
	defer stop()
	n := 0
	for w := range want {
		g, err, _ := next()
		if err != nil || g == nil {
			t.Fatalf("row %d: %v", n, err)
		}
		if want, got := cellsOf(w), cellsOf(g); !slices.Equal(want, got) {
			t.Fatalf("row %d: got %q, want %q", n, got, want)
		}
		n++
	}
	if g, err, more := next(); more {
		t.Errorf("after %d rows another one: %v, %v", n, g, err)
	}
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteReportsWhatFailed(t *testing.T) {
	brokenRows := func(yield func(*Row, error) bool) {
		for r := range nasty(Calls, 2) {
			if !yield(r, nil) {
				return
			}
		}
		yield(nil, errBroken)
	}
	var sink bytes.Buffer
	for name, err := range map[string]error{
		"rows to CSV":       WriteCSV(&sink, Calls, brokenRows),
		"rows to Parquet":   WriteParquet(&sink, Calls, brokenRows),
		"CSV to writer":     WriteCSV(brokenWriter{}, Calls, nasty(Calls, 2)),
		"Parquet to writer": WriteParquet(brokenWriter{}, Calls, nasty(Calls, 2)),
	} {
		if !errors.Is(err, errBroken) {
			t.Errorf("%s: error %v, want %v", name, err, errBroken)
		}
	}
}

func TestWriteRefusesRowsThatDoNotFit(t *testing.T) {
	half := func(yield func(*Row, error) bool) {
		var r Row
		r.Reset(Calls)
		r.AddText("org")
		yield(&r, nil)
	}
	for want, rows := range map[string]Rows{
		"writing table calls: a row of calls has 1 cells instead of 27":     half,
		"writing table calls: a row of findings cannot be written to calls": nasty(Findings, 1),
	} {
		var sink bytes.Buffer
		if err := WriteCSV(&sink, Calls, rows); err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestSymbolsAreWrittenLikeTheTextsThatTheyStandFor(t *testing.T) {
	texts := intern.NewTable()
	symbols := func(yield func(*Row, error) bool) {
		r, n := NewRow(texts), 0
		for row := range nasty(Findings, 500) {
			r.Reset(Findings)
			n++
			for i, c := range Findings.Columns {
				switch {
				case c.Kind == Text && (i+n)%3 == 0: // some texts are not interned
					r.AddBytes(row.Bytes(i))
				case c.Kind == Text:
					r.AddSymbol(texts.Of(row.Bytes(i)))
				case !row.Known(i):
					r.AddNull()
				case c.Kind == Int:
					r.AddInt(row.Count(i))
				default:
					r.AddTime(row.Time(i))
				}
			}
			if !yield(r, nil) {
				return
			}
		}
	}
	csv, parquet := written(t, Findings, nasty(Findings, 500))
	gotCSV, gotParquet := written(t, Findings, symbols)
	if !bytes.Equal(csv, gotCSV) || !bytes.Equal(parquet, gotParquet) {
		t.Errorf("CSV equal: %v, Parquet equal: %v", bytes.Equal(csv, gotCSV), bytes.Equal(parquet, gotParquet))
	}
}

func TestUUIDsAndOtherIDsOfAColumnKeepTheirOrder(t *testing.T) {
	texts := intern.NewTable()
	id := func(n, column int) string {
		if n%3 == 2 {
			return fmt.Sprintf("id-%d-%d", n, column)
		}
		return fmt.Sprintf("%08x-0000-4000-8000-%012x", n, column)
	}
	rows := func(yield func(*Row, error) bool) {
		r := NewRow(texts)
		for n := range 1000 {
			r.Reset(Outages)
			for i, c := range Outages.Columns {
				if c.Kind == Text {
					r.AddSymbol(texts.OfString(id(n, i)))
				} else {
					r.AddNull()
				}
			}
			if !yield(r, nil) {
				return
			}
		}
	}
	var parquet bytes.Buffer
	if err := Write(Outages, rows, nil, &parquet); err != nil { // CSV beside would have spelled them out already
		t.Fatal(err)
	}
	n := 0
	for r, err := range Read(bytes.NewReader(parquet.Bytes()), int64(parquet.Len()), "outages.parquet", Outages) {
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range Outages.Columns {
			if c.Kind == Text && r.Text(i) != id(n, i) {
				t.Fatalf("row %d has %s %q, want %q", n, c.Name, r.Text(i), id(n, i))
			}
		}
		n++
	}
	if n != 1000 {
		t.Errorf("%d rows are read, want 1000", n)
	}
}

func TestATableThatExtendsAnotherHasTheBytesOfOneThatDoesNot(t *testing.T) {
	outside.Long(t)
	if testing.Short() {
		t.Skip("writes 300,000 rows")
	}
	for _, n := range []int{0, 1, rowsPerCheck, rowsPerGroup - 1, rowsPerGroup, rowsPerGroup + 9000} {
		findings := func(yield func(*Row, error) bool) { // some dictionaries become too long on the way
			var r Row
			for i := range n {
				r.Reset(Findings)
				for j, c := range Findings.Columns {
					switch {
					case (i+j)%11 == 3:
						r.AddNull()
					case c.Kind == Text && j%2 == 0:
						r.AddText(fmt.Sprintf("%d has a text of its own in column %d", i, j))
					case c.Kind == Text:
						r.AddText(nastyTexts[i/100%len(nastyTexts)])
					case c.Kind == Int:
						r.AddInt(int64(i))
					default:
						r.AddTime(record.Time(i))
					}
				}
				if !yield(&r, nil) {
					return
				}
			}
		}
		wantCSV, wantParquet := written(t, History, Merge(Empty, Empty, findings, 1))
		var below, csv, parquet bytes.Buffer
		w := NewWriter(Findings, nil, &below)
		extended := w.Extended(History, &csv, &parquet)
		err := Drain(extended.Passing(Merge(Empty, Empty, w.Passing(findings), 1)))
		if err := errors.Join(err, extended.Close(), w.Close()); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(csv.Bytes(), wantCSV) || !bytes.Equal(parquet.Bytes(), wantParquet) {
			t.Errorf("%d rows: CSV equal: %v, Parquet equal: %v", n, bytes.Equal(csv.Bytes(), wantCSV), bytes.Equal(parquet.Bytes(), wantParquet))
		}
		if _, want := written(t, Findings, findings); !bytes.Equal(below.Bytes(), want) {
			t.Errorf("%d rows: the table below differs from one that is not extended", n)
		}
	}
}
