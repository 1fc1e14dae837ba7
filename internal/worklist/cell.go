package worklist

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"cdrmend/internal/printable"
	"cdrmend/internal/wording"
)

// cellUnits is how many UTF-16 units a cell can hold.
const cellUnits = 32_767

// CellText returns a text in the form that a cell can hold. Invisible
// characters are escaped. A text that is too long is cut and ends in a note.
func CellText(v string) string {
	v = printable.Text(v)
	if len(v) <= cellUnits { // it has no more UTF-16 units than bytes
		return v
	}

	units := 0
	const note = 60 // units reserved for the note
	for i, c := range v {
		if units += utf16.RuneLen(c); units > cellUnits-note {
			return fmt.Sprintf("%s … (%s: see the tables)", v[:i], wording.Count(len(v)-i, "more byte"))
		}
	}

	return v
}

// InputText returns what people filled in as a cell shows it, with its line breaks.
func InputText(v string) string {
	lines := strings.Split(strings.ReplaceAll(v, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = printable.Text(lines[i])
	}
	v = strings.Join(lines, "\n")
	if len(v) > cellUnits {
		return CellText(v)
	}
	return v
}

// appendCell appends the content of a cell with a text that a cell can hold, in XML.
func appendCell(b []byte, v string) []byte {
	b = append(b, "<is><t"...)
	if strings.TrimSpace(v) != v || strings.Contains(v, "\n") {
		b = append(b, ` xml:space="preserve"`...)
	}
	b = append(b, '>')

	from := 0 // start of the part not copied yet
	for i := range len(v) {
		with := ""
		switch v[i] {
		case '&':
			with = "&amp;"
		case '<':
			with = "&lt;"
		case '>':
			with = "&gt;"
		case '_': // readers take _x0041_ for an A
			if escapes(v[i:]) {
				with = "_x005F_"
			}
		}
		if with != "" {
			b = append(append(b, v[from:i]...), with...)
			from = i + 1
		}
	}
	return append(append(b, v[from:]...), "</t></is>"...)
}

// escapes reports whether a text begins with an escaped character: _x, four
// hexadecimal digits and _.
func escapes(v string) bool {
	const length = len("_x0041_")
	return len(v) >= length && v[1] == 'x' && v[length-1] == '_' && strings.Trim(v[2:length-1], "0123456789abcdefABCDEF") == ""
}
