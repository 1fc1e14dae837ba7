package scratch_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"cdrmend/internal/scratch"
)

func TestASpoolGivesBackWhatItGotWhereverItKeepsIt(t *testing.T) {
	const limit = 128 << 10
	for _, size := range []int{0, 1, limit - 1, limit, limit + 1, 3*limit + 7} {
		dir := t.TempDir()
		s := scratch.NewSpool(dir)
		want := bytes.Repeat([]byte("0123456789abcde"), size/15+1)[:size]
		for part := want; len(part) > 0; {
			n := min(len(part), 100_003)
			if wrote, err := s.Write(part[:n]); err != nil || wrote != n {
				t.Fatalf("wrote %d of %d bytes: %v", wrote, n, err)
			}
			part = part[n:]
		}
		content, err := s.Content()
		if err != nil {
			t.Fatal(err)
		}
		if s.Size() != int64(size) || content.Size != int64(size) || content.SHA256 != sha256.Sum256(want) {
			t.Errorf("%d bytes: the spool says %d, the content %d with another hash: %v", size, s.Size(), content.Size, content.SHA256 != sha256.Sum256(want))
		}
		for again := range 2 {
			r, err := content.Open()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes, reading %d: got %d bytes, %v", size, again, len(got), err)
			}
			r.Close()
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%d bytes: a crash now would leave %v", size, left)
		}
		s.Close()
	}
}

func TestASpoolWithoutPlaceSaysWhatToDo(t *testing.T) {
	s := scratch.NewSpool("/does/not/exist")
	defer s.Close()
	if _, err := s.Write(make([]byte, 128<<10)); err != nil {
		t.Fatalf("what fits into memory needs no place: %v", err)
	}
	if _, err := s.Write([]byte("x")); err == nil || !bytes.Contains([]byte(err.Error()), []byte("scratch")) {
		t.Errorf("got %v, want an error that names scratch", err)
	}
}

// The spools of a pool are written in turn, some of them settled in between, and each
// gives back what it got.
func TestSpoolsOfAPoolAreApart(t *testing.T) {
	const spools, piece = 7, 64 << 10
	dir := t.TempDir()
	pool := scratch.NewPool(dir)
	defer pool.Close()

	var list [spools]*scratch.Spool
	var want [spools][]byte
	for i := range list {
		list[i] = pool.NewSpool()
		defer list[i].Close()
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		i := random.IntN(spools - 1) // the last one stays empty
		b := bytes.Repeat([]byte{byte('a' + i)}, []int{0, 1, 100, piece - 1, piece, 2*piece + 9}[random.IntN(6)])
		for k := range b {
			b[k] += byte(k % 11)
		}
		want[i] = append(want[i], b...)
		if n, err := list[i].Write(b); n != len(b) || err != nil {
			t.Fatalf("wrote %d of %d bytes: %v", n, len(b), err)
		}
		if random.IntN(9) == 0 {
			if err := list[i].Settle(); err != nil {
				t.Fatal(err)
			}
		}
	}
	list[0].Close()

	for i := 1; i < spools; i++ {
		content, err := list[i].Content()
		if err != nil {
			t.Fatal(err)
		}
		r, err := content.Open()
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			at := random.IntN(len(want[i]) + 1)
			if _, err := r.Seek(int64(at), io.SeekStart); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, random.IntN(5*piece))
			n, err := io.ReadFull(r, b)
			if end := min(at+len(b), len(want[i])); !bytes.Equal(b[:n], want[i][at:end]) {
				t.Errorf("spool %d: %d bytes from %d are others: got %d bytes, %v", i, len(b), at, n, err)
			}
		}
		if content.SHA256 != sha256.Sum256(want[i]) || content.File != "" {
			t.Errorf("spool %d has another hash, or a name: %q", i, content.File)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("a crash now would leave %v", left)
	}
}

func TestSpoolsOfAPoolShareOneDescriptor(t *testing.T) {
	open := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(list)
	}
	before := open()
	pool := scratch.NewPool(t.TempDir())
	for range 50 {
		s := pool.NewSpool()
		defer s.Close()
		if _, err := s.Write(make([]byte, 200<<10)); err != nil {
			t.Fatal(err)
		}
	}
	if now := open(); now != before+1 {
		t.Errorf("%d descriptors are open, want %d", now, before+1)
	}
	pool.Close()
	if now := open(); now != before {
		t.Errorf("%d descriptors are open in the end, want %d", now, before)
	}
}
