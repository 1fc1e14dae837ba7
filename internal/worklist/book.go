package worklist

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"fmt"
	"io"
	"strings"
)

// maxRows is how many rows a sheet can hold.
const maxRows = 1 << 20

// book writes a workbook: a ZIP archive of XML parts (ECMA-376). Each sheet is
// written as its rows come, so that a book needs the same memory for a million rows as
// for ten. The parts that name all sheets come last.
type book struct {
	zip    *zip.Writer
	limit  int    // rows of a sheet, its header included
	paper  string // header of each printed page, in XML
	sheets []finished
	part   *bufio.Writer // the part under way
}

// finished is a sheet that is written.
type finished struct {
	title  string
	filter string // cells that its filter covers
	paper  string // cells that are printed
}

func newBook(w io.Writer, limit int) *book {
	b := &book{zip: zip.NewWriter(w), limit: limit, part: bufio.NewWriterSize(io.Discard, 64<<10)}
	b.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	return b
}

// open begins a part, which lasts until the next one is opened. The header of a part
// has no time, so that equal books have equal bytes.
func (b *book) open(name string) error {
	if err := b.part.Flush(); err != nil {
		return err
	}
	w, err := b.zip.Create(name)
	if err != nil {
		return err
	}
	b.part.Reset(w)
	_, err = b.part.WriteString(xmlHead)
	return err
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// The namespaces of the format.
const (
	spreadsheet   = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	relationships = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	package2006   = "http://schemas.openxmlformats.org/package/2006"
	documentType  = "application/vnd.openxmlformats-officedocument.spreadsheetml."
)

// Numbers of cell formats in styles.
const (
	styleHead    = 1
	styleText    = 2
	styleWrapped = 3 // in lines that fit the column
	styleInput   = 4 // to be filled in
	styleDue     = 5 // a date to be filled in
)

// styles has the formats of cells. The number format 49 is text: a cell keeps what
// somebody types into it, no id becomes a number, and nothing becomes a formula.
const styles = `<styleSheet xmlns="` + spreadsheet + `"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/></numFmts>` +
	`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/></font></fonts>` +
	`<fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>` +
	`<fill><patternFill patternType="solid"><fgColor rgb="FF1F3A5F"/></patternFill></fill><fill><patternFill patternType="solid"><fgColor rgb="FFFFF8DC"/></patternFill></fill></fills>` +
	`<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border>` +
	`<border><left style="hair"/><right style="hair"/><top style="hair"/><bottom style="hair"/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="6"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="49" fontId="1" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>` +
	`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top"/></xf>` +
	`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>` +
	`<xf numFmtId="49" fontId="0" fillId="3" borderId="1" xfId="0" applyNumberFormat="1" applyFill="1" applyBorder="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>` +
	`<xf numFmtId="164" fontId="0" fillId="3" borderId="1" xfId="0" applyNumberFormat="1" applyFill="1" applyBorder="1" applyAlignment="1"><alignment vertical="top"/></xf></cellXfs>` +
	`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

// close writes the parts that name the sheets, and ends the archive. It does not
// close what the book is written to.
func (b *book) close() error {
	for _, part := range []struct{ name, text string }{
		{"xl/styles.xml", styles},
		{"xl/workbook.xml", b.workbook()},
		{"xl/_rels/workbook.xml.rels", b.relations()},
		{"_rels/.rels", `<Relationships xmlns="` + package2006 + `/relationships"><Relationship Id="rId1" Type="` + relationships + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"[Content_Types].xml", b.types()},
	} {
		if err := b.open(part.name); err != nil {
			return err
		}
		if _, err := b.part.WriteString(part.text); err != nil {
			return err
		}
	}
	if err := b.part.Flush(); err != nil {
		return err
	}
	return b.zip.Close()
}

// workbook names the sheets, and the cells that are filtered, printed, and repeated on
// each printed page. It opens at the findings, which come second.
func (b *book) workbook() string {
	var s, names strings.Builder
	fmt.Fprintf(&s, `<workbook xmlns="%s" xmlns:r="%s"><bookViews><workbookView activeTab="1"/></bookViews><sheets>`, spreadsheet, relationships)
	for i, sheet := range b.sheets {
		fmt.Fprintf(&s, `<sheet name="%s" sheetId="%d" r:id="rId%[2]d"/>`, sheet.title, i+1)
		fmt.Fprintf(&names, `<definedName name="_xlnm._FilterDatabase" localSheetId="%d" hidden="1">'%s'!%s</definedName>`, i, sheet.title, sheet.filter)
		fmt.Fprintf(&names, `<definedName name="_xlnm.Print_Area" localSheetId="%d">'%s'!%s</definedName>`, i, sheet.title, sheet.paper)
		fmt.Fprintf(&names, `<definedName name="_xlnm.Print_Titles" localSheetId="%d">'%s'!$1:$1</definedName>`, i, sheet.title)
	}
	return s.String() + "</sheets><definedNames>" + names.String() + "</definedNames></workbook>"
}

// relations tells where the sheets and styles are.
func (b *book) relations() string {
	var s strings.Builder
	fmt.Fprintf(&s, `<Relationships xmlns="%s/relationships">`, package2006)
	for i := range b.sheets {
		fmt.Fprintf(&s, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%[1]d.xml"/>`, i+1, relationships)
	}
	fmt.Fprintf(&s, `<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/></Relationships>`, len(b.sheets)+1, relationships)
	return s.String()
}

// types tells what the parts are.
func (b *book) types() string {
	var s strings.Builder
	fmt.Fprintf(&s, `<Types xmlns="%s/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`, package2006)
	fmt.Fprintf(&s, `<Override PartName="/xl/workbook.xml" ContentType="%ssheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="%[1]sstyles+xml"/>`, documentType)
	for i := range b.sheets {
		fmt.Fprintf(&s, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, i+1, documentType)
	}
	return s.String() + "</Types>"
}
