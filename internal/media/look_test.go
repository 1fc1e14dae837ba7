package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pack puts together bytes of texts, byte slices and little-endian numbers.
func pack(parts ...any) []byte { return packed(binary.LittleEndian, parts) }

// packBig does so with big-endian numbers.
func packBig(parts ...any) []byte { return packed(binary.BigEndian, parts) }

func packed(order binary.AppendByteOrder, parts []any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		case int:
			b = append(b, byte(p))
		case uint16:
			b = order.AppendUint16(b, p)
		case uint32:
			b = order.AppendUint32(b, p)
		case uint64:
			b = order.AppendUint64(b, p)
		}
	}
	return b
}

func zeros(n int) []byte { return make([]byte, n) }

// riff is a WAV with a fmt chunk of PCM with 8 bits at 8000 Hz, one channel, then parts.
func riff(size uint32, parts ...any) []byte {
	head := pack("RIFF", size, "WAVE", "fmt ", uint32(16), uint16(1), uint16(1), uint32(8000), uint32(8000), uint16(1), uint16(8))
	return append(head, pack(parts...)...)
}

// boxOf is a box of MP4.
func boxOf(kind string, parts ...any) []byte {
	body := packBig(parts...)
	return packBig(uint32(len(body)+8), kind, body)
}

// moov has one audio track of 10 s, then parts.
func moov(parts ...any) []byte {
	return boxOf("moov",
		boxOf("mvhd", zeros(12), uint32(1000), uint32(10000)),
		boxOf("trak", boxOf("mdia",
			boxOf("mdhd", zeros(12), uint32(8000), uint32(80000), uint32(0)),
			boxOf("hdlr", zeros(8), "soun", zeros(12)),
			boxOf("minf", boxOf("stbl",
				boxOf("stsd", uint32(0), uint32(1), boxOf("alaw", zeros(6), uint16(1), zeros(8), uint16(1), uint16(16), zeros(4), uint32(8000<<16))),
				boxOf("stts", uint32(0), uint32(1), uint32(80000), uint32(1)))))),
		pack(parts...))
}

// oggPage is a page with one packet.
func oggPage(flags int, granule uint64, serial uint32, packet []byte) []byte {
	var lacing []byte
	for n := len(packet); ; n -= 255 {
		lacing = append(lacing, byte(min(n, 255)))
		if n < 255 {
			break
		}
	}
	return pack("OggS", 0, flags, granule, serial, uint32(0), uint32(0), len(lacing), lacing, packet)
}

// opus is a stream with the granule at its end, and 312 samples that are not heard.
func opus(serial uint32, granule uint64) []byte {
	return bytes.Join([][]byte{
		oggPage(2, 0, serial, pack("OpusHead", 1, 1, uint16(312), uint32(8000), zeros(3))),
		oggPage(0, 0, serial, pack("OpusTags")),
		oggPage(0, 960, serial, []byte{1 << 3, 0, 0, 0}),
		oggPage(4, granule, serial, []byte{1 << 3, 0, 0, 0}),
	}, nil)
}

// mpegFrames is n frames of 8 kbit/s at 8000 Hz with one channel: 72 bytes, 72 ms.
func mpegFrames(n int) []byte {
	return bytes.Repeat(append([]byte{0xff, 0xe3, 0x18, 0xc4}, zeros(68)...), n)
}

// xingFrame is such a frame, which says how many frames and bytes there are.
func xingFrame(kind string, frames, size uint32) []byte {
	f := packBig([]byte{0xff, 0xe3, 0x18, 0xc4}, zeros(9), kind, uint32(3), frames, size)
	return append(f, zeros(72-len(f))...)
}

const (
	segmentID = "\x18\x53\x80\x67"
	unsized8  = "\x01\xff\xff\xff\xff\xff\xff\xff"
)

// matroskaOf is a WebM of Opus with an Info of these parts, and a cluster.
func matroskaOf(size string, info ...any) []byte {
	return packBig(elem("\x1a\x45\xdf\xa3", elem("\x42\x82", "webm")), segmentID, size,
		elem("\x15\x49\xa9\x66", info...),
		elem("\x16\x54\xae\x6b", elem("\xae", elem("\x83", 2), elem("\x86", "A_OPUS"), elem("\xe1", elem("\x9f", 1)))),
		elem("\x1f\x43\xb6\x75", zeros(10)))
}

