// Package tempdir puts the temporary directories of tests in memory. Tests that
// write thousands of files import it: on a disk each file and its directory is
// synced, which doubles their time. It changes nothing if CI is set, because those
// runs test on a file system like that of users, or if TMPDIR is set already.
package tempdir

import (
	"os"

	"golang.org/x/sys/unix"
)

const (
	memory = "/dev/shm"
	enough = 2 << 30 // bytes; many containers have hardly any space there
)

func init() {
	if os.Getenv("CI") == "" && os.Getenv("TMPDIR") == "" && hasSpace() {
		_ = os.Setenv("TMPDIR", memory) // without it the tests are only slower
	}
}

// hasSpace reports whether the directory is in memory and has enough free space.
func hasSpace() bool {
	var fs unix.Statfs_t
	return unix.Statfs(memory, &fs) == nil && fs.Type == unix.TMPFS_MAGIC && fs.Bavail*uint64(fs.Bsize) >= enough
}
