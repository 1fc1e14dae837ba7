package media

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// object makes an object of bytes, whose ranges are counted and must be within it.
func object(t testing.TB, name string, b []byte) (*Object, *int) {
	asked := new(int)
	o := &Object{Name: name, Size: int64(len(b)), Head: b[:min(len(b), HeadBytes)]}
	o.Range = func(off int64, n int) ([]byte, error) {
		*asked++
		if off < 0 || n <= 0 || n > HeadBytes || off+int64(n) > int64(len(b)) {
			t.Errorf("asks for %d bytes at %d of %d", n, off, len(b))
			return nil, nil
		}
		return append([]byte(nil), b[off:off+int64(n)]...), nil
	}
	return o, asked
}

// lookAt looks twice, checks what is true of every result, and returns it with the number
// of ranges.
func lookAt(t testing.TB, name string, b []byte) (Sound, int) {
	t.Helper()
	o, asked := object(t, name, b)
	got, err := Look(o)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	n := *asked
	again, _ := Look(o)

	switch {
	case again != got:
		t.Errorf("%s: first %+v, then %+v", name, got, again)
	case n > maxRanges:
		t.Errorf("%s: %d ranges", name, n)
	case got.Duration < Unknown, got.Rate < 0, got.Channels < 0, got.At < 0, got.At > 0 && got.At > int64(len(b))+128:
		t.Errorf("%s: %+v", name, got)
	case got.Format == "" && (got.Reason == "" || got.Duration != Unknown || got.Codec != ""):
		t.Errorf("%s: no audio, but %+v", name, got)
	case got.Cut && got.Reason == "":
		t.Errorf("%s: cut without a reason: %+v", name, got)
	}
	return got, n
}

// cutAnywhere returns ten beginnings of b.
func cutAnywhere(b []byte, seed uint64) [][]byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var cuts [][]byte
	for range 10 {
		cuts = append(cuts, b[:r.IntN(len(b))])
	}
	return cuts
}

// What a container calls its codec goes to summaries and terminals.
func TestANameOfACodecIsAWord(t *testing.T) {
	whole := matroskaOf(unsized8, elem("\x44\x89", uint64(math.Float64bits(2000))))
	for name, want := range map[string]string{"A_OPUS": "opus", "A_ABCD": "A_ABCD", "\x1b[2J\xff!": "", "A_ A B": ""} {
		b := bytes.Replace(whole, []byte("A_OPUS"), []byte(name), 1)
		if got, _ := lookAt(t, "a.webm", b); got.Codec != want || got.Format != "webm" {
			t.Errorf("of %q the codec is %q in %q, want %q", name, got.Codec, got.Format, want)
		}
	}
	if got := codecName(strings.Repeat("A", 33)); got != "" {
		t.Errorf("a long name gives %q", got)
	}
}
