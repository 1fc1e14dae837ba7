package table

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"cdrmend/internal/outside"

	"github.com/google/go-cmp/cmp"
)

// TestDuckDBRunsTheStatement runs the statement over tables of two intervals,
// one of them only CSV, in a folder that has to be quoted.
func TestDuckDBRunsTheStatement(t *testing.T) {
	modules := outside.DuckDB(t)
	for _, s := range schemas {
		t.Run(s.Name, func(t *testing.T) {
			text, parquet := written(t, s, nasty(s, 50))
			dir := filepath.Join(t.TempDir(), "it's a folder")
			var want [][]string
			var files []string
			for _, f := range []struct {
				interval, name string
				body           []byte
			}{{"2026-11-20", s.Name + ".parquet", parquet}, {"2026-11-21", s.Name + ".csv", text}, {"2026-11-22T08", s.Name + ".csv", text}} {
				path := filepath.Join(dir, "interval="+f.interval, "runs", "1", f.name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, f.body, 0o600); err != nil {
					t.Fatal(err)
				}
				files = append(files, path)
				for r, err := range ReadCSV(bytes.NewReader(text), s) {
					if err != nil {
						t.Fatal(err)
					}
					cells := cellsOf(r)
					if s != Repairs {
						cells = append(cells, f.interval)
					}
					want = append(want, cells)
				}
			}
			got := duckRows(t, modules, s, DuckDB(s, files))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-CSV +DuckDB):\n%s", DuckDB(s, files), diff)
			}
		})
	}
}

// duckRows runs a statement and returns its rows as cells.
func duckRows(t *testing.T, modules string, s *Schema, statement string) [][]string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "duckdb_sql.mjs"), modules, statement)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s\n%s", err, stderr.String(), statement)
	}
	var rows [][]string
	for out := json.NewDecoder(&stdout); out.More(); {
		var values []*string
		if err := out.Decode(&values); err != nil {
			t.Fatal(err)
		}
		if len(values) < len(s.Columns) {
			t.Fatalf("a row has %d columns, want %d at least", len(values), len(s.Columns))
		}
		cells := duckCells(t, s, values[:len(s.Columns)])
		for _, v := range values[len(s.Columns):] {
			cells = append(cells, *v)
		}
		rows = append(rows, cells)
	}
	return rows
}

// Nobody has Athena at hand in a test: what it is told is held against the
// files and the columns.
func TestAthenaIsToldEveryColumnAndOnlyTheFiles(t *testing.T) {
	got := Athena(Repairs, "s3://b/it's/", []string{"s3://b/it's/interval=2026-11-20/runs/1/repairs.parquet", "s3://b/it's/interval=2026-11-21/runs/2/repairs.parquet"})
	want := "CREATE EXTERNAL TABLE IF NOT EXISTS cdrmend_repairs (\n"
	for i, c := range Repairs.Columns {
		want += "  `" + c.Name + "` " + map[Kind]string{Text: "string", Int: "bigint", Time: "timestamp"}[c.Kind]
		if i < len(Repairs.Columns)-1 {
			want += ",\n"
		}
	}
	want += ")\nSTORED AS PARQUET\nLOCATION 's3://b/it''s/';\n\nSELECT * FROM cdrmend_repairs\nWHERE \"$path\" IN (" +
		"\n  's3://b/it''s/interval=2026-11-20/runs/1/repairs.parquet',\n  's3://b/it''s/interval=2026-11-21/runs/2/repairs.parquet');\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
