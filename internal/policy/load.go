package policy

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"cdrmend/internal/yamlfile"
	"cdrmend/manifests"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// envPrefix begins the names of all variables that are looked at.
const envPrefix = "CDRMEND_"

// reserved are the variables of commands, which set no key.
var reserved = []string{"CDRMEND_CONFIG", "CDRMEND_TOKEN"}

// pathKeys are the keys that hold paths. A path in the file is relative to the
// file, one from a variable or flag to the working directory.
var pathKeys = []string{
	"media.url", "metrics.textfile", "notify.key", "output.url", "policy.accepted", "policy.lines", "policy.names", "policy.token_keys", "report.pseudonym_key", "report.worklist", "scratch", "signing.key", "signing.keys",
}

var configSchema = sync.OnceValue(func() *jsonschema.Schema {
	return yamlfile.Schema("config", manifests.Schema("config"))
})

// Override is a value given by a flag. It takes precedence over the environment,
// which takes precedence over the file.
type Override struct {
	Flag  string // as the user writes it, for messages: --output
	Key   string // as in the file: output.url
	Value string
}

// Load reads the configuration file, and everything that it names except the
// sources. The environment is a list of name=value. All errors are returned,
// each with the line, or the variable or flag, and the key.
func Load(path string, env []string, over []Override) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	f, err := yamlfile.Parse(path, text)
	if err != nil {
		return nil, err
	}

	// The last one to set a key wins, and Check sees the values that count.
	applyEnv(f, env)
	for _, o := range over {
		set(f, o.Key, o.Value, o.Flag)
	}
	f.Check(configSchema())

	doc := defaults() // which Decode leaves where the file has no key
	if err := f.Decode(doc); err != nil {
		return nil, err
	}

	b := &builder{valueReader: valueReader{file: f, dir: filepath.Dir(path)}, doc: doc}
	b.config(path)
	if err := f.Err(); err != nil {
		return nil, err
	}

	// Keys are parsed only when everything else is sound. Their errors name the
	// key of the configuration, and no line.
	return &b.cfg, cmp.Or(b.cfg.Policy.parseKeys(), b.parseSigning())
}

// applyEnv sets the keys that variables name.
func applyEnv(f *yamlfile.File, env []string) {
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(reserved, name) {
			continue
		}

		key, ok := envKeys()[name]
		if !ok { // a misspelt name must not pass unnoticed
			f.Outside(name, "no key of the configuration has this name")
			continue
		}
		set(f, key, value, name)
	}
}

// set overrides a key by a text, which takes the type that the key has.
func set(f *yamlfile.File, key, text, origin string) {
	if slices.Contains(pathKeys, key) {
		text = fromHere(text)
	}

	// A text that is not of the type stays a text: Check reports it by its key.
	var value any = text
	switch types := scalars()[key]; {
	case slices.Contains(types, "string"):
	case slices.Contains(types, "integer"):
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			value = n
		}
	case slices.Contains(types, "number"):
		if n, err := strconv.ParseFloat(text, 64); err == nil && n-n == 0 { // JSON has no NaN and no infinity
			value = n
		}
	case slices.Contains(types, "boolean"):
		if text == "true" || text == "false" {
			value = text == "true"
		}
	}

	f.Set(key, value, origin)
}

// fromHere makes a path absolute, and leaves URLs alone.
func fromHere(path string) string {
	if path == "" || schemePattern.MatchString(path) {
		return path
	}
	whole, err := filepath.Abs(path)
	if err != nil {
		return path
	}

	if strings.HasSuffix(path, "/") { // which Abs removes
		return asDir(whole)
	}
	return whole
}

// scalars returns the types of every scalar key outside lists.
var scalars = sync.OnceValue(func() map[string][]string {
	all := map[string][]string{}
	collectScalars(configSchema(), "", all)
	return all
})

func collectScalars(s *jsonschema.Schema, key string, all map[string][]string) {
	for name, sub := range s.Properties {
		for sub.Ref != nil {
			sub = sub.Ref
		}
		at := strings.TrimPrefix(key+"."+name, ".")
		switch {
		case len(sub.Properties) > 0 && slices.Contains(sub.Types.ToStrings(), "string"): // a name, or one with settings
			all[at] = []string{"string"}
		case sub.Enum != nil: // all are of texts, and have no type
			all[at] = []string{"string"}
		case len(sub.Properties) > 0:
			collectScalars(sub, at, all)
		case !slices.Contains(sub.Types.ToStrings(), "array"):
			all[at] = sub.Types.ToStrings()
		}
	}
}

// envKeys returns the key that each variable sets.
var envKeys = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for key := range scalars() {
		all[EnvName(key)] = key
	}
	return all
})

// EnvName returns the variable that sets a key: CDRMEND_OUTPUT_URL for
// output.url.
func EnvName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}
