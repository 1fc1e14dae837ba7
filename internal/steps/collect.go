package steps

import "cdrmend/internal/jsonscan"

// Collect returns the list of the values that names lead to from a value, where *
// stands for each element of a list. A name that an element does not have leads to
// nothing. Without any value the result is missing; a value that has no list where
// there is a * is unusable, unless one value stands for a list of one.
func (r *Run) Collect(v jsonscan.Value, names []string) jsonscan.Value {
	switch v.Kind {
	case jsonscan.Absent, jsonscan.Null:
		return v
	}

	ok := true
	found := 0
	list := r.own(func(b []byte) []byte {
		b = append(b, '[')
		ok = r.walk(v, names, func(v jsonscan.Value) {
			if found++; found > 1 {
				b = append(b, ',')
			}
			b = append(b, v.Raw...)
		})
		return append(b, ']')
	})

	switch {
	case !ok:
		return jsonscan.Value{Kind: jsonscan.Unusable, Raw: v.Raw}
	case found == 0:
		return jsonscan.Value{}
	}
	return jsonscan.Value{Kind: jsonscan.List, Raw: list}
}

// walk calls visit for the values that names lead to. It reports false for a value
// that should be a list and is none.
func (r *Run) walk(v jsonscan.Value, names []string, visit func(jsonscan.Value)) bool {
	switch {
	case v.Kind == jsonscan.Absent || v.Kind == jsonscan.Null:
		return true
	case len(names) == 0:
		visit(v)
		return true
	case names[0] != "*":
		return r.walk(v.Member(names[0]), names[1:], visit)
	case v.Kind != jsonscan.List && r.Lone:
		return r.walk(v, names[1:], visit)
	case v.Kind != jsonscan.List:
		return false
	}

	ok := true
	for element := range v.Elements {
		ok = r.walk(element, names[1:], visit) && ok
	}
	return ok
}
