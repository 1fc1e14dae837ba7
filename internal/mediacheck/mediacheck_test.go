package mediacheck_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cdrmend/internal/audio"
	"cdrmend/internal/intake"
	"cdrmend/internal/intern"
	"cdrmend/internal/ledger"
	"cdrmend/internal/mediacheck"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/scratch"
	_ "cdrmend/internal/tempdir"

	"github.com/google/go-cmp/cmp"
)

// source is a directory with recordings, and an output.
type source struct {
	t   *testing.T
	dir string
	out *ledger.Output
}

const configuration = `name: night
sources:
  manifests: [{name: m, url: "in/date={date}/", profile: cdrmend}]
  cdrs: [{name: c, url: "cdr/date={date}/", profile: cdrmend}]
media: {check: decode}
output: {url: out/}
`

func newSource(t *testing.T) *source {
	t.Helper()
	s := &source{t: t, dir: t.TempDir()}
	s.put("cdrmend.yaml", []byte(configuration))
	s.put("cdr/.keep", nil)
	s.put("in/date=2026-11-20/a.flac", audio.FLAC.Append(nil, audio.Sound{Duration: 90 * time.Second, Channels: 2}))
	s.put("in/date=2026-11-20/b.wav", audio.ErrorPage())
	s.put("in/date=2026-11-20/c.opus", audio.Opus.Append(nil, audio.Sound{Duration: 7 * time.Second, Channels: 1}))
	s.put("in/date=2026-11-20/d.mp3", audio.MP3.Append(nil, audio.Sound{Duration: 7 * time.Second, Channels: 1}))
	s.out = &ledger.Output{Store: s.open("out", true)}
	return s
}

func (s *source) put(name string, content []byte) {
	s.t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *source) open(name string, makeRoot bool) object.Store {
	s.t.Helper()
	store, err := object.Open(s.t.Context(), object.Location{Dir: filepath.Join(s.dir, name)}, object.Options{MakeRoot: makeRoot})
	if err != nil {
		s.t.Fatal(err)
	}
	return store
}

func (s *source) list() *intake.Inputs {
	s.t.Helper()
	cfg, err := policy.Load(filepath.Join(s.dir, "cdrmend.yaml"), nil, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	start := record.TimeOf(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC))
	in, err := intake.List(s.t.Context(), intake.Request{Config: cfg, Sources: []object.Store{s.open("in", false), s.open("cdr", false)}, AsOf: start, Tool: "test"}, policy.IntervalAt(start, 24*time.Hour))
	if err != nil {
		s.t.Fatal(err)
	}
	return in
}

