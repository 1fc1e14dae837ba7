package pack_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/outside"
	"cdrmend/internal/pack"
	"cdrmend/internal/record"
	"cdrmend/internal/scratch"
	"cdrmend/internal/table"
	_ "cdrmend/internal/tempdir"

	"github.com/klauspost/compress/zstd"
)

// world is an output, and inputs in the order of (source, key) with their bytes.
type world struct {
	*testing.T
	dir    string
	out    *ledger.Output
	inputs []pack.Input
	bytes  [][]byte
	warned []string
}

// newWorld makes inputs of the given sizes, half of them of each of two sources.
func newWorld(t *testing.T, sizes ...int) *world {
	t.Helper()
	w := &world{T: t, dir: t.TempDir()}
	store, err := object.Open(t.Context(), object.Location{Dir: w.dir}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.out = &ledger.Output{Store: store, Root: "out/"}

	random := rand.New(rand.NewPCG(1, 2))
	for i, size := range sizes {
		b := make([]byte, size)
		for k := range b {
			b[k] = "abcdefgh"[random.IntN(8)]
		}
		source := []string{"a", "b"}[i*2/len(sizes)]
		w.inputs = append(w.inputs, pack.Input{Source: source, Info: object.Info{
			Key: fmt.Sprintf("k/%04d.json", i), Size: int64(size), ETag: fmt.Sprint("e", i), Modified: time.Unix(int64(i), 5000).UTC(),
		}})
		w.bytes = append(w.bytes, b)
	}
	return w
}

// write packs inputs in an order of their numbers.
func (w *world) write(order []int) []ledger.Pack {
	w.Helper()
	to := w.out.Interval("2026-11-20")
	p, err := pack.NewWriter(to, "")
	if err != nil {
		w.Fatal(err)
	}
	defer p.Close()
	for _, n := range order {
		if err := p.Add(uint32(n), w.inputs[n].Size, bytes.NewReader(w.bytes[n]), sha256.Sum256(w.bytes[n])); err != nil {
			w.Fatal(err)
		}
	}
	written, err := p.Finish(func(n uint32) pack.Input { return w.inputs[n] })
	if err != nil {
		w.Fatal(err)
	}
	var named []ledger.Pack
	for _, one := range written {
		put, err := to.PutPack(w.Context(), one.Bytes, one.Index)
		if err != nil {
			w.Fatal(err)
		}
		named = append(named, put)
	}
	return named
}

func (w *world) set(named []ledger.Pack) (*pack.Set, int) {
	w.Helper()
	s := pack.NewSet(len(w.inputs), "", func(name string, err error) { w.warned = append(w.warned, name+": "+err.Error()) })
	found := 0
	for i := range named {
		n, err := s.Add(w.Context(), w.out, &named[i], func(n int) (string, *object.Info) { return w.inputs[n].Source, &w.inputs[n].Info })
		if err != nil {
			w.Fatal(err)
		}
		found += n
	}
	return s, found
}

// served returns the bytes of an input from packs, nil when none has it.
func served(ctx context.Context, t *testing.T, s *pack.Set, n int, size int64) []byte {
	t.Helper()
	body := s.Open(ctx, uint32(n), size)
	if body == nil {
		return nil
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte{}, b...)
}

func count(n int) (list []int) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

func TestEveryInputIsServedAsItWasPacked(t *testing.T) {
	t.Parallel()
	sizes := []int{0, 1, 3 << 20, 2 << 20, 2<<20 + 1, 7, 0}
	for range 3000 {
		sizes = append(sizes, 2000)
	}
	w := newWorld(t, sizes...)
	order := count(len(sizes))
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
	named := w.write(order)
	if again := w.write(order); !slices.Equal(named, again) {
		t.Errorf("packed twice it is %v and %v", named, again)
	}

	s, found := w.set(named)
	if found != len(sizes) {
		t.Errorf("%d of %d inputs are found", found, len(sizes))
	}
	for n, want := range w.bytes {
		if got := served(t.Context(), t, s, n, w.inputs[n].Size); got == nil || !bytes.Equal(got, want) {
			t.Fatalf("input %d: %d bytes are served, want %d", n, len(got), len(want))
		}
	}
	if inputs, _ := s.Served(); inputs != int64(len(sizes)) || len(w.warned) > 0 {
		t.Errorf("%d served, warned %q", inputs, w.warned)
	}
}

// What pins an input is all that was listed of it.
func TestAnInputThatChangedIsNotServed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*pack.Input){
		"ETag":     func(in *pack.Input) { in.ETag = "other" },
		"version":  func(in *pack.Input) { in.VersionID = "v2" },
		"size":     func(in *pack.Input) { in.Size++ },
		"modified": func(in *pack.Input) { in.Modified = in.Modified.Add(time.Microsecond) },
		"key":      func(in *pack.Input) { in.Key += "x" },
		"source":   func(in *pack.Input) { in.Source = "a2" },
	} {
		w := newWorld(t, 10, 20, 30, 40)
		named := w.write(count(4))
		change(&w.inputs[1])
		s, found := w.set(named)
		if found != 3 || s.Has(1) || served(t.Context(), t, s, 1, 20) != nil {
			t.Errorf("%s: %d inputs are found, and input 1 is served", name, found)
		}
		if got := served(t.Context(), t, s, 3, 40); !bytes.Equal(got, w.bytes[3]) {
			t.Errorf("%s: what comes after it is not served", name)
		}
	}
}

