package statement

import (
	"fmt"
	"strings"
	"sync"

	"cdrmend/internal/printable"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

// The fonts of a statement, embedded in it: Latin, Greek and Cyrillic letters.
var regular, bold = goregular.TTF, gobold.TTF

// glyphs returns a function that reports whether the fonts have a character.
var glyphs = sync.OnceValue(func() func(rune) bool {
	font, err := sfnt.Parse(regular)
	if err != nil {
		panic(err) // the font is part of the program
	}
	var b sfnt.Buffer
	return func(c rune) bool {
		i, err := font.GlyphIndex(&b, c)
		return err == nil && i != 0
	}
})

// shown returns a text with only characters that the fonts have. Others are
// replaced by their numbers, so that no two different texts look alike.
func shown(text string) string {
	has := glyphs()
	var b strings.Builder
	for _, c := range printable.Text(text) {
		if has(c) {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, "[U+%04X]", c)
		}
	}
	return b.String()
}
