package profile_test

import (
	"testing"

	"cdrmend/internal/intern"
	"cdrmend/internal/jsonscan"
	"cdrmend/internal/profile"
)

func BenchmarkTime(b *testing.B) {
	for _, t := range []struct{ name, layout, text string }{
		{"micros with Z", "2006-01-02T15:04:05.000000Z", "2026-11-20T08:00:37.191000Z"},
		{"millis with offset", "2006-01-02T15:04:05.000-0700", "2026-11-20T08:00:37.191+0000"},
		{"epoch", "2006-01-02T15:04:05.000000Z", "1795161637.191"},
		{"layout of its own", "02.01.2006 15:04:05 -0700", "20.11.2026 08:00:37 +0000"},
	} {
		b.Run(t.name, func(b *testing.B) {
			n := profile.NewNormalizer(&profile.Profile{Layouts: []string{t.layout}}, intern.NewTable())
			v := jsonscan.Value{Kind: jsonscan.Cell, Raw: []byte(t.text)}
			b.ReportAllocs()
			for b.Loop() {
				if at, ok := n.Time(v); !ok || at/1e6 != 1795161637 {
					b.Fatalf("%s is read as %v", t.text, at)
				}
			}
		})
	}
}
