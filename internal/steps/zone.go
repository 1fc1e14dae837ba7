package steps

// HasZone reports whether a layout of package time or of strftime says in which
// zone a time is: it has an offset, or the name of a zone. It is false for a text
// that is no layout.
func HasZone(text string) bool {
	l, problem := layoutOf(text)
	return problem == "" && l.offset
}
