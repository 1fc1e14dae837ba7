package intake

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"cdrmend/internal/object"
)

func TestInputsThatAreInsertedStandInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		all := make([]Object, rng.IntN(12))
		for i := range all {
			all[i] = Object{Info: object.Info{Key: string(rune('a' + rng.IntN(26)))}, Source: rng.Uint32N(2)}
		}
		listed := rng.IntN(len(all) + 1)
		s := Inputs{Objects: slices.SortedFunc(slices.Values(all[:listed]), byKey)}
		s.insert(slices.Clone(all[listed:]))
		if len(s.Objects) != len(all) || !slices.IsSortedFunc(s.Objects, byKey) {
			t.Errorf("%v and %v become %v", all[:listed], all[listed:], s.Objects)
		}
	}
}

func TestAnIdentityIsWrittenAsItIsEncoded(t *testing.T) {
	plain := 0
	for _, text := range []string{"", "a/b=c d.json", `"5f3a"`, "\x7f", "\n", `a\b`, "<", ">", "&", "\u00fc", "\u2028", "\xff", "~!#$%'()*+,-./:;=?@[]^_`{|}"} {
		for _, info := range []object.Info{
			{Key: text, ETag: "e", Size: 7, Modified: time.Unix(1, 5000).UTC()}, {Key: "k", ETag: text, Size: -1}, {Key: "k", ETag: "e", VersionID: text},
		} {
			want, err := json.Marshal(identityOf(text, &info))
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := appendIdentity(nil, text, &info); ok {
				if plain++; string(got) != string(want)+"\n" {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		}
	}
	if plain != 4*3 {
		t.Errorf("%d identities are written without an encoder, want 12", plain)
	}
}
