package job_test

import (
	"path"
	"strings"

	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemaOf tells which schema a file of the output obeys, empty for none, and
// whether each of its lines does.
func schemaOf(name string) (schema string, lines bool) {
	switch base := path.Base(name); {
	case strings.Contains(name, "/manifests/"):
	case strings.Contains(name, "/rejects/"):
		return "reject", true
	case base == "run.json", base == "summary.json":
		return strings.TrimSuffix(base, ".json"), false
	case base == "inputs.jsonl":
		return "inputs", true
	case strings.Contains(name, "/log/") && path.Ext(base) == ".json":
		return "commit", false
	case strings.HasSuffix(name, ".blocks.json"):
		return "blocks", false
	case strings.Contains(name, "/evidence/") && path.Ext(base) == ".json":
		return "night", false
	case name == "output.json":
		return "output", false
	case strings.HasPrefix(name, "journal/"):
		return "journal", false
	}
	return "", false
}

// checkSchemas holds every JSON text that was written against its published
// schema.
func (n *night) checkSchemas() {
	n.t.Helper()
	seen := map[string]bool{}
	for name, text := range n.tree("out") {
		schema, lines := schemaOf(name)
		if schema == "" {
			continue
		}
		seen[schema] = true
		texts := []string{text}
		if lines {
			texts = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		}
		compiled := yamlfile.Schema(schema, manifests.Schema(schema))
		for _, text := range texts {
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			if err == nil {
				err = compiled.Validate(v)
			}
			if err != nil {
				n.t.Errorf("%s: %v\n%s", name, err, text)
			}
		}
	}
	for _, schema := range []string{"run", "summary", "inputs", "commit", "output", "journal", "night"} {
		if !seen[schema] {
			n.t.Errorf("nothing was written that obeys %s.schema.json", schema)
		}
	}
}
