package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/outside"
	_ "cdrmend/internal/tempdir"
)

// command runs a command in a directory, and returns all that it printed.
func command(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
	return string(out)
}

// tagged makes a checkout of the present sources in a new directory, with a tag. Equal
// sources give an equal commit.
func tagged(t *testing.T, dir string) {
	t.Helper()
	root := "../.."
	for name := range strings.SplitSeq(command(t, root, nil, "git", "ls-files", "-co", "--exclude-standard", "-z"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if name == "" || errors.Is(err, fs.ErrNotExist) { // removed, and not committed yet
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}

	at := "2026-11-20T12:34:56Z"
	env := []string{
		"GIT_AUTHOR_DATE=" + at, "GIT_COMMITTER_DATE=" + at, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a",
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"commit", "-qm", "all"}, {"tag", "v1.2.3"}} {
		command(t, dir, env, "git", args...)
	}
}

// TestTwoCheckoutsGiveTheSameBytes releases this platform twice, from directories, zones,
// settings of Go and file modes that differ.
func TestTwoCheckoutsGiveTheSameBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program twice")
	}
	here := platform{runtime.GOOS, runtime.GOARCH}
	if here.os != "linux" || !slices.Contains(platforms, here) {
		t.Skip("packages are made for Linux, and their program must run here")
	}
	tools, err := filepath.Abs("../../.tools/bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"nfpm", "cyclonedx-gomod"} {
		outside.Tool(t, "bin/"+tool)
	}

	one, other := t.TempDir(), filepath.Join(t.TempDir(), "a longer", "path")
	for dir, env := range map[string][]string{
		one:   nil,
		other: {"TZ=Pacific/Auckland", "GOFLAGS=-buildvcs=false", "GOAMD64=v2", "LC_ALL=C.UTF-8", "SOURCE_DATE_EPOCH=1", "HOSTNAME=elsewhere"},
	} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		tagged(t, dir)
		command(t, dir, env, "sh", "-c", fmt.Sprintf("umask %s; go run ./internal/release -only %s/%s -tools %s", map[bool]string{true: "022", false: "077"}[env == nil], here.os, here.arch, tools))
	}

	for _, dir := range []string{one, other} {
		command(t, filepath.Join(dir, "dist"), nil, "sha256sum", "--check", "--strict", "SHA256SUMS")
		if left, _ := filepath.Glob(filepath.Join(dir, "dist-*")); left != nil {
			t.Errorf("%q is left behind", left)
		}
	}
	entries, err := os.ReadDir(filepath.Join(one, "dist"))
	if err != nil || len(entries) != 7 {
		t.Fatalf("%v, %v, want an archive, two packages, a bill, an image twice and the checksums", entries, err)
	}
	for _, e := range entries {
		if e.IsDir() { // the checksums name its files
			continue
		}
		a, b := sum(t, filepath.Join(one, "dist", e.Name())), sum(t, filepath.Join(other, "dist", e.Name()))
		if a != b {
			t.Errorf("%s is %s in one checkout and %s in the other", e.Name(), a, b)
		}
	}
	checkRelease(t, filepath.Join(one, "dist"), here)
	checkImage(t, filepath.Join(one, "dist"), here)
	changed(t, one, tools)
}

func sum(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))
}

