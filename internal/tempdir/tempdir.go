// Package tempdir puts the temporary directories of tests in memory. Tests that
// write thousands of files import it: on a disk each file and its directory is
// synced, and ext4 looks for inodes that were not removed a moment ago, which together
// takes longer than most tests. It changes nothing if TMPDIR is set already.
package tempdir

import (
	"os"

	"golang.org/x/sys/unix"
)

const (
	memory = "/dev/shm"
	enough = 2 << 30 // bytes; many containers have hardly any space there
)

// chosen says that the directory is ours, and not that of whoever runs the tests.
var chosen = os.Getenv("TMPDIR") == "" && hasSpace()

func init() {
	if chosen {
		_ = os.Setenv("TMPDIR", memory) // without it the tests are only slower
	}
}

// DiskInCI leaves the directories on the disk if CI is set. Packages whose tests are about
// what a file system does call it before they run, so that those runs have one like that of
// users. It reports whether they are on the disk.
func DiskInCI() bool {
	if chosen && os.Getenv("CI") != "" {
		_ = os.Unsetenv("TMPDIR")
		chosen = false
	}
	return !chosen
}

// Quick returns a directory in memory. If there is no memory for one, it returns the usual
// temporary directory. It serves tests that write through a server, in packages whose own files are on the disk.
func Quick() string {
	if os.Getenv("TMPDIR") == "" && hasSpace() {
		return memory
	}
	return os.TempDir()
}

// hasSpace reports whether the directory is in memory and has enough free space.
func hasSpace() bool {
	var fs unix.Statfs_t
	return unix.Statfs(memory, &fs) == nil && fs.Type == unix.TMPFS_MAGIC && fs.Bavail*uint64(fs.Bsize) >= enough
}
