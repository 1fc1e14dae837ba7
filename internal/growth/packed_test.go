package growth

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/record"
	"cdrmend/internal/table"

	"github.com/klauspost/compress/zstd"
)

// packed are structures of packs: each night is run once before it is measured, and the
// second run finds the packs that the first one left, or others that somebody put in
// their place.
var packed = []structure{
	{name: "documents of a pack", n: 300, write: func(w *night, n int) {
		w.documents(n)
		w.runOnce()
		w.document("late")
	}},
	{name: "packs of a record", n: 60, write: func(w *night, n int) {
		w.documents(n)
		w.runOnce()
		w.repack(n, func(i int) (content []byte, rows []member) {
			content = compress(w.t, w.kept[i].bytes)
			return content, []member{{i, 0, 0, int64(len(content)), 0}}
		})
		w.document("late")
	}},
	{name: "frames of a pack that are one", n: 300, write: func(w *night, n int) {
		w.documents(n)
		w.runOnce()
		w.repack(1, func(int) ([]byte, []member) {
			var all []byte
			for _, k := range w.kept {
				all = append(all, k.bytes...)
			}
			content, place := compress(w.t, all), int64(0)
			var rows []member
			for i, k := range w.kept {
				rows = append(rows, member{i, i, 0, int64(len(content)), place})
				place += int64(len(k.bytes))
			}
			return content, rows
		})
		w.document("late")
	}},
	{name: "frames of a pack that unpack to much", n: 300, write: func(w *night, n int) {
		w.documents(n)
		w.runOnce()
		w.repack(1, func(int) (content []byte, rows []member) {
			for i, k := range w.kept {
				frame := compress(w.t, append(bytes.Clone(k.bytes), make([]byte, 2_000_000)...))
				rows = append(rows, member{i, i, int64(len(content)), int64(len(frame)), 0})
				content = append(content, frame...)
			}
			return content, rows
		})
		w.document("late")
	}},
	{name: "documents of a pack in turn", n: 300, write: func(w *night, n int) {
		w.documents(n)
		w.runOnce()
		w.repack(1, func(int) (content []byte, rows []member) {
			// Each frame has documents from all over the night.
			frames := n / 8
			at, size, place := make([]int64, frames), make([]int64, frames), make([]int64, n)
			for f := range frames {
				var all []byte
				for i := f; i < n; i += frames {
					place[i] = int64(len(all))
					all = append(all, w.kept[i].bytes...)
				}
				frame := compress(w.t, all)
				at[f], size[f] = int64(len(content)), int64(len(frame))
				content = append(content, frame...)
			}
			for i := range n {
				rows = append(rows, member{i, i % frames, at[i%frames], size[i%frames], place[i]})
			}
			return content, rows
		})
		w.document("late")
	}},
	{name: "rows of an index that are one", n: 200_000, write: func(w *night, n int) {
		w.documents(4)
		w.runOnce()
		w.repack(1, func(int) ([]byte, []member) {
			content := compress(w.t, w.kept[0].bytes)
			rows := make([]member, n)
			for i := range rows {
				rows[i] = member{0, 0, 0, int64(len(content)), 0}
			}
			return content, rows
		})
		w.document("late")
	}},
	{name: "rows of an index that name nothing", n: 20_000, write: func(w *night, n int) {
		w.documents(4)
		w.runOnce()
		w.repack(1, func(int) ([]byte, []member) {
			content := compress(w.t, w.kept[0].bytes)
			rows := make([]member, n)
			for i := range rows {
				rows[i] = member{-1 - i, i, 1 << 60, 1 << 60, 1 << 60}
			}
			return content, rows
		})
		w.document("late")
	}},
}

// keptInput is a document as a run listed it.
type keptInput struct {
	key   string
	bytes []byte
	at    time.Time // of its last modification
}

// member is a row of an index: a document, and where it is said to be. A negative
// number is that of a document which the night does not have.
type member struct {
	document        int
	frame           int
	at, size, place int64
}

// documents writes n documents of one recording each.
func (n *night) documents(count int) {
	for i := range count {
		n.document(fmt.Sprintf("%08d", i))
	}
}

