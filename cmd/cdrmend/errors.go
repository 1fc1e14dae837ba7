package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/printable"
)

// errorFormat is the format of an error that is printed with --json.
const errorFormat = "cdrmend.error/1"

// errorDocument is what a command prints with --json when it has no result.
type errorDocument struct {
	Format string `json:"format"`
	Code   int    `json:"code"`   // the exit code
	Reason string `json:"reason"` // the class of the error, as reasonOf names it
	Error  string `json:"error"`
	Next   string `json:"next"` // what to do
}

// nextSteps say what to do about the classes of errors.
var nextSteps = map[string]string{
	"configuration":       "correct the command line or the configuration as the error says; cdrmend help COMMAND shows what a command takes",
	"not_found":           "correct the id, the interval or the output; cdrmend ls lists the newest intervals of an output",
	"untrusted_file":      "look at the file that the error names, then decide about it in the configuration with signing.adopt or signing.disown",
	"broken_ledger":       "restore what was there; cdrmend verify names everything that is wrong",
	"other_name":          "choose another output, or give the configuration the name that the output belongs to",
	"other_plan":          "give all workers the configuration and the version of the plan, or make another plan",
	"signing_key_missing": "configure signing.key, as earlier records of the output are signed",
	"signal":              "run the same command again to complete the work",
	"archived":            "restore the archived object, then run again",
	"checksum_mismatch":   "check the network and the object that the error names, then run again",
	"key_taken":           "find out who else writes to the output, then run again",
	"overtaken":           "run again when nothing else writes to the output",
	"inputs_changed":      "run again when nothing else writes to the inputs",
	"disk_full":           "free space, or set scratch to a directory with more of it, then run again",
	"read_only":           "choose a directory that can be written, then run again",
	"access_denied":       "allow the job what the error names, then run again",
	"network":             "check the endpoint, the region and the network, then run again",
	"other":               "do what the error says, then run again",
}

// newErrorDocument describes an error. The text is one that may be printed.
func newErrorDocument(code int, reason, text string) *errorDocument {
	return &errorDocument{Format: errorFormat, Code: code, Reason: reason, Error: text, Next: nextSteps[reason]}
}

// describe describes the error of a command. After a signal every call fails, and
// their errors say nothing that the user should act on. A mistake of the user is
// told all the same.
func (w *world) describe(ctx context.Context, err error) *errorDocument {
	code := failureCode(err)
	text := withoutTokens(message(err), w.args)
	if code == exitFailed && ctx.Err() != nil {
		text = "stopped; nothing is half committed, run it again to complete the work"
	}
	return newErrorDocument(code, reasonOf(ctx, err), text)
}

// fail prints an error for people on standard error. With --json it prints it on
// standard output too, unless a document with results stands there already: standard
// output never has more than one document.
func (w *world) fail(e *errorDocument) int {
	fmt.Fprintf(w.stderr, "cdrmend: %s\n", e.Error)
	if asksForJSON(w.args) && !w.printed() {
		if text, err := jsonText(e); err == nil {
			fmt.Fprint(w.stdout, text)
		}
	}
	return e.Code
}

// notFound says what was not found. The exit code is 1.
func (w *world) notFound(format string, args ...any) (int, error) {
	text := printable.Text(fmt.Sprintf(format, args...))
	return w.fail(newErrorDocument(exitFindings, "not_found", text)), nil
}

// asksForJSON reports whether arguments hold --json. It does not need flags that could
// be parsed, as a wrong flag is an error that is printed as JSON, too.
func asksForJSON(args []string) bool {
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	for _, arg := range args {
		if arg == "--json" {
			return true
		}
		if value, ok := strings.CutPrefix(arg, "--json="); ok {
			on, err := strconv.ParseBool(value)
			return on && err == nil
		}
	}
	return false
}

// counted is a writer that knows how much was written to it.
type counted struct {
	io.Writer
	n int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n += int64(n)
	return n, err
}

// printed reports whether standard output has got anything.
func (w *world) printed() bool {
	c, ok := w.stdout.(*counted)
	return ok && c.n > 0
}