// elem is an element with a size of four bytes.
func elem(id string, parts ...any) []byte {
	body := packBig(parts...)
	return packBig(id, uint32(len(body))|0x10000000, body)
}

// flacOf is a FLAC of 8000 Hz, one channel, 16 bits, without a frame.
func flacOf(samples uint64) []byte {
	return packBig("fLaC", 0x80, 0, 0, 34, uint16(4096), uint16(4096), zeros(6), uint64(8000)<<44|15<<36|samples, zeros(16))
}

// flacFrame is a frame of 4096 samples with sound CRCs.
func flacFrame(number int) []byte {
	h := []byte{0xff, 0xf8, 0xc0, 0x08, byte(number)}
	h = append(h, crc8(h), 0, 0, 0)
	return packBig(h, crc16(h))
}

type shape struct {
	name  string
	bytes []byte
	want  Sound
}

func sound(format, codec string, micros int64) Sound {
	return Sound{Format: format, Codec: codec, Rate: 8000, Channels: 1, Duration: micros}
}

func cut(s Sound, reason string, at int) Sound {
	s.Cut, s.Reason, s.At = true, reason, int64(at)
	return s
}

func noted(s Sound, reason string, at int) Sound {
	s.Reason, s.At = reason, int64(at)
	return s
}

func opusSound(micros int64) Sound {
	return Sound{Format: "ogg", Codec: "opus", Rate: 48000, Channels: 1, Duration: micros}
}

// late is a WebM that begins when it is nearly over.
var late = Sound{Format: "webm", Codec: "opus", Rate: 48000, Channels: 1, Duration: Unknown, Reason: "the first cluster does not begin at the beginning"}

func webmSound(micros int64) Sound {
	return Sound{Format: "webm", Codec: "opus", Rate: 48000, Channels: 1, Duration: micros}
}

func cases() []shape {
	return append(append(soundCases(), cutCases()...), noAudioCases()...)
}