// checkRelease looks into what was made.
func checkRelease(t *testing.T, dist string, p platform) {
	t.Helper()
	folder := "cdrmend_v1.2.3_" + p.os + "_" + p.arch
	unpacked := t.TempDir()
	command(t, unpacked, nil, "tar", "xzf", filepath.Join(dist, folder+".tar.gz"))
	program := filepath.Join(unpacked, folder, "cdrmend")
	if got := command(t, unpacked, nil, program, "version"); !strings.HasPrefix(got, "cdrmend v1.2.3+") || strings.Contains(got, "src.") {
		t.Errorf("the program calls itself %q, want v1.2.3 and the revision", got)
	}
	if info := command(t, unpacked, nil, "go", "version", "-m", program); strings.Contains(info, "vcs.modified=true") || !strings.Contains(info, "CGO_ENABLED=0") || !strings.Contains(info, "GOAMD64=v1") && p.arch == "amd64" {
		t.Errorf("the program was built otherwise than said:\n%s", info)
	}
	for _, name := range []string{"LICENSE", "THIRD_PARTY_LICENSES", "cdrmend.1", "completions/_cdrmend", "completions/cdrmend.bash", "completions/cdrmend.fish"} {
		if info, err := os.Stat(filepath.Join(unpacked, folder, name)); err != nil || info.Size() < 200 {
			t.Errorf("%s: %v, %v, want a file", name, info, err)
		}
	}

	text, err := os.ReadFile(filepath.Join(dist, folder+".cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		BomFormat  string
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(text, &bill); err != nil {
		t.Fatal(err)
	}
	modules := strings.Count(command(t, unpacked, nil, "go", "version", "-m", program), "\tdep\t")
	if bill.BomFormat != "CycloneDX" || len(bill.Components) != modules+1 { // the standard library, too
		t.Errorf("the bill of materials is %s and has %d components, want CycloneDX and %d", bill.BomFormat, len(bill.Components), modules+1)
	}

	if _, err := exec.LookPath("dpkg-deb"); err == nil {
		root := t.TempDir()
		command(t, root, nil, "dpkg-deb", "-x", filepath.Join(dist, folder+".deb"), root)
		if a, b := sum(t, filepath.Join(root, "usr/bin/cdrmend")), sum(t, program); a != b {
			t.Error("the program of the package is not that of the archive")
		}
		unit, err := os.ReadFile(filepath.Join(root, "usr/lib/systemd/system/cdrmend.service"))
		if err != nil || !strings.Contains(string(unit), "\nExecStart=/usr/bin/cdrmend run ") {
			t.Errorf("the unit does not run what the package installs: %v\n%s", err, unit)
		}
		if text, err := os.ReadFile(filepath.Join(root, "usr/share/doc/cdrmend/examples/systemd/cdrmend.service.d/credentials.conf")); err != nil || !strings.Contains(string(text), "LoadCredential=") {
			t.Errorf("the package has no example that gives keys to the service: %v", err)
		}
		for name, want := range map[string]fs.FileMode{"restore.sh": 0o755, "RUNBOOK.md": 0o644, "grafana/cdrmend.json": 0o644} {
			info, err := os.Stat(filepath.Join(root, "usr/share/doc/cdrmend/examples", name))
			if err != nil || info.Mode().Perm() != want {
				t.Errorf("the example %s: %v, %v, want a file with mode %o", name, info, err, want)
			}
		}
		if version := command(t, root, nil, "dpkg-deb", "-f", filepath.Join(dist, folder+".deb"), "Version"); version != "1.2.3\n" {
			t.Errorf("the package has version %q, want 1.2.3", version)
		}
	}
}

// changed changes a checkout, and expects that it is not released and that the release
// before is still there.
func changed(t *testing.T, dir, tools string) {
	t.Helper()
	before := sum(t, filepath.Join(dir, "dist", "SHA256SUMS"))
	if err := os.WriteFile(filepath.Join(dir, "new.go"), []byte("package sources\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "run", "./internal/release", "-tools", tools)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the checkout has changes") || !strings.Contains(string(out), "new.go") {
		t.Errorf("a changed checkout: %v, %s, want an error that names new.go", err, out)
	}
	if after := sum(t, filepath.Join(dir, "dist", "SHA256SUMS")); after != before {
		t.Error("a release that failed changed the one before")
	}
}

func TestArchivesDependOnFilesAlone(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 34, 56, 0, time.UTC)
	files := []file{{"b", []byte("two"), 0o755}, {"a/c", []byte("one"), 0o644}}
	reversed := []file{files[1], files[0]}
	for name, write := range map[string]func(io.Writer, string, []file, time.Time) error{"tar.gz": writeTarGz, "zip": writeZip} {
		var one, other bytes.Buffer
		if err := errors.Join(write(&one, "x", files, at), write(&other, "x", reversed, at)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one.Bytes(), other.Bytes()) {
			t.Errorf("%s: the order in which files are given shows", name)
		}
		want := "x/a/c -rw-r--r-- 2026-11-20T12:34:56Z one; x/b -rwxr-xr-x 2026-11-20T12:34:56Z two; "
		if got := listed(t, name, one.Bytes()); got != want {
			t.Errorf("%s holds %s, want %s", name, got, want)
		}
	}
}

// listed returns what an archive holds.
func listed(t *testing.T, kind string, content []byte) string {
	t.Helper()
	var list strings.Builder
	show := func(name string, mode fs.FileMode, at time.Time, r io.Reader) {
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&list, "%s %s %s %s; ", name, mode, at.UTC().Format(time.RFC3339), text)
	}

	if kind == "zip" {
		z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			show(f.Name, f.Mode(), f.Modified, r)
		}
		return list.String()
	}

	unzipped, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if !unzipped.ModTime.IsZero() || unzipped.Name != "" {
		t.Errorf("gzip tells %v %q", unzipped.ModTime, unzipped.Name)
	}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if err == io.EOF {
			return list.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" {
			t.Errorf("%s belongs to %d %d %q", h.Name, h.Uid, h.Gid, h.Uname)
		}
		show(h.Name, h.FileInfo().Mode(), h.ModTime, r)
	}
}

