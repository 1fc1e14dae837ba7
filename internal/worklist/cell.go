package worklist

import (
	"fmt"
	"unicode/utf16"

	"cdrmend/internal/printable"

	"github.com/xuri/excelize/v2"
)

// cellText returns a text in the form that a cell can hold. Invisible
// characters are escaped. A text that is too long is cut and ends in a note.
func cellText(v string) string {
	v = printable.Text(v)
	if len(v) <= excelize.TotalCellChars { // it has no more UTF-16 units than bytes
		return v
	}

	units := 0
	const note = 60 // units reserved for the note
	for i, c := range v {
		if units += utf16.RuneLen(c); units > excelize.TotalCellChars-note {
			return fmt.Sprintf("%s … (%d more bytes: see the tables)", v[:i], len(v)-i)
		}
	}

	return v
}
