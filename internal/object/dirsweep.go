package object

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"time"
)

// Sweeper is a store in which a crash can leave temporary files behind.
type Sweeper interface {
	// Sweep removes temporary files below prefix that were last written before the
	// given time, and returns how many. It removes nothing whose name is not exactly
	// of the form of [TempName], follows no links, and does not look into the
	// directories, by their names, that skip returns true for. What cannot be removed
	// is left, and the first reason returned.
	Sweep(ctx context.Context, prefix string, before time.Time, skip func(name string) bool) (int, error)
}

// temporaryName is the exact form of the names that TempName makes.
var temporaryName = regexp.MustCompile(`^\.cdrmend-[A-Z2-7]{26}\.tmp$`)

// Sweep implements [Sweeper].
func (d *directory) Sweep(ctx context.Context, prefix string, before time.Time, skip func(name string) bool) (int, error) {
	root, err := d.root()
	if errors.Is(err, fs.ErrNotExist) { // nothing was written yet
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer root.Close()

	removed := 0
	var failed error
	start := path.Clean("./" + prefix)
	walkErr := fs.WalkDir(root.FS(), start, func(name string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil: // it vanished, or cannot be read: the others are still swept
			if !absent(err) && failed == nil {
				failed = err
			}
			return nil
		case e.IsDir() && name != start && skip(e.Name()):
			return fs.SkipDir
		case !e.Type().IsRegular() || !temporaryName.MatchString(e.Name()):
			return nil
		}

		info, err := e.Info()
		if err != nil || !info.ModTime().Before(before) {
			return nil
		}
		if err := root.Remove(name); err == nil {
			removed++
		} else if !absent(err) && failed == nil {
			failed = err
		}
		return nil
	})

	return removed, errors.Join(failed, walkErr)
}
