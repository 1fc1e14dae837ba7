package bag

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"strings"
	"unicode/utf8"
)

// Archive is a bag in a file: a tar, a gzipped tar or a zip. It is read as it is, never
// unpacked to a disk.
type Archive struct {
	file *os.File
	name string
	size int64
	read func(ctx context.Context, yield func(member, error) bool)
	many int
}

// OpenArchive opens an archive. What it is, its first bytes say.
func OpenArchive(name string) (*Archive, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, err
	}
	a := &Archive{file: file, name: name, size: info.Size(), many: 1}

	head := make([]byte, 512)
	n, err := file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		file.Close()
		return nil, err
	}
	switch head = head[:n]; {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		a.read, a.many = a.unzip, 2
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		a.read = a.gunzip
	default: // an old tar says nothing of itself
		a.read = a.plain
	}
	return a, nil
}

// Close closes the file.
func (a *Archive) Close() error { return a.file.Close() }

func (a *Archive) String() string { return a.name }

func (a *Archive) atOnce() int { return a.many }

func (a *Archive) members(ctx context.Context) iter.Seq2[member, error] {
	return func(yield func(member, error) bool) {
		tops := folderAtTop{}
		a.read(ctx, func(m member, err error) bool {
			if err == nil {
				var none bool
				if m, none = tops.within(m); none {
					return true
				}
			}
			return yield(m, err)
		})
	}
}

// broken returns an error of reading an archive: damage, unless the system could not read
// the file or somebody stopped.
func broken(err error) error {
	var system *os.PathError
	var told *damage
	switch {
	case err == nil, errors.As(err, &system), errors.As(err, &told):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF):
		return &damage{"the archive ends too early: it is truncated"}
	}
	return &damage{"the archive is damaged: " + err.Error()}
}

// content tells in the content of a member what is damage.
type content struct{ io.ReadCloser }

func (c content) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if err != io.EOF {
		err = broken(err)
	}
	return n, err
}

// folderAtTop takes the one folder at the top of an archive from the names of members.
type folderAtTop struct {
	name string
	some bool
}

// within returns a member with its path in the bag. It reports that a member says nothing:
// most folders are only mentioned.
func (f *folderAtTop) within(m member) (member, bool) {
	name := m.path
	for strings.HasPrefix(name, "./") {
		name = strings.TrimLeft(name[2:], "/")
	}
	folder := strings.HasSuffix(name, "/")
	name = strings.TrimRight(name, "/")
	if name == "" || name == "." {
		return m, true
	}
	if odd := oddName(name); odd != "" {
		m.odd = cmp.Or(m.odd, odd)
		return m, false
	}

	top, rest, below := strings.Cut(name, "/")
	if !below && !folder {
		m.odd = cmp.Or(m.odd, "it is at the top of the archive, where one folder must hold the whole bag")
		return m, false
	}
	if !f.some {
		f.name, f.some = top, true
	}
	if top != f.name {
		m.odd = fmt.Sprintf("it is in a second folder at the top of the archive, after %q", f.name)
		return m, false
	}
	if folder {
		m.folder, m.path = true, rest+"/"
		return m, m.path != payloadFolder
	}
	m.path = rest
	return m, false
}

// oddName says why a name in an archive cannot be unpacked safely.
func oddName(name string) string {
	switch {
	case strings.HasPrefix(name, "/"), strings.HasPrefix(name, `\`), len(name) > 1 && name[1] == ':':
		return "its name in the archive is absolute"
	case !utf8.ValidString(name):
		return "its name in the archive is not UTF-8"
	case name != path.Clean(name) || strings.HasPrefix(name, ".."):
		return "its name in the archive leads elsewhere: it has an element that is empty, a dot or two dots"
	}
	return ""
}

func (a *Archive) gunzip(ctx context.Context, yield func(member, error) bool) {
	z, err := gzip.NewReader(bufio.NewReaderSize(io.NewSectionReader(a.file, 0, a.size), 1<<16))
	if err != nil {
		yield(member{}, broken(err))
		return
	}
	untar(ctx, z, yield)
}

func (a *Archive) plain(ctx context.Context, yield func(member, error) bool) {
	untar(ctx, bufio.NewReaderSize(io.NewSectionReader(a.file, 0, a.size), 1<<16), yield)
}

// untar yields the members of a tar. What follows its end must be zeros: a tar has as many
// as it likes.
func untar(ctx context.Context, from io.Reader, yield func(member, error) bool) {
	t := tar.NewReader(from)
	for {
		header, err := t.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			yield(member{}, broken(err))
			return
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue // a note such as git archive writes
		}

		m := member{path: header.Name, size: header.Size, odd: oddTar(header)}
		if header.Typeflag == tar.TypeDir && !strings.HasSuffix(m.path, "/") {
			m.path += "/"
		}
		m.open = func(context.Context) (io.ReadCloser, error) { return content{io.NopCloser(t)}, nil }
		if !yield(m, nil) {
			return
		}
	}
	if err := onlyZeros(from); err != nil {
		yield(member{}, broken(err))
	}
}

func onlyZeros(from io.Reader) error {
	buf := make([]byte, 1<<15)
	for {
		n, err := from.Read(buf)
		if len(bytes.TrimLeft(buf[:n], "\x00")) > 0 {
			return &damage{"bytes follow the end of the archive, which some programs read as more files"}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// oddTar says why a member of a tar is not a file.
func oddTar(h *tar.Header) string {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return sparse
		}
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeDir:
		return ""
	case tar.TypeGNUSparse:
		return sparse
	case tar.TypeSymlink:
		return "a symbolic link"
	case tar.TypeLink:
		return "a hard link"
	}
	return "neither a file nor a folder"
}

// A sparse file of any size takes a few bytes.
const sparse = "a sparse file, whose content is not in the archive"

func (a *Archive) unzip(ctx context.Context, yield func(member, error) bool) {
	z, err := zip.NewReader(io.NewSectionReader(a.file, 0, a.size), a.size)
	if err != nil {
		yield(member{}, broken(err))
		return
	}

	var packed uint64
	for _, f := range z.File {
		packed += f.CompressedSize64
		if packed > uint64(a.size) {
			yield(member{}, &damage{"the archive is damaged: its files overlap"})
			return
		}
	}
	for _, f := range z.File {
		if err := ctx.Err(); err != nil {
			yield(member{}, err)
			return
		}
		if !yield(zipMember(f), nil) {
			return
		}
	}
}

func zipMember(f *zip.File) member {
	m := member{path: f.Name, size: int64(min(f.UncompressedSize64, 1<<62)), odd: oddZip(f)}
	m.open = func(context.Context) (io.ReadCloser, error) {
		r, err := f.Open()
		if err != nil {
			return nil, broken(err)
		}
		return content{r}, nil
	}
	return m
}

// oddZip says why a member of a zip is not a file that can be read.
func oddZip(f *zip.File) string {
	mode := f.Mode()
	switch {
	case mode&os.ModeSymlink != 0:
		return "a symbolic link"
	case !mode.IsRegular() && !mode.IsDir():
		return "neither a file nor a folder"
	case f.Flags&1 != 0:
		return "it is encrypted"
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return fmt.Sprintf("it is compressed by method %d, which is not known", f.Method)
	}
	return ""
}