func soundCases() []shape {
	pcm, second := sound("wav", "pcm", 1_000_000), zeros(8000)
	return []shape{
		{"plain.wav", riff(8036, "data", uint32(8000), second), pcm},
		{"odd chunk.wav", riff(8054, "LIST", uint32(5), "odd..", 0, "data", uint32(8000), second), pcm},
		{"never closed.wav", riff(0, "data", uint32(0), second), pcm},
		{"closed at the header.wav", riff(36, "data", uint32(0), second), pcm},
		{"unsized.wav", riff(unsized, "data", uint32(unsized), second), pcm},
		{"sox pipe.wav", riff(0x7ffff024, "data", uint32(0x7ffff000), second), pcm},
		{"rf64.wav", append(pack("RF64", uint32(unsized), "WAVE", "ds64", uint32(28), uint64(8080), uint64(8000), zeros(12)), riff(0, "data", uint32(unsized), second)[12:]...), pcm},
		{"mp3 in.wav", append(append(pack("RIFF", uint32(0), "WAVE", "fmt ", uint32(16), uint16(0x55), uint16(1), uint32(8000), uint32(1000), uint16(1), uint16(0)), "data\x00\x00\x00\x00"...), mpegFrames(10)...), sound("wav", "mp3", 720_000)},
		{"ima.wav", append(pack("RIFF", uint32(0), "WAVE", "fmt ", uint32(20), uint16(0x11), uint16(1), uint32(8000), uint32(4055), uint16(256), uint16(4), uint16(2), uint16(505), "data", uint32(512)), zeros(512)...), sound("wav", "0x0011", 126_250)},
		{"microsoft.wav", append(pack("RIFF", uint32(0), "WAVE", "fmt ", uint32(20), uint16(2), uint16(1), uint32(8000), uint32(4096), uint16(256), uint16(4), uint16(2), uint16(500), "data", uint32(512)), zeros(512)...), sound("wav", "0x0002", 125_000)},
		{"adpcm without blocks.wav", append(pack("RIFF", uint32(0), "WAVE", "fmt ", uint32(16), uint16(0x11), uint16(1), uint32(8000), uint32(4055), uint16(256), uint16(4), "data", uint32(512)), zeros(512)...), sound("wav", "0x0011", Unknown)},
		{"g729.wav", append(pack("RIFF", uint32(0), "WAVE", "fmt ", uint32(16), uint16(0x83), uint16(1), uint32(8000), uint32(1000), uint16(10), uint16(0)), "data\x00\x00\x00\x00xxxx"...), sound("wav", "0x0083", Unknown)},
		{"rate.wav", bytes.Replace(riff(8036, "data", uint32(8000), second), []byte("\x40\x1f\x00\x00"), []byte("\x01\x00\x00\x00"), 1), Sound{Format: "wav", Codec: "pcm", Rate: 1, Channels: 1, Duration: Unknown, Reason: "WAV whose rate, bits and bytes of a second contradict each other", At: 44}},
		{"claims.mp3", append(xingFrame("Xing", 125_000, 0), mpegFrames(10)...), cut(sound("mp3", "mp3", Unknown), "125000 frames, for which 792 bytes are too few", 792)},
		{"cut.mp4", packBig(boxOf("ftyp", "M4A "), "\x00\x00\xff\x00mdat....."), cut(Sound{Format: "mp4", Duration: Unknown}, `MP4 without moov: it ends in box "mdat"`, 25)},
		{"late.webm", bytes.Replace(matroskaOf(unsized8, elem("\x44\x89", uint64(math.Float64bits(2000)))), elem("\x1f\x43\xb6\x75", zeros(10)), elem("\x1f\x43\xb6\x75", elem("\xe7", uint32(1900)), zeros(10)), 1), late},
		{"far.wav", riff(0, "JUNK", uint32(200_000), zeros(200_000), "data", uint32(8000), second), pcm},

		{"opus.ogg", opus(1, 48312), opusSound(1_000_000)},
		{"joined late.ogg", bytes.ReplaceAll(opus(1, 96312), pack(uint64(960), uint32(1)), pack(uint64(48960), uint32(1))), opusSound(1_000_000)},
		{"chained.ogg", append(opus(1, 48312), opus(2, 48312)...), opusSound(Unknown)},
		{"chained again.ogg", append(opus(1, 48312), opus(1, 48312)...), opusSound(Unknown)},
		{"with skeleton.ogg", append(oggPage(2, 0, 9, pack("fishead\x00", zeros(56))), opus(1, 48312)...), opusSound(1_000_000)},
		{"trailing bytes.ogg", append(opus(1, 48312), zeros(600)...), opusSound(Unknown)},

		{"plain.mp3", mpegFrames(10), sound("mp3", "mp3", 720_000)},
		{"id3.mp3", pack("ID3", 4, 0, 0, 0, 0, 1, 0, zeros(128), mpegFrames(10)), sound("mp3", "mp3", 720_000)},
		{"large id3.mp3", pack("ID3", 4, 0, 0, 0, 8, 0, 0, zeros(8<<14), mpegFrames(10)), sound("mp3", "mp3", 720_000)},
		{"id3v1.mp3", append(mpegFrames(10), append([]byte("TAG"), zeros(125)...)...), sound("mp3", "mp3", 720_000)},
		{"xing.mp3", append(xingFrame("Xing", 10, 11*72), mpegFrames(10)...), sound("mp3", "mp3", 720_000)},
		{"appended.mp3", append(xingFrame("Xing", 10, 11*72), mpegFrames(200)...), sound("mp3", "mp3", Unknown)},
		{"bit rates differ.mp3", append(mpegFrames(3), append(append([]byte{0xff, 0xe3, 0x28, 0xc4}, zeros(140)...), mpegFrames(3)...)...), sound("mp3", "mp3", Unknown)},

		{"front.mp4", append(boxOf("ftyp", "M4A "), append(moov(), boxOf("mdat", zeros(100))...)...), sound("mp4", "alaw", 10_000_000)},
		{"behind.mp4", append(boxOf("ftyp", "M4A "), append(boxOf("mdat", zeros(200_000)), moov()...)...), sound("mp4", "alaw", 10_000_000)},
		{"long size.mp4", append(packBig(boxOf("ftyp", "M4A "), uint32(1), "mdat", uint64(116), zeros(100)), moov()...), sound("mp4", "alaw", 10_000_000)},
		{"fragments.mp4", append(moov(boxOf("mvex", boxOf("trex", zeros(24)))), boxOf("moof", zeros(100))...), sound("mp4", "alaw", Unknown)},
		{"fragments told.mp4", append(moov(boxOf("mvex", boxOf("mehd", uint32(0), uint32(5000)))), boxOf("moof", zeros(100))...), sound("mp4", "alaw", 5_000_000)},

		{"told.webm", matroskaOf("\x01\x00\x00\x00\x00\x00\x00\x4e", elem("\x44\x89", uint64(math.Float64bits(2000)))), webmSound(2_000_000)},
		{"unsized.webm", matroskaOf(unsized8, elem("\x44\x89", uint64(math.Float64bits(2000)))), webmSound(2_000_000)},
		{"pipe.webm", matroskaOf(unsized8, elem("\x2a\xd7\xb1", uint32(1_000_000))), webmSound(Unknown)},

		{"whole.flac", append(flacOf(8192), append(flacFrame(0), flacFrame(1)...)...), sound("flac", "flac", 1_024_000)},
		{"pipe.flac", append(flacOf(0), flacFrame(0)...), sound("flac", "flac", Unknown)},
		{"whole.amr", pack("#!AMR\n", bytes.Repeat(append([]byte{0x3c}, zeros(31)...), 50)), sound("amr", "amr", 1_000_000)},
		{"large.amr", pack("#!AMR\n", bytes.Repeat(append([]byte{0x3c}, zeros(31)...), 5000)), sound("amr", "amr", Unknown)},
		{"plain.au", packBig(".snd", uint32(24), uint32(8000), uint32(1), uint32(8000), uint32(1), second), sound("au", "ulaw", 1_000_000)},
		{"unsized.au", packBig(".snd", uint32(24), uint32(unsized), uint32(3), uint32(8000), uint32(1), second), sound("au", "pcm", 500_000)},
		{"call.ULAW", bytes.Repeat([]byte{0xff}, 8000), sound("ulaw", "ulaw", 1_000_000)},
		{"call.pcma", bytes.Repeat([]byte{0xd5}, 8000), sound("alaw", "alaw", 1_000_000)},
		{"call.gsm", bytes.Repeat(append([]byte{0xd2}, zeros(32)...), 50), sound("gsm", "gsm", 1_000_000)},
	}
}

