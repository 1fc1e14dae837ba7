package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"cdrmend/internal/jsonscan"
	"cdrmend/internal/stream"

	"github.com/klauspost/compress/zstd"
)

func packed(t testing.TB, c stream.Compression, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := c.Compress(&b)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// content returns what can be read of stored, and what ended it.
func content(stored io.Reader) (string, *stream.Stream, error) {
	s := stream.Open(stored, 0, &limits)
	defer s.Close()
	text, err := io.ReadAll(s)
	return string(text), s, err
}

var (
	limits       = stream.DefaultLimits()
	compressions = []stream.Compression{stream.Plain, stream.Gzip, stream.Zstd}
	someText     = strings.Repeat("some text, some other text; ", 30) + "the end"
)

func TestCompressionIsRecognisedByContent(t *testing.T) {
	for _, c := range compressions {
		for _, text := range []string{"", "x", someText, strings.Repeat(someText, 500)} {
			got, s, err := content(bytes.NewReader(packed(t, c, text)))
			if got != text || err != nil || s.Checksum != nil || s.Failed() != nil {
				t.Errorf("compression %d: got %d bytes of %d, %v, %v", c, len(got), len(text), err, s.Checksum)
			}
			if s.Compression != c {
				t.Errorf("got compression %d, want %d", s.Compression, c)
			}
		}
	}
}

func TestSeveralCompressedMembersAreOneContent(t *testing.T) {
	for _, c := range []stream.Compression{stream.Gzip, stream.Zstd} {
		one, two := packed(t, c, "one "), packed(t, c, "two")
		if got, _, err := content(bytes.NewReader(append(one, two...))); got != "one two" || err != nil {
			t.Errorf("compression %d: got %q, %v", c, got, err)
		}
		got, _, err := content(bytes.NewReader(append(one, two[:len(two)-9]...)))
		if !strings.HasPrefix(got, "one ") || !jsonscan.IsTruncated(err) {
			t.Errorf("compression %d: got %q, %v, want a cut", c, got, err)
		}
	}
}

func TestACompressedStreamMayBeCutAtEveryByte(t *testing.T) {
	for _, c := range []stream.Compression{stream.Gzip, stream.Zstd} {
		stored := packed(t, c, someText)
		magic := map[stream.Compression]int{stream.Gzip: 2, stream.Zstd: 4}[c]
		for n := magic; n < len(stored); n++ {
			got, s, err := content(bytes.NewReader(stored[:n]))
			if !strings.HasPrefix(someText, got) || !jsonscan.IsTruncated(err) || !jsonscan.IsDamage(s.Failed()) || s.Checksum != nil {
				t.Errorf("compression %d cut at %d of %d: got %q, %v", c, n, len(stored), got, err)
			}
		}
	}
}

func TestDamageInTheMiddleIsNoCut(t *testing.T) {
	for _, c := range []stream.Compression{stream.Gzip, stream.Zstd} {
		stored := packed(t, c, someText)
		broken, checksum := 0, 0
		for n := 4; n < len(stored); n++ {
			damaged := bytes.Clone(stored)
			damaged[n] ^= 0xff
			got, s, err := content(bytes.NewReader(damaged))
			switch {
			case err != nil && !jsonscan.IsDamage(err):
				t.Errorf("compression %d broken at %d: %v is no damage", c, n, err)
			case err != nil && !jsonscan.IsTruncated(err):
				broken++
			case err == nil && s.Checksum != nil && s.Failed() == nil:
				checksum++
			case err == nil && got != someText:
				t.Errorf("compression %d broken at %d: got other content without an error", c, n)
			}
		}
		if broken == 0 || checksum == 0 {
			t.Errorf("compression %d: %d times broken, %d times another checksum", c, broken, checksum)
		}
	}
}

func TestContentWithAnotherChecksumIsWhole(t *testing.T) {
	for c, at := range map[stream.Compression]int{stream.Gzip: 8, stream.Zstd: 1} {
		for _, text := range []string{"short", someText, strings.Repeat(someText, 1000)} {
			stored := packed(t, c, text)
			stored[len(stored)-at] ^= 1
			for _, more := range []string{"", "and another member"} {
				all := stored
				if more != "" {
					all = append(bytes.Clone(stored), packed(t, c, more)...)
				}
				got, s, err := content(bytes.NewReader(all))
				if got != text+more || err != nil || s.Checksum == nil || s.Failed() != nil {
					t.Errorf("compression %d: got %d bytes of %d, %v, checksum %v", c, len(got), len(text+more), err, s.Checksum)
				}
			}
			if _, _, err := content(bytes.NewReader(append(bytes.Clone(stored), stored[:7]...))); !jsonscan.IsTruncated(err) {
				t.Errorf("compression %d: %v for a second member that is cut", c, err)
			}
		}
	}
}

// What follows a complete member is one that was cut only when it begins like
// one. Of zstd fewer than four bytes tell nothing.
func TestWhatFollowsACompleteStreamIsNoCutOfIt(t *testing.T) {
	zeros := string(make([]byte, 512))
	for c, tails := range map[stream.Compression]map[string]bool{
		stream.Gzip: {"\n": false, "\x00": false, zeros: false, "garbage": false, "garbage, and more of it": false, "\x1f": true, "\x1f\x8b": true, "\x1f\x8b\x08\x00": true, "\x1fx": false},
		stream.Zstd: {zeros: false, "garbage": false, "\x28\xb5\x2f\xfd": true, "\x50\x2a\x4d\x18\x09": true},
	} {
		stored := packed(t, c, someText)
		for tail, cut := range tails {
			got, s, err := content(strings.NewReader(string(stored) + tail))
			if got != someText || !jsonscan.IsDamage(err) || jsonscan.IsTruncated(err) != cut || s.Checksum != nil {
				t.Errorf("compression %d, then %.20q: %d bytes of %d, %v, want it cut: %v", c, tail, len(got), len(someText), err, cut)
			}
		}
	}
}

func TestFramesWithoutContentAreSkipped(t *testing.T) {
	const skipped = "\x5a\x2a\x4d\x18\x04\x00\x00\x00\xff\xff\xff\xff"
	frame := string(packed(t, stream.Zstd, someText))
	for stored, want := range map[string]string{
		skipped: "", skipped + frame: someText, skipped + skipped + frame + skipped + frame: someText + someText,
	} {
		got, s, err := content(strings.NewReader(stored))
		if got != want || err != nil || s.Compression != stream.Zstd {
			t.Errorf("%.16q: %d bytes, want %d, %v, compression %d", stored, len(got), len(want), err, s.Compression)
		}
	}
	for n := 4; n < len(skipped); n++ {
		if _, _, err := content(strings.NewReader(skipped[:n])); !jsonscan.IsTruncated(err) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
}

func TestAStreamThatNobodyCanDecodeIsUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		stored  []byte
		unknown bool
	}{
		"gzip method 7":         {append([]byte("\x1f\x8b\x07"), make([]byte, 20)...), true},
		"a dictionary":          {[]byte("\x28\xb5\x2f\xfd\x21\x07\x05\x29\x00\x00hello"), true},
		"a broken zstd block":   {[]byte("\x28\xb5\x2f\xfd\x20\x05\x07\x00\x00hello"), false},
		"a broken gzip block":   {append(packed(t, stream.Gzip, "")[:10], 0xff, 0xff), false},
		"a second gzip header":  {append(packed(t, stream.Gzip, "one"), "\x1f\x8b\x07.........."...), false},
		"a cut header of gzip":  {[]byte("\x1f\x8b\x08"), false},
		"a cut header of zstd":  {[]byte("\x28\xb5\x2f\xfd"), false},
		"trailing text in gzip": {append(packed(t, stream.Gzip, "one"), "garbage..."...), false},
	} {
		_, _, err := content(bytes.NewReader(c.stored))
		var content *stream.Error
		if !errors.As(err, &content) || content.Unknown != c.unknown {
			t.Errorf("%s: %+v, want it unknown: %v", name, err, c.unknown)
		}
	}
}

