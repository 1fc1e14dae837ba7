package cdr_test

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/profile"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
	"cdrmend/internal/synth"
)

func BenchmarkDecode(b *testing.B) {
	for _, f := range []struct {
		cdrs, manifests, profile, ours string
		format                         profile.Format
	}{
		{synth.CSV, synth.JSONLines, synth.Cdrmend, "cdrmend", profile.CSV},
		{synth.Details, synth.Sidecars, synth.GenesysCloud, "genesys-conversation-detail", profile.JSON},
	} {
		b.Run(f.cdrs, func(b *testing.B) {
			n := &synth.Night{
				Day: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Legs: 10_000, Profile: f.profile, Manifests: f.manifests, CDRs: f.cdrs,
				ManifestFiles: 1, CDRFiles: 1, Lines: 100,
			}
			text, p := cdrsOf(b, n), builtIn(b, f.ours)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				batch, err := cdr.NewReader(p, intern.NewTable(), &stream.Limits{}).Read(bufio.NewReaderSize(bytes.NewReader(text), 64<<10), f.format, func(r rows.Reject) error {
					b.Fatalf("rejected: %+v", r)
					return nil
				})
				if err != nil || len(batch.Legs) != n.Legs {
					b.Fatalf("%d legs: %v", len(batch.Legs), err)
				}
			}
		})
	}
}

// cdrsOf returns the one file of call detail records of a night.
func cdrsOf(b *testing.B, n *synth.Night) []byte {
	b.Helper()
	for o := range n.Objects() {
		if strings.HasPrefix(o.Key, "cdr/") {
			var text bytes.Buffer
			if err := o.Write(&text); err != nil {
				b.Fatal(err)
			}
			return text.Bytes()
		}
	}
	b.Fatal("the night has no CDRs")
	return nil
}