func cutCases() []shape {
	behind := matroskaOf("\x01\x00\x00\x00\x00\x01\x00\x00", elem("\x44\x89", uint64(math.Float64bits(2000))))
	ogg := append(opus(1, 48312), oggPage(4, 96312, 1, zeros(100))...)
	return []shape{
		{"restart.wav", riff(80036, "data", uint32(80000), zeros(8000)), cut(sound("wav", "pcm", 1_000_000), "data chunk of 80000 bytes, of which 8000 are there", 8044)},
		{"terabytes.wav", append(pack("RF64", uint32(unsized), "WAVE", "ds64", uint32(28), uint64(math.MaxUint64), uint64(math.MaxUint64), zeros(12)), riff(0, "data", uint32(unsized), zeros(8000))[12:]...), cut(sound("wav", "pcm", 1_000_000), "data chunk of 9223372036854775807 bytes, of which 8000 are there", 8080)},
		{"restart.ogg", ogg[:len(ogg)-1], cut(opusSound(1_000_000), "it ends inside a page", len(ogg)-1)},
		{"mark.ogg", append(ogg[:len(ogg):len(ogg)], "Og"...), cut(opusSound(2_000_000), "it ends inside a page", len(ogg)+2)},
		{"info.mp3", append(xingFrame("Info", 20, 21*72), mpegFrames(10)...), cut(sound("mp3", "mp3", 653_875), "1512 bytes of frames, of which 792 are there", 792)},
		{"xing.mp3", append(xingFrame("Xing", 20, 21*72), mpegFrames(10)...), cut(sound("mp3", "mp3", Unknown), "1512 bytes of frames, of which 792 are there", 792)},
		{"mdat.mp4", append(moov(), packBig(uint32(1), "mdat", uint64(1<<40), zeros(10))...), cut(sound("mp4", "alaw", Unknown), `box "mdat" ends behind the object`, len(moov())+26)},
		{"segment.webm", behind, cut(webmSound(Unknown), "element 18538067 ends behind the object", len(behind))},
		{"restart.flac", append(flacOf(81920), append(flacFrame(0), flacFrame(1)[:8]...)...), cut(sound("flac", "flac", 512_000), "81920 samples, of which 4096 are there", 61)},
		{"inside.amr", pack("#!AMR\n", 0x3c, zeros(31), 0x3c), cut(sound("amr", "amr", 20_000), "it ends inside a frame", 39)},
		{"restart.au", packBig(".snd", uint32(24), uint32(9000), uint32(27), uint32(8000), uint32(1), zeros(8000)), cut(sound("au", "alaw", 1_000_000), "data of 9000 bytes, of which 8000 are there", 8024)},
		{"inside.gsm", pack(0xd2, zeros(32), 0xd2), cut(sound("gsm", "gsm", 20_000), "it ends inside a frame", 34)},
		{"other bytes.gsm", pack(0xd2, zeros(32), 0x12, zeros(32)), noted(sound("gsm", "gsm", Unknown), "GSM frame that does not begin with 0xD", 33)},
	}
}

