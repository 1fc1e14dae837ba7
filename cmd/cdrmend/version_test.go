package main

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"cdrmend/internal/outside"

	sources "cdrmend"
)

// TestEverythingThatIsCompiledNamesTheBuild asks the toolchain what it compiles.
func TestEverythingThatIsCompiledNamesTheBuild(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,SFiles,HFiles,CFiles,EmbedFiles", "./cmd/cdrmend")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}

	needed := []string{"go.mod", "go.sum"}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Dir                             string
			GoFiles, SFiles, HFiles, CFiles, EmbedFiles []string
		}
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}

		// The root is left out: what it embeds are the sources of the others.
		name, ours := strings.CutPrefix(p.ImportPath, "cdrmend/")
		if !ours {
			continue
		}
		for _, files := range [][]string{p.GoFiles, p.SFiles, p.HFiles, p.CFiles, p.EmbedFiles} {
			for _, file := range files {
				needed = append(needed, filepath.ToSlash(filepath.Join(name, file)))
			}
		}
	}
	if len(needed) < 200 {
		t.Fatalf("the toolchain names only %d files", len(needed))
	}

	for _, file := range needed {
		embedded, err := fs.ReadFile(sources.Files, file)
		if err != nil {
			t.Errorf("%s is compiled and not hashed: %v; add a pattern to sources.go", file, err)
			continue
		}
		if there, err := os.ReadFile(filepath.Join(root, file)); err != nil || !bytes.Equal(embedded, there) {
			t.Errorf("%s is not what was embedded: %v", file, err)
		}
	}
}

func TestTestsDoNotNameTheBuild(t *testing.T) {
	_ = fs.WalkDir(sources.Files, ".", func(path string, _ fs.DirEntry, _ error) error {
		if strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
			t.Errorf("%s is hashed: a changed test would compute all nights again", path)
		}
		return nil
	})
}

func TestARevisionCountsOnlyForAReleaseFromACleanCheckout(t *testing.T) {
	settings := func(revision, modified string) *debug.BuildInfo {
		return &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: revision}, {Key: "vcs.modified", Value: modified}}}
	}
	for name, c := range map[string]struct {
		version string
		info    *debug.BuildInfo
		want    string
	}{
		"a release":                   {"v1.2.3", settings("0123456789abcdef", "false"), "0123456789ab"},
		"a release of a changed tree": {"v1.2.3", settings("0123456789abcdef", "true"), "src.hash"},
		"a release of no checkout":    {"v1.2.3", &debug.BuildInfo{}, "src.hash"},
		"no release":                  {unstamped, settings("0123456789abcdef", "false"), "src.hash"},
		"nothing known":               {unstamped, nil, "src.hash"},
	} {
		if got := origin(c.version, c.info, func() string { return "hash" }); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestABuildIsNamedByItsSourcesHoweverItIsBuilt builds copies of the module, without
// the tools of the checkout, in the ways that people do, and changes them.
func TestABuildIsNamedByItsSourcesHoweverItIsBuilt(t *testing.T) {
	outside.InCI(t, "several builds of the program")
	dir := copyOfModule(t)
	command := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v: %s", name, args, err, out)
		}
		_, named, _ := strings.Cut(string(out), "cdrmend ")
		return strings.TrimSpace(named)
	}
	build := func(flags ...string) string {
		t.Helper()
		command("go", append(append([]string{"build"}, flags...), "-o", "built", "./cmd/cdrmend")...)
		return command("./built", "version")
	}
	made := func() string {
		t.Helper()
		command("make", "build")
		return command("./cdrmend", "version")
	}
	edit := func(file, more string) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, file), append(text, more...))
	}

	// Without tables of symbols the linker takes two thirds of the time.
	flags := []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-tags=some"}
	want := unstamped + "+src." + sources.Hash()
	for way, got := range map[string]string{
		"go run":              command("go", "run", "-trimpath", "./cmd/cdrmend", "version"),
		"go build -trimpath":  build("-trimpath"),
		"make":                made(),
		"go build with flags": build(flags...),
	} {
		if got != want {
			t.Errorf("%s: %s, want %s", way, got, want)
		}
	}

	edit("internal/page/run_test.go", "\n// A test.\n")
	if got := build(flags...); got != want {
		t.Errorf("after a test changed: %s, want %s", got, want)
	}
	seen := map[string]string{want: "nothing"}
	for _, file := range []string{"cmd/cdrmend/paint.go", "go.sum"} {
		edit(file, "\n")
		got := build(flags...)
		if before, ok := seen[got]; ok {
			t.Errorf("after %s changed: %s, as after %s", file, got, before)
		}
		seen[got] = file
	}
}

// copyOfModule copies everything that a build needs, and the tests, to another
// directory.
func copyOfModule(t *testing.T) string {
	t.Helper()
	dir, root := t.TempDir(), filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch name := d.Name(); {
		case d.IsDir() && rel != "." && (strings.HasPrefix(name, ".") || name == "testdata"):
			return fs.SkipDir
		case d.Type().IsRegular() && (rel == "Makefile" || rel == "go.mod" || rel == "go.sum" || filepath.Ext(rel) == ".go" || strings.HasPrefix(rel, "manifests") || strings.Contains(rel, "assets")):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			write(t, filepath.Join(dir, rel), text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
