package audio

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/outside"
)

// tool runs a program, and returns what it prints.
func tool(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.Command(outside.Program(t, name), args...)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil || said.Len() > 0 {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, said.Bytes())
	}
	return out
}

// known is how other programs call a format.
var known = [formats]struct {
	suffix, container, codec string
	rate                     int // of decoded samples
}{
	Opus:     {".opus", "ogg", "opus", 48_000},
	FLAC:     {".flac", "flac", "flac", 8000},
	LowRate:  {".wav", "wav", "pcm_u8", 25},
	PCM:      {".wav", "wav", "pcm_s16le", 8000},
	MuLaw:    {".wav", "wav", "pcm_mulaw", 8000},
	Streamed: {".wav", "wav", "pcm_mulaw", 8000},
	MP3:      {".mp3", "mp3", "mp3", 8000},
}

func eachSound(t *testing.T, f func(t *testing.T, as Format, s Sound, path string)) {
	for as := range formats {
		for _, d := range []time.Duration{1020 * time.Millisecond, 93_457 * time.Millisecond, 5 * time.Minute} {
			for channels := 1; channels <= 2; channels++ {
				s := Sound{d, channels, 0xC0FFEE}
				t.Run(fmt.Sprintf("%s of %s, %v, %d", known[as].codec, known[as].container, d, channels), func(t *testing.T) {
					path := filepath.Join(t.TempDir(), "sound"+known[as].suffix)
					if err := os.WriteFile(path, as.Append(nil, s), 0o600); err != nil {
						t.Fatal(err)
					}
					f(t, as, s, path)
				})
			}
		}
	}
}

// near reports whether a duration is right to 50 ms.
func near(got, want time.Duration) bool { return (got - want).Abs() <= 50*time.Millisecond }

func TestFFprobeFindsWhatWasMade(t *testing.T) {
	eachSound(t, func(t *testing.T, as Format, s Sound, path string) {
		level := "warning"
		if as == Streamed {
			level = "error" // it warns of the length
		}
		out := tool(t, "ffprobe", "-v", level, "-show_entries", "stream=codec_name,channels:format=format_name,duration", "-of", "default=noprint_wrappers=1", path)
		got := map[string]string{}
		for line := range strings.Lines(string(out)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			got[name] = value
		}
		seconds, err := strconv.ParseFloat(got["duration"], 64)
		if err != nil {
			t.Fatal(err)
		}
		d := time.Duration(seconds * float64(time.Second))
		if as == Streamed && d > 24*time.Hour { // it believes the header
			d = s.Duration
		}
		want := known[as]
		if got["codec_name"] != want.codec || got["format_name"] != want.container || got["channels"] != strconv.Itoa(s.Channels) || !near(d, s.Duration) {
			t.Errorf("got %v, want %s in %s of %v with %d channels", got, want.codec, want.container, s.Duration, s.Channels)
		}
	})
}

// TestFFmpegDecodesAllOfIt decodes to PCM and counts its samples. No channel is silent for
// a minute, or all the time.
func TestFFmpegDecodesAllOfIt(t *testing.T) {
	eachSound(t, func(t *testing.T, as Format, s Sound, path string) {
		args := []string{"-v", "error", "-xerror", "-err_detect", "crccheck+explode"}
		if as == Streamed {
			args = []string{"-v", "fatal"} // the end of the file comes before that of the header
		}
		samples := tool(t, "ffmpeg", append(args, "-i", path, "-f", "s16le", "-")...)
		frame := 2 * s.Channels
		d := time.Duration(len(samples)/frame) * time.Second / time.Duration(known[as].rate)
		if !near(d, s.Duration) {
			t.Errorf("ffmpeg decodes %v, want %v", d, s.Duration)
		}

		for channel := range s.Channels {
			quiet, longest := 0, 0
			for i := 2 * channel; i < len(samples); i += frame {
				quiet++
				if v := int(int16(little.Uint16(samples[i:]))); v > 33 || v < -33 { // -60 dBFS
					quiet = 0
				}
				longest = max(longest, quiet)
			}
			if at := time.Duration(longest) * time.Second / time.Duration(known[as].rate); at > time.Minute || longest == len(samples)/frame {
				t.Errorf("channel %d is silent for %v of %v", channel, at, s.Duration)
			}
		}
	})
}

// TestEveryCheckSumIsRight asks programs that take a wrong one for an error.
func TestEveryCheckSumIsRight(t *testing.T) {
	eachSound(t, func(t *testing.T, as Format, _ Sound, path string) {
		switch as {
		case FLAC:
			tool(t, "flac", "--test", "--totally-silent", path)
		case Opus:
			tool(t, "opusdec", "--quiet", path, os.DevNull)
		}
	})
}

func TestTheDurationIsExactToTheSample(t *testing.T) {
	s := Sound{Duration: 3*time.Minute + 7*time.Millisecond, Channels: 2}
	for as, want := range map[Format]int{PCM: 44 + 180_007*8*4, MuLaw: 58 + 180_007*8*2, LowRate: 44 + 4500*2} {
		if got := len(as.Append(nil, s)); got != want {
			t.Errorf("%s: %d bytes, want %d", known[as].codec, got, want)
		}
	}
}

func TestOnlyTheSerialNumberTellsEqualSoundsApart(t *testing.T) {
	for as := range formats {
		one, again, other := Sound{time.Minute, 2, 1}, Sound{time.Minute, 2, 1}, Sound{time.Minute, 2, 2}
		if !bytes.Equal(as.Append(nil, one), as.Append(nil, again)) {
			t.Errorf("%s: equal sounds have different bytes", known[as].codec)
		}
		if bytes.Equal(as.Append(nil, one), as.Append(nil, other)) != (as != Opus) {
			t.Errorf("%s: the serial number does not do what it should", known[as].codec)
		}
		if got := as.Append([]byte("before"), one); !bytes.Equal(got[6:], as.Append(nil, one)) {
			t.Errorf("%s: what stands before the file changes it", known[as].codec)
		}
	}
}

// TestHoursAreSmallAndNoMinuteIsTooSmall holds sizes: above a minute, 1,024 bytes and less
// are taken for empty.
func TestHoursAreSmallAndNoMinuteIsTooSmall(t *testing.T) {
	for as, most := range map[Format]int{Opus: 71_000, FLAC: 8000, LowRate: 181_000, MP3: 3_610_000} {
		if got := len(as.Append(nil, Sound{time.Hour, 2, 0})); got > most {
			t.Errorf("%s: an hour takes %d bytes, want at most %d", known[as].codec, got, most)
		}
		if got := len(as.Append(nil, Sound{61 * time.Second, 1, 0})); got <= 1024 {
			t.Errorf("%s: a minute takes %d bytes only", known[as].codec, got)
		}
	}
}

func TestAnEmptyRecordingIsAHeaderAlone(t *testing.T) {
	b := Empty(2)
	if len(b) != 44 || string(b[36:40]) != "data" || little.Uint32(b[40:]) != 0 {
		t.Errorf("got %d bytes: %q", len(b), b)
	}
}
