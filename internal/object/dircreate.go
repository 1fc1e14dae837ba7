package object

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Files that are being written carry names of this form, which no key may
// have. One that a crash leaves behind is never listed and may be removed.
const (
	temporaryPrefix = ".cdrmend-"
	temporarySuffix = ".tmp"
)

// TempName returns a new name for a file in a store's Temp.
func TempName() string { return temporaryPrefix + rand.Text() + temporarySuffix }

// Temp is the root itself: what is prepared there can be linked to its key.
func (d *directory) Temp() (string, error) {
	if !d.makeRoot {
		return d.path, nil
	}
	return d.path, makeRootDir(d.path)
}

// Temporary reports whether a name is one of a file that is being written. In a
// directory no key can hold one.
func Temporary(name string) bool {
	return strings.HasPrefix(name, temporaryPrefix) && strings.HasSuffix(name, temporarySuffix)
}

func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func (d *directory) Create(ctx context.Context, key string, c Content) error {
	if err := d.create(ctx, key, c); err != nil {
		return fmt.Errorf("creating %q: %w", d.url+key, explain(err))
	}
	return nil
}

func (d *directory) create(ctx context.Context, key string, c Content) error {
	if !fs.ValidPath(key) || key == "." || slices.ContainsFunc(strings.Split(key, "/"), Temporary) {
		return errors.New("a file cannot have this key: use names between single slashes, other than those of temporary files")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.makeRoot {
		if err := makeRootDir(d.path); err != nil {
			return err
		}
	}
	root, err := d.root()
	if err != nil {
		return err
	}
	defer root.Close()
	if _, err := root.Stat(key); err == nil {
		return settle(ctx, root, key, c)
	}
	if name, err := filepath.Rel(d.path, c.File); c.File != "" && err == nil && filepath.IsLocal(name) {
		return takeOver(ctx, root, name, key, c)
	}
	return write(ctx, root, key, c)
}

// takeOver links a file that was prepared below the root to its key, once it
// is durable.
func takeOver(ctx context.Context, root *os.Root, name, key string, c Content) error {
	dir := path.Dir(key)
	if err := makeDirs(root, dir); err != nil {
		return err
	}
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	err = link(root, name, key)
	if errors.Is(err, fs.ErrExist) {
		return settle(ctx, root, key, c)
	}
	if err != nil {
		return err
	}
	return syncDir(root, dir)
}

// write brings the file about under a temporary name and links it to its own,
// which succeeds only when that is free and never shows half a file.
func write(ctx context.Context, root *os.Root, key string, c Content) error {
	dir := path.Dir(key)
	if err := makeDirs(root, dir); err != nil {
		return err
	}
	temp := path.Join(dir, TempName())
	err := writeTemporary(ctx, root, temp, c)
	if err == nil {
		err = link(root, temp, key)
	}
	if removeErr := root.Remove(temp); err == nil {
		err = removeErr
	}
	if errors.Is(err, fs.ErrExist) {
		return settle(ctx, root, key, c)
	}
	if err != nil {
		return err
	}
	return syncDir(root, dir)
}

// link hides a permission error: nothing is denied in a directory that just
// took a new file, but some file systems say so instead of "not supported".
func link(root *os.Root, temp, key string) error {
	err := root.Link(temp, key)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("the file system has no hard links, without which no file can be created safely: use another one: %v", err)
	}
	return err
}

// settle decides about a key that is taken. The directory is made durable
// here too, as whoever linked the file may have died before doing so.
func settle(ctx context.Context, root *os.Root, key string, c Content) error {
	fi, err := root.Stat(key)
	if err != nil {
		return err
	}
	if fi.IsDir() {
		return &fs.PathError{Op: "create", Path: key, Err: syscall.EISDIR}
	}
	if !fi.Mode().IsRegular() || fi.Size() != c.Size {
		return ErrTaken
	}
	f, err := root.Open(key)
	if err != nil {
		return err
	}
	defer f.Close()
	same, err := hasSum(reader{ctx, f}, c.SHA256)
	if err != nil {
		return err
	}
	if !same {
		return ErrTaken
	}
	return syncDir(root, path.Dir(key))
}

func writeTemporary(ctx context.Context, root *os.Root, name string, c Content) error {
	in, err := c.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	err = copyExactly(f, reader{ctx, in}, c)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// copyExactly refuses what S3 would refuse as well: bytes that are not those
// announced.
func copyExactly(to io.Writer, from io.Reader, c Content) error {
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, sum), from)
	if err != nil {
		return err
	}
	if n != c.Size || [32]byte(sum.Sum(nil)) != c.SHA256 {
		return fmt.Errorf("the content is not what was announced: it has %d bytes, not %d, or another checksum", n, c.Size)
	}
	return nil
}

// reader ends with its context.
type reader struct {
	ctx  context.Context
	from io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}

// makeRootDir makes the root below the nearest directory that exists.
func makeRootDir(dir string) error {
	base := dir
	for {
		_, err := os.Stat(base)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || base == filepath.Dir(base) {
			return err
		}
		base = filepath.Dir(base)
	}
	rel, err := filepath.Rel(base, dir)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return err
	}
	defer root.Close()
	return makeDirs(root, filepath.ToSlash(rel))
}

// makeDirs makes dir and what lacks above it, each durable in its parent.
func makeDirs(root *os.Root, dir string) error {
	if _, err := root.Stat(dir); err == nil {
		return nil
	}
	if err := makeDirs(root, path.Dir(dir)); err != nil {
		return err
	}
	err := root.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(root, path.Dir(dir))
}

func syncDir(root *os.Root, dir string) error { return syncFile(root.Open(dir)) }

// syncFile makes a directory durable. Some network file systems cannot, and
// say so; there the server decides.
func syncFile(f *os.File, err error) error {
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}
