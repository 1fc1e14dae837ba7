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

// Modes of what is created; the umask takes bits away. Results hold personal data, so
// that others than owner and group cannot read them.
const (
	fileMode = 0o640
	dirMode  = 0o750
)

// CreateTemp creates the file with the given name in a store's Temp, for reading and
// writing, with the mode of the object that it may become.
func CreateTemp(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
}

// Files that are still being written have names of this form, which no key may
// have. One that a crash leaves behind is never listed and may be removed.
const (
	temporaryPrefix = ".cdrmend-"
	temporarySuffix = ".tmp"
)

// TempName returns a new name for a file in a store's Temp.
func TempName() string { return temporaryPrefix + rand.Text() + temporarySuffix }

// Temp returns the root itself: a file prepared there can be linked to its key.
func (d *directory) Temp() (string, error) {
	if !d.makeRoot {
		return d.path, nil
	}
	return d.path, d.makeRootDir(d.path)
}

// Temporary reports whether a name is that of a file still being written. In a
// directory no key can hold such a name.
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
		if err := d.makeRootDir(d.path); err != nil {
			return err
		}
	}
	root, err := d.root()
	if err != nil {
		return err
	}
	defer root.Close()
	in := tree{root, d.unsynced}

	// A key that is taken is settled before anything is written: a rerun only
	// compares.
	if _, err := root.Stat(key); err == nil {
		return in.settle(ctx, key, c)
	}

	dir := path.Dir(key)
	if err := in.makeDirs(dir); err != nil {
		return err
	}

	// A file below the root can be linked; elsewhere it may be on another file
	// system, so it is copied.
	if name, relErr := filepath.Rel(d.path, c.File); c.File != "" && relErr == nil && filepath.IsLocal(name) {
		err = in.takeOver(name, key)
	} else {
		err = in.write(ctx, key, c)
	}

	// Another writer took the key since it was looked up.
	if errors.Is(err, fs.ErrExist) {
		return in.settle(ctx, key, c)
	}
	if err != nil {
		return err
	}
	return in.syncDir(dir)
}

// tree is a directory in which files are created.
type tree struct {
	root     *os.Root
	unsynced bool // the system decides when files reach the disk
}

// takeOver links a file that was prepared below the root to its key, once it
// is durable. The error wraps fs.ErrExist if the key is taken.
func (t tree) takeOver(name, key string) error {
	// Sync before linking: a crash must not leave a key with half its bytes.
	f, err := t.root.Open(name)
	if err != nil {
		return err
	}
	if err := errors.Join(t.sync(f), f.Close()); err != nil {
		return err
	}
	return link(t.root, name, key)
}

// write writes the file under a temporary name and links it to its key, so that a
// half-written file never shows under the key. The error wraps fs.ErrExist if the
// key is taken.
func (t tree) write(ctx context.Context, key string, c Content) error {
	// The temporary file is in the key's own directory, so that it is on the
	// same file system as the link.
	temp := path.Join(path.Dir(key), TempName())
	err := t.writeTemporary(ctx, temp, c)
	if err == nil {
		err = link(t.root, temp, key)
	}

	// Remove the temporary name on every path; the link keeps the data.
	if removeErr := t.root.Remove(temp); err == nil {
		err = removeErr
	}
	return err
}

// link drops the type of a permission error: the directory just took a new
// file, so nothing is denied, but some file systems say so instead of "not
// supported".
func link(root *os.Root, temp, key string) error {
	err := root.Link(temp, key)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("the file system has no hard links, without which no file can be created safely: use another one: %v", err)
	}
	return err
}

// settle decides about a key that is taken: equal content is success. It syncs
// the directory too, as the writer of the file may have died before doing so.
func (t tree) settle(ctx context.Context, key string, c Content) error {
	fi, err := t.root.Stat(key)
	if err != nil {
		return err
	}
	if fi.IsDir() {
		return &fs.PathError{Op: "create", Path: key, Err: syscall.EISDIR}
	}

	// A file of another size is not worth reading.
	if !fi.Mode().IsRegular() || fi.Size() != c.Size {
		return ErrTaken
	}

	f, err := t.root.Open(key)
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

	return t.syncDir(path.Dir(key))
}

func (t tree) writeTemporary(ctx context.Context, name string, c Content) error {
	in, err := c.Open()
	if err != nil {
		return err
	}
	defer in.Close()

	f, err := t.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}

	err = copyExactly(f, reader{ctx, in}, c)
	if err == nil {
		err = t.sync(f)
	}
	return errors.Join(err, f.Close())
}

// copyExactly copies, and fails when the bytes are not those announced, as S3
// does.
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

// reader fails once its context is done.
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
func (d *directory) makeRootDir(dir string) error {
	base := dir

	// Find the nearest existing ancestor: os.Root needs one to open.
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

	return tree{root, d.unsynced}.makeDirs(filepath.ToSlash(rel))
}

// makeDirs makes dir and its missing parents, each durable in its own parent.
func (t tree) makeDirs(dir string) error {
	if _, err := t.root.Stat(dir); err == nil {
		return nil
	}
	if err := t.makeDirs(path.Dir(dir)); err != nil {
		return err
	}

	err := t.root.Mkdir(dir, dirMode)

	// Another writer made it meanwhile.
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.syncDir(path.Dir(dir))
}

func (t tree) syncDir(dir string) error { return t.syncFile(t.root.Open(dir)) }

// syncFile makes a directory durable. Some network file systems cannot sync a
// directory and say so; there durability is up to the server.
func (t tree) syncFile(f *os.File, err error) error {
	if err != nil {
		return err
	}
	defer f.Close()
	if err := t.sync(f); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

// sync makes what was written durable, unless nobody needs that.
func (t tree) sync(f *os.File) error {
	if t.unsynced {
		return nil
	}
	return f.Sync()
}
