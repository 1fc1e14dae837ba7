package worklist

import (
	"io"

	"github.com/xuri/excelize/v2"
)

// book builds a workbook.
type book struct {
	file    *excelize.File
	archive *archive
	limit   int // rows of a sheet, its header included
	sheets  int
	head    int // style of headers
	text    int // style of all other cells
}

// textFormat makes a cell keep what somebody types into it: no id becomes a
// number, and nothing becomes a formula.
const textFormat = 49

func newBook(scratch string, limit int) (*book, error) {
	a, err := newArchive(scratch)
	if err != nil {
		return nil, err
	}

	b := &book{file: excelize.NewFile(excelize.Options{TmpDir: scratch}), archive: a, limit: limit}
	b.file.SetZipWriter(a.zipWriter)
	if err := b.styles(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *book) styles() (err error) {
	b.head, err = b.file.NewStyle(&excelize.Style{
		NumFmt: textFormat,
		Font:   &excelize.Font{Bold: true, Color: "FFFFFF"},
		Fill:   excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"1F3A5F"}},
	})
	if err != nil {
		return err
	}
	b.text, err = b.file.NewStyle(&excelize.Style{NumFmt: textFormat})
	return err
}

// add appends a sheet and returns a stream of its rows.
func (b *book) add(title string) (*excelize.StreamWriter, error) {
	b.sheets++
	if b.sheets > 1 {
		if _, err := b.file.NewSheet(title); err != nil {
			return nil, err
		}
	} else if err := b.file.SetSheetName(b.file.GetSheetName(0), title); err != nil { // a new workbook has one sheet
		return nil, err
	}
	return b.file.NewStreamWriter(title)
}

// writeTo writes the workbook. It can be called once.
func (b *book) writeTo(w io.Writer) error {
	// The library writes through the ZIP writer set in newBook, which fills the
	// archive, and writes nothing to its own destination.
	if err := b.file.Write(io.Discard); err != nil {
		return err
	}
	return b.archive.writeTo(w)
}

// close removes the temporary files.
func (b *book) close() {
	_ = b.file.Close()
	b.archive.close()
}
