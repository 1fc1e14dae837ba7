package bag

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
)

// shape is a bag in memory: contents by path. It is a Tree.
type shape map[string]string

func (s shape) String() string { return "a shape" }

func (s shape) atOnce() int { return 2 }

func (s shape) members(context.Context) iter.Seq2[member, error] {
	return func(yield func(member, error) bool) {
		for _, path := range slices.Sorted(maps.Keys(s)) {
			m := member{path: path, size: int64(len(s[path])), open: func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(strings.NewReader(s[path])), nil
			}}
			if !yield(m, nil) {
				return
			}
		}
	}
}

// sum returns a checksum in hexadecimal digits.
func sum(algorithm, content string) string {
	h := algorithms[algorithm]()
	h.Write([]byte(content))
	return hex.EncodeToString(h.Sum(nil))
}

// manifested returns a manifest of the files of a shape that a function chooses.
func (s shape) manifested(algorithm, separator string, chosen func(path string) bool) string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(s)) {
		if chosen(path) {
			fmt.Fprintf(&b, "%s%s%s\n", sum(algorithm, s[path]), separator, path)
		}
	}
	return b.String()
}

func isPayload(path string) bool { return strings.HasPrefix(path, "data/") }

func isTag(path string) bool {
	return !isPayload(path) && !strings.HasPrefix(path, "tagmanifest-")
}

// bagged returns a bag of files with a declaration and payload manifests, to which tag
// manifests are added by sealed.
func bagged(version string, files shape, manifests ...string) shape {
	s := maps.Clone(files)
	s["bagit.txt"] = "BagIt-Version: " + version + "\nTag-File-Character-Encoding: UTF-8\n"
	for _, algorithm := range manifests {
		s["manifest-"+algorithm+".txt"] = s.manifested(algorithm, "  ", isPayload)
	}
	return s
}

// with returns a copy with other contents of some files, which are removed when empty.
func (s shape) with(pairs ...string) shape {
	c := maps.Clone(s)
	for i := 0; i < len(pairs); i += 2 {
		if c[pairs[i]] = pairs[i+1]; pairs[i+1] == "" {
			delete(c, pairs[i])
		}
	}
	return c
}

// sealed returns a copy with a tag manifest over all tag files.
func (s shape) sealed(algorithms ...string) shape {
	c := maps.Clone(s)
	for _, algorithm := range algorithms {
		c["tagmanifest-"+algorithm+".txt"] = s.manifested(algorithm, " ", isTag)
	}
	return c
}

// crlf returns a copy in which the lines of tag files end in CR and LF.
func (s shape) crlf() shape {
	c := maps.Clone(s)
	for path := range c {
		if !isPayload(path) {
			c[path] = strings.ReplaceAll(c[path], "\n", "\r\n")
		}
	}
	return c
}

func validated(t *testing.T, tree Tree) *Report {
	t.Helper()
	r, err := Validate(t.Context(), tree, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wantState fails when a bag is found to be something else, or when its problems or
// warnings do not hold a text.
func wantState(t *testing.T, tree Tree, want State, told string) {
	t.Helper()
	r := validated(t, tree)
	var all strings.Builder
	for _, list := range [][]Problem{r.Problems, r.Unchecked, r.Warnings} {
		for _, p := range list {
			fmt.Fprintln(&all, p)
		}
	}
	if r.State != want || !strings.Contains(all.String(), told) {
		t.Errorf("the bag is %s, want %s and %q to be told:\n%s\n%s", r.State, want, told, r.Text(), printed(tree))
	}
}

func printed(tree Tree) string {
	s, ok := tree.(shape)
	if !ok {
		return tree.String()
	}
	var b bytes.Buffer
	for _, path := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&b, "-- %s --\n%.2000q\n", path, s[path])
	}
	return b.String()
}
