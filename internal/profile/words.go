package profile

import "strings"

// Words is a set of texts. It is asked about nearly every value that is read, so that
// texts of a length that no word has are not looked up. The zero value is empty.
type Words struct {
	words   map[string]bool
	lengths uint64 // bit n: a word has n bytes; the last bit: 63 or more
}

// NewWords returns the set of some texts, without the white space around them, as
// values are before they are looked up.
func NewWords(texts ...string) Words {
	w := Words{words: make(map[string]bool, len(texts))}
	for _, text := range texts {
		text = strings.TrimSpace(text)
		w.words[text] = true
		w.lengths |= lengthBit(len(text))
	}
	return w
}

// Has reports whether a text is one of the words.
func (w *Words) Has(text []byte) bool {
	return w.lengths&lengthBit(len(text)) != 0 && w.words[string(text)]
}

func lengthBit(n int) uint64 { return 1 << min(n, 63) }
