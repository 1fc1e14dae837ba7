// Command hclread reads files of Terraform. It is no Terraform: it knows no provider, and
// computes only locals and outputs of a folder without resources.
//
//	hclread check FILE...           names files that do not parse or are not formatted
//	hclread outputs DIR <VARIABLES  prints the outputs as JSON, of variables as JSON
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "hclread:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) > 1 && args[0] == "check":
		return check(args[1:])
	case len(args) == 2 && args[0] == "outputs":
		return outputs(args[1])
	}
	return errors.New("usage: hclread check FILE... | hclread outputs DIR")
}

func check(files []string) error {
	var problems []error
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if _, err := parse(file, text); err != nil {
			problems = append(problems, err)
		} else if !bytes.Equal(text, hclwrite.Format(text)) {
			problems = append(problems, fmt.Errorf("%s is not formatted as terraform fmt does", file))
		}
	}
	return errors.Join(problems...)
}

func parse(file string, text []byte) (*hclsyntax.Body, error) {
	f, diagnostics := hclparse.NewParser().ParseHCL(text, file)
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	return f.Body.(*hclsyntax.Body), nil
}

// module is what is computed of a folder.
type module struct {
	dir      string
	inputs   map[string]cty.Value
	locals   map[string]hclsyntax.Expression
	computed map[string]cty.Value
}

func outputs(dir string) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var given ctyjson.SimpleJSONValue
	if err := given.UnmarshalJSON(text); err != nil {
		return err
	}

	m := &module{dir, map[string]cty.Value{}, map[string]hclsyntax.Expression{}, map[string]cty.Value{}}
	wanted := map[string]hclsyntax.Expression{}
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := m.read(file, given.Value, wanted); err != nil {
			return err
		}
	}

	result := map[string]json.RawMessage{}
	for name, expression := range wanted {
		v, err := m.compute(expression)
		if err != nil {
			return fmt.Errorf("output %s: %w", name, err)
		}
		if result[name], err = ctyjson.Marshal(v, v.Type()); err != nil {
			return fmt.Errorf("output %s: %w", name, err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// read adds what a file declares. A variable that nobody gives, and one that is given and
// not declared, is an error, as Terraform has it.
func (m *module) read(file string, given cty.Value, wanted map[string]hclsyntax.Expression) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	body, err := parse(file, text)
	if err != nil {
		return err
	}
	for _, block := range body.Blocks {
		switch block.Type {
		case "variable":
			name := block.Labels[0]
			if !given.Type().HasAttribute(name) {
				return fmt.Errorf("%s: variable %s is not given", file, name)
			}
			m.inputs[name] = given.GetAttr(name)
		case "locals":
			for name, a := range block.Body.Attributes {
				m.locals[name] = a.Expr
			}
		case "output":
			wanted[block.Labels[0]] = block.Body.Attributes["value"].Expr
		default:
			return fmt.Errorf("%s: a block %s cannot be computed here", file, block.Type)
		}
	}
	return nil
}

// compute computes first what the expression refers to.
func (m *module) compute(expression hclsyntax.Expression) (cty.Value, error) {
	for _, v := range expression.Variables() {
		if v.RootName() != "local" || len(v) < 2 {
			continue
		}
		name := v[1].(hcl.TraverseAttr).Name
		if _, done := m.computed[name]; done {
			continue
		}
		local, ok := m.locals[name]
		if !ok {
			return cty.NilVal, fmt.Errorf("there is no local.%s", name)
		}
		value, err := m.compute(local)
		if err != nil {
			return cty.NilVal, fmt.Errorf("local.%s: %w", name, err)
		}
		m.computed[name] = value
	}

	value, diagnostics := expression.Value(&hcl.EvalContext{
		Variables: map[string]cty.Value{
			"var": cty.ObjectVal(m.inputs), "local": cty.ObjectVal(m.computed),
			"path": cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(m.dir)}),
		},
		Functions: map[string]function.Function{
			"concat": stdlib.ConcatFunc, "distinct": distinct, "file": file, "jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,
			"length": stdlib.LengthFunc, "merge": stdlib.MergeFunc, "replace": stdlib.ReplaceFunc, "split": stdlib.SplitFunc,
		},
	})
	if diagnostics.HasErrors() {
		return cty.NilVal, diagnostics
	}
	return value, nil
}

// distinct takes tuples of texts, too, as Terraform's own does.
var distinct = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.List(cty.String)}},
	Type:   function.StaticReturnType(cty.List(cty.String)),
	Impl:   func(args []cty.Value, _ cty.Type) (cty.Value, error) { return stdlib.Distinct(args[0]) },
})

var file = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "path", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		text, err := os.ReadFile(args[0].AsString())
		return cty.StringVal(string(text)), err
	},
})