func TestPackagesOfReleasesReplaceOlderOnes(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 34, 56, 0, time.UTC)
	var versions []string // from the oldest
	for _, c := range []checkout{{"devel", "", at}, {"devel", "", at.Add(time.Second)}, {"v0.9.0", "", at}, {"v1.0.0-rc1", "", at}, {"v1.0.0", "", at}, {"v1.10.0", "", at}} {
		versions = append(versions, c.packageVersion())
	}
	want := []string{"0~devel.20261120123456", "0~devel.20261120123457", "0.9.0", "1.0.0~rc1", "1.0.0", "1.10.0"}
	if !slices.Equal(versions, want) {
		t.Fatalf("got %q, want %q", versions, want)
	}
	if _, err := exec.LookPath("dpkg"); err != nil {
		return
	}
	for i := range versions[1:] {
		if err := exec.Command("dpkg", "--compare-versions", versions[i], "lt", versions[i+1]).Run(); err != nil {
			t.Errorf("%s is not older than %s for dpkg", versions[i], versions[i+1])
		}
	}
}

func TestPlatformsAreChosenByName(t *testing.T) {
	if all, err := choose(""); err != nil || len(all) != 6 {
		t.Errorf("without names %v, %v, want six platforms", all, err)
	}
	if some, err := choose("darwin/arm64,linux/amd64"); err != nil || !slices.Equal(some, []platform{{"darwin", "arm64"}, {"linux", "amd64"}}) {
		t.Errorf("got %v, %v", some, err)
	}
	if _, err := choose("linux/amd64,plan9/386"); err == nil || !strings.Contains(err.Error(), `"plan9/386"`) {
		t.Errorf("got %v, want an error that names plan9/386", err)
	}
}

func TestWhatHasNoLicenceIsNotReleased(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	if err := addLicences(&out, "example.com/m v1.0.0", dir); err == nil || !strings.Contains(err.Error(), "example.com/m v1.0.0") {
		t.Errorf("got %v, want an error that names the module", err)
	}
	for name, text := range map[string]string{"LICENSE.md": "terms\r\nof use\n\n", "NOTICE": "thanks"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "LICENSES"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "LICENSES", "MIT.txt"), []byte("as it is"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := addLicences(&out, "m v1", dir); err != nil || out.String() != "==== m v1: LICENSE.md\n\nterms\nof use\n\n==== m v1: LICENSES/MIT.txt\n\nas it is\n\n==== m v1: NOTICE\n\nthanks\n\n" {
		t.Errorf("got %v and %q", err, out.String())
	}
}

func TestABillDoesNotTellHowItsToolWasCompiled(t *testing.T) {
	got, err := withoutToolHashes([]byte(`{"metadata": {"tools": [{"name": "t", "hashes": [1]}]}, "components": [{"hashes": [2]}]}`))
	want := "{\n  \"components\": [\n    {\n      \"hashes\": [\n        2\n      ]\n    }\n  ],\n  \"metadata\": {\n    \"tools\": [\n      {\n        \"name\": \"t\"\n      }\n    ]\n  }\n}\n"
	if err != nil || string(got) != want {
		t.Errorf("got %v and %s, want %s", err, got, want)
	}
	if _, err := withoutToolHashes([]byte(`{"metadata": {"tools": {"components": []}}}`)); err == nil {
		t.Error("a bill of another form passes, and may hold hashes that differ")
	}
}
