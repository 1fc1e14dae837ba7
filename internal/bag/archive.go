package bag

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/scratch"
)

// packTime is the time of every file in an archive: the first that a zip can hold.
var packTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// archived is a bag in one archive, which becomes an object once it is complete.
type archived struct {
	store   object.Store
	key     string
	scratch string
	top     string
	out     *scratch.Spool // nil until the first file
	pack    packer
	format  func(io.Writer) packer
}

// packer writes an archive.
type packer interface {
	file(name string, size int64, content io.Reader) error
	Close() error
}

// TarGzip returns a writer of a bag in a gzipped tar with one folder at its top. The archive
// becomes the object key of a store when the bag is closed.
func TarGzip(store object.Store, key, top, scratch string) (*Writer, error) {
	return inArchive(&archived{store: store, key: key, top: top, scratch: scratch, format: newTarball})
}

// Zip does what [TarGzip] does, in a zip.
func Zip(store object.Store, key, top, scratch string) (*Writer, error) {
	return inArchive(&archived{store: store, key: key, top: top, scratch: scratch, format: newZipped})
}

func inArchive(a *archived) (*Writer, error) {
	if err := checkPath(a.top + "/" + declarationName); err != nil || a.top == "." {
		return nil, fmt.Errorf("the folder in the archive cannot be called %q", a.top)
	}
	return newWriter(a), nil
}

func (a *archived) spool() (*scratch.Spool, error) { return scratch.NewSpool(a.scratch), nil }

func (a *archived) put(_ context.Context, path string, c object.Content) error {
	if a.out == nil {
		out, err := scratch.NewSpoolFor(a.store, a.scratch)
		if err != nil {
			return err
		}
		a.out, a.pack = out, a.format(out)
	}
	r, err := c.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return a.pack.file(a.top+"/"+path, c.Size, r)
}

// has reports that nothing is there: an archive is not continued.
func (a *archived) has(context.Context, File) (bool, error) { return false, nil }

func (a *archived) begin(context.Context, func(string) bool) error { return nil }

func (a *archived) settle(context.Context, func(string) bool) error { return nil }

func (a *archived) finish(ctx context.Context) error {
	if err := a.pack.Close(); err != nil {
		return err
	}
	content, err := a.out.Content()
	if err != nil {
		return err
	}
	err = a.store.Create(ctx, a.key, content)
	if errors.Is(err, object.ErrTaken) {
		return fmt.Errorf("%w: give the archive another name, or remove what is there", err)
	}
	return err
}

func (a *archived) discard() {
	if a.out != nil {
		a.out.Close()
		a.out = nil
	}
}

// tarball writes a gzipped tar.
type tarball struct {
	zip *gzip.Writer
	tar *tar.Writer
}

func newTarball(to io.Writer) packer {
	z := gzip.NewWriter(to)
	return &tarball{z, tar.NewWriter(z)}
}

func (t *tarball) file(name string, size int64, content io.Reader) error {
	if err := t.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: packTime, Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err := io.Copy(t.tar, content)
	return err
}

func (t *tarball) Close() error { return errors.Join(t.tar.Close(), t.zip.Close()) }

// zipped writes a zip.
type zipped struct{ zip *zip.Writer }

func newZipped(to io.Writer) packer { return &zipped{zip.NewWriter(to)} }

func (z *zipped) file(name string, _ int64, content io.Reader) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: packTime}
	header.SetMode(0o644)
	to, err := z.zip.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, content)
	return err
}

func (z *zipped) Close() error { return z.zip.Close() }
