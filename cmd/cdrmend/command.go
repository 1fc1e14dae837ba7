package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
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
	exitRefused       = 6 // refused: a plan was made for another configuration or version
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
	terminal bool // whether stderr is a terminal
	coloured bool // whether stdout is a terminal
	columns  int  // width of the terminal on stdout; 0 without one

	level   slog.Level              // of the log lines that the command prints
	drawing atomic.Bool             // a progress bar stands on stderr
	at      atomic.Pointer[runMark] // of log lines
}

// command is one subcommand. Its flags are declared and checked before it
// does anything.
type command struct {
	name    string
	summary string
	usage   string // after the name
	text    string // the body of --help, with an example
	verbs   []verb // what its first argument may say; nil when that is no verb
	run     func(context.Context, *world, *pflag.FlagSet) (int, error)
	flags   func(*pflag.FlagSet)
}

// verb is one of several things that a command does, such as init of cdrmend profiles.
type verb struct {
	name  string
	usage string // after the name
}

func commands() []command {
	return []command{runCommand, demoCommand, initCommand, reportCommand, explainCommand, historyCommand, discoverCommand, acceptCommand, evidenceCommand, holdCommand, backfillCommand, synthCommand, lsCommand, auditCommand, verifyCommand, keygenCommand, keysCommand, tokenCommand, configCommand, profilesCommand, versionCommand, completionCommand, manCommand()}
}

// usageError is a mistake of the user: exit code 2.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func run(ctx context.Context, w *world) int {
	w.stdout = &counted{Writer: w.stdout}
	code, err := dispatch(ctx, w)
	if err == nil {
		return code
	}
	return w.fail(w.describe(ctx, err))
}

func dispatch(ctx context.Context, w *world) (int, error) {
	if len(w.args) == 0 {
		help(w.stderr)
		return exitUsage, nil
	}

	switch name := w.args[0]; name {
	case "-h", "--help":
		help(w.stdout)
		return exitDone, nil
	case "help":
		return helpFor(w, w.args[1:])
	case "--version":
		return invoke(ctx, w, &versionCommand)
	case completeName:
		return complete(ctx, w)
	default:
		c, err := find(name)
		if err != nil {
			return 0, err
		}
		return invoke(ctx, w, c)
	}
}

// find returns the command of a name.
func find(name string) (*command, error) {
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 {
		return nil, usagef("there is no command %q%s; cdrmend --help lists all", name, didYouMean(name, names(all)))
	}
	return &all[i], nil
}

// helpFor prints the help that the arguments of cdrmend help name: a command, perhaps
// with one of its verbs.
func helpFor(w *world, args []string) (int, error) {
	if len(args) == 0 {
		help(w.stdout)
		return exitDone, nil
	}
	c, err := find(args[0])
	if err != nil {
		return 0, err
	}

	flags := c.newFlags()
	if len(args) > 2 || len(args) == 2 && c.verbs == nil {
		return 0, usagef("help takes a command, got %q too", args[len(args)-1])
	}
	if len(args) == 1 {
		c.help(w.stdout, flags)
		return exitDone, nil
	}
	v, err := c.findVerb(args[1])
	if err != nil {
		return 0, err
	}
	c.helpVerb(w.stdout, flags, v)
	return exitDone, nil
}

func names(all []command) []string {
	var list []string
	for _, c := range all {
		list = append(list, c.name)
	}
	return list
}

// newFlags returns the flags of a command.
func (c *command) newFlags() *pflag.FlagSet {
	flags := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	flags.SortFlags = false     // --help lists them in the order of declaration
	flags.SetOutput(io.Discard) // run prints the error, in one line
	if c.flags != nil {
		c.flags(flags)
	}
	return flags
}

func invoke(ctx context.Context, w *world, c *command) (int, error) {
	flags := c.newFlags()
	err := flags.Parse(w.args[1:])
	if errors.Is(err, pflag.ErrHelp) {
		c.help(w.stdout, flags)
		return exitDone, nil
	}
	if err != nil {
		return 0, flagError(c.name, flags, err)
	}

	if c.verbs != nil && flags.NArg() > 0 {
		if _, err := c.findVerb(flags.Arg(0)); err != nil {
			return 0, err
		}
	}
	if err := w.setLogLevel(flags); err != nil {
		return 0, err
	}
	return c.run(w.watchRetries(ctx), w, flags)
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

Help for one command: cdrmend help COMMAND
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