func TestLimitOfTheWindowIsThatOfMemory(t *testing.T) {
	var large bytes.Buffer
	w, err := zstd.NewWriter(&large, zstd.WithWindowSize(zstd.MaxWindowSize), zstd.WithSingleSegment(false))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, someText)
	w.Flush()
	fmt.Fprint(w, someText)
	w.Close()
	_, _, err = content(&large)
	var limit *stream.LimitError
	if !errors.As(err, &limit) || limit.Limit != "window_bytes" {
		t.Errorf("a window of 512 MiB: %v, want the limit window_bytes", err)
	}
}

func TestAStoreThatFailsIsNoDamage(t *testing.T) {
	reset := errors.New("connection reset")
	for _, c := range compressions {
		stored := packed(t, c, someText)
		for n := range stored {
			_, _, err := content(io.MultiReader(bytes.NewReader(stored[:n]), iotest.ErrReader(reset)))
			if !errors.Is(err, reset) || jsonscan.IsDamage(err) {
				t.Fatalf("compression %d after %d bytes: %v, want %v", c, n, err, reset)
			}
		}
	}
}

func TestPackedContentHasNoNameAndNoTime(t *testing.T) {
	stored := packed(t, stream.Gzip, someText)
	if header := stored[:10]; header[3] != 0 || !bytes.Equal(header[4:8], make([]byte, 4)) {
		t.Errorf("the gzip header is % x", header)
	}
	for _, c := range compressions {
		if !bytes.Equal(packed(t, c, someText), packed(t, c, someText)) {
			t.Errorf("compression %d gives other bytes each time", c)
		}
	}
}
