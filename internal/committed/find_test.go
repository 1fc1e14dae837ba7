package committed_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/committed"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"
)

// find returns the ids of the outages that a search finds.
func find(t *testing.T, c *committed.Commit, ids ...string) (found []string, err error) {
	t.Helper()
	search := &table.Search{Any: []table.Match{table.Having("outage_id", ids...)}}
	for r, err := range c.Find(t.Context(), table.Outages, search) {
		if err != nil {
			return found, err
		}
		found = append(found, r.Text(0))
	}
	return found, nil
}

func TestFindReadsATableOnceHoweverManySearchesFollow(t *testing.T) {
	for name, store := range storesOf(t) {
		for _, format := range []string{".parquet", ".csv"} {
			o, m := newMetered(t, store)
			o.Root = strings.TrimPrefix(format, ".") + "/"
			o.ledger = (&ledger.Output{Store: m, Root: o.Root, Name: "n"}).Interval(label)
			c := o.commitMany(format)
			file, err := c.TableFile(t.Context(), table.Outages)
			o.must(err)

			m.read.Store(0)
			for _, n := range []int{77_000, 3, 99_999} {
				found, err := find(t, c, outageID(n), "out-none")
				if err != nil || !slices.Equal(found, []string{outageID(n)}) {
					t.Errorf("%s, %s: found %q, %v, want %s", name, format, found, err, outageID(n))
				}
			}
			if m.read.Load() != file.Size {
				t.Errorf("%s, %s: %d bytes of a file of %d were read", name, format, m.read.Load(), file.Size)
			}
			if left, _ := os.ReadDir(o.Scratch); len(left) != 0 {
				t.Errorf("%s, %s: a crash now would leave %v", name, format, left)
			}

			c.Close()
			_, err = c.Files(t.Context()) // which it has to read again, too
			o.must(err)
			m.read.Store(0)
			if found, err := find(t, c, outageID(5)); err != nil || len(found) != 1 {
				t.Errorf("%s, %s: after Close found %q, %v", name, format, found, err)
			}
			if m.read.Load() != file.Size {
				t.Errorf("%s, %s: after Close %d bytes were read", name, format, m.read.Load())
			}
			c.Close()
		}
	}
}

// A row is found in no page that is decoded if its id was changed: only the hash tells.
func TestFindNamesTheFileThatIsNotTheCommittedOne(t *testing.T) {
	for _, format := range []string{".parquet", ".csv"} {
		o, _ := newMetered(t, newOut(t).Store)
		file, err := o.commitMany(format).TableFile(t.Context(), table.Outages)
		o.must(err)

		for change, edit := range map[string]func([]byte) []byte{
			"a bit of the first page":   func(b []byte) []byte { b[200] ^= 1; return b },
			"an id is another one":      func(b []byte) []byte { return bytes.Replace(b, []byte(outageID(5)), []byte(outageID(6)), 1) },
			"a byte more":               func(b []byte) []byte { return append(b, '\n') },
			"a byte less":               func(b []byte) []byte { return b[:len(b)-1] },
			"it is not there (removed)": func([]byte) []byte { return nil },
		} {
			c := replacing(t, o, file.Path, edit)
			found, err := find(t, c, outageID(5))
			want := "SHA-256"
			if strings.Contains(change, "removed") {
				want = "is not there"
			}
			if len(found) > 0 || err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file.Path) {
				t.Errorf("%s, %s: found %q, error %v, want %q and %s", format, change, found, err, want, file.Path)
			}
			c.Close()
		}
	}
}

