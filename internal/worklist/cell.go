package worklist

import (
	"fmt"
	"unicode/utf16"

	"cdrmend/internal/printable"

	"github.com/xuri/excelize/v2"
)

// cellText returns a text as a cell can hold it: what would not be seen is
// escaped, and what is too long is cut, which the cell says.
func cellText(v string) string {
	v = printable.Text(v)
	if len(v) <= excelize.TotalCellChars {
		return v
	}
	units := 0
	const note = 60 // room for the note
	for i, c := range v {
		if units += utf16.RuneLen(c); units > excelize.TotalCellChars-note {
			return fmt.Sprintf("%s … (%d more bytes: see the tables)", v[:i], len(v)-i)
		}
	}
	return v
}
