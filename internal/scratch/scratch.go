// Package scratch holds the program's temporary files: one way to create them,
// one error text when they cannot be created or written.
//
// The file is removed from its directory as soon as it is open, so that a crash
// leaves nothing behind. The one exception is a file that the output's store
// may link into place: it needs a name until then.
package scratch

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"cdrmend/internal/object"
)

// File is a temporary file that is appended to, and read once it is complete.
type File struct {
	file *os.File
	out  *bufio.Writer
	size int64
	path string // while the file has a name
	lend bool   // the store may take the file over
}

// NewFile creates a temporary file in dir, empty for the system's directory.
// Writes go through a buffer of the given size.
func NewFile(dir string, buffer int) (*File, error) {
	file, err := os.CreateTemp(dir, "cdrmend-*")
	if err != nil {
		return nil, fmt.Errorf("creating a temporary file: %w; set scratch to a directory that can be written", err)
	}
	_ = os.Remove(file.Name()) // the open file is enough
	return &File{file: file, out: bufio.NewWriterSize(file, buffer)}, nil
}

// newLentFile creates a file in dir that keeps its name until it is closed.
func newLentFile(dir string, buffer int) (*File, error) {
	f := &File{path: filepath.Join(dir, object.TempName()), lend: true}
	var err error
	if f.file, err = os.OpenFile(f.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644); err != nil {
		return nil, f.unwritten(err)
	}
	f.out = bufio.NewWriterSize(f.file, buffer)
	return f, nil
}

// unwritten adds to an error what to do about it.
func (f *File) unwritten(err error) error {
	switch {
	case err == nil:
		return nil
	case f.lend:
		return fmt.Errorf("writing a temporary file in the output: %w; free space and run again", err)
	}
	return fmt.Errorf("writing a temporary file: %w; free some space, or set scratch to another directory", err)
}

// Size returns how much was written.
func (f *File) Size() int64 { return f.size }

// Write appends to the file.
func (f *File) Write(b []byte) (int, error) {
	n, err := f.out.Write(b)
	f.size += int64(n)
	return n, f.unwritten(err)
}

// ReaderAt returns what was written, until the file is closed.
func (f *File) ReaderAt() (io.ReaderAt, error) {
	if err := f.out.Flush(); err != nil {
		return nil, f.unwritten(err)
	}
	return f.file, nil
}

// Close deletes the file.
func (f *File) Close() {
	f.file.Close()
	if f.path != "" {
		_ = os.Remove(f.path) // if this fails, the name that is left is never listed
	}
}