func noAudioCases() []shape {
	none := func(name, reason string, at int64, parts ...any) shape {
		return shape{name, pack(parts...), noAudio(reason, at)}
	}
	video := bytes.ReplaceAll(moov(), []byte("soun"), []byte("vide"))
	return []shape{
		none("empty.wav", "0 bytes", 0),
		none("44 bytes.wav", "WAV without a sample", 44, riff(36, "data", uint32(0))),
		none("44 bytes for 23 minutes.wav", "WAV without a sample", 44, riff(36, "data", uint32(22080000))),
		none("no data.wav", "WAV without a data chunk", 45, riff(36, "LIST", uint32(0), 0)[:36], "LIST", uint32(1), 0),
		none("no fmt.wav", "WAV without a fmt chunk before its data", 12, "RIFF", uint32(0), "WAVE", "data", uint32(0), "x"),
		none("page.wav", "HTML", 0, "\n<!DOCTYPE html><html>"),
		none("error.mp3", "XML", 0, "<Error><Code>AccessDenied</Code></Error>"),
		none("error.ulaw", "XML", 0, `<?xml version="1.0"?><Error/>`),
		none("error.json.wav", "JSON", 0, `{"error": "not found"}`),
		none("note.wav", "text", 0, "recording was moved"),
		none("zip.wav", "zip archive", 0, "PK\x03\x04...."),
		none("gzip.wav", "gzip", 0, "\x1f\x8b\x08"),
		none("document.wav", "PDF", 0, "%PDF-1.4\n\x80"),
		none("picture.wav", "PNG image", 0, "\x89PNG\r\n\x1a\n\x00"),
		none("video.wav", `RIFF of form "AVI "`, 0, "RIFF", uint32(0), "AVI LIST"),
		none("other.wav", "unknown beginning 00 01 02 03", 0, 0, 1, 2, 3, 4),
		none("other.gsm", "unknown beginning 00 01 02 03", 0, 0, 1, 2, 3, 4),
		none("chance.wav", "unknown beginning ff e3 18 c4", 0, 0xff, 0xe3, 0x18, 0xc4, zeros(200)),
		none("tag.mp3", "ID3 tag with nothing behind it", 10, "ID3", 4, 0, 0, 0, 0, 1, 0),
		none("headers.ogg", "Ogg without a sample", int64(len(opus(1, 0))-2*32), opus(1, 0)[:len(opus(1, 0))-2*32]),
		none("theora.ogg", "Ogg without a known audio stream", 0, oggPage(2, 0, 1, []byte("\x80theora"))),
		none("no moov.mp4", "MP4 without moov", 24, boxOf("ftyp", "M4A "), boxOf("mdat", uint32(0))),
		none("bad.mp4", `MP4 box "mdat" that ends before it begins`, 12, boxOf("ftyp", "M4A "), "\x00\x00\x00\x07mdat....."),
		none("loop.mp4", `MP4 box "free" that ends before it begins`, 12, boxOf("ftyp", "M4A "), "\x00\x00\x00\x01free", zeros(8)),
		none("video.mp4", "MP4 without an audio track", 0, video),
		none("no sample.mp4", "MP4 without a sample", 0, bytes.ReplaceAll(moov(), packBig("stts", uint32(0), uint32(1)), packBig("stts", uint32(0), uint32(0)))),
		none("no segment.webm", "Matroska without a segment", 0, elem("\x1a\x45\xdf\xa3", zeros(4))),
		none("no track.webm", "Matroska without an audio track", 13, "\x1a\x45\xdf\xa3\x10\x00\x00\x00", segmentID, "\xff"),
		none("no frame.flac", "FLAC without a sample", 42, flacOf(8000)),
		none("no block.flac", "FLAC without its STREAMINFO block", 4, "fLaC"),
		none("no frame.amr", "AMR without a frame", 6, "#!AMR\n"),
		none("no sample.au", "AU without a sample", 24, packBig(".snd", uint32(24), uint32(0), uint32(1), uint32(8000), uint32(1))),
	}
}