// A pack whose bytes were changed never serves wrong bytes. It is named once.
func TestAChangedPackServesNothingWrong(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1000, 3 << 20} {
		w := newWorld(t, size, size)
		named := w.write(count(2))
		path := filepath.Join(w.dir, "out", filepath.FromSlash(named[0].Path))
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{0, len(whole) / 3, len(whole) - 1} {
			spoiled := bytes.Clone(whole)
			spoiled[at] ^= 1
			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, spoiled, 0o600); err != nil {
				t.Fatal(err)
			}
			w.warned = nil
			s, _ := w.set(named)
			for n := range w.bytes {
				if got := served(t.Context(), t, s, n, int64(size)); got != nil && !bytes.Equal(got, w.bytes[n]) {
					t.Errorf("byte %d changed: input %d is served with other bytes", at, n)
				}
			}
			if len(w.warned) != 1 || !strings.Contains(w.warned[0], "the SHA-256 of its frame") || s.Sound("out/"+named[0].Path) {
				t.Errorf("byte %d changed: warned %q", at, w.warned)
			}
		}
	}
}

func TestAPackThatIsGoneOrAnIndexThatChangedIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10, 10)
	named := w.write(count(2))
	open := func(p ledger.Pack) error {
		_, err := pack.NewSet(2, "", nil).Add(t.Context(), w.out, &p, nil)
		return err
	}
	for want, change := range map[string]func(*ledger.Pack){
		"it is not there":         func(p *ledger.Pack) { p.Path += "x" },
		"the record names 7":      func(p *ledger.Pack) { p.Size = 7 },
		"is not there":            func(p *ledger.Pack) { p.Index.Path += "x" },
		"not the file that was c": func(p *ledger.Pack) { p.Index.SHA256 = strings.Repeat("0", 64) },
	} {
		p := named[0]
		change(&p)
		if err := open(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// indexed writes a pack with an index of its own: frames, and a row for each input that
// says where it is.
func (w *world) indexed(frames [][]byte, where func(n int) (frame int, at, size int64, place int64)) ledger.Pack {
	w.Helper()
	to := w.out.Interval("2026-11-20")
	content, index := scratch.NewSpool(""), scratch.NewSpool("")
	for _, f := range frames {
		_, _ = content.Write(f)
	}
	rows := table.NewWriter(table.Evidence, nil, index)
	var row table.Row
	for n, in := range w.inputs {
		frame, at, size, place := where(n)
		row.Reset(table.Evidence)
		for _, text := range []string{in.Source, in.Key, in.VersionID, in.ETag} {
			row.AddText(text)
		}
		row.AddTime(record.TimeOf(in.Modified))
		row.AddInt(in.Size)
		row.AddText(fmt.Sprintf("%x", sha256.Sum256(w.bytes[n])))
		row.AddInt(int64(frame))
		row.AddInt(at)
		row.AddInt(size)
		row.AddText(fmt.Sprintf("%x", sha256.Sum256(frames[frame%len(frames)])))
		row.AddInt(place)
		if err := rows.Write(&row); err != nil {
			w.Fatal(err)
		}
	}
	if err := rows.Close(); err != nil {
		w.Fatal(err)
	}
	named, err := to.PutPack(w.Context(), content, index)
	if err != nil {
		w.Fatal(err)
	}
	return named
}

func compressed(t *testing.T, b []byte) []byte {
	t.Helper()
	e, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	return e.EncodeAll(b, nil)
}

// An index may be signed and say nonsense. It is refused as a whole, and packs that were
// added before and after it serve what they have.
func TestAnIndexThatSaysNonsenseIsRefusedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(w *world, frame []byte) ledger.Pack{
		"overlap": func(w *world, frame []byte) ledger.Pack {
			return w.indexed([][]byte{frame}, func(n int) (int, int64, int64, int64) { return n, 0, int64(len(frame)), int64(n) * 10 })
		},
		"it has a frame of": func(w *world, frame []byte) ledger.Pack {
			return w.indexed([][]byte{frame}, func(n int) (int, int64, int64, int64) { return n, int64(n) << 40, int64(len(frame)), 0 })
		},
		"a frame of small inputs has": func(w *world, frame []byte) ledger.Pack {
			return w.indexed([][]byte{frame}, func(n int) (int, int64, int64, int64) { return 0, 0, int64(len(frame)), int64(n/3) << 32 })
		},
		"does not come after": func(w *world, frame []byte) ledger.Pack {
			w.inputs[3].Key = w.inputs[2].Key
			return w.indexed([][]byte{frame}, func(n int) (int, int64, int64, int64) { return 0, 0, int64(len(frame)), int64(n) * 10 })
		},
	} {
		w := newWorld(t, 10, 10, 10, 10)
		frame := compressed(t, bytes.Join(w.bytes, nil))
		key := w.inputs[3].Key
		hostile := change(w, frame)
		w.inputs[3].Key = key
		first, last := w.write([]int{0}), w.write([]int{1, 2, 3})

		s := pack.NewSet(4, "", func(_ string, err error) { t.Errorf("%s: warned %v", want, err) })
		wanted := func(n int) (string, *object.Info) { return w.inputs[n].Source, &w.inputs[n].Info }
		for _, one := range []struct {
			pack  ledger.Pack
			found int
			err   string
		}{{first[0], 1, ""}, {hostile, 0, want}, {last[0], 3, ""}} {
			found, err := s.Add(t.Context(), w.out, &one.pack, wanted)
			if found != one.found || (err == nil) != (one.err == "") || err != nil && !strings.Contains(err.Error(), one.err) {
				t.Errorf("%s: %d inputs are found, %v, want %d and %q", want, found, err, one.found, one.err)
			}
		}
		for n := range w.bytes {
			if got := served(t.Context(), t, s, n, 10); !bytes.Equal(got, w.bytes[n]) {
				t.Errorf("%s: input %d is served as %q, want %q", want, n, got, w.bytes[n])
			}
		}
	}
}

// A frame that holds more or less than its index says serves nothing, so that the input
// is requested.
func TestAFrameWithTooManyOrTooFewBytesServesNothing(t *testing.T) {
	t.Parallel()
	const large = 3 << 20
	for name, content := range map[string]func(b []byte) []byte{
		"more":      func(b []byte) []byte { return append(bytes.Clone(b), 'x') },
		"less":      func(b []byte) []byte { return b[:len(b)-1] },
		"a bomb":    func([]byte) []byte { return make([]byte, 1<<30) },
		"nothing":   func([]byte) []byte { return nil },
		"no frames": nil,
	} {
		for _, size := range []int{1000, large} {
			w := newWorld(t, size)
			frame := []byte("these are no frames")
			if content != nil {
				frame = compressed(t, content(w.bytes[0]))
			}
			if size < large && (name == "more" || name == "a bomb") {
				continue // other inputs may follow, and are not unpacked
			}
			named := w.indexed([][]byte{frame}, func(int) (int, int64, int64, int64) { return 0, 0, int64(len(frame)), 0 })
			s, found := w.set([]ledger.Pack{named})
			if got := served(t.Context(), t, s, 0, int64(size)); found != 1 || got != nil || s.Has(0) || len(w.warned) != 1 {
				t.Errorf("%s: %d of %d bytes are served, warned %q", name, len(got), size, w.warned)
			}
		}
	}
}

// However many packs serve, no more of them is in memory than a run can spare.
func TestManyPacksThatServeInTurnTakeBoundedMemory(t *testing.T) {
	outside.Long(t)
	t.Parallel()
	const packs, each = 60, 1900 << 10
	var sizes []int
	for range packs {
		sizes = append(sizes, each)
	}
	w := newWorld(t, sizes...)
	var named []ledger.Pack
	for n := range packs {
		named = append(named, w.write([]int{n})...)
	}
	s, _ := w.set(named)
	for range 2 {
		for n, want := range w.bytes {
			if got := served(t.Context(), t, s, n, each); !bytes.Equal(got, want) {
				t.Fatalf("input %d is not served", n)
			}
		}
	}
	if held, most := s.Held(), 64<<20+each; held > most || held == 0 {
		t.Errorf("%d bytes are held, want at most %d", held, most)
	}
}
