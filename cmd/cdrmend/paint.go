package main

import (
	"regexp"
	"strconv"
	"strings"

	"cdrmend/internal/policy"
	"cdrmend/internal/report"

	"github.com/spf13/pflag"
)

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

// screen returns how standard output shows a summary. Commands in it find the output by
// the given arguments.
func (w *world) screen(where string) report.Screen {
	return report.Screen{Paint: w.paint(), Columns: w.width(), Where: where}
}

// leastColumns is the least width that is believed: what stands after the titles needs
// some room.
const leastColumns = 40

// width returns the number of columns of standard output: what COLUMNS says, else that
// of the terminal, else 0.
func (w *world) width() int {
	if n, err := strconv.Atoi(w.env("COLUMNS")); err == nil && n >= leastColumns {
		return n
	}
	if w.columns == 0 {
		return 0
	}
	return max(w.columns, leastColumns)
}

// whereIs returns the arguments with which other commands find the output of a run.
func whereIs(cfg *policy.Config, flags *pflag.FlagSet) string {
	where := "--config " + quoted(cfg.Path)
	if output, _ := flags.GetString("output"); output != "" {
		where = quoted(output) + " " + where
	}
	return where
}

// bare matches what a shell takes as it is.
var bare = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+-]+$`)

// quoted returns an argument as a shell takes it.
func quoted(arg string) string {
	if bare.MatchString(arg) {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
