package object

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
)

func (d *directory) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return d.list(ctx, prefix, false)
}

func (d *directory) Children(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return d.list(ctx, prefix, true)
}

func (d *directory) list(ctx context.Context, prefix string, shallow bool) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		w := walk{ctx: ctx, yield: yield, shallow: shallow, noLinks: d.noLinks}
		if err := d.walk(&w, prefix); err != nil {
			yield(Info{}, fmt.Errorf("listing %q: %w", d.url+prefix, explain(err)))
		}
	}
}

func (d *directory) walk(w *walk, prefix string) error {
	root, err := d.root()

	// The first run lists an output before anything made its root.
	if d.makeRoot && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	w.root = root

	dir := "."
	if prefix != "" {
		dir = strings.TrimSuffix(prefix, "/")
	}

	if !fs.ValidPath(dir) {
		return fmt.Errorf("the prefix is no path below the root: use names between single slashes")
	}

	if err = w.directory(dir, nil); err == errStopped {
		return nil
	}
	return err
}

// errStopped ends a walk whose consumer stopped.
var errStopped = errors.New("stopped")

// walk visits a tree in byte order of keys.
type walk struct {
	ctx     context.Context
	root    *os.Root
	yield   func(Info, error) bool
	shallow bool // list a subdirectory by name, without its files
	noLinks bool // leave links out

	after string // the files directly below the prefix come after this name, and folders are left out; empty: list all
}

// directory walks dir. Links to directories are followed, as they may lead to
// input; a link to one of its own parents is passed over, as it would never
// end.
func (w *walk) directory(dir string, above []fs.FileInfo) error {
	self, err := w.root.Stat(dir)

	// It vanished, or there is nothing below the prefix.
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}

	again := slices.ContainsFunc(above, func(a fs.FileInfo) bool { return os.SameFile(a, self) })
	if !self.IsDir() || again {
		return nil
	}

	entries, err := w.entries(dir)
	if err != nil {
		return err
	}

	above = append(above, self)
	for _, e := range entries {
		if err := w.entry(e, above); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) entry(e entry, above []fs.FileInfo) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}

	info := Info{Key: e.order()}
	switch {
	case e.dir && !w.shallow:
		return w.directory(e.path, above)
	case !e.dir:
		info = describe(e.path, e.info)
	}

	if !w.yield(info, nil) {
		return errStopped
	}
	return nil
}

// entry is a file or a directory of a walk, links resolved.
type entry struct {
	path string
	dir  bool
	info fs.FileInfo // of a file
}

// order is the text whose byte order is that of the keys: "a.b" sorts before
// "a/b" although the name "a" sorts before "a.b".
func (e entry) order() string {
	if e.dir {
		return e.path + "/"
	}
	return e.path
}

// entries reads a directory in the order of its keys. It leaves out everything
// that is neither a file nor a directory, and files that vanish meanwhile.
func (w *walk) entries(dir string) ([]entry, error) {
	f, err := w.root.Open(dir)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()

	names, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}

	var entries []entry
	for _, name := range names {
		// Before each name is looked up: there may be many of them.
		if w.after != "" && (name.Name() <= w.after || name.IsDir()) {
			continue
		}
		e, ok, err := w.resolve(path.Join(dir, name.Name()), name)
		if err != nil {
			return nil, err
		}
		if ok {
			entries = append(entries, e)
		}
	}

	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.order(), b.order()) })
	return entries, nil
}

// resolve turns a directory entry into an entry of the walk; false means to
// leave it out. It fails on a link that leads out of the root, as leaving that
// out would silently hide input.
func (w *walk) resolve(key string, d fs.DirEntry) (entry, bool, error) {
	if Temporary(d.Name()) {
		return entry{}, false, nil
	}

	if d.IsDir() {
		return entry{path: key, dir: true}, true, nil
	}

	// Lstat does not follow links; root.Stat does, but not out of the root.
	info, err := d.Info()
	if d.Type()&fs.ModeSymlink != 0 {
		if w.noLinks {
			return entry{}, false, nil
		}
		info, err = w.root.Stat(key)
	}

	if absent(err) {
		return entry{}, false, nil
	}
	if err != nil {
		return entry{}, false, fmt.Errorf("%q: %w", key, err)
	}

	e := entry{path: key, dir: info.IsDir(), info: info}
	return e, e.dir || info.Mode().IsRegular(), nil
}
