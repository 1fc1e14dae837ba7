package committed_test

import (
	"iter"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/table"
)

func beginning(values iter.Seq2[string, error]) (found []string, err error) {
	for v, err := range values {
		if err != nil {
			return found, err
		}
		found = append(found, v)
	}
	return found, nil
}

func TestTheBeginningOfAnIDIsFoundInWhateverFormatItsTableHas(t *testing.T) {
	const prefix = "out-9e"
	var want []string
	for n := range outages {
		if id := outageID(n); strings.HasPrefix(id, prefix) {
			want = append(want, id)
		}
	}
	for _, format := range []string{".csv", ".parquet"} {
		o, _ := newMetered(t, newOut(t).Store)
		c := o.commitMany(format)
		got, err := beginning(c.Beginning(t.Context(), table.Outages, "outage_id", prefix))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %d ids, %v, want %d", format, len(got), err, len(want))
		}
	}
}

func TestTheBeginningOfAnIDNamesTheFileThatIsNotTheCommittedOne(t *testing.T) {
	o, _ := newMetered(t, newOut(t).Store)
	file, err := o.commitMany(".parquet").TableFile(t.Context(), table.Outages)
	o.must(err)
	for want, change := range map[string]func([]byte) []byte{
		"bytes instead of": func(b []byte) []byte { return append(b, 0) },
		"is not there":     func([]byte) []byte { return nil },
	} {
		if _, err := beginning(replacing(t, o, file.Path, change).Beginning(t.Context(), table.Outages, "outage_id", "out-")); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file.Path) {
			t.Errorf("error %v, want %q and %s", err, want, file.Path)
		}
	}
}
