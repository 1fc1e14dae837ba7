package listen

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func listen(t testing.TB, format, codec string, content []byte) Sound {
	t.Helper()
	// One byte at a time finds what a large buffer hides.
	s, err := Listen(t.Context(), format, codec, iotest.OneByteReader(bytes.NewReader(content)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// seconds returns 8000 samples of each value.
func seconds(values ...int16) []int16 {
	var all []int16
	for _, v := range values {
		for range 8000 {
			all = append(all, v)
		}
	}
	return all
}

func interleaved(a, b []int16) []byte {
	var all []int16
	for i := range a {
		all = append(all, a[i], b[i])
	}
	return little16(all)
}

func TestSilenceIsFoundInEachChannelAndInAll(t *testing.T) {
	loud, silent := seconds(9000, 0, -9000), seconds(0, 32, -32)
	tone := append(seconds(500), append(make([]int16, 30*8000), seconds(500)...)...)
	for name, c := range map[string]struct {
		file []byte
		want Sound
	}{
		"in the second channel": {wav(1, 2, 8000, 16, interleaved(loud, silent)), Sound{true, "", []Channel{{false}, {true}}, 3e6, 1e6}},
		"in the first channel":  {wav(1, 2, 8000, 16, interleaved(silent, loud)), Sound{true, "", []Channel{{true}, {false}}, 3e6, 1e6}},
		"in both channels":      {wav(1, 2, 8000, 16, interleaved(silent, silent)), Sound{true, "", []Channel{{true}, {true}}, 3e6, 3e6}},
		"in turns":              {wav(1, 2, 8000, 16, interleaved(loud, seconds(0, 9000, 0))), Sound{true, "", []Channel{{false}, {false}}, 3e6, 0}},
		"within a tone":         {wav(1, 1, 8000, 16, little16(tone)), Sound{true, "", []Channel{{false}}, 32e6, 30e6}},
		"at the end":            {wav(1, 1, 8000, 16, little16(seconds(500, 0, 0))), Sound{true, "", []Channel{{false}}, 3e6, 2e6}},
		"without a sample":      {wav(1, 1, 8000, 16, nil), Sound{true, "", []Channel{{true}}, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, listen(t, "wav", "pcm", c.file)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestASampleAtTheThresholdIsSilent(t *testing.T) {
	float := func(x float32) []byte { return binary.LittleEndian.AppendUint32(nil, math.Float32bits(x)) }
	for name, c := range map[string]struct {
		tag, bits int
		data      []byte
		silent    bool
	}{
		"float, at it":        {3, 32, float(0.001), true},
		"float, below zero":   {3, 32, float(-0.001), true},
		"float, above it":     {3, 32, float(math.Nextafter32(0.001, 1)), false},
		"float, far below it": {3, 32, float(math.Nextafter32(-0.001, -1)), false},
		"16 bits, below it":   {1, 16, little16([]int16{32}), true},
		"16 bits, above it":   {1, 16, little16([]int16{33}), false},
		"16 bits, negative":   {1, 16, little16([]int16{-33}), false},
		"24 bits, below it":   {1, 24, []byte{0xC4, 0x20, 0}, true},
		"24 bits, above it":   {1, 24, []byte{0xC5, 0x20, 0}, false},
		"8 bits, silence":     {1, 8, []byte{128}, true},
		"8 bits, one step":    {1, 8, []byte{127}, false},
		"µ-law, silence":      {7, 8, []byte{0xFF, 0x7F}, true},
		"A-law, silence":      {6, 8, []byte{0xD5, 0x55}, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := listen(t, "wav", "pcm", wav(c.tag, 1, 8000, c.bits, c.data))
			if diff := cmp.Diff([]Channel{{c.silent}}, got.Channels); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStreamingRecordersLeaveSizesOpen(t *testing.T) {
	samples := little16(seconds(0, 500))
	for name, sizes := range map[string][2]uint32{
		"largest":              {0xFFFFFFFF, 0xFFFFFFFF},
		"largest with a sign":  {0x7FFFFFFF, 0x7FFFFFFF - 36},
		"zero":                 {0, 0},
		"of an empty file":     {36, 0},
		"less than the header": {0xFFFFFFFF, 0xFFFFFFFF - 44},
	} {
		t.Run(name, func(t *testing.T) {
			file := wav(1, 1, 8000, 16, samples)
			binary.LittleEndian.PutUint32(file[4:], sizes[0])
			binary.LittleEndian.PutUint32(file[40:], sizes[1])
			want := Sound{true, "", []Channel{{false}}, 2e6, 1e6}
			if diff := cmp.Diff(want, listen(t, "wav", "pcm", file)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsNotDecodedSaysSo(t *testing.T) {
	for _, c := range []struct{ format, codec, want string }{
		{"aac", "aac", "aac is not decoded"},
		{"mp4", "aac", "aac is not decoded"},
		{"gsm", "gsm", "gsm is not decoded"},
		{"webm", "opus", "opus in webm is not decoded"},
		{"ogg", "flac", "flac in ogg is not decoded"},
		{"", "", " is not decoded"},
	} {
		if Decodes(c.format, c.codec) {
			t.Errorf("%s in %s: decoded", c.codec, c.format)
		}
		if diff := cmp.Diff(Sound{Reason: c.want}, listen(t, c.format, c.codec, []byte("x"))); diff != "" {
			t.Error(diff)
		}
	}
	adpcm := wav(0x11, 1, 8000, 4, make([]byte, 100))
	if got, want := listen(t, "wav", "pcm", adpcm), (Sound{Reason: "wav format 0x0011 with 4 bits is not decoded"}); cmp.Diff(got, want) != "" {
		t.Errorf("got %+v, want %+v", got, want)
	}
	lame := [][]byte{{0xFF, 0xE3, 0x48, 0xC0}, {0xFF, 0xF3, 0x40, 0xC0}}
	for i, want := range []string{"mp3 at 8000 Hz is not decoded", "mp3 at 22050 Hz is not decoded"} {
		if got := listen(t, "mp3", "mp3", lame[i]); got.Reason != want || got.Decoded {
			t.Errorf("got %+v, want %q", got, want)
		}
	}
}

func TestWhatIsNoAudioIsDamagedFromTheBeginning(t *testing.T) {
	page := []byte("<!DOCTYPE html><html><body>404 Not Found</body></html>")
	for e := range decoders {
		if e.format == "ulaw" || e.format == "alaw" {
			continue // any byte is a sample
		}
		for _, content := range [][]byte{page, nil, bytes.Repeat([]byte{0}, 100_000)} {
			got := listen(t, e.format, e.codec, content)
			if got.Decoded || got.Channels != nil || got.Duration != 0 || !strings.Contains(got.Reason, "at byte ") {
				t.Errorf("%v, %d bytes: %+v", e, len(content), got)
			}
		}
	}
}

// broken are files of every decoder, written by other programs.
func broken(t testing.TB) map[encoding][]byte {
	t.Helper()
	files := map[encoding][]byte{}
	for _, w := range written {
		e := encoding{w.format, w.codec}
		if files[e] != nil || w.codec == "mp3" && w.rate != 44100 {
			continue
		}
		content, err := os.ReadFile(encode(t, filepath.Join(t.TempDir(), w.codec), w.rate, w.mono, false, w.format, w.command))
		if err != nil {
			t.Fatal(err)
		}
		files[e] = content
	}
	return files
}

func TestWhatCameBeforeDamageCounts(t *testing.T) {
	for e, whole := range broken(t) {
		t.Run(fmt.Sprint(e), func(t *testing.T) {
			all := listen(t, e.format, e.codec, whole)

			// The end is missing.
			half := listen(t, e.format, e.codec, whole[:len(whole)/2+1])
			if !half.Decoded || half.Duration < all.Duration/8 || half.Duration > all.Duration*3/4 {
				t.Errorf("half of %d µs: %+v", all.Duration, half)
			}
			want := fmt.Sprintf("cut off at byte %d", len(whole)/2+1)
			if e.format == "ulaw" || e.format == "alaw" {
				want = "" // without a header nobody knows
			}
			if half.Reason != want {
				t.Errorf("reason %q, want %q", half.Reason, want)
			}

			// In the middle stands something else. Samples have no form to miss.
			if e.codec == "pcm" || e.codec == "ulaw" || e.codec == "alaw" {
				return
			}
			middle := bytes.Clone(whole)
			copy(middle[len(middle)/2:], bytes.Repeat([]byte{0x00, 0x55}, 1000))
			got := listen(t, e.format, e.codec, middle)
			var at int
			if _, err := fmt.Sscanf(got.Reason, "damaged at byte %d", &at); err != nil || at > len(whole)/2+2000 || at < len(whole)/4 {
				t.Errorf("reason %q", got.Reason)
			}
			if !got.Decoded || got.Duration < all.Duration/8 || got.Duration > all.Duration*3/4 {
				t.Errorf("of %d µs: %+v", all.Duration, got)
			}
			if got.Channels[0].Silent {
				t.Error("what came before is not heard")
			}
		})
	}
}

func TestErrorsAreOfTheReaderOrTheContext(t *testing.T) {
	file := wav(1, 1, 8000, 16, make([]byte, 1<<20))
	failure := errors.New("reset")
	if got, err := Listen(t.Context(), "wav", "pcm", io.MultiReader(bytes.NewReader(file[:1000]), iotest.ErrReader(failure))); !errors.Is(err, failure) || got.Decoded {
		t.Errorf("%+v, %v", got, err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	first := true
	reader := readerFunc(func(p []byte) (int, error) {
		if !first {
			cancel()
		}
		first = false
		return copy(p, file), nil
	})
	if got, err := Listen(ctx, "wav", "pcm", reader); !errors.Is(err, context.Canceled) || got.Decoded {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Listen(t.Context(), "wav", "pcm", readerFunc(func([]byte) (int, error) { return 0, nil })); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader of nothing: %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestMemoryDoesNotGrowWithTheStream also holds what a header claims against it.
func TestMemoryDoesNotGrowWithTheStream(t *testing.T) {
	head := wav(1, 2, 8000, 16, nil)
	binary.LittleEndian.PutUint32(head[40:], 0xFFFFFFFF)
	zeros := readerFunc(func(p []byte) (int, error) { clear(p); return len(p), nil })

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := Listen(t.Context(), "wav", "pcm", io.MultiReader(bytes.NewReader(head), io.LimitReader(zeros, 64<<20)))
	runtime.ReadMemStats(&after)
	if err != nil || s.Duration != 64<<20/4*1e6/8000 {
		t.Errorf("%+v, %v", s, err)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
		t.Errorf("%d bytes for a stream of 64 MiB", grown)
	}
}

// TestHostileCodebooksAreRefused: the library would search them without end, or
// make room for 16 GiB.
func TestHostileCodebooksAreRefused(t *testing.T) {
	book := func(fields ...uint64) []byte { // pairs of value and bits
		out, at := []byte("\x05vorbis"), 0
		room := make([]byte, 64)
		for i := 0; i < len(fields); i += 2 {
			for bit := range fields[i+1] {
				room[at/8] |= byte(fields[i]>>bit&1) << (at % 8)
				at++
			}
		}
		return append(out, room...)
	}
	const sync = 0x564342
	for name, packet := range map[string][]byte{
		"no entries":         book(0, 8, sync, 24, 1, 16, 0, 24),
		"no dimensions":      book(0, 8, sync, 24, 0, 16, 2, 24, 0, 2, 0, 5, 0, 5),
		"many entries":       book(0, 8, sync, 24, 1, 16, 0xFFFFFF, 24),
		"an incomplete tree": book(0, 8, sync, 24, 1, 16, 2, 24, 0, 2, 0, 5, 1, 5),
		"an ordered one":     book(0, 8, sync, 24, 1, 16, 100, 24, 1, 1),
		"many vectors":       book(0, 8, sync, 24, 60000, 16, 2, 24, 0, 2, 0, 5, 0, 5, 2, 4),
		"nothing":            nil,
	} {
		if checkVorbisSetup(packet) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := checkVorbisSetup(book(0, 8, sync, 24, 1, 16, 2, 24, 0, 2, 0, 5, 0, 5)); err != nil {
		t.Errorf("a whole codebook: %v", err)
	}
}

// FuzzListen wants of every stream an end without an error of its own, silence that is no
// longer than what was decoded, and a reason where nothing was.
func FuzzListen(f *testing.F) {
	names := []encoding{}
	for _, w := range written {
		names = append(names, encoding{w.format, w.codec})
	}
	for i, e := range names {
		// Files of half a second or less, by the programs that the tests compare with.
		content, err := os.ReadFile(filepath.Join("testdata/seeds", e.format+"-"+e.codec))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(byte(i), content)
	}
	f.Fuzz(func(t *testing.T, which byte, content []byte) {
		e := names[int(which)%len(names)]
		s, err := Listen(t.Context(), e.format, e.codec, bytes.NewReader(content))
		switch {
		case err != nil:
			t.Fatal(err)
		case s.Duration < 0 || s.Longest < 0 || s.Longest > s.Duration:
			t.Errorf("%+v", s)
		case !s.Decoded && (s.Reason == "" || s.Duration != 0):
			t.Errorf("%+v", s)
		}
	})
}

func BenchmarkListen(b *testing.B) {
	for e, content := range broken(b) {
		b.Run(e.format+"-"+e.codec, func(b *testing.B) {
			var micros int64
			for b.Loop() {
				s, err := Listen(b.Context(), e.format, e.codec, bytes.NewReader(content))
				if err != nil || s.Reason != "" {
					b.Fatal(s, err)
				}
				micros += s.Duration
			}
			b.ReportMetric(float64(micros)/1e6/b.Elapsed().Seconds(), "audio-s/s")
		})
	}
}

// TestOneWrongBitIsFound where the format has checksums. In the last frame it may
// look as if the end were missing.
func TestOneWrongBitIsFound(t *testing.T) {
	for _, e := range []encoding{{"flac", "flac"}, {"ogg", "opus"}, {"ogg", "vorbis"}} {
		content, err := os.ReadFile(filepath.Join("testdata/seeds", e.format+"-"+e.codec))
		if err != nil {
			t.Fatal(err)
		}
		if got := listen(t, e.format, e.codec, content); got.Reason != "" {
			t.Fatalf("%v: %+v", e, got)
		}
		for bit := range byte(8) {
			wrong := bytes.Clone(content)
			wrong[len(wrong)*3/4] ^= 1 << bit
			if got := listen(t, e.format, e.codec, wrong); got.Reason == "" {
				t.Errorf("%v, bit %d: %+v", e, bit, got)
			}
		}
	}
}
