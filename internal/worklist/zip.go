package worklist

import (
	"archive/zip"
	"compress/flate"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"

	"cdrmend/internal/scratch"

	"github.com/xuri/excelize/v2"
)

// archive packs the parts of a workbook in the order of their names. The
// library passes its sheets in the order of a map and would pack them in
// memory. Here they are kept in a temporary file until all are complete.
type archive struct {
	file  *scratch.File
	parts []*part
}

// part is one file of the archive.
type part struct {
	name   string
	offset int64
	packed int64
	size   uint64
	sum    uint32
	flate  *flate.Writer
}

func newArchive(dir string) (*archive, error) {
	file, err := scratch.NewFile(dir, 256<<10)
	if err != nil {
		return nil, err
	}
	return &archive{file: file}, nil
}

func (a *archive) close() { a.file.Close() }

// zipWriter replaces the library's archive.
func (a *archive) zipWriter(io.Writer) excelize.ZipWriter { return a }

// Create begins a part. It completes the one before.
func (a *archive) Create(name string) (io.Writer, error) {
	if err := a.Close(); err != nil {
		return nil, err
	}
	p := &part{name: name, offset: a.file.Size()}
	p.flate, _ = flate.NewWriter(a, flate.BestSpeed) // fails for other levels only
	a.parts = append(a.parts, p)
	return p, nil
}

// Write stores packed bytes of the last part.
func (a *archive) Write(b []byte) (int, error) {
	n, err := a.file.Write(b)
	a.parts[len(a.parts)-1].packed += int64(n)
	return n, err
}

// Close completes the last part. It does not remove the file.
func (a *archive) Close() error {
	if len(a.parts) == 0 {
		return nil
	}

	p := a.parts[len(a.parts)-1]
	if p.flate == nil { // completed already
		return nil
	}

	err := p.flate.Close()
	p.flate = nil
	return err
}

// AddFS is not called by the library when it writes a workbook.
func (a *archive) AddFS(fs.FS) error { return fs.ErrInvalid }

func (p *part) Write(b []byte) (int, error) {
	p.sum = crc32.Update(p.sum, crc32.IEEETable, b)
	p.size += uint64(len(b))
	return p.flate.Write(b)
}

// writeTo writes the archive.
func (a *archive) writeTo(w io.Writer) error {
	packed, err := a.file.ReaderAt()
	if err != nil {
		return err
	}

	// In name order equal workbooks have equal bytes.
	slices.SortFunc(a.parts, func(p, q *part) int { return strings.Compare(p.name, q.name) })
	out := zip.NewWriter(w)
	for _, p := range a.parts {
		to, err := out.CreateRaw(&zip.FileHeader{
			Name: p.name, Method: zip.Deflate, CRC32: p.sum, CompressedSize64: uint64(p.packed), UncompressedSize64: p.size,
		})
		if err != nil {
			return err
		}
		if _, err := io.Copy(to, io.NewSectionReader(packed, p.offset, p.packed)); err != nil {
			return err
		}
	}

	return out.Close()
}
