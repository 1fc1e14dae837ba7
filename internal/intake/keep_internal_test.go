package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/pack"
	"cdrmend/internal/scratch"
)

type spools struct{}

func (spools) NewSpool(dir string) (*scratch.Spool, error) { return scratch.NewSpool(dir), nil }

func newPacker(t *testing.T) *pack.Writer {
	t.Helper()
	w, err := pack.NewWriter(spools{}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// finished returns the hashes of the packs that were written.
func finished(t *testing.T, w *pack.Writer) (sums []string) {
	t.Helper()
	packs, err := w.Finish(func(n uint32) pack.Input {
		return pack.Input{Source: "s", Info: object.Info{Key: fmt.Sprintf("%05d", n)}}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packs {
		sums = append(sums, p.Bytes.Sum(), p.Index.Sum())
	}
	return sums
}

// text returns content that packs to less.
func text(random *rand.Rand, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = "0123456789abcdef"[random.IntN(16)]
	}
	return b
}

func parcelOf(n uint32, content []byte) *parcel {
	return &parcel{n: n, name: fmt.Sprint(n), want: int64(len(content)), mem: content, sum: sha256.Sum256(content)}
}

// readAgain makes a parcel one whose bytes are read again.
func readAgain(p *parcel, content []byte) *parcel {
	p.mem = nil
	p.again = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
	return p
}

func everything(uint32) bool { return true }

// However objects end, and wherever their bytes are meanwhile, the pack is the same, and
// few bytes wait.
func TestAPackDoesNotDependOnWhichObjectEndsFirst(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var contents [][]byte
	for i := range 400 {
		size := random.IntN(scratch.InMemory)
		if i%10 == 3 {
			size = 3 << 20 // has a frame of its own
		}
		contents = append(contents, text(random, size))
	}
	plain := newPacker(t)
	for i, b := range contents {
		if err := plain.Add(uint32(i), int64(len(b)), bytes.NewReader(b), sha256.Sum256(b)); err != nil {
			t.Fatal(err)
		}
	}
	want := finished(t, plain)

	for round := range 3 {
		w := newPacker(t)
		keep := NewKeep(t.Context(), everything, w)
		k, end := newKeeper(t.Context(), keep)
		var most int64
		var wg sync.WaitGroup
		places := make(chan int, len(contents))
		for i := range contents {
			places <- i // objects are begun in their order
		}
		close(places)
		for range 16 {
			wg.Go(func() {
				for i := range places {
					if (i+round)%7 == 0 {
						time.Sleep(time.Millisecond) // this one takes longer
					}
					p := parcelOf(uint32(i), contents[i])
					if i%10 == 3 {
						readAgain(p, contents[i])
					}
					if err := k.deliver(i, p); err != nil {
						t.Error(err)
					}
					k.mu.Lock()
					most = max(most, k.held)
					k.mu.Unlock()
				}
			})
		}
		wg.Wait()
		end()
		keep.finish()
		if err := keep.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := finished(t, w); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("round %d: the packs are %v, want %v", round, got, want)
		}
		if most > mostHeld+scratch.InMemory || keep.held != 0 {
			t.Errorf("round %d: up to %d bytes waited, and %d in the end", round, most, keep.held)
		}
	}
}

// An object that is read again must be what the run decided about.
func TestAnObjectThatChangedIsNotPacked(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{200 << 10, 3 << 20} {
		was, is := text(random, size), text(random, size)
		keep := NewKeep(t.Context(), everything, newPacker(t))
		k, end := newKeeper(t.Context(), keep)
		if err := k.deliver(0, readAgain(parcelOf(7, was), is)); err != nil {
			t.Fatal(err)
		}
		end()
		keep.finish()
		if err := keep.Wait(); !errors.Is(err, object.ErrChanged) {
			t.Errorf("%d bytes: got %v, want ErrChanged", size, err)
		}
	}
}

// Whoever waits for room is woken by a failure, and by the end of the context.
func TestAFailureWakesWhoWaits(t *testing.T) {
	broken := errors.New("broken")
	content := make([]byte, mostHeld)
	for _, how := range []string{"failure", "end"} {
		ctx, cancel := context.WithCancel(t.Context())
		keep := NewKeep(ctx, everything, newPacker(t))
		k, end := newKeeper(ctx, keep)
		begun := make(chan struct{})
		p := parcelOf(0, nil)
		p.again = func(ctx context.Context) (io.ReadCloser, error) {
			<-begun
			if how == "end" {
				<-ctx.Done()
			}
			return nil, broken
		}
		if err := k.deliver(0, p); err != nil {
			t.Fatal(err)
		}
		waiting := make(chan error)
		for i := range 3 {
			go func() { waiting <- k.deliver(i+2, parcelOf(uint32(i+2), content)) }()
		}
		if how == "end" {
			cancel()
		}
		close(begun)
		for range 3 {
			<-waiting // with the error, or with none when it came before
		}
		end()
		keep.finish()
		if err := keep.Wait(); !errors.Is(err, broken) && (how == "failure" || !errors.Is(err, context.Canceled)) {
			t.Errorf("%s: got %v", how, err)
		}
		if keep.held != 0 {
			t.Errorf("%s: %d bytes are held", how, keep.held)
		}
		cancel()
	}
}
