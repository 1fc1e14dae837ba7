package scratch_test

import (
	"bytes"
	"crypto/sha256"
	"io"
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
