package output

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intake"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
)

func TestHostileKeysAreRenamedAndOthersAreKept(t *testing.T) {
	long := strings.Repeat("x", 255)
	in := &intake.Inputs{Sources: []evidence.Source{
		{Kind: policy.Manifests, Name: "m", Profile: &profile.Profile{}}, {Kind: policy.Manifests, Name: "n", Profile: &profile.Profile{Formats: []profile.Format{profile.XML}}},
	}}
	add := func(source uint32, key string) {
		in.Objects = append(in.Objects, intake.Object{Info: object.Info{Key: key}, Source: source, Document: true})
	}
	digits := strings.Repeat("0", 64)
	kept := []string{
		"a/b", "ü", "~", long, "...", "b", strings.Repeat("a/", 449) + "yy", "a/%2e%2e/b", `..\..\a`, "x\u009b", "x\u202e", "'; drop table",
		"~" + digits[1:], "~0" + digits, "~" + digits + ".json", "a/~" + digits, ".cdrmend-x", "c.jsonl/a", "c",
	}
	renamed := []string{
		"a", "", "/a", "a//b", "./a", "a/..", "../../etc/passwd", "x\n", "x\x00", "x\x7f", "x\xff", long + "x", strings.Repeat("a/", 450) + "y", "b/",
		"~" + digits, "~" + digits + "/a", "~" + digits + ".jsonl", "~" + digits + ".jsonl/a", "x/.cdrmend-x.tmp/a",
	}
	for _, key := range append(kept, renamed...) {
		add(0, key)
	}
	add(1, "a") // is no parent in its own source
	n := nameOutputs(in)
	want := func(source, key string, own bool) string {
		if own {
			return "manifests/" + source + "/" + key
		}
		sum := sha256.Sum256([]byte(key))
		return "manifests/" + source + "/~" + hex.EncodeToString(sum[:])
	}
	for i := range in.Objects {
		key, source := in.Objects[i].Key, in.Sources[in.Objects[i].Source].Name
		own := i < len(kept) && key != "b" || source == "n" // b is the parent of b/
		if source == "n" {
			key += ".cdrmend.json" // its documents are in XML
		}
		if got := n.document(in, uint32(i)); got != want(source, key, own) {
			t.Errorf("%s/%q lies under %q, want %q", source, key, got, want(source, key, own))
		}
	}
}
