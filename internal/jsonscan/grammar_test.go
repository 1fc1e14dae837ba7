package jsonscan_test

import (
	"encoding/json"
)

// grammar follows a JSON text byte by byte: the rules of RFC 8259 once more,
// as an automaton with a stack and without any notion of values.
type grammar struct {
	state byte   // see step
	word  string // rest of a literal
	hex   int    // digits of \u still to come
	name  bool   // the string is a member's name
	open  []byte // containers
}

// The states: v value, [ value or ], { name or }, n name, : colon, a after a
// value, s string, \ escape, u hex digits, l literal, - after the minus, 0
// after a leading zero, 1 digits, . after the point, f fraction, e after the
// e, E after its sign, x exponent.
func newGrammar() *grammar { return &grammar{state: 'v'} }

func (g *grammar) step(c byte) bool {
	digit := c >= '0' && c <= '9'
	space := c == ' ' || c == '\t' || c == '\n' || c == '\r'
	switch g.state {
	case 'v', '[':
		return space || g.value(c)
	case '{', 'n':
		switch {
		case c == '"':
			g.state, g.name = 's', true
		case c == '}' && g.state == '{':
			g.close()
		default:
			return space
		}
	case ':':
		if c == ':' {
			g.state = 'v'
			return true
		}
		return space
	case 'a':
		return space || g.after(c)
	case 's', '\\', 'u':
		return g.text(c)
	case 'l':
		if c != g.word[0] {
			return false
		}
		if g.word = g.word[1:]; g.word == "" {
			g.state = 'a'
		}
	case '-':
		if !digit {
			return false
		}
		g.state = '1'
		if c == '0' {
			g.state = '0'
		}
	case '0', '1', 'f', 'x':
		return g.number(c, digit, space)
	case '.', 'E':
		g.state = map[byte]byte{'.': 'f', 'E': 'x'}[g.state]
		return digit
	case 'e':
		g.state = 'x'
		if c == '+' || c == '-' {
			g.state = 'E'
			return true
		}
		return digit
	}
	return true
}

func (g *grammar) value(c byte) bool {
	words := map[byte]string{'t': "true"[1:], 'f': "false"[1:], 'n': "null"[1:]}
	switch {
	case c == ']' && g.state == '[':
		g.close()
	case c == '{' || c == '[':
		g.open = append(g.open, c)
		g.state = c
	case c == '"':
		g.state, g.name = 's', false
	case words[c] != "":
		g.state, g.word = 'l', words[c]
	case c == '-':
		g.state = '-'
	case c == '0':
		g.state = '0'
	case c >= '1' && c <= '9':
		g.state = '1'
	default:
		return false
	}
	return true
}

func (g *grammar) number(c byte, digit, space bool) bool {
	switch {
	case digit:
		return g.state != '0'
	case c == '.' && (g.state == '0' || g.state == '1'):
		g.state = '.'
		return true
	case (c == 'e' || c == 'E') && g.state != 'x':
		g.state = 'e'
		return true
	}
	g.state = 'a'
	return space || g.after(c)
}

func (g *grammar) text(c byte) bool {
	switch g.state {
	case '\\':
		g.state, g.hex = 's', 4
		if c == 'u' {
			g.state = 'u'
			return true
		}
		return c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f' || c == 'n' || c == 'r' || c == 't'
	case 'u':
		if g.hex--; g.hex == 0 {
			g.state = 's'
		}
		return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
	}
	switch {
	case c == '\\':
		g.state = '\\'
	case c == '"' && g.name:
		g.state = ':'
	case c == '"':
		g.state = 'a'
	}
	return c >= 0x20
}

func (g *grammar) after(c byte) bool {
	if len(g.open) == 0 {
		return false
	}
	inside := g.open[len(g.open)-1]
	switch {
	case c == ',' && inside == '{':
		g.state = 'n'
	case c == ',':
		g.state = 'v'
	case c == '}' && inside == '{' || c == ']' && inside == '[':
		g.close()
	default:
		return false
	}
	return true
}

func (g *grammar) close() {
	g.open = g.open[:len(g.open)-1]
	g.state = 'a'
}

// breaks returns the offset of the first byte that no JSON text can have
// after those before it, or the length of a text that is valid or was cut.
func breaks(text []byte) (offset int64, valid, cut bool) {
	g := newGrammar()
	for i, c := range text {
		if !g.step(c) {
			return int64(i), false, false
		}
	}
	valid = json.Valid(text)
	return int64(len(text)), valid, !valid
}
