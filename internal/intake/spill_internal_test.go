package intake

import (
	"bytes"
	"testing"
)

func TestNoMoreThanSoManyCopiesAreKept(t *testing.T) {
	s := spill{dir: t.TempDir()}
	defer s.close()
	s.copies.Add(mostCopies - 10)
	first, err := s.keepCopy([]byte("a copy"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if more, err := s.keepCopy([]byte("a copy")); err != nil || more.End != 0 {
			t.Errorf("kept %v, %v", more, err)
		}
	}
	if _, err := s.keep([]byte("rest")); err != nil {
		t.Fatal(err)
	}
	from, err := s.reader()
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 10)
	if _, err := from.ReadAt(got, first.Start); err != nil || !bytes.Equal(got, []byte("a copyrest")) {
		t.Errorf("%q, %v", got, err)
	}
}
