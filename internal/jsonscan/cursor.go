package jsonscan

// A Cursor goes through a JSON text once, and down only into the values that its
// user asks for. [Value.Members] and [Value.Elements] are simpler, but scan
// everything below a value again at each level. The JSON must be valid.
type Cursor struct{ s Scanner }

// Reset places c before a value.
func (c *Cursor) Reset(v Value) { c.s.Reset(v.Raw, 0, &unlimited) }

// at reports whether c stands before a value with this first byte.
func (c *Cursor) at(first byte) bool {
	b, _ := c.s.Peek()
	return b == first
}

// Value returns the value that c stands before, and passes over it.
func (c *Cursor) Value() Value {
	start := c.s.Offset()
	kind, _ := c.s.Value()
	return Value{kind, c.s.Bytes(start, c.s.Offset())}
}

// Members ranges over the names of the object that c stands before, in order,
// repeated ones included. Each time c stands before the member's value; what is
// left of it is passed over.
func (c *Cursor) Members(yield func(name []byte) bool) {
	empty, _ := c.s.Enter('}')
	for more := !empty; more; {
		from, to, err := c.s.Name()
		if err != nil || !c.visit(func() bool { return yield(Value{String, c.s.Bytes(from, to)}.Text()) }) {
			return
		}
		more, _ = c.s.More('}')
	}
}

// Elements goes through the list that c stands before. Each time c stands
// before an element; what is left of it is passed over.
func (c *Cursor) Elements(yield func() bool) {
	empty, _ := c.s.Enter(']')
	for more := !empty; more; {
		if !c.visit(yield) {
			return
		}
		more, _ = c.s.More(']')
	}
}

// Objects goes through the objects in the list that c stands before. Any other
// value has none.
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

// visit visits a value, and passes over it unless the visit did.
func (c *Cursor) visit(yield func() bool) bool {
	start := c.s.Offset()
	if !yield() {
		return false
	}
	if c.s.Offset() > start {
		return true
	}
	_, err := c.s.Value()
	return err == nil
}
