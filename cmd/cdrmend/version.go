package main

import (
	"context"
	"fmt"
	"runtime/debug"

	sources "cdrmend"

	"github.com/spf13/pflag"
)

// unstamped is the version of a build that nobody gave one.
const unstamped = "devel"

// version is set by the linker for releases.
var version = unstamped

var versionCommand = command{
	name:    "version",
	summary: "print the version",
	text:    "\nPrints the version and the build, which stand in every commit record.\n\n  cdrmend version\n",
	flags: func(f *pflag.FlagSet) {
		f.Bool("json", false, "print JSON")
	},
	run: func(_ context.Context, w *world, flags *pflag.FlagSet) (int, error) {
		if flags.NArg() > 0 {
			return 0, usagef("version takes no arguments, got %q", flags.Arg(0))
		}
		version := toolVersion()
		return exitDone, w.print(flags, &versionDocument{"cdrmend.version/1", version}, fmt.Sprintln("cdrmend", version))
	},
}

// toolVersion names the build. Commit records hold it and run ids depend on it, as
// another build may write other bytes.
func toolVersion() string {
	info, _ := debug.ReadBuildInfo()
	return version + "+" + origin(version, info, sources.Hash)
}

// origin says what a version was built from: the revision of a release from a clean
// checkout, else the hash of the sources. A build without a version has the hash even
// in a clean checkout, as go run stamps no revision, and must be the same build.
func origin(version string, info *debug.BuildInfo, hash func() string) string {
	revision, modified := "", true
	if info != nil && version != unstamped {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				revision = s.Value
			case "vcs.modified":
				modified = s.Value != "false"
			}
		}
	}

	if revision == "" || modified {
		return "src." + hash()
	}
	return revision[:min(12, len(revision))]
}
