package statement

import (
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// A page is A4, in millimetres.
const (
	margin = 20
	wide   = 170 // width between the margins
	size   = 9.5 // font size of the text, in points
	line   = 4.8 // line height of the text
)

const sans = "sans"

// document writes text from the top of the first page to the bottom of the last.
type document struct{ pdf *fpdf.Fpdf }

// newDocument begins a document with a title, a footer and a time in RFC 3339. The library
// would take the time from the clock, and equal values would give different bytes.
func newDocument(title, footer, at string) *document {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true) // otherwise the order of a map shows in the bytes

	if t, err := time.Parse(time.RFC3339Nano, at); err == nil {
		pdf.SetCreationDate(t)
		pdf.SetModificationDate(t)
	}
	pdf.SetProducer("cdrmend", false)
	pdf.SetTitle(title, true)
	pdf.SetLang("en")
	pdf.AddUTF8FontFromBytes(sans, "", regular)
	pdf.AddUTF8FontFromBytes(sans, "B", bold)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(true, margin+6) // keeps text clear of the footer
	pdf.AliasNbPages("{pages}")
	pdf.SetFooterFunc(func() {
		pdf.SetY(-margin + 2)
		pdf.SetFont(sans, "", 7.5)
		pdf.SetTextColor(90, 90, 90)
		pdf.CellFormat(wide-30, 4, footer, "", 0, "L", false, 0, "")
		pdf.CellFormat(30, 4, fmt.Sprintf("page %d of {pages}", pdf.PageNo()), "", 0, "R", false, 0, "")
		pdf.SetTextColor(0, 0, 0)
	})

	pdf.AddPage()
	return &document{pdf}
}

func (d *document) font(style string, points float64) { d.pdf.SetFont(sans, style, points) }

func (d *document) page() { d.pdf.AddPage() }

// room begins a new page when less than height is left on this one.
func (d *document) room(height float64) {
	_, whole := d.pdf.GetPageSize()
	if d.pdf.GetY()+height > whole-margin-6 {
		d.page()
	}
}

func (d *document) title(text string, below ...string) {
	d.font("B", 17)
	d.pdf.MultiCell(wide, 8, shown(text), "", "L", false)
	d.font("", 11)
	for _, line := range below {
		d.pdf.MultiCell(wide, 6, shown(line), "", "L", false)
	}
	d.pdf.Ln(2)
}

func (d *document) heading(text string) {
	d.room(22) // a heading must not be the last line of a page
	d.pdf.Ln(3)
	d.font("B", 11.5)
	d.pdf.MultiCell(wide, 6, shown(text), "", "L", false)
	d.pdf.Ln(0.8)
}

func (d *document) text(text string) { d.paragraph("", margin, text) }

func (d *document) strong(text string) { d.paragraph("B", margin, text) }

// note is a grey text that is not part of the statement itself.
func (d *document) note(text string) {
	d.pdf.SetTextColor(90, 90, 90)
	d.paragraph("", margin, text)
	d.pdf.SetTextColor(0, 0, 0)
}

// item is a text with a dash before it.
func (d *document) item(text string) {
	d.room(2 * line)
	d.font("", size)
	d.pdf.CellFormat(5, line, "–", "", 0, "L", false, 0, "")
	d.paragraph("", margin+5, text)
}

func (d *document) paragraph(style string, left float64, text string) {
	d.font(style, size)
	d.pdf.SetX(left)
	d.pdf.MultiCell(wide+margin-left, line, shown(text), "", "L", false)
	d.pdf.Ln(1.2)
}

// blank is a line for somebody to fill in.
func (d *document) blank(label string) {
	d.room(9)
	d.font("", size)
	d.pdf.Ln(2.6)

	label = shown(label)
	width := d.pdf.GetStringWidth(label) + 3
	if label == "" {
		width = 5
	}

	d.pdf.CellFormat(width, line, label, "", 0, "L", false, 0, "")
	d.pdf.CellFormat(wide-width, line, "", "B", 1, "L", false, 0, "")
	d.pdf.Ln(1.4)
}

// column is one column of a table: its heading and its width. Numbers stand at its right.
type column struct {
	name   string
	width  float64
	number bool
}

// Measures of the cells of a table.
const (
	cellSize   = 8
	cellLine   = 4
	mostLines  = 5   // lines of a cell; a longer text is cut
	cellMargin = 2.5 // space that the library leaves free at the sides
)

// table writes rows below a header, which is repeated on every page.
func (d *document) table(columns []column, rows [][]string) {
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = c.name
	}

	d.room((mostLines + 2) * cellLine) // with the first row: no header stands alone at the end of a page
	d.row("B", columns, header)
	_, whole := d.pdf.GetPageSize()
	for _, r := range rows {
		// The height of a row is not known yet, so the check is for the highest
		// one. An automatic break inside a row would tear its cells apart.
		if d.pdf.GetY()+mostLines*cellLine > whole-margin-6 {
			d.page()
			d.row("B", columns, header)
		}
		d.row("", columns, r)
	}
	d.pdf.Ln(2)
}

func (d *document) row(style string, columns []column, values []string) {
	d.font(style, cellSize) // split measures texts in the current font
	lines := make([][]string, len(columns))
	height := 1
	for i, c := range columns[:len(values)] {
		lines[i] = d.split(values[i], c.width-cellMargin)
		height = max(height, len(lines[i]))
	}

	y := d.pdf.GetY()
	x := float64(margin)
	for i, c := range columns {
		for n, text := range lines[i] {
			d.pdf.SetXY(x, y+float64(n)*cellLine+0.4)
			width, align := c.width, "L"
			if c.number { // clear of a text in the next column
				width, align = c.width-cellMargin, "R"
			}
			d.pdf.CellFormat(width, cellLine, text, "", 0, align, false, 0, "")
		}
		x += c.width
	}

	y += float64(height)*cellLine + 0.8
	d.pdf.SetDrawColor(190, 190, 190)
	d.pdf.Line(margin, y, margin+wide, y)
	d.pdf.SetDrawColor(0, 0, 0)
	d.pdf.SetXY(margin, y)
}

// newLine begins a new line in a cell. A line break from outside does not.
const newLine = "\x00"

// split breaks a text into lines of a width.
func (d *document) split(text string, width float64) (lines []string) {
	for part := range strings.SplitSeq(text, newLine) {
		lines = d.wrap(lines, shown(part), width)
	}
	return lines
}

// wrap adds a text to the lines of a cell, if need be broken inside words: an object
// key has no spaces.
func (d *document) wrap(lines []string, text string, width float64) []string {
	rest := []rune(text)
	for len(rest) > 0 && len(lines) < mostLines {
		n := 1 // at least one, so that the loop ends in the narrowest column
		for n < len(rest) && d.pdf.GetStringWidth(string(rest[:n+1])) <= width {
			n++
		}

		if n < len(rest) {
			// A break after a separator is better, unless the line would be less
			// than half full.
			for back := n; back > n/2; back-- {
				if strings.ContainsRune(" /;,", rest[back-1]) {
					n = back
					break
				}
			}
		}

		if len(lines) == mostLines-1 && n < len(rest) {
			return append(lines, string(rest[:max(n-1, 0)])+"…")
		}
		lines = append(lines, string(rest[:n]))
		rest = rest[n:]
	}

	return lines
}
