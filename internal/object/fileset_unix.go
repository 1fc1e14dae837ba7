//go:build unix

package object

import (
	"io/fs"
	"syscall"
)

// fileSet is a set of files of this machine. A file is in it by whatever path it was
// reached.
type fileSet map[fileID]struct{}

type fileID struct{ device, inode uint64 }

// add adds a file, and reports whether the set did not have it.
func (s fileSet) add(info fs.FileInfo) bool {
	var id fileID
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		id = fileID{uint64(stat.Dev), stat.Ino}
	}
	before := len(s)
	s[id] = struct{}{}
	return len(s) > before
}
