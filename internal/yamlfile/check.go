package yamlfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Schema compiles a JSON Schema that is part of the program, and panics if it is
// wrong. The description of each of its values completes the sentence "want …".
func Schema(name string, text []byte) *jsonschema.Schema {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		panic(fmt.Sprintf("schema %s: %v", name, err))
	}

	// A name without a scheme would be taken for a file in the working directory, and
	// not be found when the path of that has a space.
	url := "urn:cdrmend:" + name
	c := jsonschema.NewCompiler()
	if err := c.AddResource(url, doc); err != nil {
		panic(fmt.Sprintf("schema %s: %v", name, err))
	}

	return c.MustCompile(url)
}

// Check notes every place where the file is not as the schema says. It removes
// values of a wrong kind, so that all others can still be decoded.
func (f *File) Check(s *jsonschema.Schema) {
	// An empty file lacks the required keys, too.
	if f.root == nil {
		f.root = map[string]any{}
	}

	var invalid *jsonschema.ValidationError
	if errors.As(s.Validate(f.root), &invalid) {
		f.violation(s, invalid)
	}
}

func (f *File) violation(s *jsonschema.Schema, v *jsonschema.ValidationError) {
	// A violation with causes says no more than that there are some.
	for _, cause := range v.Causes {
		f.violation(s, cause)
	}
	if len(v.Causes) > 0 {
		return
	}

	key, want := f.locate(v.InstanceLocation), locate(s, v.InstanceLocation)
	switch k := v.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			f.Problem(member(key, name), "unknown key, want one of %s", strings.Join(slices.Sorted(maps.Keys(asMapping(want).Properties)), " "))
		}
	case *kind.Required:
		for _, name := range k.Missing {
			f.Problem(member(key, name), "is missing, want %s", describe(resolve(asMapping(want).Properties[name])))
		}
	case *kind.MinItems, *kind.UniqueItems, *kind.MinProperties:
		f.Problem(key, "want %s", describe(want))
	default:
		f.Problem(key, "%s, want %s", f.spelled(v.InstanceLocation, want.WriteOnly), describe(want))
		f.remove(v.InstanceLocation)
	}
}

// locate returns the key of a location. Whether a token of it is an index or a
// name depends on the value there.
func (f *File) locate(location []string) string {
	key, at := "", f.root
	for _, token := range location {
		if list, ok := at.([]any); ok {
			i, _ := strconv.Atoi(token)
			key, at = fmt.Sprintf("%s[%d]", key, i), list[i]
			continue
		}
		key, at = member(key, token), at.(map[string]any)[token]
	}

	return key
}

// locate returns the part of the schema that governs a location.
func locate(s *jsonschema.Schema, location []string) *jsonschema.Schema {
	s = resolve(s)
	for _, token := range location {
		s = asMapping(s)
		next := cmp.Or(s.Properties[token], s.Items2020)
		if next == nil {
			return s
		}
		s = resolve(next)
	}

	return s
}

func resolve(s *jsonschema.Schema) *jsonschema.Schema {
	for s.Ref != nil {
		s = s.Ref
	}
	return s
}

// asMapping returns the schema of a value that is a mapping, where a schema allows
// a scalar as well: if the type is object, then this, else that.
func asMapping(s *jsonschema.Schema) *jsonschema.Schema {
	if s.Then != nil {
		return resolve(s.Then)
	}
	return s
}

func describe(s *jsonschema.Schema) string {
	if s.Enum == nil {
		return s.Description
	}

	var values []string
	for _, v := range s.Enum.Values {
		values = append(values, fmt.Sprint(v))
	}
	return "one of " + strings.Join(values, " ")
}

// spelled returns what a message says of the value at a location. It quotes the
// value unless it may be a secret.
func (f *File) spelled(location []string, secret bool) string {
	if secret {
		return "is not valid"
	}
	switch v := f.valueAt(location).(type) {
	case nil:
		return "is empty"
	case map[string]any:
		return "is a mapping"
	case []any:
		return "is a list"
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return "cannot be written"
		}
		return "is " + string(b)
	}
}

func (f *File) valueAt(location []string) any {
	at := f.root
	for _, token := range location {
		switch v := at.(type) {
		case map[string]any:
			at = v[token]
		case []any:
			i, _ := strconv.Atoi(token)
			at = v[i]
		}
	}

	return at
}

func (f *File) remove(location []string) {
	if len(location) == 0 {
		f.root = map[string]any{}
		return
	}

	// With null, Decode leaves the field as it is, and the other elements of a list
	// keep their numbers.
	last := location[len(location)-1]
	switch parent := f.valueAt(location[:len(location)-1]).(type) {
	case map[string]any:
		parent[last] = nil
	case []any:
		i, _ := strconv.Atoi(last)
		parent[i] = nil
	}
}
