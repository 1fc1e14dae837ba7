package media

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"cdrmend/internal/outside"
)

// recipe makes a file with a program that is not ours.
type recipe struct {
	name    string
	command string // of the shell: $in is a WAV, $out the file, which it may also write by a pipe
	format  string
	codec   string
	rates   string // those that the codec has; empty: all
	stereo  bool
	unknown bool // nothing tells the duration of a file that is larger than the head
}

var recipes = []recipe{
	{"wav-u8.wav", "ffmpeg -i $in -c:a pcm_u8 $out", "wav", "pcm", "", true, false},
	{"wav-s16.wav", "sox $in $out", "wav", "pcm", "", true, false},
	{"wav-s24.wav", "ffmpeg -i $in -c:a pcm_s24le $out", "wav", "pcm", "", true, false},
	{"wav-s32.wav", "sox $in -b 32 $out", "wav", "pcm", "", true, false},
	{"wav-f32.wav", "ffmpeg -i $in -c:a pcm_f32le $out", "wav", "pcm", "", true, false},
	{"wav-ulaw.wav", "sox $in -e mu-law $out", "wav", "ulaw", "", true, false},
	{"wav-alaw.wav", "ffmpeg -i $in -c:a pcm_alaw $out", "wav", "alaw", "", true, false},
	{"wav-gsm.WAV", "sox $in -t wav -e gsm-full-rate $out", "wav", "gsm", "", false, false},
	{"wav-gsm-ms.wav", "ffmpeg -i $in -c:a gsm_ms $out", "wav", "gsm", "8000", false, false},
	{"wav-adpcm.wav", "ffmpeg -i $in -c:a adpcm_ima_wav $out", "wav", "0x0011", "", true, false},
	{"wav-mp3.wav", "ffmpeg -i $in -c:a libmp3lame -b:a 32k -f wav $out", "wav", "mp3", "", true, false},
	{"wav-rf64.wav", "ffmpeg -i $in -rf64 always $out", "wav", "pcm", "", true, false},
	{"wav-pipe-ffmpeg.wav", "ffmpeg -i $in -f wav - > $out", "wav", "pcm", "", true, false},
	{"wav-pipe-sox.wav", "sox $in -t wav - | cat > $out", "wav", "pcm", "", true, false},
	{"opus-ffmpeg.ogg", "ffmpeg -i $in -c:a libopus $out", "ogg", "opus", "", true, false},
	{"opus-enc.opus", "opusenc --quiet $in $out", "ogg", "opus", "", true, false},
	{"vorbis-ffmpeg.ogg", "ffmpeg -i $in -c:a libvorbis $out", "ogg", "vorbis", "", true, false},
	{"vorbis-enc.ogg", "oggenc -Q -o $out $in", "ogg", "vorbis", "", true, false},
	{"flac.oga", "flac --silent --ogg -o $out $in", "ogg", "flac", "", true, false},
	{"speex.spx", "ffmpeg -i $in -c:a libspeex -f ogg $out", "ogg", "speex", "8000 16000", false, true},
	{"mp3-cbr.mp3", "lame --quiet -b 32 $in $out", "mp3", "mp3", "", true, false},
	{"mp3-cbr-bare.mp3", "ffmpeg -i $in -c:a libmp3lame -b:a 32k -write_xing 0 -id3v2_version 0 $out", "mp3", "mp3", "", true, false},
	{"mp3-vbr.mp3", "lame --quiet -V 5 $in $out", "mp3", "mp3", "", true, false},
	{"mp3-vbr-bare.mp3", "lame --quiet -t -V 5 $in $out", "mp3", "mp3", "", true, true},
	{"adts.aac", "ffmpeg -i $in -c:a aac $out", "aac", "aac", "", true, true},
	{"aac.m4a", "ffmpeg -i $in -c:a aac $out", "mp4", "aac", "", true, false},
	{"aac-front.m4a", "ffmpeg -i $in -c:a aac -movflags +faststart $out", "mp4", "aac", "", true, false},
	{"aac-fragments.mp4", "ffmpeg -i $in -c:a aac -movflags frag_keyframe+empty_moov -frag_duration 2000000 $out", "mp4", "aac", "", true, true},
	{"aac-index.mp4", "ffmpeg -i $in -c:a aac -movflags +dash+global_sidx -frag_duration 2000000 $out", "mp4", "aac", "", true, false},
	{"aac-pipe.mp4", "ffmpeg -i $in -c:a aac -movflags frag_keyframe+empty_moov -f mp4 - > $out", "mp4", "aac", "", true, true},
	{"pcm.mov", "ffmpeg -i $in -c:a pcm_s16le $out", "mp4", "pcm", "", true, false},
	{"amr.3gp", "ffmpeg -i $in -c:a libopencore_amrnb $out", "mp4", "amr", "8000", false, false},
	{"opus.webm", "ffmpeg -i $in -c:a libopus $out", "webm", "opus", "", true, false},
	{"opus-pipe.webm", "ffmpeg -i $in -c:a libopus -f webm - > $out", "webm", "opus", "", true, true},
	{"aac.mka", "ffmpeg -i $in -c:a aac $out", "webm", "aac", "", true, false},
	{"pcm.mka", "ffmpeg -i $in -c:a pcm_s16le $out", "webm", "pcm", "", true, false},
	{"flac.flac", "flac --silent -o $out $in", "flac", "flac", "", true, false},
	{"flac-ffmpeg.flac", "ffmpeg -i $in $out", "flac", "flac", "", true, false},
	{"flac-pipe.flac", "ffmpeg -i $in -f flac - | cat > $out", "flac", "flac", "", true, true},
	{"amr-nb.amr", "ffmpeg -i $in -c:a libopencore_amrnb $out", "amr", "amr", "8000", false, true},
	{"amr-wb.amr", "ffmpeg -i $in -c:a libvo_amrwbenc $out", "amr", "amr", "16000", false, true},
	{"au.au", "sox $in $out", "au", "pcm", "", true, false},
	{"au-ulaw.au", "ffmpeg -i $in -c:a pcm_mulaw $out", "au", "ulaw", "", true, false},
	{"au-pipe.au", "ffmpeg -i $in -f au - | cat > $out", "au", "pcm", "", true, false},
	{"raw.ulaw", "ffmpeg -i $in -f mulaw $out", "ulaw", "ulaw", "8000", false, false},
	{"raw.al", "sox $in -t raw -e a-law $out", "alaw", "alaw", "8000", false, false},
	{"raw.gsm", "sox $in -t gsm $out", "gsm", "gsm", "8000", false, false},
}

