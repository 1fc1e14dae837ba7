package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// image is the name of the image in the manifests.
const image = "registry.example.com/cdrmend:1.0.0"

// place is what this place changes in a folder of deploy/kubernetes: the namespace, the
// name of a job, and keys for the S3 server, which come from no role here.
const place = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: ` + namespace + `
resources:
  - %s
patches:
  - target: {kind: %s}
    patch: |
      - op: add
        path: %s/containers/0/envFrom
        value: [{secretRef: {name: s3}}]
%s`

// applyBase applies the CronJob of the base with its service account and network policy.
func (w *world) applyBase(ctx context.Context) error {
	const suspended = `      # It is started by hand alone.
      - op: add
        path: /spec/suspend
        value: true
`
	return w.apply(ctx, "cronjob", "base", fmt.Sprintf(place, "%s", "CronJob", "/spec/jobTemplate/spec/template/spec", suspended))
}

// applyBackfill applies the Job of a backfill.
func (w *world) applyBackfill(ctx context.Context, b *backfill) error {
	text := fmt.Sprintf(place, "%s", "Job", "/spec/template/spec", "") + `nameSuffix: -` + b.output + `
configMapGenerator:
  - name: cdrmend-backfill
    behavior: merge
    literals: ["plan=` + b.plan + `"]
`
	return w.apply(ctx, b.job, "backfill", text)
}

// apply writes a kustomization that changes a folder of deploy/kubernetes, and applies it.
func (w *world) apply(ctx context.Context, name, folder, text string) error {
	dir := w.path("places", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	base, err := filepath.Abs(filepath.Join(w.manifests, folder))
	if err != nil {
		return err
	}
	// kustomize follows relative paths alone, and looks where a link leads first.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return err
	}
	if base, err = filepath.EvalSymlinks(base); err != nil {
		return err
	}
	if base, err = filepath.Rel(dir, base); err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "kustomization.yaml"), fmt.Sprintf(text, base)); err != nil {
		return err
	}
	_, err = w.kubectl(ctx, "apply", "-k", dir)
	return err
}

func write(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }
