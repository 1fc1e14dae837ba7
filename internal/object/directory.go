package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// directory is a Store in a directory. Each call opens the root anew, as a
// mount may be replaced during a run, and through os.Root, so that no key and
// no symbolic link leads out of it.
type directory struct {
	path     string // absolute
	url      string
	makeRoot bool
	unsynced bool
	noLinks  bool // links are left out of listings; see WithoutLinks
}

func openDirectory(dir string, opts Options) (Store, error) {
	if opts.Retention.Mode != "" || opts.SSEKMSKey != "" {
		return nil, fmt.Errorf("opening directory %q: object lock and KMS keys need an S3 bucket: remove them or change the URL", dir)
	}

	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening directory %q: %w", dir, err)
	}

	u := url.URL{Scheme: "file", Path: strings.TrimSuffix(filepath.ToSlash(path), "/") + "/"}
	return &directory{path: path, url: u.String(), makeRoot: opts.MakeRoot, unsynced: opts.Unsynced}, nil
}

func (d *directory) String() string { return d.url }

func (d *directory) root() (*os.Root, error) {
	root, err := os.OpenRoot(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the directory does not exist: create it or correct the URL: %w", err)
	}
	return root, err
}

func (d *directory) Hidden(context.Context, string) iter.Seq2[Hidden, error] {
	return func(func(Hidden, error) bool) {}
}

func (d *directory) Retention(_ context.Context, key string) (Retention, error) {
	return Retention{}, fmt.Errorf("asking for the retention of %q: a directory retains nothing: %w", d.url+key, errors.ErrUnsupported)
}

// describe makes the Info of a regular file.
func describe(key string, fi fs.FileInfo) Info {
	return Info{Key: key, Size: fi.Size(), Modified: fi.ModTime().UTC().Truncate(time.Microsecond)}
}

func (d *directory) Open(ctx context.Context, info Info, from int64) (io.ReadCloser, error) {
	f, err := d.open(info, from)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", d.url+info.Key, explain(err))
	}
	return &file{ctx: ctx, name: d.url + info.Key, f: f, info: info, left: info.Size - from}, nil
}

func (d *directory) Part(ctx context.Context, info Info, from int64, n int) ([]byte, error) {
	f, err := d.open(info, from)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", d.url+info.Key, explain(err))
	}
	return readPart(&file{ctx: ctx, name: d.url + info.Key, f: f, info: info, left: min(int64(n), info.Size-from)}, nil)
}

func (d *directory) open(info Info, from int64) (*os.File, error) {
	if from < 0 || from > info.Size {
		return nil, fmt.Errorf("byte %d of %d does not exist", from, info.Size)
	}

	root, err := d.root()
	if err != nil {
		return nil, err
	}
	defer root.Close()

	f, err := root.Open(info.location())
	if escaped, ok := info.unlisted(); ok && absent(err) {
		f, err = root.Open(escaped.Path())
	}
	if absent(err) {
		return nil, ErrChanged
	}
	if err != nil {
		return nil, err
	}

	// The key may have been overwritten since it was listed.
	if err = unchanged(f, info); err == nil {
		_, err = f.Seek(from, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}

	return f, nil
}

func unchanged(f *os.File, info Info) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}

	now := describe(info.Key, fi)
	if !fi.Mode().IsRegular() || now.Size != info.Size || !now.Modified.Equal(info.Modified) {
		return ErrChanged
	}
	return nil
}

// file reads exactly the file that was listed. It checks again at the end, as a
// file can be overwritten in place while it is read.
type file struct {
	ctx  context.Context
	name string
	f    *os.File
	info Info
	left int64
}

func (r *file) Read(p []byte) (int, error) {
	n, err := r.read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("reading %q: %w", r.name, err)
	}
	return n, err
}

func (r *file) read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}

	if r.left == 0 {
		if err := unchanged(r.f, r.info); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}

	// Never read beyond the listed size: a file that grows is found out at the
	// end.
	n, err := r.f.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)

	// It ended before its listed size, so it was truncated.
	if err == io.EOF {
		return n, ErrChanged
	}
	return n, err
}

// ReadAt reads a part of the file that is open, in whatever order parts are needed. It
// does not find out that the file was overwritten in place: whoever needs to know
// compares what it reads.
func (r *file) ReadAt(p []byte, from int64) (int, error) {
	n, err := r.f.ReadAt(p, from)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("reading %q: %w", r.name, err)
	}
	return n, err
}

func (r *file) Close() error { return r.f.Close() }

// explain adds advice about failures that an operator can fix.
func explain(err error) error {
	advice := ""
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		advice = "the disk is full: free space and run again"
	case errors.Is(err, syscall.EROFS):
		advice = "the file system is read-only: mount it for writing or change the URL"
	case errors.Is(err, fs.ErrPermission):
		advice = "access is denied: give the job's user the permission"
	case errors.Is(err, syscall.ENAMETOOLONG):
		advice = "a name is too long for this file system"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		advice = "a key cannot be the parent of another in a directory"
	default:
		return err
	}
	return fmt.Errorf("%s: %w", advice, err)
}

func (d *directory) Extend(context.Context, string) error { return nil }

func (d *directory) Remove(_ context.Context, key string) error {
	root, err := d.root()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Remove(key); err != nil && !absent(err) {
		return fmt.Errorf("deleting %q: %w", d.url+key, explain(err))
	}
	return nil
}
