package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// checkout is the commit that is released.
type checkout struct {
	version  string    // the tag of the commit; devel without one
	revision string    // the hash of the commit
	time     time.Time // of the commit, in UTC: the time of every file
}

// readCheckout reads the commit of the working directory, which must be the root of a
// clean checkout.
func readCheckout(ctx context.Context) (*checkout, error) {
	changed, err := output(ctx, nil, "git", "status", "--porcelain")
	if err != nil {
		return nil, fmt.Errorf("a release is built from a git checkout: %w", err)
	}
	if changed != "" {
		return nil, fmt.Errorf("the checkout has changes, and a release must be that of a commit; commit or stash them:\n%s", changed)
	}

	commit, err := output(ctx, nil, "git", "log", "-1", "--format=%H %ct")
	if err != nil {
		return nil, err
	}
	revision, seconds, _ := strings.Cut(commit, " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return nil, err
	}

	// A commit without a tag is not an error: its build is called devel.
	version, err := output(ctx, nil, "git", "describe", "--tags", "--exact-match")
	if err != nil {
		version = "devel"
	}
	return &checkout{version, revision, time.Unix(unix, 0).UTC()}, nil
}

// packageVersion returns the version for packages, whose versions begin with a digit.
// One of a build without a tag is older than all releases, and newer builds have newer
// ones.
func (c *checkout) packageVersion() string {
	if version, ok := strings.CutPrefix(c.version, "v"); ok {
		return strings.ReplaceAll(version, "-", "~") // v1.2.0-rc1 is older than v1.2.0
	}
	return "0~devel." + c.time.Format("20060102150405")
}

// output runs a command, with additions to the environment, and returns what it printed,
// without the last line break.
func output(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(environment(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if _, exited := errors.AsType[*exec.ExitError](err); exited {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSuffix(string(text), "\n"), nil
}

// environment returns the environment without what changes the code that Go makes.
func environment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		switch name {
		case "GOFLAGS", "GOEXPERIMENT", "GOAMD64", "GOARM64", "GOOS", "GOARCH", "GOWORK", "GOFIPS140", "CGO_ENABLED", "SOURCE_DATE_EPOCH":
		default:
			kept = append(kept, entry)
		}
	}

	// Those that are set here win over the user's file of Go settings, too.
	return append(kept, "GOFLAGS=-mod=readonly", "GOAMD64=v1", "GOARM64=v8.0", "GOWORK=off", "GOFIPS140=off", "CGO_ENABLED=0", "LC_ALL=C", "TZ=UTC")
}
