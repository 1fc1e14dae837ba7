package table

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/outside"
	"cdrmend/internal/record"
)

func TestDuckDBReadsTheCellsOfTheCSV(t *testing.T) {
	modules := outside.DuckDB(t)
	for _, s := range schemas {
		t.Run(s.Name, func(t *testing.T) { checkDuckDB(t, modules, s, nasty(s, 400)) })
	}
	t.Run("no rows", func(t *testing.T) { checkDuckDB(t, modules, Findings, Empty) })
	t.Run("dictionary outgrown", func(t *testing.T) { checkDuckDB(t, modules, Repairs, manyValues(rowsPerGroup+100)) })
}

// manyValues outgrows the dictionary of a column in a full row group, so that
// the next group shows whether the column starts with a dictionary again.
func manyValues(rows int) Rows {
	return func(yield func(*Row, error) bool) {
		var r Row
		repair := Repair{Interval: "2026-11-20", Source: "m", Rule: "key"}
		for i := range rows {
			repair.ObjectKey = "hour=" + strconv.Itoa(i/1000) + "/" + strconv.Itoa(i*7919) + ".json"
			repair.Old = "a value that stands only in row " + strconv.Itoa(i)
			if i%10 == 0 {
				repair.Old = ""
			}
			repair.Fill(&r)
			if !yield(&r, nil) {
				return
			}
		}
	}
}

func checkDuckDB(t *testing.T, modules string, s *Schema, rows Rows) {
	text, parquet := written(t, s, rows)
	file := filepath.Join(t.TempDir(), "it's.parquet")
	if err := os.WriteFile(file, parquet, 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "duckdb.mjs"), modules, file)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}

	out := json.NewDecoder(&stdout)
	var types []string
	if err := out.Decode(&types); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(duckTypes(s), types); diff != "" {
		t.Fatalf("types (-want +got):\n%s", diff)
	}
	n := 0
	for r, err := range ReadCSV(bytes.NewReader(text), s) {
		if err != nil {
			t.Fatal(err)
		}
		var got []*string
		if err := out.Decode(&got); err != nil {
			t.Fatalf("row %d: %v", n, err)
		}
		if diff := cmp.Diff(cellsOf(r), duckCells(t, s, got)); diff != "" {
			t.Fatalf("row %d (-CSV +DuckDB):\n%s", n, diff)
		}
		n++
	}
	if out.More() {
		t.Errorf("DuckDB finds more than the %d rows of the CSV", n)
	}
}

func duckTypes(s *Schema) []string {
	var types []string
	for _, c := range s.Columns {
		types = append(types, [...]string{"VARCHAR", "BIGINT", "TIMESTAMP WITH TIME ZONE"}[c.Kind])
	}
	return types
}

func duckCells(t *testing.T, s *Schema, values []*string) []string {
	t.Helper()
	var cells []string
	for i, v := range values {
		switch {
		case v == nil:
			cells = append(cells, "∅")
		case s.Columns[i].Kind == Time:
			micros, err := strconv.ParseInt(*v, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			cells = append(cells, record.Time(micros).String())
		default:
			cells = append(cells, *v)
		}
	}
	return cells
}

// The standard library reads CR LF inside a cell as LF, so both sides do here.
func TestTheStandardLibraryReadsTheCSV(t *testing.T) {
	for _, s := range schemas {
		text, _ := written(t, s, nasty(s, 300))
		std := csv.NewReader(bytes.NewReader(text))
		if _, err := std.Read(); err != nil {
			t.Fatal(err)
		}
		for _, want := range allRows(t, nasty(s, 300)) {
			got, err := std.Read()
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range want {
				want[i] = strings.ReplaceAll(strings.TrimPrefix(v, "∅"), "\r\n", "\n")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", s.Name, diff)
			}
		}
		if _, err := std.Read(); err != io.EOF {
			t.Errorf("%s: after the last row: %v", s.Name, err)
		}
	}
}