// rateOf returns the rate that a codec is heard with.
func (r recipe) rateOf(rate int) int {
	if r.codec == "opus" {
		return 48000
	}
	return rate
}

// encoders are those of the ffmpeg that is installed. Some builds lack AMR.
var encoders = sync.OnceValue(func() string {
	out, _ := exec.Command("ffmpeg", "-hide_banner", "-encoders").Output()
	return string(out)
})

// canBeMade reports whether ffmpeg has the encoder of a recipe for AMR. Every build has
// the others.
func (r recipe) canBeMade(t *testing.T) bool {
	t.Helper()
	_, after, _ := strings.Cut(r.command, "-c:a ")
	encoder, _, _ := strings.Cut(after, " ")
	return r.codec != "amr" || strings.Contains(encoders(), " "+encoder+" ")
}

func requirePrograms(t *testing.T) {
	t.Helper()
	for _, name := range []string{"ffmpeg", "ffprobe", "sox", "opusenc", "oggenc", "lame", "flac"} {
		outside.Program(t, name)
	}
}

func shell(t *testing.T, command, in, out string) {
	t.Helper()
	command = strings.ReplaceAll(command, "ffmpeg ", "ffmpeg -nostdin -loglevel error -y ")
	c := exec.Command("sh", "-c", command)
	c.Env = append(os.Environ(), "in="+in, "out="+out)
	if b, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, b)
	}
}

// probed is what ffprobe says of a file: the duration of the stream, else of all, and 0
// when it knows none.
func probed(t *testing.T, file string) (seconds float64, rate, channels int) {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-select_streams", "a:0", "-of", "default=nw=1",
		"-show_entries", "stream=sample_rate,channels,duration:format=duration", file).Output()
	if err != nil {
		t.Fatalf("ffprobe %s: %v", file, err)
	}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "duration":
			if v, err := strconv.ParseFloat(value, 64); err == nil && seconds == 0 {
				seconds = v
			}
		case "sample_rate":
			rate, _ = strconv.Atoi(value)
		case "channels":
			channels, _ = strconv.Atoi(value)
		}
	}
	return seconds, rate, channels
}

// signal is a file of the matrix.
type signal struct {
	seconds  float64
	rate     int
	channels int
}

func (s signal) write(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(dir, fmt.Sprintf("in-%g-%d-%d.wav", s.seconds, s.rate, s.channels))
	shell(t, fmt.Sprintf("sox -R -n -r %d -c %d -b 16 $out synth %g sine 300-900 vol 0.4", s.rate, s.channels, s.seconds), "", file)
	return file
}

func TestFilesOfOtherProgramsAreReadAsTheyReadThem(t *testing.T) {
	requirePrograms(t)
	cuts := signal{10, 8000, 1} // of which files are also cut
	signals := []signal{cuts, {0.3, 16000, 1}, {61.7, 44100, 2}, {3600, 8000, 1}}
	told := map[string][]string{}

	dir := t.TempDir()
	for _, sig := range signals {
		in := sig.write(t, dir)
		for _, r := range recipes {
			if r.rates != "" && !strings.Contains(" "+r.rates+" ", fmt.Sprintf(" %d ", sig.rate)) || sig.channels == 2 && !r.stereo {
				continue
			}
			if sig.seconds == 3600 && !strings.Contains("wav-ulaw.wav mp3-cbr.mp3 flac.flac", r.name) {
				continue // to make hours of the others takes minutes
			}
			if !r.canBeMade(t) {
				told[r.name] = []string{"not tried: this ffmpeg has no such encoder"}
				continue
			}
			out := filepath.Join(dir, r.name)
			shell(t, r.command, in, out)
			b, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			got := compare(t, r, sig, out, b)
			if got.Duration == Unknown {
				told[r.name] = append(told[r.name], fmt.Sprintf("%gs/%d", sig.seconds, sig.rate))
			}
			if sig == cuts {
				compareCuts(t, r, sig, b)
			}
			os.Remove(out)
		}
	}
	for _, r := range recipes {
		unknown := "told"
		if len(told[r.name]) > 0 {
			unknown = "unknown: " + strings.Join(told[r.name], " ")
		}
		t.Logf("%-22s %-5s %-7s %s", r.name, r.format, r.codec, unknown)
	}
}

