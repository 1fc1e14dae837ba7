package profile

import (
	"fmt"
	"regexp/syntax"
	"slices"
)

// cannotMatch says why a regular expression, or one of its groups, can never take
// part in a match; empty when nothing shows that. It understands nothing but what
// stands in the wrong order: an anchor amid characters, and what is repeated 0
// times.
func cannotMatch(text string) string {
	re, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return "" // loading reports it
	}
	if name := twice(re.CapNames()); name != "" {
		return groupTwice(name)
	}
	if never(re) {
		return fmt.Sprintf("%s never matches: want no ^ after characters, and no $ before some", text)
	}
	return deadGroup(re)
}

// deadGroup names a group that no match uses.
func deadGroup(re *syntax.Regexp) string {
	if name := "a group"; re.Op == syntax.OpCapture && never(re.Sub[0]) {
		if re.Name != "" {
			name = "the group " + re.Name
		}
		return name + " never takes part in a match; want a pattern that matches the characters of its value"
	}
	if re.Op == syntax.OpRepeat && re.Max == 0 {
		for _, name := range re.CapNames() {
			if name != "" {
				return "the group " + name + " is repeated 0 times; want 1"
			}
		}
	}
	for _, sub := range re.Sub {
		if why := deadGroup(sub); why != "" {
			return why
		}
	}
	return ""
}

// never reports whether a part of a pattern can be seen to match nothing.
func never(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpNoMatch:
		return true
	case syntax.OpCharClass:
		return len(re.Rune) == 0
	case syntax.OpCapture, syntax.OpPlus:
		return never(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min > 0 && never(re.Sub[0])
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !never(sub) })
	case syntax.OpConcat:
		return neverInOrder(re.Sub)
	}
	return false
}

// neverInOrder reports whether parts cannot follow each other.
func neverInOrder(parts []*syntax.Regexp) bool {
	eaten, ended := false, false
	for _, part := range parts {
		first, last := inner(part, 0), inner(part, -1)
		switch {
		case never(part), first.Op == syntax.OpBeginText && eaten, ended && eats(part):
			return true
		}
		eaten = eaten || eats(part)
		ended = ended || last.Op == syntax.OpEndText
	}
	return false
}

// inner returns the first or, for -1, the last part of groups and sequences.
func inner(re *syntax.Regexp, end int) *syntax.Regexp {
	for re.Op == syntax.OpCapture || re.Op == syntax.OpConcat {
		if end < 0 {
			re = re.Sub[len(re.Sub)-1]
		} else {
			re = re.Sub[0]
		}
	}
	return re
}

// eats reports whether a part needs at least one character.
func eats(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return true
	case syntax.OpCapture, syntax.OpPlus:
		return eats(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min > 0 && eats(re.Sub[0])
	case syntax.OpConcat:
		return slices.ContainsFunc(re.Sub, eats)
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !eats(sub) })
	}
	return false
}

// covers reports whether a pattern can be seen to match wherever another one does:
// its parts stand among those of the other, one after the other. A pattern that is not
// valid has none.
func covers(few, many []string) bool {
	if few == nil || many == nil {
		return false
	}

	// What may be empty at the ends of the wider pattern asks for nothing.
	free := func(part string) bool {
		return slices.Contains([]string{"(?-s:.*)", "(?s:.*)", "(?-s:.*?)", "(?s:.*?)", "(?:)"}, part)
	}
	if n := len(few); n > 1 && (few[n-1] == `\z` || few[n-1] == `(?-m:$)`) && free(few[n-2]) {
		few = few[:n-1] // the last character ends every line
	}
	for len(few) > 0 && free(few[len(few)-1]) {
		few = few[:len(few)-1]
	}
	if len(few) > 0 && few[0] == `\A` && (len(few) == 1 || free(few[1])) {
		few = few[1:] // the first character begins every line
	}
	for len(few) > 0 && free(few[0]) {
		few = few[1:]
	}

	for i := 0; i+len(few) <= len(many); i++ {
		if slices.Equal(few, many[i:i+len(few)]) {
			return true
		}
	}
	return false
}

// partsOf returns the parts that follow each other in a pattern, without groups and
// with each literal character by itself; nil when the pattern is not valid.
func partsOf(pattern string) []string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil // loading reports it
	}
	return addParts([]string{}, re)
}

// addParts appends the parts of a pattern.
func addParts(parts []string, re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpCapture:
		return addParts(parts, re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			parts = addParts(parts, sub)
		}
		return parts
	case syntax.OpLiteral:
		for _, c := range re.Rune {
			parts = append(parts, (&syntax.Regexp{Op: syntax.OpLiteral, Flags: re.Flags, Rune: []rune{c}}).String())
		}
		return parts
	}
	return append(parts, plain(re).String())
}

// plain returns a pattern without its groups, which do not change what it matches.
func plain(re *syntax.Regexp) *syntax.Regexp {
	if re.Op == syntax.OpCapture {
		return plain(re.Sub[0])
	}
	if len(re.Sub) == 0 {
		return re
	}
	c := *re
	c.Sub = nil
	for _, sub := range re.Sub {
		c.Sub = append(c.Sub, plain(sub))
	}
	return &c
}
