package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"

	"cdrmend/internal/ledger"
	"cdrmend/internal/printable"

	"github.com/spf13/pflag"
)

// Values from outside (ids, keys, messages of servers) may hold sequences that a
// terminal obeys. Everything that is printed or logged passes through here.

// logger logs as text on a terminal and as JSON elsewhere. The text form quotes
// characters that do not print. Every line stands for itself: a value is a text, a
// number, a time or an error, and nothing that would be printed as the language
// writes it.
func (w *world) logger(quiet bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: w.level}
	if quiet {
		options.Level = slog.LevelError
	}
	if w.terminal {
		return slog.New(&markedLog{slog.NewTextHandler(textLog{w}, options), &w.at})
	}
	return slog.New(&markedLog{slog.NewJSONHandler(jsonLog{w.stderr}, options), &w.at})
}

// runMark is what a job is at.
type runMark struct{ interval, runID string }

// markRun notes what a job is at, for the log lines from here on.
func (w *world) markRun(interval, runID string) { w.at.Store(&runMark{interval, runID}) }

// markedLog says in each line which interval and which run it is about, also in those of
// requests that are repeated.
type markedLog struct {
	slog.Handler
	at *atomic.Pointer[runMark]
}

func (l *markedLog) Handle(ctx context.Context, r slog.Record) error {
	if p := l.at.Load(); p != nil {
		for _, a := range []slog.Attr{slog.String("interval", p.interval), slog.String("run_id", p.runID)} {
			if a.Value.String() != "" {
				r.AddAttrs(a)
			}
		}
	}
	return l.Handler.Handle(ctx, r)
}

// textLog writes lines of text, each as a whole and without secrets.
type textLog struct{ w *world }

func (l textLog) Write(line []byte) (int, error) {
	text := printable.Text(strings.TrimSuffix(string(line), "\n")) + "\n"
	if l.w.drawing.Load() {
		text = "\r\x1b[K" + text // in place of the bar, which is drawn again below
	}
	// The writer gets escapes, so its count is not that of the line.
	_, err := io.WriteString(l.w.stderr, text)
	return len(line), err
}

// jsonLog writes lines of JSON, each as a whole and without secrets.
type jsonLog struct{ w io.Writer }

func (l jsonLog) Write(line []byte) (int, error) {
	_, err := l.w.Write(printable.JSON(line))
	return len(line), err
}

// jsonText encodes what a command prints with --json.
func jsonText(v any) (string, error) {
	raw, err := ledger.Encode(v)
	return string(printable.JSON(raw)), err
}

// print prints a result: with --json its encoding, else the text that tells it.
func (w *world) print(flags *pflag.FlagSet, result any, text string) error {
	if asJSON, _ := flags.GetBool("json"); asJSON {
		return w.printJSON(result)
	}
	_, err := fmt.Fprint(w.stdout, safe(text))
	return err
}

func (w *world) printJSON(result any) error {
	text, err := jsonText(result)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(w.stdout, text)
	return err
}

// message returns the text of an error that is printed. Joined errors keep their
// lines.
func message(err error) string {
	// The system's errors hold paths as they are. A line break in one would pass
	// for the start of another error.
	text := err.Error()
	for _, path := range paths(err) {
		text = strings.ReplaceAll(text, path, printable.Text(path))
	}
	return safe(text)
}

// paths returns the paths that the system's errors in err name.
func paths(err error) []string {
	switch e := err.(type) {
	case *fs.PathError:
		return []string{e.Path}
	case *os.LinkError:
		return []string{e.Old, e.New}
	case usageError: // has no Unwrap
		return paths(e.error)
	case interface{ Unwrap() error }:
		return paths(e.Unwrap())
	case interface{ Unwrap() []error }:
		var all []string
		for _, one := range e.Unwrap() {
			all = append(all, paths(one)...)
		}
		return all
	}
	return nil
}

// safe makes a text that holds values from outside safe for a terminal.
// The line breaks and tabs of the text itself stay.
func safe(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		cells := strings.Split(line, "\t")
		for j, cell := range cells {
			cells[j] = printable.Text(cell)
		}
		lines[i] = strings.Join(cells, "\t")
	}

	return strings.Join(lines, "\n")
}
