package committed_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/committed"
	"cdrmend/internal/table"
)

func TestASearchReadsOnlyTheBlocksThatItNeeds(t *testing.T) {
	for name, store := range storesOf(t) {
		o, m := newMetered(t, store)
		o.summed = true
		c := o.commitMany(".parquet")
		defer c.Close()
		file, err := c.TableFile(t.Context(), table.Outages)
		o.must(err)

		m.read.Store(0)
		for _, n := range []int{77_000, 77_001} {
			found, err := find(t, c, outageID(n), "out-none")
			if err != nil || !slices.Equal(found, []string{outageID(n)}) {
				t.Errorf("%s: found %q, %v, want %s", name, found, err, outageID(n))
			}
		}
		if m.read.Load()*2 > file.Size {
			t.Errorf("%s: %d bytes of a file of %d were read", name, m.read.Load(), file.Size)
		}
		if found, err := find(t, c, "out-none"); err != nil || len(found) > 0 {
			t.Errorf("%s: found %q, %v", name, found, err)
		}
	}
}

// An id is another one in a block that a search reads, or in one that it does not read.
func TestABlockThatIsNotTheCommittedOneIsNamedWhereItIsRead(t *testing.T) {
	o, _ := newMetered(t, newOut(t).Store)
	o.summed = true
	file, err := o.commitMany(".parquet").TableFile(t.Context(), table.Outages)
	o.must(err)

	c := replacing(t, o, file.Path, func(b []byte) []byte { return bytes.Replace(b, []byte(outageID(5)), []byte(outageID(6)), 1) })
	defer c.Close()
	if found, err := find(t, c, outageID(5)); len(found) > 0 || err == nil || !strings.Contains(err.Error(), "have another SHA-256") {
		t.Errorf("found %q, %v in a block that was changed", found, err)
	}
	if found, err := find(t, c, outageID(77_000)); err != nil || len(found) != 1 {
		t.Errorf("found %q, %v in blocks that were not changed", found, err)
	}

	for change, edit := range map[string]func([]byte) []byte{
		"bytes instead of": func(b []byte) []byte { return append(b, 0) },
		"is not there":     func([]byte) []byte { return nil },
	} {
		c := replacing(t, o, file.Path, edit)
		if found, err := find(t, c, outageID(5)); err == nil || !strings.Contains(err.Error(), change) || !strings.Contains(err.Error(), file.Path) {
			t.Errorf("found %q, error %v, want %q", found, err, change)
		}
		c.Close()
	}
}

// Sums that are not those of the record save nothing, and hide nothing.
func TestWithoutItsSumsATableIsHashedAsAWhole(t *testing.T) {
	o, _ := newMetered(t, newOut(t).Store)
	o.summed = true
	named := o.commitMany(".parquet").Record.Blocks.Path
	for change, edit := range map[string]func([]byte) []byte{
		"they are gone":         func([]byte) []byte { return nil },
		"they are other ones":   func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"they are not JSON":     func(b []byte) []byte { return b[:len(b)/2] },
		"they are of no blocks": func([]byte) []byte { return []byte("{}") },
	} {
		found, read := searchWithout(t, o, named, edit)
		if !slices.Equal(found, []string{outageID(5)}) || !read {
			t.Errorf("%s: found %q, the whole table was read: %v", change, found, read)
		}
	}
}

// searchWithout searches a copy of an output whose sums are other ones. It reports whether
// it read all of the table.
func searchWithout(t *testing.T, o *out, sums string, edit func([]byte) []byte) (found []string, whole bool) {
	t.Helper()
	m := &metered{Store: storeOf(t, o, o.Root+sums, edit)}
	copied := committed.Output{Store: m, Root: o.Root}
	c, err := copied.Newest(t.Context(), label)
	o.must(err)
	defer c.Close()
	file, err := c.TableFile(t.Context(), table.Outages)
	o.must(err)
	m.read.Store(0)
	found, err = find(t, c, outageID(5))
	o.must(err)
	return found, m.read.Load() >= file.Size
}
