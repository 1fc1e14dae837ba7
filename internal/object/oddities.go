package object

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strings"
)

// WithoutLinks returns the same store, whose listings leave symbolic links out instead
// of following them: for what this program wrote, as it makes none.
func WithoutLinks(store Store) Store {
	d, ok := store.(*directory)
	if !ok {
		return store
	}
	c := *d
	c.noLinks = true
	return &c
}

// Oddity is something in a directory that List does not show, or that it follows.
type Oddity struct {
	Key  string // that of an empty folder ends in a slash
	What string // such as: a symbolic link
}

// Oddities yields, in a directory, links, temporary files, empty folders, and what is
// neither a file nor a folder, below a prefix. A bucket has none. The error is the
// last element.
func Oddities(ctx context.Context, store Store, prefix string) iter.Seq2[Oddity, error] {
	return func(yield func(Oddity, error) bool) {
		d, ok := store.(*directory)
		if !ok {
			return
		}
		root, err := d.root()
		if err != nil {
			yield(Oddity{}, err)
			return
		}
		defer root.Close()

		dir := "."
		if prefix != "" {
			dir = strings.TrimSuffix(prefix, "/")
		}
		err = fs.WalkDir(root.FS(), dir, func(key string, e fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			what, err := oddity(root.FS(), key, e)
			if what == "" || err != nil || key == "." {
				return err
			}
			if e.IsDir() {
				key += "/"
			}
			if !yield(Oddity{key, what}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil && !absent(err) {
			yield(Oddity{}, fmt.Errorf("looking through %q: %w", d.url+prefix, explain(err)))
		}
	}
}

// oddity says what is odd about an entry of a directory; empty for nothing.
func oddity(fsys fs.FS, key string, e fs.DirEntry) (string, error) {
	switch {
	case e.Type()&fs.ModeSymlink != 0:
		return "a symbolic link", nil
	case e.IsDir():
		inside, err := fs.ReadDir(fsys, key)
		if err != nil || len(inside) > 0 {
			return "", err
		}
		return "an empty folder", nil
	case Temporary(path.Base(key)):
		return "a temporary file", nil
	case e.Type()&fs.ModeNamedPipe != 0:
		return "a named pipe", nil
	case !e.Type().IsRegular():
		return "neither a file nor a folder", nil
	}
	return "", nil
}
