//go:build unix

package accept

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// Lock waits until no other process changes files in the folders of some paths, or of
// what links there lead to. The lock ends with the process, however that ends. An empty
// path is no path.
func Lock(paths ...string) (unlock func(), err error) {
	var folders []string
	for _, path := range paths {
		if path == "" {
			continue
		}
		if behind, err := filepath.EvalSymlinks(path); err == nil {
			path = behind
		}
		folder, err := filepath.Abs(filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		folders = append(folders, folder)
	}

	// Everybody takes them in one order, so that no two processes wait for each other.
	slices.Sort(folders)
	var open []*os.File
	unlock = func() {
		for _, dir := range open {
			_ = dir.Close()
		}
	}
	for _, folder := range slices.Compact(folders) {
		dir, err := os.Open(folder)
		if err != nil {
			unlock()
			return nil, err
		}
		open = append(open, dir)
		if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil {
			unlock()
			return nil, &os.PathError{Op: "locking", Path: dir.Name(), Err: err}
		}
	}
	return unlock, nil
}
