package rows

import "cdrmend/internal/jsonscan"

// nesting finds records that stand in lists inside the elements of an object, as
// legs inside calls. Each record is a row; its fields may also read the objects
// around it. Rows have the place of the element that they stand in.
type nesting struct {
	reader *reader
	levels []level
	index  uint32 // of the next row
}

// level is one list on the way to the records.
type level struct {
	list  int             // path of the list in the object around it
	slots *jsonscan.Slots // of its elements
}

// newNesting compiles the places of lists, from the outside in.
func newNesting(r *reader, each []string) *nesting {
	n := &nesting{reader: r}
	for i, place := range each {
		n.levels = append(n.levels, level{list: r.mapping.pathsOf(len(each) - i).Add(place)})
	}
	for i := range n.levels {
		n.levels[i].slots = r.mapping.pathsOf(len(each) - i - 1).NewSlots()
	}
	return n
}

// rows visits the records inside an element. What is no object is a reject, and so
// is an element that has no list.
func (n *nesting) rows(whole Row) error {
	n.reader.mapping.outside = n.reader.mapping.outside[:0]
	n.reader.reading.Listed++
	err := n.descend(whole.element, 0)
	n.reader.reading.Used = max(n.reader.reading.Used, whole.Offset+int64(len(whole.Bytes)))
	return err
}

func (n *nesting) descend(e *jsonscan.Element, depth int) error {
	if depth == len(n.levels) {
		return n.row(e)
	}

	m := n.reader.mapping
	m.outside = append(m.outside, e)
	defer func() { m.outside = m.outside[:len(m.outside)-1] }()

	l := &n.levels[depth]
	list := e.Value(l.list)
	switch {
	case list.Kind == jsonscan.List:
	case m.Profile.IsMissing(list):
		return nil // an object without records
	case m.run.Lone:
		return n.element(e, list, depth)
	default:
		return n.reject(e, "has no list where its records should be")
	}

	for element := range list.Elements {
		if err := n.element(e, element, depth); err != nil {
			return err
		}
	}
	return nil
}

// element visits the records in an element of a list.
func (n *nesting) element(around *jsonscan.Element, v jsonscan.Value, depth int) error {
	inner, err := n.levels[depth].slots.ScanLine(n.index, around.Start, v.Raw, n.reader.mapping.Limits)
	switch {
	case err != nil:
		return n.reject(around, err.Error())
	case inner.Kind != jsonscan.Object && n.reader.mapping.run.Lone:
		return n.reject(inner, noElements)
	case inner.Kind != jsonscan.Object:
		return n.reject(inner, "not an object")
	}
	return n.descend(inner, depth+1)
}

func (n *nesting) row(e *jsonscan.Element) error {
	row := Row{Index: n.index, Offset: e.Start, Bytes: e.Raw(), element: e}
	n.index++
	return n.reader.row(row)
}

func (n *nesting) reject(e *jsonscan.Element, reason string) error {
	index := n.index
	n.index++
	return n.reader.reject(Reject{Row: int64(index), Offset: e.Start, Reason: reason, Bytes: e.Raw()})
}
