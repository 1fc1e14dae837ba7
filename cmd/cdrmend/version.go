package main

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/spf13/pflag"
)

// version is set by the linker for releases.
var version = "devel"

var versionCommand = command{
	name:    "version",
	summary: "print the version",
	text:    "\nPrints the version and the build, which stand in every commit record.\n\n  cdrmend version\n",
	run: func(_ context.Context, w *world, _ *pflag.FlagSet) (int, error) {
		_, err := fmt.Fprintln(w.stdout, "cdrmend", toolVersion())
		return exitDone, err
	},
}

// toolVersion names the build. Commit records hold it, as another build may
// write other bytes.
func toolVersion() string {
	v := version
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}

	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			v += "+" + s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			v += "-modified"
		}
	}

	return v
}