func (s *source) ask(in *intake.Inputs, numbers ...uint32) *mediacheck.Findings {
	s.t.Helper()
	f, err := mediacheck.Ask(s.t.Context(), in, numbers, mediacheck.How{Concurrency: 2, Decode: true}, func(int64, int64) {})
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

// keep writes findings into the output.
func (s *source) keep(in *intake.Inputs, f *mediacheck.Findings) *ledger.File {
	s.t.Helper()
	spool := scratch.NewSpool(s.dir)
	defer spool.Close()
	if err := f.Write(in, spool); err != nil {
		s.t.Fatal(err)
	}
	file, err := s.out.Interval("2026-11-20").PutMedia(s.t.Context(), spool)
	if err != nil {
		s.t.Fatal(err)
	}
	return file
}

func TestWhatWasFoundIsReadAgainAsItWas(t *testing.T) {
	s := newSource(t)
	in := s.list()
	all := []uint32{0, 1, 2, 3}
	f := s.ask(in, all...)
	if got := f.Requests(); got != 7 {
		t.Errorf("%d requests, want one for each header and one for each of the three that are audio", got)
	}

	again, err := mediacheck.Open(t.Context(), s.out, s.keep(in, f), in, s.dir)
	if err != nil {
		t.Fatal(err)
	}
	texts := intern.NewTable()
	if diff := cmp.Diff(f.Of(all, texts), again.Of(all, texts)); diff != "" {
		t.Errorf("read again it differs (-was +is):\n%s", diff)
	}
	for n, want := range []struct {
		format, failed string
		channels       uint16
		duration       int64
	}{{"flac", "", 2, 90_000_000}, {"", "", 0, -1}, {"ogg", "", 1, 7_000_000}, {"mp3", "mp3 at 8000 Hz is not decoded", 1, 7_000_000}} {
		h := again.Of([]uint32{uint32(n)}, texts)[0]
		if texts.String(h.Format) != want.format || h.Channels != want.channels || texts.String(h.Decoded.Failed) != want.failed {
			t.Errorf("object %d is %q with %d channels, decoding: %q", n, texts.String(h.Format), h.Channels, texts.String(h.Decoded.Failed))
		}
		if off := h.Duration - want.duration; want.duration > 0 && (off < -50_000 || off > 50_000) {
			t.Errorf("object %d lasts %d µs, want %d", n, h.Duration, want.duration)
		}
	}
}

// A header may promise what decoding does not find.
func TestAudioLastsNoLongerThanItCanBeDecoded(t *testing.T) {
	s := newSource(t)
	damaged := audio.FLAC.Append(nil, audio.Sound{Duration: 90 * time.Second, Channels: 2})
	damaged[len(damaged)-80] ^= 0xff // in the middle of the frames, which are behind padding
	s.put("in/date=2026-11-20/a.flac", damaged)
	in := s.list()
	for decode, whole := range map[bool]bool{false: true, true: false} {
		f, err := mediacheck.Ask(t.Context(), in, []uint32{0}, mediacheck.How{Concurrency: 1, Decode: decode}, func(int64, int64) {})
		if err != nil {
			t.Fatal(err)
		}
		if h := f.Heard[0]; h.Cut == whole || (h.Duration == 90_000_000) != whole {
			t.Errorf("decoded %t, it lasts %d µs, cut %t, %+v", decode, h.Duration, h.Cut, h.Decoded)
		}
	}
}

// A header that tells no duration is completed by decoding, unless it contradicts itself.
func TestAudioWithoutADurationLastsAsLongAsItIsDecoded(t *testing.T) {
	s := newSource(t)
	untold := audio.FLAC.Append(nil, audio.Sound{Duration: 90 * time.Second, Channels: 2})
	untold[21] &= 0xf0 // the number of samples in STREAMINFO
	clear(untold[22:26])
	s.put("in/date=2026-11-20/a.flac", untold)
	twisted := audio.PCM.Append(nil, audio.Sound{Duration: 7 * time.Second, Channels: 1})
	twisted[24]++ // the rate, but not the bytes of a second
	s.put("in/date=2026-11-20/b.wav", twisted)
	in := s.list()
	for decode, want := range map[bool]int64{false: -1, true: 90_000_000} {
		f, err := mediacheck.Ask(t.Context(), in, []uint32{0, 1}, mediacheck.How{Concurrency: 1, Decode: decode}, func(int64, int64) {})
		if err != nil {
			t.Fatal(err)
		}
		if h := f.Heard[0]; h.Duration != want && !(decode && h.Duration > want-50_000 && h.Duration < want+50_000) {
			t.Errorf("decoded %t, the FLAC lasts %d µs, want %d", decode, h.Duration, want)
		}
		if h := f.Heard[1]; h.Duration >= 0 {
			t.Errorf("decoded %t, a WAV that contradicts itself lasts %d µs", decode, h.Duration)
		}
	}
}

// An object that was overwritten is another one, whatever its name.
func TestWhatWasFoundIsOfTheObjectThatWasListed(t *testing.T) {
	s := newSource(t)
	in := s.list()
	file := s.keep(in, s.ask(in, 0, 1, 2))
	s.put("in/date=2026-11-20/c.opus", audio.Opus.Append(nil, audio.Sound{Duration: 9 * time.Second, Channels: 1}))
	if err := os.Remove(filepath.Join(s.dir, "in/date=2026-11-20/a.flac")); err != nil {
		t.Fatal(err)
	}

	now := s.list() // b, c, d
	known, err := mediacheck.Open(t.Context(), s.out, file, now, s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if lacks := known.Lacks([]uint32{0, 1, 2}); !slices.Equal(lacks, []uint32{1, 2}) {
		t.Errorf("nothing is known of %v, want 1 (overwritten) and 2 (never asked for)", lacks)
	}
}

func TestAChangedFileOfFindingsIsRefused(t *testing.T) {
	s := newSource(t)
	in := s.list()
	file := s.keep(in, s.ask(in, 0))
	path := filepath.Join(s.dir, "out", filepath.FromSlash(file.Path))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mediacheck.Open(t.Context(), s.out, file, in, s.dir); err == nil {
		t.Error("a changed file is read")
	}
}

// Equal keys give equal samples, and a larger share holds the smaller one.
func TestSamplesFollowFromTheKeys(t *testing.T) {
	s := newSource(t)
	in := s.list()
	all := []uint32{0, 1, 2, 3}
	before := -1
	for _, share := range []float64{0.0001, 0.3, 0.7, 1} {
		got := mediacheck.Sample(in, all, share, nil)
		if again := mediacheck.Sample(in, all, share, nil); !slices.Equal(got, again) || len(got) < before {
			t.Errorf("a share of %v is %v, then %v", share, got, again)
		}
		before = len(got)
	}
	if before != 4 {
		t.Errorf("the whole is %d of 4", before)
	}
	if got := mediacheck.Sample(in, all, 0.0001, []uint32{2}); !slices.Contains(got, 2) {
		t.Errorf("the suspect is not in %v", got)
	}
}
