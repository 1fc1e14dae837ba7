// Package yamlfile reads a YAML file whose shape is stated by a JSON Schema.
// It collects everything that is wrong with it, and names the line, the column
// and the key of each problem.
package yamlfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// File is one parsed file. Keys are written like sources.cdrs[0].url; the
// empty key is the whole file.
type File struct {
	name     string
	root     any // map[string]any, []any, string, bool, int64, uint64, float64 or nil
	places   map[string]place
	problems []problem
}

// place is where a key is given: in the file, or by a variable or flag that
// overrides it.
type place struct {
	line, column int
	origin       string
}

type problem struct {
	at   place
	text string
}

// Set overrides the scalar at a key of nested mappings. Messages name the origin,
// a variable or flag, instead of the file.
func (f *File) Set(key string, value any, origin string) {
	f.places[key] = place{origin: origin}

	// Where the file has something else instead of a mapping, Check reports that.
	at, ok := f.root.(map[string]any)
	if !ok {
		if f.root != nil {
			return
		}
		at = map[string]any{}
		f.root = at
	}

	parents := strings.Split(key, ".")
	name := parents[len(parents)-1]
	for _, parent := range parents[:len(parents)-1] {
		if at[parent] == nil {
			at[parent] = map[string]any{}
		}
		if at, ok = at[parent].(map[string]any); !ok {
			return
		}
	}
	at[name] = value
}

// Problem notes that something is wrong with a key. A key that is absent has the
// place of its nearest parent.
func (f *File) Problem(key, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if key != "" {
		text = key + ": " + text
	}
	f.problems = append(f.problems, problem{f.placeOf(key), text})
}

// Place returns where a key got its value, for messages about another key: a line of
// the file, or a variable or flag.
func (f *File) Place(key string) string {
	p := f.placeOf(key)
	if p.origin != "" {
		return p.origin
	}
	return fmt.Sprintf("line %d", p.line)
}

// Names reports whether the file has a key, also one whose value is not valid.
func (f *File) Names(key string) bool {
	_, ok := f.places[key]
	return ok
}

// Outside notes a problem of a variable or flag that belongs to no key.
func (f *File) Outside(origin, format string, args ...any) {
	f.problems = append(f.problems, problem{place{origin: origin}, fmt.Sprintf(format, args...)})
}

func (f *File) placeOf(key string) place {
	for ; key != ""; key = parentOf(key) {
		if p, ok := f.places[key]; ok {
			return p
		}
	}
	return place{line: 1, column: 1}
}

// parentOf cuts the last element of a key.
func parentOf(key string) string {
	return key[:max(0, strings.LastIndexAny(key, ".["))]
}

// Err returns all problems in the order of the file, those of variables and
// flags first; nil when there is none.
func (f *File) Err() error {
	// Stable: problems of one place keep the order in which they were found.
	slices.SortStableFunc(f.problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.column, b.at.column), cmp.Compare(a.at.origin, b.at.origin))
	})

	var all []error
	for _, p := range f.problems {
		where := p.at.origin
		if where == "" {
			where = fmt.Sprintf("%s:%d:%d", f.name, p.at.line, p.at.column)
		}
		all = append(all, fmt.Errorf("%s: %s", where, p.text))
	}
	return errors.Join(all...)
}

// Decode stores the values in a struct with json tags. What Check found wrong
// leaves the struct as it is.
func (f *File) Decode(into any) error {
	b, err := json.Marshal(f.root)
	if err != nil {
		return fmt.Errorf("decoding %q: %w", f.name, err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("decoding %q: %w", f.name, err)
	}
	return nil
}

// Scalar is a text that may be written as a number.
type Scalar string

// UnmarshalJSON keeps a number as it is spelled.
func (s *Scalar) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] != '"' {
		if string(b) != "null" {
			*s = Scalar(b)
		}
		return nil
	}
	return json.Unmarshal(b, (*string)(s))
}

// Marshal writes a struct with json tags as YAML, in the order of its fields.
// All texts are quoted, so that no reader takes one for a number.
func Marshal(v any) ([]byte, error) {
	return yaml.MarshalWithOptions(v, yaml.IndentSequence(true), yaml.CustomMarshaler(quote[string]), yaml.CustomMarshaler(quote[Scalar]))
}

func quote[T ~string](text T) ([]byte, error) {
	var b bytes.Buffer // a string of JSON is one of YAML, too
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(string(text))
	return bytes.TrimSpace(b.Bytes()), err
}
