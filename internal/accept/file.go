package accept

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// file is a CSV file with the form that a spreadsheet program gave it, which stays: some
// of them read UTF-8 only after a byte order mark.
type file struct {
	rows [][]string // the header first; none of a file that does not exist or is empty
	mark bool       // it begins with a byte order mark
	crlf bool       // its lines end with carriage return and line feed, as its first one does
}

const byteOrderMark = "\ufeff"

func read(path string) (*file, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &file{}, nil
	}
	if err != nil {
		return nil, err
	}

	f := &file{}
	var body, first string
	body, f.mark = strings.CutPrefix(string(text), byteOrderMark)
	first, _, _ = strings.Cut(body, "\n")
	f.crlf = strings.HasSuffix(first, "\r")
	if f.rows, err = csv.NewReader(strings.NewReader(body)).ReadAll(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return f, nil
}

// write replaces a file as a whole: a crash leaves the old one or the new one, and
// perhaps a temporary file that the next write replaces. Its name is always the same, so
// only one process may write at a time: see [Lock].
func (f *file) write(path string) (err error) {
	// The file behind a link is replaced, not the link.
	if behind, err := filepath.EvalSymlinks(path); err == nil {
		path = behind
	}
	mode := fs.FileMode(0o640)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}

	// A file of this name is removed and not opened: it may be a link to another place.
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = to.Close()
			_ = os.Remove(name)
		}
	}()

	if f.mark {
		if _, err := to.WriteString(byteOrderMark); err != nil {
			return err
		}
	}
	w := csv.NewWriter(to)
	w.UseCRLF = f.crlf
	if err := w.WriteAll(f.rows); err != nil {
		return err
	}
	if err := cmp.Or(to.Chmod(mode), to.Sync()); err != nil {
		return err
	}
	if err := to.Close(); err != nil {
		return err
	}
	return os.Rename(name, path)
}
