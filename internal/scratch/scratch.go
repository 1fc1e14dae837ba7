// Package scratch creates temporary files and says in its errors what to do when
// they cannot be created or written.
//
// A file is removed from its directory as soon as it is open, so that a crash
// leaves nothing behind. The exception is a file that the output's store may link
// into place: it keeps its name until it is closed.
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
	path string // of a file with a name: the store may take it over
}

// NewFile creates a temporary file in dir, empty for the system's directory.
// Writes go through a buffer of the given size.
func NewFile(dir string, buffer int) (*File, error) {
	file, err := os.CreateTemp(dir, "cdrmend-*")
	if err != nil {
		return nil, fmt.Errorf("creating a temporary file: %w; set scratch to a directory that can be written", err)
	}

	// The open file stays usable without its name. If this fails, the only harm
	// is a file that a crash leaves behind.
	_ = os.Remove(file.Name())
	return &File{file: file, out: bufio.NewWriterSize(file, buffer)}, nil
}

// newNamedFile creates a file in dir that keeps its name until it is closed.
func newNamedFile(dir string, buffer int) (*File, error) {
	f := &File{path: filepath.Join(dir, object.TempName())}
	var err error
	if f.file, err = object.CreateTemp(f.path); err != nil {
		return nil, f.withAdvice(err)
	}

	f.out = bufio.NewWriterSize(f.file, buffer)
	return f, nil
}

// withAdvice adds to an error what to do about it.
func (f *File) withAdvice(err error) error {
	switch {
	case err == nil:
		return nil
	case f.path != "":
		return fmt.Errorf("writing a temporary file in the output: %w; free space and run again", err)
	}
	return fmt.Errorf("writing a temporary file: %w; free some space, or set scratch to another directory", err)
}

// Size returns the number of bytes written.
func (f *File) Size() int64 { return f.size }

// Write appends to the file.
func (f *File) Write(b []byte) (int, error) {
	n, err := f.out.Write(b)
	f.size += int64(n)
	return n, f.withAdvice(err)
}

func (f *File) settle() error { return f.withAdvice(f.out.Flush()) }

func (f *File) name() string { return f.path }

// ReaderAt returns a reader of the bytes written. It is valid until the file is
// closed.
func (f *File) ReaderAt() (io.ReaderAt, error) {
	if err := f.out.Flush(); err != nil {
		return nil, f.withAdvice(err)
	}
	return f.file, nil
}

// Close deletes the file.
func (f *File) Close() {
	f.file.Close()
	if f.path != "" {
		_ = os.Remove(f.path) // a name that stays is never listed as an object
	}
}
