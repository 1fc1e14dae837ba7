package job

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode/utf8"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
)

// names decides under which path the output holds what it writes for a key: a
// repaired document, and rejects. It is decided from the keys alone, so that
// every run decides alike.
type names struct {
	documents map[uint32]string // of the inputs that need another than their own
	rejects   map[uint32]string
	renamed   []ledger.Renamed
}

// rejectSuffix ends the names of files with rejects.
const rejectSuffix = ".jsonl"

// The limits of a key that an output can hold.
const (
	maxKey     = 900
	maxElement = 255
)

func nameOutputs(s *snapshot) *names {
	n := &names{documents: map[uint32]string{}, rejects: map[uint32]string{}}
	documents := func(in *input) bool { return in.document && s.sources[in.source].Kind == policy.Manifests }
	rejects := func(in *input) bool { return in.document && !in.virtual }
	n.rename(s, "manifests", "", documents, n.documents)
	n.rename(s, "rejects", rejectSuffix, rejects, n.rejects)
	return n
}

// rename finds other names for those files, one for each input that counts,
// that the output cannot hold below a folder under their own.
func (n *names) rename(s *snapshot, folder, suffix string, counts func(*input) bool, paths map[uint32]string) {
	type place struct {
		source uint32
		path   string
	}
	parents := map[place]bool{}
	for i := range s.inputs {
		in := &s.inputs[i]
		if !counts(in) {
			continue
		}
		// Whoever has noted one folder has noted those above it.
		for at := strings.LastIndexByte(in.Key, '/'); at >= 0; at = strings.LastIndexByte(in.Key[:at], '/') {
			folder := place{in.source, in.Key[:at]}
			if parents[folder] {
				break
			}
			parents[folder] = true
		}
	}
	for i := range s.inputs {
		in := &s.inputs[i]
		source := s.sources[in.source].Name
		if !counts(in) || holdable(in.Key+suffix) && !parents[place{in.source, in.Key + suffix}] {
			continue
		}
		sum := sha256.Sum256([]byte(in.Key))
		paths[uint32(i)] = folder + "/" + source + "/" + renamedPrefix + hex.EncodeToString(sum[:]) + suffix
		n.renamed = append(n.renamed, ledger.Renamed{Source: source, Key: in.Key, Path: paths[uint32(i)]})
	}
}

// holdable reports whether a key can be part of a path in the output. Beside
// what no output can hold these are names that another file of the run may
// have, so that nobody can make two of them meet by the choice of a key.
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

// renamedPrefix begins the name of a file that cannot have its key's. Keys that
// lie at or below such a name are renamed, too.
const renamedPrefix = "~"

var reserved = regexp.MustCompile("^" + renamedPrefix + "[0-9a-f]{64}(" + regexp.QuoteMeta(rejectSuffix) + ")?(/|$)")

// document returns the path of a repaired document below the run's folder.
func (n *names) document(s *snapshot, input uint32) string {
	return cmp.Or(n.documents[input], "manifests/"+s.sources[s.inputs[input].source].Name+"/"+s.inputs[input].Key)
}

// reject returns the path of what was rejected of an input.
func (n *names) reject(s *snapshot, input uint32) string {
	return cmp.Or(n.rejects[input], "rejects/"+s.sources[s.inputs[input].source].Name+"/"+s.inputs[input].Key+rejectSuffix)
}
