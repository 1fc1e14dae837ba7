// Command release makes what users download: for each platform an archive with the
// program, and for Linux packages and a container image too, with a list of what is in
// them and checksums.
//
// The same commit gives the same bytes, whoever builds it and wherever, with the same
// version of Go: nothing depends on paths, clocks, users or the environment. The time in
// all files is that of the commit.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	out := flag.String("out", "dist", "directory to make; one that exists is replaced")
	tools := flag.String("tools", ".tools/bin", "directory of nfpm and cyclonedx-gomod")
	image := flag.Bool("image", false, "build the container image and nothing else")
	only := flag.String("only", "", "platforms to build, as linux/amd64,darwin/arm64; without it all")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := release(ctx, *out, *tools, *only, *image); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// platform is what a program is built for.
type platform struct{ os, arch string }

var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
}

// program is the name of the program's file.
func (p platform) program() string {
	if p.os == "windows" {
		return "cdrmend.exe"
	}
	return "cdrmend"
}

// choose returns the platforms that a list names, all for an empty one.
func choose(list string) ([]platform, error) {
	if list == "" {
		return platforms, nil
	}
	var chosen []platform
	for name := range strings.SplitSeq(list, ",") {
		before := len(chosen)
		for _, p := range platforms {
			if p.os+"/"+p.arch == name {
				chosen = append(chosen, p)
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("-only: %q is not a platform that is released: %v", name, platforms)
		}
	}
	return chosen, nil
}

// release makes the directory out. It appears whole or not at all: everything is written
// to a directory next to it, which then takes its place.
func release(ctx context.Context, out, tools, only string, onlyImage bool) error {
	chosen, err := choose(only)
	if err != nil {
		return err
	}
	if onlyImage && !slices.ContainsFunc(chosen, func(p platform) bool { return p.os == "linux" }) {
		return fmt.Errorf("-only: %q has no platform of Linux, and an image is made for Linux alone: name linux/amd64 or linux/arm64", only)
	}
	if tools, err = filepath.Abs(tools); err != nil {
		return err
	}
	from, err := readCheckout(ctx)
	if err != nil {
		return err
	}

	// Next to out and not in the system's directory, so that it can be renamed. The
	// name is one that git ignores, as what git lists makes a checkout a changed one.
	work, err := os.MkdirTemp(filepath.Dir(out), "dist-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	made := filepath.Join(work, "made")
	if err := os.Mkdir(made, 0o755); err != nil {
		return err
	}

	b := &builder{checkout: *from, tools: tools, work: work, out: made}
	if err := b.all(ctx, chosen, onlyImage); err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	return os.Rename(made, out)
}
