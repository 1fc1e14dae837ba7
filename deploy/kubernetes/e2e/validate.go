package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// folders are those of deploy/kubernetes that kustomize builds.
var folders = []string{"base", "example", "backfill", "example-backfill"}

// validate has the API server check all manifests as if they were applied, and prints
// what it says of each. It reports whether all of them pass.
func (w *world) validate(ctx context.Context) (bool, error) {
	valid := true
	for _, folder := range folders {
		text, err := output(exec.CommandContext(ctx, filepath.Join(w.tools, "kustomize"), "build", filepath.Join(w.manifests, folder)))
		if err != nil {
			return false, err
		}
		path := w.path(folder + ".yaml")
		if err := write(path, text); err != nil {
			return false, err
		}
		// Manifests that name no namespace go where those of the example do.
		said, err := w.kubectl(ctx, "apply", "--dry-run=server", "--namespace", namespace, "-f", path)
		for line := range strings.Lines(said) {
			fmt.Printf("%s: %s", folder, line)
		}
		if err != nil {
			fmt.Printf("%s: %v\n", folder, err)
			valid = false
		}
	}
	return valid, nil
}
