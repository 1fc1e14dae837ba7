package manifest_test

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
	"cdrmend/internal/synth"
)

// syntheticManifest is one manifest of 10,000 entries that all lack their
// trunk.
func syntheticManifest(b *testing.B, format string) []byte {
	b.Helper()
	n := &synth.Night{
		Day: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Legs: 10_000, Profile: synth.Cdrmend, Manifests: format, CDRs: synth.CSV,
		ManifestFiles: 1, CDRFiles: 1, Lines: 100,
	}
	n.Rates[synth.MissingTrunk] = 1
	for o := range n.Objects() {
		if strings.HasPrefix(o.Key, "manifests/") {
			var text bytes.Buffer
			if err := o.Write(&text); err != nil {
				b.Fatal(err)
			}
			return text.Bytes()
		}
	}
	b.Fatal("the night has no manifest")
	return nil
}

var benchFormats = []struct {
	name   string
	format profile.Format
}{{synth.JSONLines, profile.JSONLines}, {synth.JSON, profile.JSON}}

func BenchmarkDecode(b *testing.B) {
	for _, f := range benchFormats {
		b.Run(f.name, func(b *testing.B) {
			text, p := syntheticManifest(b, f.name), builtIn(b, "cdrmend")
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				decodeOnce(b, p, text, f.format)
			}
		})
	}
}

// decodeOnce reads a sound manifest, as the job does.
func decodeOnce(b *testing.B, p *profile.Profile, text []byte, f profile.Format) *manifest.Batch {
	b.Helper()
	in := manifest.Input{
		Key: "m", StoredSize: int64(len(text)), Stream: stream.Open(bytes.NewReader(text), int64(len(text)), &limits), Format: f,
		Reject: func(r rows.Reject) error { b.Fatalf("rejected: %+v", r); return nil },
	}
	in.Body = bufio.NewReaderSize(in.Stream, 64<<10)
	batch, err := manifest.NewReader(p, intern.NewTable(), required, &limits).Read(in)
	if err != nil || len(batch.Entries) != 10_000 {
		b.Fatalf("%d entries: %v", len(batch.Entries), err)
	}
	return batch
}

func BenchmarkSplice(b *testing.B) {
	for _, f := range benchFormats {
		b.Run(f.name, func(b *testing.B) {
			text, p := syntheticManifest(b, f.name), builtIn(b, "cdrmend")
			batch := decodeOnce(b, p, text, f.format)
			edits := editsFor(batch)
			if len(edits) != 10_000 {
				b.Fatalf("%d edits, want one for each entry", len(edits))
			}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := manifest.Write(io.Discard, bytes.NewReader(text), p, &batch.Doc, slices.Values(edits)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
