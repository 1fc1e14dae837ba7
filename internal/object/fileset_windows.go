package object

import (
	"io/fs"
	"os"
	"slices"
	"syscall"
)

// fileSet is a set of files of this machine. A file is in it by whatever path it was
// reached. Only os.SameFile can compare two files here, so they are kept under their
// time of creation, which few files share.
type fileSet map[syscall.Filetime][]fs.FileInfo

// add adds a file, and reports whether the set did not have it.
func (s fileSet) add(info fs.FileInfo) bool {
	var created syscall.Filetime
	if data, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		created = data.CreationTime
	}
	if slices.ContainsFunc(s[created], func(other fs.FileInfo) bool { return os.SameFile(info, other) }) {
		return false
	}
	s[created] = append(s[created], info)
	return true
}
