package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// apart checks that nothing that is written can be taken for an input, and that no
// input lies where a run writes.
func (b *builder) apart() {
	out := b.cfg.Output.URL
	if !out.Fixed() || out.text == "" {
		return // reported already
	}
	check := func(key string, url Template, org string) {
		if url.text == "" {
			return
		}
		in, out := url.root(org), out.root("")
		if below, by := lies(out, in); below {
			b.file.Problem("output.url", "lies below %s (%s)%s, so that results would be read as inputs", key, b.file.Place(key), by)
		} else if below, by := lies(in, out); below {
			b.file.Problem("output.url", "lies above %s (%s)%s, so that inputs would lie among results", key, b.file.Place(key), by)
		}
	}

	n := [NumKinds]int{}
	for _, s := range b.cfg.Sources {
		check(fmt.Sprintf("sources.%s[%d].url", s.Kind, n[s.Kind]), s.URL, s.Org)
		n[s.Kind]++
	}
	if b.cfg.Media.URL == nil {
		return
	}
	seen := map[string]bool{}
	for _, s := range b.cfg.Sources {
		if s.Kind == Manifests && !seen[b.cfg.Media.URL.root(s.Org)] {
			seen[b.cfg.Media.URL.root(s.Org)] = true
			check("media.url", *b.cfg.Media.URL, s.Org)
		}
	}
}

// Apart returns an error when a file that something writes, or a folder if the file is
// empty, lies below the URL of an output, a source or the media, or when a folder lies above
// one: then it would be read as an input, or be swept with the output's leftovers.
func Apart(folder Template, file string, output Template, c *Config) error {
	place := folder.root("") + file
	check := func(key string, url Template, org string) error {
		root := url.root(org)
		if below, by := lies(place, root); below {
			return fmt.Errorf("lies below %s, %s%s: choose a place apart from the output and the inputs", key, url.text, by)
		}
		if below, by := lies(root, place); below && file == "" {
			return fmt.Errorf("lies above %s, %s%s: choose a place apart from the output and the inputs", key, url.text, by)
		}
		return nil
	}
	if err := check("the output", output, ""); err != nil || c == nil {
		return err
	}
	for _, s := range c.Sources {
		if err := check("source "+s.Name, s.URL, s.Org); err != nil {
			return err
		}
		if c.Media.URL != nil {
			if err := check("media.url", *c.Media.URL, s.Org); err != nil {
				return err
			}
		}
	}
	return nil
}

// lies reports whether a root is the same as another, or below it, and by what when
// the texts do not show it.
func lies(root, other string) (below bool, by string) {
	if strings.HasPrefix(root, other) {
		return true, ""
	}
	path, file := strings.CutPrefix(root, SchemeFile+"://")
	top, files := strings.CutPrefix(other, SchemeFile+"://")
	if !file || !files {
		return false, ""
	}
	return within(path, top), " through a link or another spelling"
}

// within reports whether a path lies below another on the disk, however both are
// spelled. A root may end within an element: in/date= is above in/date=2026-11-20/.
func within(path, top string) bool {
	dir, name := filepath.Split(filepath.FromSlash(path))
	topDir, topName := filepath.Split(filepath.FromSlash(top))
	dir, topDir = resolved(dir), resolved(topDir)
	whole := filepath.Join(dir, name)
	if name == "" {
		whole = asDir(dir)
	}

	for at := dir; ; at = filepath.Dir(at) {
		if same(at, topDir) {
			return strings.HasPrefix(strings.TrimPrefix(whole[len(at):], string(filepath.Separator)), topName)
		}
		if at == filepath.Dir(at) {
			return false
		}
	}
}

// resolved returns a directory without symbolic links. What does not exist yet has
// none.
func resolved(dir string) string {
	dir = filepath.Clean(dir)
	missing := ""
	for at := dir; ; at = filepath.Dir(at) {
		if whole, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(whole, missing)
		}
		if at == filepath.Dir(at) {
			return dir
		}
		missing = filepath.Join(filepath.Base(at), missing)
	}
}

// same reports whether two paths are one directory: a file system may ignore case,
// or have it in two places.
func same(a, b string) bool {
	if a == b {
		return true
	}
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}
