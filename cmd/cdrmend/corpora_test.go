package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryFuzzTargetHasACorpusAndAnInvariant looks for fuzz targets in the
// sources: one whose seeds are missing, or in another folder than the fuzzer
// reads, would start from nothing and tell nobody.
func TestEveryFuzzTargetHasACorpusAndAnInvariant(t *testing.T) {
	const root = "../.."
	corpora, targets := map[string]bool{}, map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root:
			return filepath.SkipDir
		case entry.IsDir() && filepath.Base(filepath.Dir(path)) == "fuzz":
			corpora[path] = true
		case strings.HasSuffix(path, "_test.go"):
			return fuzzTargets(targets, path)
		}
		return nil
	})
	if err != nil || len(targets) == 0 {
		t.Fatalf("%d fuzz targets, %v", len(targets), err)
	}
	for corpus, invariant := range targets {
		if seeds, err := os.ReadDir(corpus); err != nil || len(seeds) == 0 {
			t.Errorf("%s has no seeds: commit some of what the fuzzer found interesting (%v)", corpus, err)
		}
		if invariant == "" {
			t.Errorf("%s: its target does not say what holds for every input", corpus)
		}
	}
	for corpus := range corpora {
		if _, ok := targets[corpus]; !ok {
			t.Errorf("%s has the seeds of no fuzz target", corpus)
		}
	}
}

// fuzzTargets notes the comment of each fuzz target of a file by the folder
// of its seeds.
func fuzzTargets(targets map[string]string, path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") {
			targets[filepath.Join(filepath.Dir(path), "testdata", "fuzz", f.Name.Name)] = f.Doc.Text()
		}
	}
	return nil
}
