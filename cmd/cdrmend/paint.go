package main

import "cdrmend/internal/report"

// colours maps tones to sequences for a terminal. A colour says nothing that the
// words do not say.
var colours = map[report.Tone]string{
	report.Good: "\x1b[32m", report.Bad: "\x1b[31m", report.Doubtful: "\x1b[33m", report.Quiet: "\x1b[2m", report.Strong: "\x1b[1m",
}

// paint returns how standard output shows tones: in colours on a terminal,
// unless NO_COLOR or TERM=dumb forbids them.
func (w *world) paint() report.Paint {
	if !w.coloured || w.env("NO_COLOR") != "" || w.env("TERM") == "dumb" {
		return report.Unpainted
	}
	return func(t report.Tone, text string) string {
		colour, ok := colours[t]
		if !ok || text == "" {
			return text
		}
		return colour + text + "\x1b[0m"
	}
}
