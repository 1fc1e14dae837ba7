package blocks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"cdrmend/internal/blocks"
)

// bytesOf returns so many bytes that differ from block to block.
func bytesOf(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b)
	return b
}

// sumsOf returns the sums of content that comes in pieces.
func sumsOf(content []byte, piece int) []byte {
	s := blocks.NewSums()
	for len(content) > 0 {
		n, _ := s.Write(content[:min(piece, len(content))])
		content = content[n:]
	}
	return s.List()
}

// part reads content, and notes each request.
func part(content []byte, requests *[]string) blocks.Part {
	return func(_ context.Context, from int64, n int) ([]byte, error) {
		if requests != nil {
			*requests = append(*requests, fmt.Sprintf("%d+%d", from/blocks.Size, (n+blocks.Size-1)/blocks.Size))
		}
		return bytes.Clone(content[from:min(len(content), int(from)+n)]), nil
	}
}

func TestSumsDoNotDependOnHowTheBytesCome(t *testing.T) {
	for _, size := range []int{0, 1, blocks.Size - 1, blocks.Size, blocks.Size + 1, 3*blocks.Size + 17} {
		content := bytesOf(size)
		want := sumsOf(content, max(1, size))
		if !blocks.Fit(want, int64(size)) {
			t.Errorf("%d bytes of sums do not fit %d bytes", len(want), size)
		}
		for _, piece := range []int{1, 1000, blocks.Size} {
			if !bytes.Equal(sumsOf(content, piece), want) {
				t.Errorf("%d bytes in pieces of %d have other sums", size, piece)
			}
		}
	}
	if blocks.Fit(sumsOf(bytesOf(blocks.Size), 1000), blocks.Size+1) {
		t.Error("one sum fits two blocks")
	}
}

func TestAReaderReadsWhatWasSummed(t *testing.T) {
	for _, size := range []int{1, blocks.Size, 5*blocks.Size + 3, 70 * blocks.Size} {
		content := bytesOf(size)
		r := blocks.NewReader(int64(size), part(content, nil), blocks.Against(sumsOf(content, size))).In(t.Context())
		if err := iotest.TestReader(io.NewSectionReader(r, 0, int64(size)), content); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestEachFlippedBlockIsNamedAndNoByteOfItIsReturned(t *testing.T) {
	const size = 4*blocks.Size + 100
	content := bytesOf(size)
	sums := sumsOf(content, size)
	for block := range 5 {
		changed := bytes.Clone(content)
		changed[min(block*blocks.Size+77, size-1)] ^= 1
		r := blocks.NewReader(size, part(changed, nil), blocks.Against(sums)).In(t.Context())
		for other := range 5 {
			var b [8]byte
			n, err := r.ReadAt(b[:], int64(other*blocks.Size))
			if other != block && (n != 8 || err != nil) {
				t.Errorf("block %d was changed: %d bytes of block %d, %v", block, n, other, err)
			}
			if want := fmt.Sprintf("from %d to", block*blocks.Size); other == block && (n != 0 || err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("block %d was changed: %d bytes of it, error %v, want %q", block, n, err, want)
			}
		}
	}
}

func TestAReaderAsksForAsFewPartsAsItCan(t *testing.T) {
	const size = 300 * blocks.Size
	content, requests := bytesOf(size), []string(nil)
	r := blocks.NewReader(size, part(content, &requests), blocks.Against(sumsOf(content, size))).In(t.Context())
	for _, test := range []struct {
		from, n int
		want    string
	}{
		{10*blocks.Size + 5, 100, "[10+1]"},
		{10 * blocks.Size, blocks.Size, "[]"},         // it is kept
		{8*blocks.Size + 1, 5 * blocks.Size, "[8+6]"}, // one request also reads the block that is kept
		{100 * blocks.Size, 130 * blocks.Size, "[100+64 164+64 228+2]"},
		{10 * blocks.Size, 1, "[10+1]"}, // others took its place
	} {
		requests = nil
		b := make([]byte, test.n)
		if _, err := r.ReadAt(b, int64(test.from)); err != nil || !bytes.Equal(b, content[test.from:test.from+test.n]) {
			t.Fatalf("%d bytes from %d: %v", test.n, test.from, err)
		}
		if got := fmt.Sprint(requests); got != test.want {
			t.Errorf("%d bytes from %d: requests %s, want %s", test.n, test.from, got, test.want)
		}
	}
}

func TestAPartThatIsTooShortIsAnError(t *testing.T) {
	content := bytesOf(3 * blocks.Size)
	sums := sumsOf(content, len(content))
	for _, left := range []int{0, blocks.Size, blocks.Size + 1, 3*blocks.Size - 1} {
		r := blocks.NewReader(int64(len(content)), part(content[:left], nil), blocks.Against(sums)).In(t.Context())
		if n, err := r.ReadAt(make([]byte, len(content)), 0); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%d of %d bytes are there: %d bytes were read, %v", left, len(content), n, err)
		}
	}
}
