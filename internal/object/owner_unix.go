//go:build unix

package object

import (
	"io/fs"
	"os/user"
	"strconv"
	"syscall"
)

// fileOwner returns the name of the user who owns a file, else the number of that
// user.
func fileOwner(fi fs.FileInfo) string {
	stat, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}

	id := strconv.FormatUint(uint64(stat.Uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "user " + id
}
