package page

import "unicode/utf8"

// longestWhole is how many characters of an id a page shows without cutting it, and
// keptEnd how many of each end of a longer one.
const (
	longestWhole = 18
	keptEnd      = 7
)

// cutter cuts long ids in the middle. Ids that would look alike then are not cut.
type cutter map[string]string // the one id that is cut to a text; empty when several are

// see notes an id that is going to be shown.
func (c cutter) see(id string) {
	short := middleCut(id)
	if short == "" {
		return
	}
	if other, ok := c[short]; ok && other != id {
		id = ""
	}
	c[short] = id
}

// cut returns an id without its middle, empty when it is to be shown whole.
func (c cutter) cut(id string) string {
	if short := middleCut(id); short != "" && c[short] == id {
		return short
	}
	return ""
}

// middleCut is empty for an id that needs no cut.
func middleCut(id string) string {
	if utf8.RuneCountInString(id) <= longestWhole {
		return ""
	}
	runes := []rune(id)
	return string(runes[:keptEnd]) + "…" + string(runes[len(runes)-keptEnd:])
}
