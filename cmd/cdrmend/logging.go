package main

import (
	"log/slog"
	"strings"

	"github.com/spf13/pflag"
)

// logLevels are the values of --log-level.
var logLevels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

// logFlags adds the flags that choose what is logged. invoke applies them.
func logFlags(f *pflag.FlagSet) {
	f.String("log-level", "info", "lowest level of log lines on standard error: debug, info, warn or error")
	f.BoolP("verbose", "v", false, "log everything: the same as --log-level debug")
}

// setLogLevel takes the level of log lines from the flags of a command, which may have
// none. With --quiet only errors are logged.
func (w *world) setLogLevel(flags *pflag.FlagSet) error {
	if flags.Lookup("log-level") == nil {
		return nil
	}
	quiet, _ := flags.GetBool("quiet") // not every command has it
	verbose, _ := flags.GetBool("verbose")
	name, _ := flags.GetString("log-level")

	level, ok := logLevels[strings.ToLower(name)]
	switch {
	case !ok:
		return usagef("--log-level %q is none of debug, info, warn, error", name)
	case verbose && flags.Changed("log-level"):
		return usagef("--verbose goes without --log-level")
	case quiet && (verbose || flags.Changed("log-level")):
		return usagef("--quiet goes with neither --log-level nor --verbose")
	case quiet:
		level = slog.LevelError
	case verbose:
		level = slog.LevelDebug
	}
	w.level = level
	return nil
}
