package listen

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cdrmend/internal/outside"
)

// run runs a program that writes or decodes audio.
func run(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), outside.Program(t, name), args...)
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, failure.Bytes())
	}
	return out
}

// recording writes 6 seconds of two channels as WAV: noise, silence and a tone in
// the first one, silence in the second one if it is to be silent. It returns the
// file with one channel, too.
func recording(t testing.TB, dir string, rate int, silent bool) (mono, stereo string) {
	t.Helper()
	moments := 6 * rate
	one, two := make([]int16, moments), make([]int16, 2*moments)
	noise := uint32(1)
	for i := range moments {
		noise = noise*1664525 + 1013904223
		x := 0.0
		switch second := i / rate; {
		case second < 2:
			x = float64(int32(noise)) / (1 << 31) * 0.2
		case second >= 4:
			x = 0.4 * math.Sin(2*math.Pi*440*float64(i)/float64(rate))
		}
		one[i], two[2*i] = int16(x*32767), int16(x*32767)
		if !silent {
			two[2*i+1] = int16(0.3 * 32767 * math.Sin(2*math.Pi*300*float64(i)/float64(rate)))
		}
	}
	mono, stereo = filepath.Join(dir, fmt.Sprintf("mono-%d.wav", rate)), filepath.Join(dir, fmt.Sprintf("stereo-%d-%v.wav", rate, silent))
	writeFile(t, mono, wav(1, 1, rate, 16, little16(one)))
	writeFile(t, stereo, wav(1, 2, rate, 16, little16(two)))
	return mono, stereo
}

