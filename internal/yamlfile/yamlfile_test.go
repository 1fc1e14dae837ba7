package yamlfile_test

import (
	"strings"
	"testing"

	"cdrmend/internal/yamlfile"

	"github.com/google/go-cmp/cmp"
)

const schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object", "description": "a file", "additionalProperties": false, "required": ["name"],
  "properties": {
    "name": {"type": "string", "description": "a name"},
    "list": {"type": "array", "description": "a list", "items": {"$ref": "#/$defs/item"}},
    "share": {"type": "number", "description": "a share"},
    "secret": {"type": "string", "pattern": "^s", "writeOnly": true, "description": "a secret"}
  },
  "$defs": {"item": {"type": "object", "description": "an item", "additionalProperties": false, "properties": {"kind": {"enum": ["a", "b"]}}}}
}`

type file struct {
	Name  string              `json:"name"`
	List  []map[string]string `json:"list"`
	Share float64             `json:"share"`
}

// check parses and checks a text, and returns what was decoded and the lines
// of the error.
func check(t *testing.T, text string) (file, []string) {
	t.Helper()
	f, err := yamlfile.Parse("f.yaml", []byte(text))
	if err != nil {
		return file{}, []string{err.Error()}
	}
	f.Check(yamlfile.Schema("test", []byte(schema)))
	var into file
	if err := f.Decode(&into); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := f.Err(); err != nil {
		return into, strings.Split(err.Error(), "\n")
	}
	return into, nil
}

func TestProblemsNameLineColumnAndKey(t *testing.T) {
	for text, want := range map[string][]string{
		"name: x\nlist:\n  - kind: c\n":      {`f.yaml:3:5: list[0].kind: is "c", want one of a b`},
		"name: x\nlist: [{kind: a}, {k: a}]": {`f.yaml:2:20: list[1].k: unknown key, want one of kind`},
		"name: x\n\"a b\": 1\n":              {`f.yaml:2:1: ["a b"]: unknown key, want one of list name secret share`},
		"list: 1\n": {
			"f.yaml:1:1: name: is missing, want a name",
			"f.yaml:1:1: list: is 1, want a list",
		},
		"":                             {"f.yaml:1:1: name: is missing, want a name"},
		"# nothing\n":                  {"f.yaml:1:1: name: is missing, want a name"},
		"[a]":                          {"f.yaml:1:1: is a list, want a file"},
		"name: x\nsecret: password":    {"f.yaml:2:1: secret: is not valid, want a secret"},
		"name: x\nname: y":             {"f.yaml:2:1: name: is given twice"},
		"name: *x\n":                   {"f.yaml:1:1: name: the alias *x names no anchor before it", "f.yaml:1:1: name: is empty, want a name"},
		"name: x\nshare: .nan\n":       {"f.yaml:2:1: share: is written with Nan, which has no meaning here", "f.yaml:2:1: share: is empty, want a share"},
		"name: x\nshare: '1e-4'\n":     {`f.yaml:2:1: share: is "1e-4", want a share`},
		"name: x\nshare: 1.5e999\n":    {`f.yaml:2:1: share: is "1.5e999", want a share`},
		"name: x\n\xff: y\n":           {"f.yaml:2:1: the line is not valid UTF-8"},
		"name: x\n---\nname: y\n":      {"f.yaml:1:1: the file holds more than one YAML document"},
		"name: [a\n":                   {"f.yaml:1:7: sequence end token ']' not found"},
		strings.Repeat("[", 200) + "1": nil,
	} {
		_, got := check(t, text)
		if want == nil && got != nil {
			continue // any error will do
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestWhatIsRightIsDecodedBesideWhatIsWrong(t *testing.T) {
	got, problems := check(t, "name: 5\nlist: [{kind: a}, {kind: z}, 7]\nshare: 1e-1\n")
	want := file{List: []map[string]string{{"kind": "a"}, {"kind": ""}, nil}, Share: 0.1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(problems) != 3 {
		t.Errorf("got %q, want three problems", problems)
	}
}

func TestValuesAreWhatYAMLSays(t *testing.T) {
	for text, want := range map[string]file{
		"\ufeffname: x":                              {Name: "x"},
		"name: \"\\u00fc \\\"q\\\"\"":                {Name: `ü "q"`},
		"name: |\n  a\n  b\n":                        {Name: "a\nb\n"},
		"{\"name\": \"x\", \"share\": 0.5}":          {Name: "x", Share: 0.5},
		"name: &n x\nlist: [&i {kind: b}, *i]\n":     {Name: "x", List: []map[string]string{{"kind": "b"}, {"kind": "b"}}},
		"name: x # why\nlist: []\nshare: 1\n...\n":   {Name: "x", List: []map[string]string{}, Share: 1},
		"name: 'yes'\nshare: 1E-4\nlist:\n- kind: a": {Name: "yes", Share: 0.0001, List: []map[string]string{{"kind": "a"}}},
	} {
		got, problems := check(t, text)
		if diff := cmp.Diff(want, got); diff != "" || problems != nil {
			t.Errorf("%q: %q (-want +got):\n%s", text, problems, diff)
		}
	}
}

func TestTooManyValuesAreOneProblem(t *testing.T) {
	_, got := check(t, "name: x\nlist:\n"+strings.Repeat("- {kind: b}\n", 60_000))
	if len(got) != 1 || !strings.Contains(got[0], "the file holds more than 100000 values") {
		t.Errorf("got %d problems, %.200q", len(got), got)
	}
}

func TestAliasesUnfoldOnlySoFar(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'j'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 10), ", ") + "]\n"
	}
	for _, text := range []string{bomb, "a: &x [*x]\nb: *x\n", strings.Repeat("[", 1000) + strings.Repeat("]", 1000)} {
		if _, problems := check(t, text); len(problems) == 0 {
			t.Errorf("%.60q was accepted", text)
		}
	}
}

func TestOverridesCountMoreThanTheFile(t *testing.T) {
	f, err := yamlfile.Parse("f.yaml", []byte("name: x\nshare: many\n"))
	if err != nil {
		t.Fatal(err)
	}
	f.Set("name", "y", "--name")
	f.Set("share", 2.0, "SHARE")
	f.Set("name.of", "z", "--deep")
	f.Check(yamlfile.Schema("test", []byte(schema)))
	var got file
	if err := f.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(file{Name: "y", Share: 2}, got); diff != "" || f.Err() != nil {
		t.Errorf("%v (-want +got):\n%s", f.Err(), diff)
	}
	f.Problem("name", "is bad")
	f.Outside("OTHER", "is worse")
	want := "--name: name: is bad\nOTHER: is worse"
	if got := f.Err().Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMarshalledTextsStayTexts(t *testing.T) {
	type value struct {
		Name string            `json:"name"`
		List []string          `json:"list"`
		Text yamlfile.Scalar   `json:"text"`
		Map  map[string]string `json:"map,omitempty"`
		N    float64           `json:"n"`
	}
	for _, text := range []string{"", "1e3", "null", "~", "yes", "a: b", "- x", "\"", "'", "\\", "ü\u2028\t\n x", "#", "&a", "*a", "{", "0x1F", "2026-11-20", "é😀"} {
		want := value{Name: text, List: []string{text, "x"}, Text: yamlfile.Scalar(text), N: 1e-7}
		b, err := yamlfile.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		f, err := yamlfile.Parse("f.yaml", b)
		if err != nil {
			t.Errorf("%q: %v\n%s", text, err, b)
			continue
		}
		var got value
		if err := f.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s\n%s", text, diff, b)
		}
	}
}
