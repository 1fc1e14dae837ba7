package parquetfile

import (
	"bytes"
	"strings"
	"testing"

	"cdrmend/internal/rows"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// A column chunk takes three bytes of a footer when it says nothing, and a thousand in
// memory. A file that has more of them than columns, or others, is damaged.
func TestColumnChunksThatDescribeNothingAreDamage(t *testing.T) {
	type row struct {
		ID string `parquet:"id"`
	}
	var sound bytes.Buffer
	if err := parquet.Write(&sound, []row{{"a"}, {"b"}}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*format.FileMetaData)
		damage string
	}{
		"sound": {func(*format.FileMetaData) {}, ""},
		"too many chunks": {func(m *format.FileMetaData) {
			m.RowGroups[0].Columns = append(m.RowGroups[0].Columns, make([]format.ColumnChunk, 1000)...)
		}, "row group 0 has 1001 columns, and the schema 1"},
		"no chunks": {func(m *format.FileMetaData) { m.RowGroups = append(m.RowGroups, format.RowGroup{}) }, "row group 1 has 0 columns, and the schema 1"},
		"empty chunks": {func(m *format.FileMetaData) {
			m.RowGroups = append(m.RowGroups, format.RowGroup{Columns: make([]format.ColumnChunk, 1)})
		}, "row group 1 does not say what its column 0 is"},
	} {
		t.Run(name, func(t *testing.T) {
			file := patched(t, sound.Bytes(), func(*format.PageHeader) {}, c.change)
			_, reading := allOf(t, everyColumn(sound.Bytes()), file)
			if got := errorText(reading); got != c.damage && (c.damage == "" || !strings.Contains(got, c.damage)) {
				t.Errorf("damage %q, want %q", got, c.damage)
			}
		})
	}
}

func errorText(r rows.Reading) string {
	if r.Damage == nil {
		return ""
	}
	return r.Damage.Error()
}
