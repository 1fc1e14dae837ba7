//go:build !unix

package object

import "io/fs"

// fileOwner returns nothing: this system has no owners of files by number.
func fileOwner(fs.FileInfo) string { return "" }
