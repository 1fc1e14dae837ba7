package jsonscan

// A Cursor reads a JSON text once and descends only into the values that its user
// asks for. [Value.Members] and [Value.Elements] are simpler, but they scan
// everything below a value again at each level. The JSON must be valid, so most
// errors of the scanner are ignored.
type Cursor struct{ s Scanner }

// Reset places c before a value.
func (c *Cursor) Reset(v Value) { c.s.Reset(v.Raw, 0, &unlimited) }

// at reports whether the next value begins with this byte.
func (c *Cursor) at(first byte) bool {
	b, _ := c.s.Peek()
	return b == first
}

// Value returns the next value and moves past it.
func (c *Cursor) Value() Value {
	start := c.s.Offset()
	kind, _ := c.s.Value()
	return Value{kind, c.s.Bytes(start, c.s.Offset())}
}

// Members ranges over the names of the object at c, in order, repeated ones
// included. In the loop body c is at the member's value; a value that the body
// does not read is skipped.
func (c *Cursor) Members(yield func(name []byte) bool) {
	empty, _ := c.s.Enter('}')

	for more := !empty; more; {
		from, to, err := c.s.Name()
		// An invalid text ends the loop, which would run forever otherwise.
		if err != nil || !c.visit(func() bool { return yield(Value{String, c.s.Bytes(from, to)}.Text()) }) {
			return
		}
		more, _ = c.s.More('}')
	}
}

// Elements ranges over the list at c. In the loop body c is at an element; an
// element that the body does not read is skipped.
func (c *Cursor) Elements(yield func() bool) {
	empty, _ := c.s.Enter(']')

	for more := !empty; more; {
		if !c.visit(yield) {
			return
		}
		more, _ = c.s.More(']')
	}
}

// Objects ranges over the objects in the list at c. It yields nothing for any
// other value.
func (c *Cursor) Objects(yield func() bool) {
	if !c.at('[') {
		return
	}

	for range c.Elements {
		if c.at('{') && !yield() {
			return
		}
	}
}

// Strings ranges over the strings in the value at c, however deep they are. Names of
// members are none.
func (c *Cursor) Strings(yield func(Value) bool) { c.strings(yield) }

func (c *Cursor) strings(yield func(Value) bool) bool {
	switch {
	case c.at('{'):
		for range c.Members {
			if !c.strings(yield) {
				return false
			}
		}
		return true
	case c.at('['):
		for range c.Elements {
			if !c.strings(yield) {
				return false
			}
		}
		return true
	}
	v := c.Value()
	return v.Kind != String || yield(v)
}

// visit yields the value at c and skips it unless yield read it.
func (c *Cursor) visit(yield func() bool) bool {
	start := c.s.Offset()
	if !yield() {
		return false
	}

	// No value is empty, so one that yield read has moved the scanner.
	if c.s.Offset() > start {
		return true
	}
	_, err := c.s.Value()
	return err == nil
}