func writeFile(t testing.TB, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func little16(samples []int16) []byte {
	b, _ := binary.Append(nil, binary.LittleEndian, samples)
	return b
}

// wav returns a file with right sizes.
func wav(tag, channels, rate, bits int, data []byte) []byte {
	b := append([]byte("RIFF"), 0, 0, 0, 0)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	for _, v := range []any{uint16(tag), uint16(channels), uint32(rate), uint32(rate * channels * bits / 8), uint16(channels * bits / 8), uint16(bits)} {
		b, _ = binary.Append(b, binary.LittleEndian, v)
	}
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = append(b, data...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

// written are files of other programs: by which command, from which recording.
// {} is the recording, the file comes last.
var written = []struct {
	name, format, codec string
	rate                int
	mono                bool
	command             string
}{
	{"16 bits", "wav", "pcm", 8000, false, "ffmpeg -i {} -c:a pcm_s16le"},
	{"8 bits", "wav", "pcm", 8000, false, "ffmpeg -i {} -c:a pcm_u8"},
	{"24 bits", "wav", "pcm", 8000, false, "ffmpeg -i {} -c:a pcm_s24le"},
	{"32 bits", "wav", "pcm", 8000, false, "ffmpeg -i {} -c:a pcm_s32le"},
	{"float", "wav", "pcm", 8000, false, "ffmpeg -i {} -c:a pcm_f32le"},
	{"double", "wav", "pcm", 8000, false, "ffmpeg -i {} -c:a pcm_f64le"},
	{"law", "wav", "ulaw", 8000, false, "ffmpeg -i {} -c:a pcm_mulaw"},
	{"law", "wav", "alaw", 8000, false, "ffmpeg -i {} -c:a pcm_alaw"},
	{"extensible", "wav", "pcm", 48000, false, "sox {} -D -b 24"},
	{"RF64", "wav", "pcm", 8000, false, "ffmpeg -i {} -rf64 always"},
	{"32 bits", "au", "pcm", 8000, false, "ffmpeg -i {} -c:a pcm_s32be"},
	{"24 bits", "au", "pcm", 8000, false, "sox {} -D -b 24"},
	{"law", "au", "ulaw", 8000, true, "ffmpeg -i {} -c:a pcm_mulaw"},
	{"raw", "ulaw", "ulaw", 8000, true, "ffmpeg -i {} -f mulaw"},
	{"raw", "alaw", "alaw", 8000, true, "ffmpeg -i {} -f alaw"},

	{"best", "flac", "flac", 8000, false, "flac -s -8 {} -o"},
	{"fast", "flac", "flac", 48000, false, "flac -s -0 {} -o"},
	{"mono", "flac", "flac", 16000, true, "flac -s {} -o"},
	{"ffmpeg", "flac", "flac", 44100, false, "ffmpeg -i {} -compression_level 12"},
	{"24 bits", "flac", "flac", 48000, false, "ffmpeg -i {} -sample_fmt s32"},
	{"sox", "flac", "flac", 22050, false, "sox {}"},

	{"ffmpeg", "ogg", "vorbis", 48000, false, "ffmpeg -i {} -c:a libvorbis -q:a 2"},
	{"low", "ogg", "vorbis", 8000, true, "ffmpeg -i {} -c:a libvorbis -q:a 0"},
	{"sox", "ogg", "vorbis", 16000, false, "sox {}"},
	{"native", "ogg", "vorbis", 44100, false, "ffmpeg -i {} -c:a vorbis -strict -2"},

	{"8k", "ogg", "opus", 8000, true, "opusenc --quiet --bitrate 8 {}"},
	{"16k", "ogg", "opus", 48000, true, "opusenc --quiet --bitrate 16 {}"},
	{"16k speech", "ogg", "opus", 16000, false, "opusenc --quiet --speech --bitrate 16 {}"},
	{"24k", "ogg", "opus", 48000, false, "opusenc --quiet --bitrate 24 {}"},
	{"32k, 60 ms", "ogg", "opus", 48000, false, "opusenc --quiet --bitrate 32 --framesize 60 {}"},
	{"64k", "ogg", "opus", 48000, false, "opusenc --quiet --bitrate 64 {}"},
	{"hard", "ogg", "opus", 48000, true, "opusenc --quiet --hard-cbr --bitrate 32 --framesize 10 {}"},
	{"no sound, no packets", "ogg", "opus", 16000, true, "opusenc --quiet --bitrate 12 --speech --set-ctl-int 4016=1 {}"},
	{"ffmpeg", "ogg", "opus", 48000, false, "ffmpeg -i {} -c:a libopus -b:a 24k -application voip"},
	{"ffmpeg", "ogg", "opus", 48000, false, "ffmpeg -i {} -c:a libopus -b:a 48k -application lowdelay"},

	{"lame 16 kHz", "mp3", "mp3", 16000, true, "lame --quiet -b 16 {}"},
	{"lame 16 kHz, VBR", "mp3", "mp3", 16000, false, "lame --quiet -V 5 {}"},
	{"lame 44 kHz", "mp3", "mp3", 44100, false, "lame --quiet -b 96 --resample 44.1 {}"},
	{"lame 48 kHz", "mp3", "mp3", 48000, false, "lame --quiet -m s -b 128 {}"},
	{"joint", "mp3", "mp3", 32000, false, "lame --quiet -m j -V 7 --resample 32 {}"},
	{"without a first frame", "mp3", "mp3", 16000, true, "lame --quiet -t -b 32 {}"},
	{"ffmpeg", "mp3", "mp3", 44100, false, "ffmpeg -i {} -c:a libmp3lame -b:a 64k"},
}

// encode makes a file with another program.
func encode(t testing.TB, dir string, rate int, mono, silent bool, format, command string) string {
	t.Helper()
	dir = filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-"))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	from, stereo := recording(t, dir, rate, silent)
	if !mono {
		from = stereo
	}
	file := filepath.Join(dir, "encoded."+format)
	args := strings.Fields(strings.ReplaceAll(command, "{}", from))
	if args[0] == "ffmpeg" {
		args = slices.Insert(args, 1, "-v", "error")
	}
	run(t, args[0], append(args[1:], file)...)
	return file
}

// heard is what ffmpeg decodes, measured by the same rule in another way.
func heard(t testing.TB, file, format string, mono bool) (Sound, []float64) {
	t.Helper()
	channels, input := 2, []string{"-i", file}
	if mono {
		channels = 1
	}
	var (
		rate int
		err  error
	)
	if format == "ulaw" || format == "alaw" {
		name := map[string]string{"ulaw": "mulaw", "alaw": "alaw"}[format]
		input = []string{"-f", name, "-ar", "8000", "-i", file}
		rate = 8000
	} else {
		answer := string(run(t, "ffprobe", "-v", "error", "-show_entries", "stream=sample_rate", "-of", "csv=p=0", file))
		if rate, err = strconv.Atoi(strings.Trim(answer, ",\n ")); err != nil {
			t.Fatal(err)
		}
	}
	raw := run(t, "ffmpeg", append(append([]string{"-v", "error"}, input...), "-f", "f32le", "-")...)
	samples := make([]float32, len(raw)/4)
	if _, err = binary.Decode(raw, binary.LittleEndian, samples); err != nil {
		t.Fatal(err)
	}
	return measured(samples, channels, rate), rms(samples, channels)
}

func measured(samples []float32, channels, rate int) Sound {
	s := Sound{Channels: make([]Channel, channels), Duration: int64(len(samples)/channels) * 1e6 / int64(rate)}
	for c := range s.Channels {
		s.Channels[c].Silent = true
	}
	last := 0
	for i, x := range append(slices.Clone(samples), 1) {
		if math.Abs(float64(x)) > 0.001000001 {
			s.Longest = max(s.Longest, int64(i/channels-last)*1e6/int64(rate))
			last = i/channels + 1
			if i < len(samples) {
				s.Channels[i%channels].Silent = false
			}
		}
	}
	return s
}

func rms(samples []float32, channels int) []float64 {
	sums := make([]float64, channels)
	for i, x := range samples {
		sums[i%channels] += float64(x) * float64(x)
	}
	for c := range sums {
		sums[c] = math.Sqrt(sums[c] / float64(len(samples)/channels))
	}
	return sums
}

// listenTo decodes, and returns the samples too.
func listenTo(t testing.TB, format, codec string, content []byte) (Sound, []float32) {
	t.Helper()
	var samples []float32
	m := &meter{ctx: t.Context(), limit: -1, tap: func(part []float32) { samples = append(samples, part...) }}
	in := newInput(t.Context(), bytes.NewReader(content))
	err := decoders[encoding{format, codec}](in, m)
	if in.failure != nil || m.failure != nil {
		t.Fatal(in.failure, m.failure)
	}
	return m.sound(err), samples
}

// TestOtherProgramsHearTheSame compares with what ffmpeg decodes: which channels
// are silent, how long all is and how long the silence is, and how loud.
func TestOtherProgramsHearTheSame(t *testing.T) {
	dir := t.TempDir()
	for _, w := range written {
		for _, silent := range []bool{false, true} {
			if w.mono && silent {
				continue
			}
			t.Run(fmt.Sprintf("%s %s %s silent=%v", w.format, w.codec, w.name, silent), func(t *testing.T) {
				t.Parallel()
				file := encode(t, dir, w.rate, w.mono, silent, w.format, w.command)
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				want, loudness := heard(t, file, w.format, w.mono)
				got, samples := listenTo(t, w.format, w.codec, content)
				if got.Reason != "" || !got.Decoded {
					t.Fatalf("decoded %v, %q", got.Decoded, got.Reason)
				}
				if fmt.Sprint(got.Channels) != fmt.Sprint(want.Channels) {
					t.Errorf("channels %v, want %v", got.Channels, want.Channels)
				}
				if d := got.Duration - want.Duration; d < -1000 || d > 1000 {
					t.Errorf("duration %d, want %d", got.Duration, want.Duration)
				}
				if d := got.Longest - want.Longest; d < -50_000 || d > 50_000 {
					t.Errorf("silence %d, want %d", got.Longest, want.Longest)
				}
				for c, got := range rms(samples, len(got.Channels)) {
					if math.Abs(got-loudness[c]) > 0.01*loudness[c]+1e-4 {
						t.Errorf("channel %d: root mean square %f, want %f", c, got, loudness[c])
					}
				}
			})
		}
	}
}
