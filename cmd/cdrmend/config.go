package main

import (
	"context"

	"github.com/spf13/pflag"
)

var configCommand = command{
	name:    "config",
	summary: "check a configuration and print what it means",
	usage:   "check --config FILE",
	text: `
Checks the configuration and everything it names except the sources, and
prints it with all defaults filled in and secrets hidden. Every mistake is
reported with file, line and key.

  cdrmend config check --config cdrmend.yaml
`,
	flags: func(f *pflag.FlagSet) {
		f.String("config", "", "configuration file (or CDRMEND_CONFIG)")
		f.Bool("json", false, "print JSON")
	},
	verbs: []verb{{"check", "--config FILE"}},
	run: func(_ context.Context, w *world, flags *pflag.FlagSet) (int, error) {
		if flags.NArg() != 1 || flags.Arg(0) != "check" {
			return 0, usagef("config knows one thing to do: cdrmend config check --config FILE")
		}
		cfg, err := loadConfig(w, flags)
		if err != nil {
			return 0, err
		}
		return exitDone, printConfiguration(w, flags, cfg)
	},
}
