package rows

// Values ranges over the values of an object in JSON Lines whose values may follow
// each other without a newline, and may have some inside, as Firehose delivers records
// that were put into it without a newline. Each is returned as a line. What begins with
// neither a brace nor a bracket is no record, and ends with its line.
//
// A value that never ends takes all that follows, so the object is cut in it. An error
// of the stream is the last element, after the value that it broke. So is that of a
// value which is longer than a record may be: it ends the object.
func (c *Chunk) Values(yield func(Line, error) bool) {
	w := &c.window
	line := Line{Index: c.row}
	var before []byte
	for {
		if before = c.space(before[:0]); len(w.Rest()) == 0 {
			break
		}

		line.Offset = w.Hold()
		whole := c.value()
		if over := w.Within(line.Offset); over != nil { // however much of it was in memory
			yield(Line{Offset: line.Offset}, over)
			return
		}
		line.Text, line.Before = w.Bytes(line.Offset, w.Offset()), before
		line.Broken = !whole && w.Err() != nil
		if !yield(line, nil) {
			return
		}
		line.Index++
		w.Release()
	}

	if err := w.Err(); err != nil {
		yield(Line{Offset: w.Offset()}, err)
	}
}

// space consumes white space, and appends the start of it to before.
func (c *Chunk) space(before []byte) []byte {
	for {
		b, ok := c.window.Peek()
		if !ok || b != ' ' && b != '\t' && b != '\n' && b != '\r' {
			return before
		}
		if len(before) < longestBefore {
			before = append(before, b)
		}
		c.window.Advance(1)
	}
}

// value consumes a value, and reports whether it ended before the stream. Only its end
// is looked for: whether it is valid is for the scanner of the line.
func (c *Chunk) value() (whole bool) {
	w := &c.window
	if b, _ := w.Peek(); b != '{' && b != '[' {
		return c.restOfLine()
	}

	depth, quoted, escaped := 0, false, false
	for {
		for i, b := range w.Rest() {
			switch {
			case escaped:
				escaped = false
			case quoted && b == '\\':
				escaped = true
			case b == '"':
				quoted = !quoted
			case quoted && b == '\n': // no text has one: the value is broken, and the next line is another one
				w.Advance(i)
				return true
			case quoted:
			case b == '{' || b == '[':
				depth++
			case b == '}' || b == ']':
				if depth--; depth == 0 {
					w.Advance(i + 1)
					return true
				}
			}
		}
		if w.Advance(len(w.Rest())); !w.Fill() {
			return false
		}
	}
}

// restOfLine consumes bytes up to a newline.
func (c *Chunk) restOfLine() (whole bool) {
	for {
		b, ok := c.window.Peek()
		if !ok || b == '\n' {
			return ok
		}
		c.window.Advance(1)
	}
}
