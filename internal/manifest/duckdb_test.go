package manifest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"cdrmend/internal/manifest"
	"cdrmend/internal/outside"
	"cdrmend/internal/record"
)

// duckDB reads a file with a second implementation, which also has to find
// the same rows by its statistics.
func duckDB(t *testing.T, content []byte) [][]*string {
	t.Helper()
	modules := outside.DuckDB(t)
	file := filepath.Join(t.TempDir(), "a.parquet")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join("..", "table", "testdata", "duckdb.mjs")
	out, err := exec.CommandContext(t.Context(), "node", script, modules, file).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	d := json.NewDecoder(bytes.NewReader(out))
	var types []string
	if err := d.Decode(&types); err != nil {
		t.Fatal(err)
	}
	var rows [][]*string
	for d.More() {
		var row []*string
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func TestDuckDBReadsTheRepairedDocument(t *testing.T) {
	type row struct {
		Recording string  `parquet:"recording_id,dict,snappy"`
		Trunk     *string `parquet:"trunk_id,optional,dict,zstd"`
		Start     *int64  `parquet:"start_time,optional,timestamp(microsecond)"`
		Bytes     int64   `parquet:"media_bytes,delta,gzip"`
	}
	var rows []row
	for i := range 5000 {
		r := row{Recording: fmt.Sprint("rec ", i), Bytes: int64(i * 7)}
		if trunk, start := fmt.Sprint("trunk ", i%7), int64(1_795_420_800_000_000+i); i%10 != 0 {
			r.Trunk, r.Start = &trunk, &start
		}
		rows = append(rows, r)
	}
	var file, fixed bytes.Buffer
	w := parquet.NewGenericWriter[row](&file, parquet.MaxRowsPerRowGroup(1500), parquet.PageBufferSize(4000))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := duckDB(t, file.Bytes())
	trunk, micros := "mended", "1795420800123456"
	var edits []manifest.Edit
	for _, i := range []uint32{0, 40, 4990} {
		edits = append(edits,
			manifest.Edit{Gap: &manifest.Gap{Entry: i, Field: record.TrunkID}, Value: trunk},
			manifest.Edit{Gap: &manifest.Gap{Entry: i, Field: record.StartTime}, Value: "2026-11-23T08:00:00.123456Z"})
		want[i][1], want[i][2] = &trunk, &micros
	}
	src := bytes.NewReader(file.Bytes())
	if err := manifest.WriteParquet(&fixed, src, src.Size(), ownProfile(t), slices.Values(edits)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, duckDB(t, fixed.Bytes())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
