package job

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/policy"
)

// names decides under which path the output holds a document's key. It is
// decided from the keys alone, so that every run decides alike.
type names struct {
	paths map[uint32]string // of the inputs that need another than their own
	list  []ledger.Renamed
}

// The limits of a key that an output can hold.
const (
	maxKey     = 900
	maxElement = 255
)

func nameDocuments(s *snapshot) *names {
	n := &names{paths: map[uint32]string{}}
	parents := map[string]bool{}
	for i := range s.inputs {
		in := &s.inputs[i]
		if !in.document || s.sources[in.source].Kind != policy.Manifests {
			continue
		}
		source := s.sources[in.source].Name
		for at, c := range in.Key {
			if c == '/' {
				parents[source+"/"+in.Key[:at]] = true
			}
		}
	}
	for i := range s.inputs {
		in := &s.inputs[i]
		source := s.sources[in.source].Name
		if holdable(in.Key) && !parents[source+"/"+in.Key] {
			continue
		}
		sum := sha256.Sum256([]byte(in.Key))
		name := source + "/~" + hex.EncodeToString(sum[:])
		n.paths[uint32(i)] = name
		if in.document {
			n.list = append(n.list, ledger.Renamed{Source: source, Key: in.Key, Path: name})
		}
	}
	return n
}

// holdable reports whether a key can be part of a path in the output.
func holdable(key string) bool {
	if len(key) > maxKey || strings.ContainsFunc(key, func(c rune) bool { return c < 0x20 || c == 0x7f }) {
		return false
	}
	for element := range strings.SplitSeq(key, "/") {
		if element == "" || element == "." || element == ".." || len(element) > maxElement {
			return false
		}
	}
	return true
}

// path returns source/key, or what stands for it.
func (n *names) path(s *snapshot, input uint32) string {
	if p, ok := n.paths[input]; ok {
		return p
	}
	in := &s.inputs[input]
	return fmt.Sprintf("%s/%s", s.sources[in.source].Name, in.Key)
}

func (n *names) renamed() []ledger.Renamed { return n.list }
