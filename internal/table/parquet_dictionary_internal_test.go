package table

import (
	"fmt"
	"testing"

	"cdrmend/internal/intern"
)

// A text has the same number however it is asked for, and however many there
// are; a row group knows nothing of the one before.
func TestADictionaryKnowsEachTextOnce(t *testing.T) {
	texts := intern.NewTable()
	row := NewRow(texts)
	var d dictionary
	for group, first := range []int{0, 500} {
		d.reset()
		for again := range 2 {
			for n := range 1000 {
				text := fmt.Sprint("text ", (first+n)%1000)
				row.Reset(Calls)
				row.AddSymbol(texts.OfString(text))
				for how, got := range []int32{d.symbol(row, 0), d.borrowed(text), d.number([]byte(text))} {
					if got != int32(n) || string(d.text(got)) != text {
						t.Fatalf("group %d, round %d, way %d: %q is number %d, want %d", group, again, how, text, got, n)
					}
				}
			}
		}
		if d.count() != 1000 {
			t.Errorf("%d texts, want 1000", d.count())
		}
	}
}
