package worklist

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// archive packs the parts of a workbook in the order of their names. The
// library hands its sheets over in the order of a map and would pack them in
// memory; here they wait in a temporary file until all are there.
type archive struct {
	scratch *os.File
	out     *bufio.Writer
	size    int64 // of the scratch file
	parts   []*part
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

func newArchive(scratch string) (*archive, error) {
	file, err := os.CreateTemp(scratch, "cdrmend-*")
	if err != nil {
		return nil, fmt.Errorf("creating a temporary file: %w; set scratch to a directory that can be written", err)
	}
	_ = os.Remove(file.Name()) // the open file is all that is needed; a crash leaves nothing
	return &archive{scratch: file, out: bufio.NewWriterSize(file, 256<<10)}, nil
}

func (a *archive) close() { a.scratch.Close() }

// zipWriter takes the place of the library's archive.
func (a *archive) zipWriter(io.Writer) excelize.ZipWriter { return a }

// Create begins a part; the one before is complete.
func (a *archive) Create(name string) (io.Writer, error) {
	if err := a.Close(); err != nil {
		return nil, err
	}
	p := &part{name: name, offset: a.size}
	p.flate, _ = flate.NewWriter(a, flate.BestSpeed) // fails for other levels only
	a.parts = append(a.parts, p)
	return p, nil
}

// Write takes packed bytes of the last part.
func (a *archive) Write(b []byte) (int, error) {
	n, err := a.out.Write(b)
	a.size += int64(n)
	a.parts[len(a.parts)-1].packed += int64(n)
	return n, err
}

// Close completes the last part.
func (a *archive) Close() error {
	if len(a.parts) == 0 {
		return nil
	}
	p := a.parts[len(a.parts)-1]
	if p.flate == nil {
		return nil
	}
	err := p.flate.Close()
	p.flate = nil
	return err
}

// AddFS is not called for what is written.
func (a *archive) AddFS(fs.FS) error { return fs.ErrInvalid }

func (p *part) Write(b []byte) (int, error) {
	p.sum = crc32.Update(p.sum, crc32.IEEETable, b)
	p.size += uint64(len(b))
	return p.flate.Write(b)
}

// writeTo writes the archive.
func (a *archive) writeTo(w io.Writer) error {
	if err := a.out.Flush(); err != nil {
		return fmt.Errorf("writing a temporary file: %w; free some space, or set scratch to another directory", err)
	}
	slices.SortFunc(a.parts, func(p, q *part) int { return strings.Compare(p.name, q.name) })
	out := zip.NewWriter(w)
	for _, p := range a.parts {
		to, err := out.CreateRaw(&zip.FileHeader{
			Name: p.name, Method: zip.Deflate, CRC32: p.sum, CompressedSize64: uint64(p.packed), UncompressedSize64: p.size,
		})
		if err != nil {
			return err
		}
		if _, err := io.Copy(to, io.NewSectionReader(a.scratch, p.offset, p.packed)); err != nil {
			return err
		}
	}
	return out.Close()
}
