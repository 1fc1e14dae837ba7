package growth

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// heard are media objects whose headers might cost more than their size.
var heard = []structure{
	{name: "MP4 of tiny boxes", n: 250, write: func(w *night, n int) {
		w.media(n, "mp4", append([]byte("\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom"), bytes.Repeat([]byte("\x00\x00\x00\x08free"), 4000)...))
	}},
	{name: "MP4 of boxes in boxes", n: 250, write: func(w *night, n int) {
		b := []byte("\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom")
		for range 4000 { // each claims a terabyte, and holds the next
			b = append(b, "\x00\x00\x00\x01moov\x00\x00\x01\x00\x00\x00\x00\x00"...)
		}
		w.media(n, "mp4", b)
	}},
	{name: "Matroska of unknown sizes", n: 250, write: func(w *night, n int) {
		b := []byte("\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff")
		w.media(n, "webm", append(b, bytes.Repeat([]byte("\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff"), 3000)...))
	}},
	{name: "Ogg of empty pages", n: 250, write: func(w *night, n int) {
		var b []byte
		for i := range uint32(1500) {
			b = append(b, "OggS\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"...)
			b = binary.LittleEndian.AppendUint32(b, i)
			b = append(b, "\x00\x00\x00\x00\x00"...)
		}
		w.media(n, "ogg", b)
	}},
	{name: "WAV of empty chunks", n: 250, write: func(w *night, n int) {
		w.media(n, "wav", append([]byte("RIFF\xff\xff\xff\xffWAVE"), bytes.Repeat([]byte("JUNK\x00\x00\x00\x00"), 4000)...))
	}},
	{name: "MP3 of tags in tags", n: 250, write: func(w *night, n int) {
		w.media(n, "mp3", bytes.Repeat([]byte("ID3\x04\x00\x00\x00\x00\x00\x00"), 3200))
	}},
}

// media writes recordings with these bytes as audio, and the calls that they are of.
func (n *night) media(count int, suffix string, audio []byte) {
	n.settings.media = "header"
	folder := strings.ReplaceAll(n.folder(), "{date}", day)
	for i := range count {
		n.put(manifests, fmt.Sprintf("r%d.%s", i, suffix), func(b *bufio.Writer) { _, _ = b.Write(audio) })
	}
	n.put(manifests, "x.jsonl", func(b *bufio.Writer) {
		lines(b, count, func(i int) {
			fmt.Fprintf(b, `{"recording_id":"%s","conversation_id":"%s","trunk_id":"t","media_key":"%s/r%d.%s",%s}`, uuid("r", i), uuid("c", i), folder, i, suffix, times(i, i+60))
		})
	})
	n.listing(count)
}