func (n *night) document(name string) {
	n.put(manifests, name+".json", func(w *bufio.Writer) {
		fmt.Fprintf(w, `{"format":"cdrmend.manifest/1","recordings":[{"recording_id":"r-%s","conversation_id":"c-%[1]s",%s}]}`, name, times(60, 120))
	})
	path := n.path(filepath.Join(manifests, "date="+day, name+".json"))
	content, err := os.ReadFile(path)
	if err != nil {
		n.t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		n.t.Fatal(err)
	}
	n.kept = append(n.kept, keptInput{"date=" + day + "/" + name + ".json", content, info.ModTime().UTC().Truncate(time.Microsecond)})
}

// runOnce runs the job, whose output stays.
func (n *night) runOnce() {
	n.t.Helper()
	if out, err := exec.Command(cdrmend(n.t), n.args()...).CombinedOutput(); err != nil {
		n.t.Fatalf("the first run: %v\n%s", err, out)
	}
}

func compress(t *testing.T, b []byte) []byte {
	t.Helper()
	e, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	return e.EncodeAll(b, nil)
}

// repack has the record of the first run name other packs, as somebody could who may
// write to an output without signatures.
func (n *night) repack(packs int, content func(i int) (content []byte, rows []member)) {
	n.t.Helper()
	out := filepath.Join(n.dir, "output")
	record := filepath.Join(out, "interval="+day, "log", ledger.RecordName(1))
	r, _, err := ledger.OpenRecord(n.read(record), nil)
	if err != nil {
		n.t.Fatal(err)
	}
	if len(r.Evidence) != 1 {
		n.t.Fatalf("the first run keeps %d packs", len(r.Evidence))
	}

	r.Evidence = nil
	for i := range packs {
		bytes, rows := content(i)
		index := n.index(rows, bytes)
		p := ledger.Pack{File: n.packFile(out, bytes, ".zst"), Index: n.packFile(out, index, ".parquet"), Objects: 1}
		r.Evidence = append(r.Evidence, p)
	}
	sealed, err := r.Seal(nil)
	if err != nil {
		n.t.Fatal(err)
	}
	n.overwrite(record, sealed)

	entry := filepath.Join(out, "journal", ledger.EntryName(1))
	e, _, err := ledger.OpenEntry(n.read(entry), nil)
	if err != nil {
		n.t.Fatal(err)
	}
	e.SHA256 = sumOf(sealed)
	if sealed, err = e.Seal(nil); err != nil {
		n.t.Fatal(err)
	}
	n.overwrite(entry, sealed)
}

// index returns an index as Parquet.
func (n *night) index(rows []member, pack []byte) []byte {
	n.t.Helper()
	var b bytes.Buffer
	w := table.NewWriter(table.Evidence, nil, &b)
	var row table.Row
	for _, m := range rows {
		key, size, modified, sum := fmt.Sprintf("none/%012d", -m.document), int64(1), record.NoTime, sumOf(nil)
		if m.document >= 0 {
			k := n.kept[m.document]
			key, size, modified, sum = k.key, int64(len(k.bytes)), record.TimeOf(k.at), sumOf(k.bytes)
		}
		frame := ""
		if m.at >= 0 && m.size >= 0 && m.at <= int64(len(pack)) && m.size <= int64(len(pack))-m.at {
			frame = sumOf(pack[m.at : m.at+m.size])
		}
		row.Reset(table.Evidence)
		for _, text := range []string{"m", key, "", ""} {
			row.AddText(text)
		}
		row.AddTime(modified)
		row.AddInt(size)
		row.AddText(sum)
		row.AddInt(int64(m.frame))
		row.AddInt(m.at)
		row.AddInt(m.size)
		row.AddText(frame)
		row.AddInt(m.place)
		if err := w.Write(&row); err != nil {
			n.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		n.t.Fatal(err)
	}
	return b.Bytes()
}

// packFile writes a pack or its index, and returns how a record names it.
func (n *night) packFile(out string, content []byte, suffix string) ledger.File {
	n.t.Helper()
	sum := sumOf(content)
	path := "interval=" + day + "/evidence/" + sum + suffix
	n.overwrite(filepath.Join(out, path), content)
	return ledger.File{Path: path, Size: int64(len(content)), SHA256: sum}
}

func (n *night) read(path string) []byte {
	n.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		n.t.Fatal(err)
	}
	return b
}

// overwrite replaces a file that its owner may not write to.
func (n *night) overwrite(path string, content []byte) {
	n.t.Helper()
	_ = os.Remove(path)
	if err := os.WriteFile(path, content, 0o640); err != nil {
		n.t.Fatal(err)
	}
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
