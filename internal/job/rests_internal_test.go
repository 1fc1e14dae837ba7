package job

import (
	"bytes"
	"testing"
)

func TestNoMoreThanSoManyCopiesAreKept(t *testing.T) {
	r := rests{scratch: t.TempDir()}
	defer r.close()
	r.copies.Add(mostCopies - 10)
	first, err := r.keepCopy([]byte("a copy"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if more, err := r.keepCopy([]byte("a copy")); err != nil || more.End != 0 {
			t.Errorf("kept %v, %v", more, err)
		}
	}
	if _, err := r.keep([]byte("rest")); err != nil {
		t.Fatal(err)
	}
	from, err := r.reader()
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 10)
	if _, err := from.ReadAt(got, first.Start); err != nil || !bytes.Equal(got, []byte("a copyrest")) {
		t.Errorf("%q, %v", got, err)
	}
}