func TestLookTellsWhatIsThere(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			got, _ := lookAt(t, c.name, c.bytes)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%d bytes, want -, got +\n%s", len(c.bytes), diff)
			}
		})
	}
}

func TestEveryCutIsReadWithoutMoreThanIsThere(t *testing.T) {
	for _, c := range cases() {
		for n := range min(len(c.bytes), 700) {
			lookAt(t, c.name, c.bytes[:n])
		}
		for _, b := range cutAnywhere(append(c.bytes, 0), 7) {
			lookAt(t, c.name, b)
		}
	}
}

func TestHostileHeadersEndSoon(t *testing.T) {
	deep := []byte{}
	for range 2000 {
		deep = packBig(deep, "\x15\x49\xa9\x66", unsized8)
	}
	steps := []byte{}
	for range 40 {
		steps = append(steps, boxOf("free", zeros(100_000))...)
	}
	for name, b := range map[string][]byte{
		"tiny boxes.mp4":   bytes.Repeat(boxOf("free"), 500_000),
		"far boxes.mp4":    steps,
		"nested.webm":      packBig("\x1a\x45\xdf\xa3\x80", segmentID, unsized8, deep),
		"empty.webm":       packBig("\x1a\x45\xdf\xa3\x80", segmentID, unsized8, strings.Repeat("\xec\x80", 400_000)),
		"pages.ogg":        bytes.Repeat(oggPage(2, 0, 1, nil), 20_000),
		"no granule.ogg":   append(opus(1, 0), bytes.Repeat(oggPage(0, math.MaxUint64, 1, nil), 20_000)...),
		"capture.ogg":      append(opus(1, 0), bytes.Repeat([]byte("OggS"), 100_000)...),
		"tags.mp3":         bytes.Repeat(pack("ID3", 4, 0, 0, 0, 0, 0, 0), 60_000),
		"chunks.wav":       riff(0, bytes.Repeat(pack("JUNK", uint32(0)), 60_000)),
		"far chunks.wav":   riff(0, bytes.Repeat(pack("JUNK", uint32(80_000), zeros(80_000)), 20)),
		"syncs.flac":       append(flacOf(1<<35), bytes.Repeat([]byte{0xff, 0xf8, 0xc0, 0x08, 0, 0}, 60_000)...),
		"huge.flac":        append(flacOf(1<<36-1), flacFrame(0)...),
		"huge index.mp4":   append(moov(boxOf("mvex")), boxOf("sidx", zeros(4), uint32(1), uint32(1), uint32(0), uint32(math.MaxUint32), uint16(0), uint16(1), uint32(math.MaxUint32), uint32(1), uint32(0))...),
		"huge granule.ogg": opus(1, math.MaxInt64),
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := lookAt(t, name, b)
			if got.Duration == Unknown && got.Reason == "" && !strings.HasSuffix(name, ".ogg") && !strings.HasSuffix(name, ".flac") {
				t.Errorf("neither a duration nor a reason: %+v", got)
			}
		})
	}
}

func TestLookAllocatesNoMoreThanItsRanges(t *testing.T) {
	b := bytes.Repeat(boxOf("free", zeros(100_000)), 40)
	o, _ := object(t, "far.mp4", b)
	r := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			Look(o)
		}
	})
	if got := r.AllocedBytesPerOp(); got > 264<<10 {
		t.Errorf("%d bytes are allocated", got)
	}
}

func TestAFailedRangeIsTheErrorOfLook(t *testing.T) {
	want := errors.New("denied")
	b := append(boxOf("ftyp", "M4A "), append(boxOf("mdat", zeros(200_000)), moov()...)...)
	o, _ := object(t, "x.mp4", b)
	o.Range = func(int64, int) ([]byte, error) { return nil, want }

	got, err := Look(o)
	if !errors.Is(err, want) || got != (Sound{}) {
		t.Errorf("got %+v, %v; want no result and %v", got, err, want)
	}
}
