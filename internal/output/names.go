package output

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"cdrmend/internal/intake"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
)

// names gives the paths of repaired documents and of rejects, which are named
// after the keys of their objects. They depend on the keys alone, so that every
// run chooses the same paths.
type names struct {
	documents map[uint32]string // by object, only where the key itself cannot be used
	rejects   map[uint32]string // likewise
	renamed   []ledger.Renamed
}

// rejectSuffix ends the names of files with rejects.
const rejectSuffix = ".jsonl"

// The limits of a key that an output can hold.
const (
	maxKey     = 900
	maxElement = 255
)

func nameOutputs(in *intake.Inputs) *names {
	n := &names{documents: map[uint32]string{}, rejects: map[uint32]string{}}
	documents := func(o *intake.Object) bool { return o.Document && in.Sources[o.Source].Kind == policy.Manifests }
	rejects := func(o *intake.Object) bool { return o.Document && (!o.Virtual || o.Made) }
	n.rename(in, "manifests", func(o *intake.Object) string { return madeSuffix(in, o) }, documents, n.documents)
	n.rename(in, "rejects", func(*intake.Object) string { return rejectSuffix }, rejects, n.rejects)
	return n
}

// rename finds other paths for files in a folder that the output cannot hold
// under the keys of their objects. Each object that counts has one file.
func (n *names) rename(in *intake.Inputs, folder string, suffixOf func(*intake.Object) string, counts func(*intake.Object) bool, paths map[uint32]string) {
	parents := foldersLikeFiles(in, suffixOf, counts)
	for i := range in.Objects {
		o := &in.Objects[i]
		if !counts(o) {
			continue
		}
		source, suffix := in.Sources[o.Source].Name, suffixOf(o)
		if holdable(o.Key+suffix) && !parents[place{o.Source, o.Key + suffix}] {
			continue
		}

		sum := sha256.Sum256([]byte(o.Key))
		paths[uint32(i)] = folder + "/" + source + "/" + renamedPrefix + hex.EncodeToString(sum[:]) + suffix
		n.renamed = append(n.renamed, ledger.Renamed{Source: source, Key: o.Key, Path: paths[uint32(i)]})
	}
}

// place is a path within a source.
type place struct {
	source uint32
	path   string
}

// foldersLikeFiles returns the folders of files that may have the name of another file,
// which no directory can hold. Only folders whose names are as long as that of a file are
// kept: there may be as many folders as files.
func foldersLikeFiles(in *intake.Inputs, suffixOf func(*intake.Object) string, counts func(*intake.Object) bool) map[place]bool {
	var long [maxKey + 1]bool // by length: whether a file has such a name
	for i := range in.Objects {
		if o := &in.Objects[i]; counts(o) {
			if n := len(o.Key) + len(suffixOf(o)); n <= maxKey { // a longer one is renamed anyway
				long[n] = true
			}
		}
	}

	parents := map[place]bool{}
	for i := range in.Objects {
		o := &in.Objects[i]
		if !counts(o) {
			continue
		}
		for at := strings.LastIndexByte(o.Key, '/'); at >= 0; at = strings.LastIndexByte(o.Key[:at], '/') {
			if at <= maxKey && long[at] {
				parents[place{o.Source, o.Key[:at]}] = true
			}
		}
	}
	return parents
}

// holdable reports whether a key can be part of a path in the output. It refuses
// what some output cannot hold, and names that another file of the run may have,
// so that no choice of keys makes two files collide.
func holdable(key string) bool {
	if len(key) > maxKey || !utf8.ValidString(key) || strings.ContainsFunc(key, func(c rune) bool { return c < 0x20 || c == 0x7f }) {
		return false
	}

	for element := range strings.SplitSeq(key, "/") {
		if element == "" || element == "." || element == ".." || len(element) > maxElement || object.Temporary(element) {
			return false
		}
	}
	return !reserved.MatchString(key)
}

// renamedPrefix begins the names of files that cannot have the names of their
// keys. Keys at or below such a name are renamed, too.
const renamedPrefix = "~"

var reserved = regexp.MustCompile("^" + renamedPrefix + "[0-9a-f]{64}(" + regexp.QuoteMeta(rejectSuffix) + ")?(/|$)")

// madeSuffix returns what follows the key of a document in the name of one that is
// written in another format: XML is written as JSON.
func madeSuffix(in *intake.Inputs, o *intake.Object) string {
	if slices.Contains(in.Sources[o.Source].Profile.Formats, profile.XML) {
		return profile.MadeSuffix
	}
	return ""
}

// document returns the path of a repaired document below the run's folder.
func (n *names) document(in *intake.Inputs, object uint32) string {
	o := &in.Objects[object]
	return cmp.Or(n.documents[object], "manifests/"+in.Sources[o.Source].Name+"/"+o.Key+madeSuffix(in, o))
}

// reject returns the path of the rejects of an input.
func (n *names) reject(in *intake.Inputs, object uint32) string {
	o := &in.Objects[object]
	return cmp.Or(n.rejects[object], "rejects/"+in.Sources[o.Source].Name+"/"+o.Key+rejectSuffix)
}
