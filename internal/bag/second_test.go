package bag

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// secondReader checks a bag of version 1.0 with SHA-256 in a directory as RFC 8493 says.
// It shares no code with the package, and knows no more than what a Writer writes.
func secondReader(dir string) error {
	declaration, err := os.ReadFile(filepath.Join(dir, "bagit.txt"))
	if err != nil {
		return err
	}
	if string(declaration) != "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n" {
		return fmt.Errorf("bagit.txt is %q", declaration)
	}

	there := map[string]int64{}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no file: %v", path, err)
		}
		there[strings.TrimPrefix(filepath.ToSlash(path), filepath.ToSlash(dir)+"/")] = info.Size()
		return nil
	})
	if err != nil {
		return err
	}

	fetch, err := secondFetch(dir)
	if err != nil {
		return err
	}
	listed := map[string]bool{}
	for _, name := range []string{"manifest-sha256.txt", "tagmanifest-sha256.txt"} {
		if err := secondManifest(dir, name, listed, fetch); err != nil {
			return err
		}
	}

	var bytes, files int64
	for path, size := range there {
		if !listed[path] && path != "tagmanifest-sha256.txt" {
			return fmt.Errorf("%q is listed nowhere", path)
		}
		if strings.HasPrefix(path, "data/") {
			bytes, files = bytes+size, files+1
		}
	}
	for path, size := range fetch {
		if _, ok := there[path]; !ok {
			bytes, files = bytes+size, files+1
		}
	}
	info, err := os.ReadFile(filepath.Join(dir, "bag-info.txt"))
	if want := fmt.Sprintf("\nPayload-Oxum: %d.%d\n", bytes, files); err != nil || !strings.Contains("\n"+string(info), want) {
		return fmt.Errorf("bag-info.txt %q lacks %q: %v", info, want, err)
	}
	return nil
}

// secondFetch returns the sizes of files to fetch.
func secondFetch(dir string) (map[string]int64, error) {
	fetch := map[string]int64{}
	text, err := os.ReadFile(filepath.Join(dir, "fetch.txt"))
	if os.IsNotExist(err) {
		return fetch, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3)
		var size int64
		if _, err := fmt.Sscan(parts[1], &size); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		path, err := secondPath(parts[2])
		if err != nil {
			return nil, err
		}
		fetch[path] = size
	}
	return fetch, nil
}

// secondPath decodes a path in which only % CR and LF are encoded.
func secondPath(text string) (string, error) {
	path, err := url.PathUnescape(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return "", fmt.Errorf("path %q: %v", text, err)
	}
	return path, nil
}

func secondManifest(dir, name string, listed map[string]bool, fetch map[string]int64) error {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<24)
	before := ""
	for in.Scan() {
		if len(in.Text()) < 67 || in.Text()[64:66] != "  " {
			return fmt.Errorf("%s has the line %q", name, in.Text())
		}
		path, err := secondPath(in.Text()[66:])
		if err != nil {
			return err
		}
		if isTag := name[0] == 't'; path <= before || listed[path] || strings.HasPrefix(path, "data/") == isTag {
			return fmt.Errorf("%s lists %q after %q", name, path, before)
		}
		listed[path], before = true, path
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		if _, ok := fetch[path]; ok && os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(content)); got != in.Text()[:64] {
			return fmt.Errorf("%q has %s, listed is %s", path, got, in.Text()[:64])
		}
	}
	return in.Err()
}

// foreignReader checks the manifests with sha256sum, if the system has it.
func foreignReader(t *testing.T, dir string) {
	t.Helper()
	if _, err := exec.LookPath("sha256sum"); err != nil {
		return
	}
	for _, name := range []string{"manifest-sha256.txt", "tagmanifest-sha256.txt"} {
		cmd := exec.Command("sha256sum", "--strict", "--quiet", "-c", name)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("sha256sum -c %s: %v\n%s", name, err, out)
		}
	}
}