// Somebody writes into the file between hashing it and reading parts of it.
func TestWhatIsReadAgainAreTheBytesThatWereHashed(t *testing.T) {
	dir := t.TempDir()
	store, err := object.Open(t.Context(), object.Location{Dir: dir}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := newOut(t)
	o.Store = store
	o.ledger = (&ledger.Output{Store: store, Root: o.Root, Name: "n"}).Interval(label)
	c := o.commitMany(".parquet")
	defer c.Close()
	if found, err := find(t, c, outageID(5)); err != nil || len(found) != 1 {
		t.Fatalf("found %q, %v", found, err)
	}

	file, err := c.TableFile(t.Context(), table.Outages)
	o.must(err)
	path := filepath.Join(dir, filepath.FromSlash(file.Path))
	content, err := os.ReadFile(path)
	o.must(err)
	at := bytes.Index(content, []byte(outageID(77_000))) // which nobody has read but to hash it
	o.must(os.Chmod(path, 0o600))
	open, err := os.OpenFile(path, os.O_WRONLY, 0)
	o.must(err)
	_, err = open.WriteAt([]byte(outageID(6)), int64(at))
	o.must(err)
	o.must(open.Close())

	if found, err := find(t, c, outageID(77_000)); err == nil || !strings.Contains(err.Error(), "overwritten") {
		t.Errorf("found %q, %v in a file that was overwritten", found, err)
	}

	// It may be cut, too. What was read before stays in memory.
	o.must(os.Truncate(path, int64(at)))
	if found, err := find(t, c, outageID(90_000)); err == nil || !strings.Contains(err.Error(), "overwritten") {
		t.Errorf("found %q, %v in a file that was cut", found, err)
	}

	// A file that takes its place is another one: the open file is read on.
	o.must(os.WriteFile(path+".new", []byte("other"), 0o600))
	o.must(os.Rename(path+".new", path))
	if found, err := find(t, c, outageID(5)); err != nil || len(found) != 1 {
		t.Errorf("found %q, %v in the file that was hashed", found, err)
	}
}

// inputsOf commits a run with a list of inputs, and returns those that are wanted.
func inputsOf(t *testing.T, list string, wanted ...committed.InputKey) (found []ledger.Input, err error) {
	t.Helper()
	o := newOut(t)
	run := o.ledger.NewRun("a", "")
	spool := scratch.NewSpool("")
	_, _ = io.WriteString(spool, list)
	o.must(run.Put(t.Context(), ledger.InputsFile, spool))
	sum, err := run.Finish(t.Context(), nil)
	o.must(err)
	_, err = o.ledger.Commit(t.Context(), ledger.Record{
		Format: ledger.RecordFormat, Number: 1, Name: "n", Interval: label, RunID: "a", RunSHA256: sum, Neighbours: []ledger.Neighbour{},
	})
	o.must(err)
	c, err := o.Newest(t.Context(), label)
	o.must(err)
	defer c.Close()

	keys := map[committed.InputKey]bool{}
	for _, k := range wanted {
		keys[k] = true
	}
	for in, err := range c.InputsOf(t.Context(), keys) {
		if err != nil {
			return found, err
		}
		found = append(found, in)
	}
	return found, nil
}

func TestInputsAreFoundHoweverTheirNamesAreWritten(t *testing.T) {
	keys := []string{"a.json", "b&<c>.json", `quote".json`, `back\slash`, "über\u2028\x7f", "tab\t", strings.Repeat("long/", 100_000), "last"}
	var plain, escaped, want []string
	for i, key := range keys {
		plain = append(plain, fmt.Sprintf(`{"source":"m","key":%s,"size":%d}`, quoted(t, key, false), i))
		escaped = append(escaped, fmt.Sprintf(`{"size":%d, "key":%s,"source":"\u006d"}`, i, quoted(t, key, true)))
		want = append(want, fmt.Sprint(key, i))
	}
	// One of another source is not wanted.
	other := `{"source":"n","key":"a.json","size":99}`

	for _, list := range [][]string{plain, escaped} {
		text := other + "\n" + strings.Join(list, "\n")
		for _, end := range []string{"\n", ""} {
			var wanted []committed.InputKey
			for _, key := range append(keys, "nobody has this") {
				wanted = append(wanted, committed.InputKey{Source: "m", Key: key})
			}
			found, err := inputsOf(t, text+end, wanted...)
			var got []string
			for _, in := range found {
				got = append(got, fmt.Sprint(in.Key, in.Size))
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("found %.300q, %v, want %.300q", got, err, want)
			}
		}
	}

	if found, err := inputsOf(t, strings.Join(plain, "\n"), committed.InputKey{Source: "m", Key: "last"}); err != nil || len(found) != 1 || found[0].Size != 7 {
		t.Errorf("found %v, %v", found, err)
	}
	if _, err := inputsOf(t, other+"\nno JSON\n", committed.InputKey{Source: "m", Key: "a"}); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v, want line 2", err)
	}
}

// quoted returns a text as JSON.
func quoted(t *testing.T, text string, html bool) string {
	t.Helper()
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	if err := e.Encode(text); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
