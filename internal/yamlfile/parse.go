package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of what aliases of aliases can unfold to.
const (
	maxNodes = 100_000
	maxDepth = 100
)

var (
	plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	exponent = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$`)
)

// Parse reads the text of a file. The error is a syntax error; anything else
// that is wrong is kept as a problem.
func Parse(name string, text []byte) (*File, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s:%d:1: the line is not valid UTF-8", name, badLine(text))
	}

	// The parser would stop at a key that is given twice; mapping reports it.
	tree, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxError(name, err)
	}

	f := &File{name: name, places: map[string]place{}}
	r := &reader{file: f, anchors: map[string]ast.Node{}}
	for i, doc := range tree.Docs {
		if i > 0 && doc.Body != nil {
			f.Problem("", "the file holds more than one YAML document")
			break
		}
		f.root = r.value(doc.Body, "")
	}

	// What was not read would be said to be missing, each value by itself.
	if r.nodes > maxNodes {
		return nil, f.Err()
	}
	return f, nil
}

// badLine returns the number of the first line that is not valid UTF-8.
func badLine(text []byte) int {
	line := 1
	for l := range bytes.Lines(text) {
		if !utf8.Valid(l) {
			break
		}
		line++
	}
	return line
}

func syntaxError(name string, err error) error {
	var e yaml.Error
	if errors.As(err, &e) && e.GetToken() != nil && e.GetToken().Position != nil {
		p := e.GetToken().Position
		return fmt.Errorf("%s:%d:%d: %s", name, p.Line, p.Column, e.GetMessage())
	}
	return fmt.Errorf("%s: %w", name, err)
}

// reader turns the syntax tree into plain values and notes their places.
type reader struct {
	file    *File
	anchors map[string]ast.Node
	nodes   int
	depth   int
}

func (r *reader) value(n ast.Node, key string) any {
	// Beyond the bound nothing is read, and the first value there is reported.
	if r.nodes++; r.nodes > maxNodes {
		if r.nodes == maxNodes+1 {
			r.file.Problem(key, "the file holds more than %d values", maxNodes)
		}
		return nil
	}

	r.depth++
	defer func() { r.depth-- }()
	if r.depth > maxDepth {
		r.file.Problem(key, "stands more than %d levels deep", maxDepth)
		r.nodes = maxNodes + 1 // ends the reading without another report
		return nil
	}

	return r.unfold(n, key)
}

func (r *reader) unfold(n ast.Node, key string) any {
	switch n := n.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return nil
	case *ast.AnchorNode:
		// The anchor is set after its value was read: an alias in the value cannot
		// mean the value itself, which would unfold for ever.
		v := r.value(n.Value, key)
		r.anchors[n.Name.GetToken().Value] = n.Value
		return v
	case *ast.AliasNode:
		return r.alias(n, key)
	case ast.MapNode:
		return r.mapping(n, key)
	case *ast.SequenceNode:
		return r.sequence(n, key)
	case *ast.LiteralNode:
		return n.Value.Value
	case *ast.StringNode:
		return plain(n)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.(ast.ScalarNode).GetValue()
	default:
		r.file.Problem(key, "is written with %s, which has no meaning here", n.Type())
		return nil
	}
}

// plain returns a text, or the number that an unquoted text with an exponent
// is in YAML 1.2 although the parser does not know it.
func plain(n *ast.StringNode) any {
	if n.Token.Type == token.StringType && exponent.MatchString(n.Value) {
		if v, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return v
		}
	}
	return n.Value
}

func (r *reader) alias(n *ast.AliasNode, key string) any {
	name := n.Value.GetToken().Value
	target, ok := r.anchors[name]
	if !ok {
		r.file.Problem(key, "the alias *%s names no anchor before it", name)
		return nil
	}
	return r.value(target, key)
}

func (r *reader) mapping(n ast.MapNode, key string) any {
	values := map[string]any{}
	for it := n.MapRange(); it.Next(); {
		name := it.Key().GetToken().Value
		at := member(key, name)
		if _, ok := values[name]; ok { // the first one counts, and has the place of the key
			r.file.problems = append(r.file.problems, problem{positionOf(it.Key().GetToken()), at + ": is given twice"})
			continue
		}

		r.file.places[at] = positionOf(it.Key().GetToken())
		values[name] = r.value(it.Value(), at)
	}
	return values
}

func (r *reader) sequence(n *ast.SequenceNode, key string) any {
	values := []any{}
	for i, element := range n.Values {
		at := fmt.Sprintf("%s[%d]", key, i)
		if element != nil {
			r.file.places[at] = positionOf(first(element))
		}
		values = append(values, r.value(element, at))
	}

	return values
}

// first returns the token that an element begins with; that of a mapping is
// its first key, not its first colon.
func first(n ast.Node) *token.Token {
	if m, ok := n.(ast.MapNode); ok {
		if it := m.MapRange(); it.Next() {
			return it.Key().GetToken()
		}
	}
	return n.GetToken()
}

func positionOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{line: 1, column: 1}
	}
	return place{line: t.Position.Line, column: t.Position.Column}
}

// member returns the key of a mapping's member.
func member(key, name string) string {
	switch {
	case !plainKey.MatchString(name):
		return fmt.Sprintf("%s[%q]", key, name)
	case key == "":
		return name
	default:
		return key + "." + name
	}
}