// compare looks at one file, and wants what ffprobe and the recipe say.
func compare(t *testing.T, r recipe, sig signal, file string, b []byte) Sound {
	t.Helper()
	got, asked := lookAt(t, r.name, b)
	label := fmt.Sprintf("%s of %+v, %d bytes", r.name, sig, len(b))
	if got.Format != r.format || got.Codec != r.codec || got.Cut || got.Reason != "" {
		t.Errorf("%s: got %+v", label, got)
		return got
	}
	// LAME chooses another rate where it has few bits.
	if want := r.rateOf(sig.rate); got.Rate != want && r.codec != "mp3" || got.Channels != sig.channels {
		t.Errorf("%s: got %d Hz, %d channels", label, got.Rate, got.Channels)
	}
	if (r.format == "wav" || r.format == "mp3") && asked > 0 {
		t.Errorf("%s: %d ranges", label, asked)
	}
	if got.Duration == Unknown {
		if !r.unknown {
			t.Errorf("%s: unknown", label)
		}
		return got
	}

	want := sig.seconds
	if r.format != "ulaw" && r.format != "alaw" && r.format != "gsm" {
		seconds, rate, channels := probed(t, file)
		if rate != got.Rate || channels != got.Channels {
			t.Errorf("%s: got %d Hz, %d channels; ffprobe says %d, %d", label, got.Rate, got.Channels, rate, channels)
		}
		switch {
		case r.format == "aac": // ffprobe guesses from the bit rate
			want = decoded(t, r, b)[0]
		case r.format == "mp3" && math.Abs(float64(got.Duration)/1e6-want) <= 0.05: // ffprobe counts what the encoder says that it added
		case seconds > 0 && !strings.Contains(r.name, "pipe"):
			want = seconds
		}
	}
	if have := float64(got.Duration) / 1e6; math.Abs(have-want) > 0.05 {
		t.Errorf("%s: got %.3f s, want %.3f s", label, have, want)
	}
	return got
}

// compareCuts wants of a file that was cut no more than the decoder finds in it.
func compareCuts(t *testing.T, r recipe, sig signal, b []byte) {
	t.Helper()
	var (
		cuts   [][]byte
		sounds []Sound
	)
	for _, c := range cutAnywhere(b, uint64(len(b)))[:4] {
		if got, _ := lookAt(t, r.name, c); got.Duration > 50_000 {
			cuts, sounds = append(cuts, c), append(sounds, got)
		}
	}
	for i, there := range decoded(t, r, cuts...) {
		if have := float64(sounds[i].Duration) / 1e6; have > there+0.05 {
			t.Errorf("%s of %+v, %d bytes of %d: got %+v, decoded %.3f s", r.name, sig, len(cuts[i]), len(b), sounds[i], there)
		}
	}
}

// decoded returns the seconds that ffmpeg finds in files with the bytes of a recipe. It
// decodes all of them at once, as ffmpeg takes longer to start than to decode.
func decoded(t *testing.T, r recipe, files ...[]byte) []float64 {
	t.Helper()
	if len(files) == 0 {
		return nil
	}
	dir := t.TempDir()
	args, outputs := []string{"-nostdin", "-loglevel", "quiet"}, []string{}
	for i, b := range files {
		file := filepath.Join(dir, fmt.Sprint(i)+"-"+r.name)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		switch r.format {
		case "ulaw", "alaw":
			args = append(args, "-f", strings.Replace(r.format, "ulaw", "mulaw", 1), "-ar", "8000")
		case "gsm":
			args = append(args, "-f", "gsm")
		}
		args = append(args, "-i", file)
		outputs = append(outputs, "-map", fmt.Sprint(i)+":a:0", "-f", "s16le", "-ac", "1", "-ar", "8000", filepath.Join(dir, fmt.Sprint(i)+".pcm"))
	}
	failure := exec.Command("ffmpeg", append(args, outputs...)...).Run() // it complains of what is cut

	// One file that it cannot open keeps it from decoding the others.
	seconds := make([]float64, len(files))
	for i, b := range files {
		if failure != nil && len(files) > 1 {
			seconds[i] = decoded(t, r, b)[0]
			continue
		}
		pcm, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(i)+".pcm"))
		if err != nil && failure == nil {
			t.Fatal(err)
		}
		seconds[i] = float64(len(pcm)) / 2 / 8000
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	return seconds
}
