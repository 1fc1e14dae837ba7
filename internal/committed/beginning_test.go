package committed_test

import (
	"bytes"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/ledger"
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
	for _, format := range []string{".csv", ".parquet", "sums of .parquet"} {
		o, m := newMetered(t, newOut(t).Store)
		format, o.summed = strings.CutPrefix(format, "sums of ")
		c := o.commitMany(format)
		defer c.Close()
		file, err := c.TableFile(t.Context(), table.Outages)
		o.must(err)
		m.read.Store(0)
		got, err := beginning(c.Beginning(t.Context(), table.Outages, "outage_id", prefix))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %d ids, %v, want %d", format, len(got), err, len(want))
		}
		if little := m.read.Load() < file.Size; little != o.summed {
			t.Errorf("%s: %d bytes of a file of %d were read", format, m.read.Load(), file.Size)
		}
	}
}

// An id that was changed begins in another way, so it must not be passed over.
func TestTheBeginningOfAnIDNamesTheFileThatIsNotTheCommittedOne(t *testing.T) {
	for _, summed := range []bool{false, true} {
		o, _ := newMetered(t, newOut(t).Store)
		o.summed = summed
		file, err := o.commitMany(".parquet").TableFile(t.Context(), table.Outages)
		o.must(err)
		for want, change := range map[string]func([]byte) []byte{
			"is not the file": func(b []byte) []byte { return append(b, 0) },
			"is not there":    func([]byte) []byte { return nil },
			"SHA-256":         func(b []byte) []byte { return bytes.Replace(b, []byte(outageID(5)), []byte(outageID(6)), 1) },
		} {
			c := replacing(t, o, file.Path, change)
			_, err := beginning(c.Beginning(t.Context(), table.Outages, "outage_id", outageID(5)[:9]))
			if _, broken := errors.AsType[*ledger.BrokenError](err); !broken || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file.Path) {
				t.Errorf("with sums %v: error %v, want %q and %s", summed, err, want, file.Path)
			}
			c.Close()
		}
	}
}
