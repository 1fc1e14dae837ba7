package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// packages makes packages for Debian and Red Hat from the files of an archive and the
// examples in deploy/.
func (b *builder) packages(ctx context.Context, p platform, files []file) error {
	shared, err := packaged(files)
	if err != nil {
		return err
	}
	for _, kind := range []string{"deb", "rpm"} {
		dir := filepath.Join(b.work, kind+"-"+p.arch)
		contents, err := b.layOut(dir, append(shared, completions(kind, files)...))
		if err != nil {
			return err
		}
		if err := b.pack(ctx, kind, p, dir, contents); err != nil {
			return err
		}
	}
	return nil
}

// packaged returns the files that every package has, under their paths on a system.
func packaged(files []file) ([]file, error) {
	var all []file
	for _, f := range files {
		switch f.name {
		case "cdrmend":
			all = append(all, file{"usr/bin/cdrmend", f.content, f.mode})
		case "cdrmend.1":
			page, err := gzipped(f.content)
			if err != nil {
				return nil, err
			}
			all = append(all, file{"usr/share/man/man1/cdrmend.1.gz", page, f.mode})
		case "LICENSE":
			all = append(all, file{"usr/share/doc/cdrmend/copyright", f.content, f.mode})
		case "THIRD_PARTY_LICENSES":
			all = append(all, file{"usr/share/doc/cdrmend/" + f.name, f.content, f.mode})
		}
	}

	for _, unit := range []string{"cdrmend.service", "cdrmend.timer"} {
		text, err := os.ReadFile(filepath.Join("deploy", "systemd", unit))
		if err != nil {
			return nil, err
		}
		// What a package installs is not in /usr/local.
		text = bytes.ReplaceAll(text, []byte("/usr/local/bin/"), []byte("/usr/bin/"))
		all = append(all, file{"usr/lib/systemd/system/" + unit, text, 0o644})
	}
	all = append(all, file{"usr/lib/sysusers.d/cdrmend.conf", []byte("u cdrmend - \"cdrmend\"\n"), 0o644})

	examples, err := examples()
	return append(all, examples...), err
}

// examples returns the examples of deploy/ that no package installs.
func examples() ([]file, error) {
	var all []file
	err := fs.WalkDir(os.DirFS("deploy"), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && path == "kubernetes/e2e" { // it tests the examples
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || filepath.Dir(path) == "systemd" || strings.HasPrefix(path, "Containerfile") {
			return err
		}
		text, err := os.ReadFile(filepath.Join("deploy", path))
		mode := int64(0o644)
		if bytes.HasPrefix(text, []byte("#!")) { // the mode in a checkout depends on the machine
			mode = 0o755
		}
		all = append(all, file{"usr/share/doc/cdrmend/examples/" + path, text, mode})
		return err
	})
	return all, err
}

// completions returns the completions where the shells of a system look for them.
func completions(kind string, files []file) []file {
	zsh := "usr/share/zsh/site-functions/_cdrmend"
	if kind == "deb" {
		zsh = "usr/share/zsh/vendor-completions/_cdrmend"
	}
	places := map[string]string{
		"completions/cdrmend.bash": "usr/share/bash-completion/completions/cdrmend",
		"completions/_cdrmend":     zsh,
		"completions/cdrmend.fish": "usr/share/fish/vendor_completions.d/cdrmend.fish",
	}

	var all []file
	for _, f := range files {
		if place := places[f.name]; place != "" {
			all = append(all, file{place, f.content, f.mode})
		}
	}
	return all
}

// content is a file in the configuration of nfpm.
type content struct {
	Source string   `json:"src,omitempty"`
	Place  string   `json:"dst"`
	Type   string   `json:"type,omitempty"`
	Info   fileInfo `json:"file_info"`
}

type fileInfo struct {
	Mode int64 `json:"mode"`
}

// layOut writes files below a folder, with the time of the commit.
func (b *builder) layOut(dir string, files []file) ([]content, error) {
	list := []content{{Place: "/etc/cdrmend", Type: "dir", Info: fileInfo{0o755}}}
	for _, f := range sorted(files) {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, f.content, 0o644); err != nil {
			return nil, err
		}
		if err := b.stamp(path); err != nil {
			return nil, err
		}
		list = append(list, content{Source: path, Place: "/" + f.name, Info: fileInfo{f.mode}})
	}
	return list, nil
}

// afterInstall makes the user of the service, and lets systemd see the units. It enables
// nothing: there is no configuration yet.
const afterInstall = `#!/bin/sh
set -e
if command -v systemd-sysusers >/dev/null 2>&1; then
  systemd-sysusers cdrmend.conf
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
`

// pack runs nfpm.
func (b *builder) pack(ctx context.Context, kind string, p platform, dir string, contents []content) error {
	script := filepath.Join(dir, "after-install")
	if err := os.WriteFile(script, []byte(afterInstall), 0o755); err != nil {
		return err
	}

	config := map[string]any{
		"name": "cdrmend", "arch": p.arch, "platform": p.os, "version": b.packageVersion(), "version_schema": "none",
		"maintainer": "The cdrmend developers <cdrmend@example.com>", "section": "utils", "priority": "optional", "license": "Apache-2.0",
		"description": "repairs the metadata of exported call recordings\n" +
			"It pulls export manifests from S3, joins them with call detail records and\nregistration logs, and says what is missing and what nobody can tell.",
		"mtime": b.time, "contents": contents, "scripts": map[string]string{"postinstall": script},
		"rpm": map[string]string{"compression": "gzip:9", "buildhost": "cdrmend"},
		"deb": map[string]string{"compression": "gzip"},
	}
	text, err := json.MarshalIndent(config, "", "  ") // JSON is YAML
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "nfpm.yaml")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return err
	}

	target := filepath.Join(b.out, fmt.Sprintf("cdrmend_%s_%s_%s.%s", b.version, p.os, p.arch, kind))
	_, err = output(ctx, []string{b.epoch()}, filepath.Join(b.tools, "nfpm"), "package", "--config", path, "--packager", kind, "--target", target)
	return err
}
