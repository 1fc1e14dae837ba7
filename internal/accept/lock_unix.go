//go:build unix

package accept

import (
	"os"
	"path/filepath"
	"syscall"
)

// Lock waits until no other process changes files in the folder of a path. The lock
// ends with the process, however that ends.
func Lock(path string) (unlock func(), err error) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil {
		_ = dir.Close()
		return nil, &os.PathError{Op: "locking", Path: dir.Name(), Err: err}
	}
	return func() { _ = dir.Close() }, nil
}
