package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// The exit codes.
const (
	exitDone          = 0 // done, nothing open at or above --fail-on
	exitFindings      = 1 // done, such findings are open
	exitUsage         = 2 // usage or configuration error: nothing was read
	exitFailed        = 3 // failed, nothing was committed, safe to repeat
	exitIndeterminate = 4 // done, but missing or damaged input leaves something indeterminate
	exitStopped       = 5 // stopped, nothing was committed, and repeating does not help
)

// world is everything outside the program that it touches.
type world struct {
	program  string // as it was called; cdrmend when empty
	args     []string
	environ  []string
	stdin    io.Reader
	stdout   io.Writer
	stderr   io.Writer
	now      func() time.Time
	terminal bool // stderr is one
	coloured bool // stdout is one
}

// command is one subcommand. Its flags are declared and checked before it
// does anything.
type command struct {
	name    string
	summary string
	usage   string // after the name
	text    string // the body of --help, with an example
	run     func(context.Context, *world, *pflag.FlagSet) (int, error)
	flags   func(*pflag.FlagSet)
}

func commands() []command {
	return []command{runCommand, demoCommand, initCommand, reportCommand, explainCommand, historyCommand, acceptCommand, synthCommand, lsCommand, verifyCommand, keygenCommand, keysCommand, tokenCommand, configCommand, profilesCommand, versionCommand, completionCommand, manCommand()}
}

// usageError is a mistake of the user: exit code 2.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func run(ctx context.Context, w *world) int {
	code, err := dispatch(ctx, w)
	if err == nil {
		return code
	}

	// After a signal every call fails, and their errors say nothing that the user should
	// act on. A mistake of the user is printed all the same.
	code = failureCode(err)
	if code == exitFailed && ctx.Err() != nil {
		fmt.Fprintln(w.stderr, "cdrmend: stopped; nothing is half committed, run it again to complete the work")
	} else {
		fmt.Fprintf(w.stderr, "cdrmend: %s\n", withoutTokens(message(err), w.args))
	}
	return code
}

func dispatch(ctx context.Context, w *world) (int, error) {
	if len(w.args) == 0 {
		help(w.stderr)
		return exitUsage, nil
	}

	name := w.args[0]
	if slices.Contains([]string{"-h", "--help", "help"}, name) {
		help(w.stdout)
		return exitDone, nil
	}

	if name == completeName {
		return complete(ctx, w)
	}

	if name == "--version" {
		name = "version"
	}

	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 {
		return 0, usagef("there is no command %q; try one of %s", name, strings.Join(names(all), ", "))
	}
	return invoke(ctx, w, &all[i])
}

func names(all []command) []string {
	var list []string
	for _, c := range all {
		list = append(list, c.name)
	}
	return list
}

func invoke(ctx context.Context, w *world, c *command) (int, error) {
	flags := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	flags.SortFlags = false     // --help lists them in the order of declaration
	flags.SetOutput(io.Discard) // run prints the error, in one line
	if c.flags != nil {
		c.flags(flags)
	}

	err := flags.Parse(w.args[1:])
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintf(w.stdout, "Usage: cdrmend %s %s\n\n%s", c.name, c.usage, strings.TrimLeft(c.text, "\n"))
		if flags.HasFlags() {
			fmt.Fprintf(w.stdout, "\nFlags:\n%s", flags.FlagUsages())
		}
		return exitDone, nil
	}

	if err != nil {
		return 0, usagef("%s: %w; see cdrmend %s --help", c.name, err, c.name)
	}
	return c.run(ctx, w, flags)
}

func help(out io.Writer) {
	fmt.Fprint(out, `cdrmend repairs the metadata of exported call recordings, with provenance, and
tells what is missing, what coincides with a registration outage, and what
nobody can tell.

Usage: cdrmend COMMAND [FLAGS]

`)
	for _, c := range commands() {
		fmt.Fprintf(out, "  %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprint(out, `
Try it without an account, a server or a configuration:

  cdrmend demo

Help for one command: cdrmend COMMAND --help
`)
}

// env returns a variable of the environment, empty when it is not set.
func (w *world) env(name string) string {
	// The last of several counts, as it does in policy.Load.
	value := ""
	for _, entry := range w.environ {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			value = v
		}
	}
	return value
}
