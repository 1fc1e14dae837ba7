package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// builder makes one release.
type builder struct {
	checkout

	tools string // directory of nfpm and cyclonedx-gomod
	work  string // for what is not released
	out   string // for what is
}

// program is one that was built, with the files that accompany it.
type program struct {
	platform

	path  string
	files []file // as they lie in an archive
}

// all makes the release of the chosen platforms, or only the image of those on Linux.
func (b *builder) all(ctx context.Context, chosen []platform, onlyImage bool) error {
	// The program writes its own manual and completions, so one must run here.
	docs, err := b.documents(ctx)
	if err != nil {
		return err
	}

	var linux []program
	for _, p := range chosen {
		if onlyImage && p.os != "linux" {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s/%s\n", p.os, p.arch)
		one, err := b.program(ctx, p, docs)
		if err == nil && !onlyImage {
			err = b.release(ctx, one)
		}
		if err != nil {
			return fmt.Errorf("%s/%s: %w", p.os, p.arch, err)
		}
		if p.os == "linux" {
			linux = append(linux, one)
		}
	}
	if linux != nil {
		if err := b.image(ctx, linux); err != nil {
			return err
		}
	}
	return b.checksums()
}

// program builds the program for a platform, and adds what accompanies it.
func (b *builder) program(ctx context.Context, p platform, docs []file) (program, error) {
	path, err := b.compile(ctx, p)
	if err != nil {
		return program{}, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return program{}, err
	}
	licences, err := licences(ctx, path)
	if err != nil {
		return program{}, err
	}
	files := append(slices.Clone(docs), file{p.program(), content, 0o755}, file{"THIRD_PARTY_LICENSES", licences, 0o644})
	return program{p, path, files}, nil
}

// compile builds the program for a platform, and returns its path.
func (b *builder) compile(ctx context.Context, p platform) (string, error) {
	path := filepath.Join(b.work, p.os+"-"+p.arch, p.program())
	_, err := output(ctx, []string{"GOOS=" + p.os, "GOARCH=" + p.arch},
		"go", "build", "-trimpath", "-buildvcs=true", "-ldflags", "-s -w -X main.version="+b.version, "-o", path, "./cmd/cdrmend")
	return path, err
}

// documents returns the licence, the manual and the completions, as they lie in an
// archive.
func (b *builder) documents(ctx context.Context) ([]file, error) {
	program, err := b.compile(ctx, platform{runtime.GOOS, runtime.GOARCH})
	if err != nil {
		return nil, err
	}

	licence, err := os.ReadFile("LICENSE")
	if err != nil {
		return nil, err
	}
	files := []file{{"LICENSE", licence, 0o644}}

	for _, d := range []struct {
		name string
		args []string
	}{
		{"cdrmend.1", []string{"man"}},
		{"completions/cdrmend.bash", []string{"completion", "bash"}},
		{"completions/_cdrmend", []string{"completion", "zsh"}},
		{"completions/cdrmend.fish", []string{"completion", "fish"}},
	} {
		text, err := output(ctx, nil, program, d.args...)
		if err != nil {
			return nil, err
		}
		files = append(files, file{d.name, []byte(text + "\n"), 0o644})
	}
	return files, nil
}

// release releases one program: as an archive, with the list of what it was built from,
// and on Linux as packages.
func (b *builder) release(ctx context.Context, p program) error {
	folder := fmt.Sprintf("cdrmend_%s_%s_%s", b.version, p.os, p.arch)
	name, write := folder+".tar.gz", writeTarGz
	if p.os == "windows" {
		name, write = folder+".zip", writeZip
	}
	if err := b.create(name, func(to io.Writer) error { return write(to, folder, p.files, b.time) }); err != nil {
		return err
	}

	bill, err := b.bill(ctx, p.path)
	if err != nil {
		return err
	}
	err = b.create(folder+".cdx.json", func(to io.Writer) error {
		_, err := to.Write(bill)
		return err
	})
	if err != nil || p.os != "linux" {
		return err
	}
	return b.packages(ctx, p.platform, p.files)
}

func (b *builder) create(name string, write func(io.Writer) error) error {
	var content bytes.Buffer
	if err := write(&content); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.out, name), content.Bytes(), 0o644)
}

// checksums writes the file that sha256sum --check reads.
func (b *builder) checksums() error {
	files, err := tree(b.out) // in the order of names
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, f := range files {
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(f.content), f.name)
	}
	return os.WriteFile(filepath.Join(b.out, "SHA256SUMS"), []byte(list.String()), 0o644)
}

// licences returns the licences of everything that a program contains, which must
// accompany it: those of Go and of its modules.
func licences(ctx context.Context, program string) ([]byte, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	root, err := output(ctx, nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}

	var all bytes.Buffer
	if err := addLicences(&all, "Go "+info.GoVersion, root); err != nil {
		return nil, err
	}

	// One call for all, as each takes a while. It answers in the order of its arguments.
	args := []string{"list", "-m", "-f", "{{.Dir}}"}
	for _, m := range info.Deps {
		args = append(args, m.Path)
	}
	list, err := output(ctx, nil, "go", args...)
	if err != nil {
		return nil, err
	}
	dirs := strings.Split(list, "\n")
	if len(dirs) != len(info.Deps) {
		return nil, fmt.Errorf("%d modules have %d directories", len(info.Deps), len(dirs))
	}
	for i, m := range info.Deps {
		if err := addLicences(&all, m.Path+" "+m.Version, dirs[i]); err != nil {
			return nil, err
		}
	}
	return all.Bytes(), nil
}

// addLicences adds the files of a folder that say under which terms it may be used.
func addLicences(to *bytes.Buffer, name, dir string) error {
	var found []string
	files := os.DirFS(dir)
	for _, pattern := range []string{"LICEN[CS]E*", "LICENSES/*", "COPYING*", "NOTICE*", "PATENTS*"} {
		some, err := fs.Glob(files, pattern)
		if err != nil {
			return err
		}
		for _, f := range some {
			if info, err := fs.Stat(files, f); err == nil && info.Mode().IsRegular() {
				found = append(found, f)
			}
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("%s has no licence in %s, so it cannot be released", name, dir)
	}

	for _, f := range found {
		text, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil {
			return err
		}
		fmt.Fprintf(to, "==== %s: %s\n\n%s\n\n", name, f, bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
	}
	return nil
}

func (b *builder) epoch() string { return fmt.Sprintf("SOURCE_DATE_EPOCH=%d", b.time.Unix()) }

// stamp gives a file the time of the commit.
func (b *builder) stamp(path string) error { return os.Chtimes(path, time.Time{}, b.time) }
