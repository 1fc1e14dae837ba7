// Package manifests holds the published contract: the built-in profiles, and
// the JSON Schemas of everything that cdrmend reads as configuration or
// writes as JSON.
package manifests

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed profiles/*.yaml profiles/examples/*.yaml profiles/README.md *.schema.json
var files embed.FS

// Profile returns the YAML of a built-in profile; false when there is none of
// that name.
func Profile(name string) ([]byte, bool) {
	if !slices.Contains(Profiles(), name) {
		return nil, false
	}
	return read("profiles/" + name + ".yaml"), true
}

// Profiles returns the names of the built-in profiles in byte order.
func Profiles() []string { return names("profiles/*.yaml", ".yaml") }

// Example returns the YAML of a configuration, with comments, that uses a built-in
// profile; false when there is none of that name.
func Example(name string) ([]byte, bool) {
	if !slices.Contains(Profiles(), name) {
		return nil, false
	}
	return read("profiles/examples/" + name + ".yaml"), true
}

// ProfileGuide returns the page about the built-in profiles, in Markdown.
func ProfileGuide() []byte { return read("profiles/README.md") }

// Schema returns one of the JSON Schemas (draft 2020-12). The name must be
// one of Schemas.
func Schema(name string) []byte { return read(name + ".schema.json") }

// Schemas returns the names of the schemas in byte order.
func Schemas() []string { return names("*.schema.json", ".schema.json") }

func read(name string) []byte {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("the program was built without %s: %v", name, err))
	}
	return b
}

func names(pattern, suffix string) []string {
	found, err := fs.Glob(files, pattern)
	if err != nil {
		panic(fmt.Sprintf("pattern %q: %v", pattern, err))
	}
	for i, name := range found {
		found[i] = strings.TrimSuffix(path.Base(name), suffix)
	}
	slices.Sort(found) // names with the suffix sort otherwise: a-b.yaml is before a.yaml
	return found
}
