package jsonscan_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"cdrmend/internal/jsonscan"

	"github.com/google/go-cmp/cmp"
)

// parsed returns a text as a value.
func parsed(t testing.TB, text string) jsonscan.Value {
	t.Helper()
	v, err := jsonscan.Parse([]byte(text), &limits)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return v
}

func TestStringsAreUnescapedLikeTheStandardLibraryDoes(t *testing.T) {
	for _, text := range []string{
		`"plain"`, `""`, `"\"\\\/\b\f\n\r\t"`, `"\u0041\u00e9\u20ac"`, `"\uD83D\uDE00"`, `"\ud83d"`, `"\ud83dx"`, `"\ude00\ud83d"`, `"\ud83d\u0041"`,
		`"\ud83d\ud83d\ude00"`, `"\u0000"`, `"ends \\"`, `"\uFFFE"`, `"\\u0041"`,
	} {
		var want string
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		if got := string(parsed(t, text).Text()); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestInvalidUTF8InsideAStringSurvives(t *testing.T) {
	if got := string(parsed(t, "\"a\xff\\n\xc3\"").Text()); got != "a\xff\n\xc3" {
		t.Errorf("got %q", got)
	}
}

func TestQuotingEscapesOnlyWhatHasToBe(t *testing.T) {
	all := make([]byte, 0, 256)
	for c := range 0x80 {
		all = append(all, byte(c))
	}
	const want = `"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f` +
		`\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f` +
		" !\\\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f\u20ac\""
	if got := string(jsonscan.AppendQuoted(nil, append(all, "€"...))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestQuotedTextsReadBackAsThemselves(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		text := make([]byte, rng.IntN(20))
		for i := range text {
			text[i] = byte(rng.IntN(256))
		}
		quoted := jsonscan.AppendQuoted(nil, text)
		if got := string(parsed(t, string(quoted)).Text()); got != string(text) {
			t.Fatalf("got %q, want %q", got, text)
		}
		var other string
		if err := json.Unmarshal(quoted, &other); utf8.Valid(text) && (err != nil || other != string(text)) {
			t.Fatalf("encoding/json: %q, %v, want %q", other, err, text)
		}
	}
}

func TestOfMembersSpelledTwiceTheLastCountsAfterUnescaping(t *testing.T) {
	v := parsed(t, `{"a":1,"\u0061":{"b":2,"b":[3,"x",null]},"c":4}`)
	var names []string
	for name, member := range v.Members {
		names = append(names, string(name)+"="+string(member.Raw))
	}
	if diff := cmp.Diff([]string{"a=1", `a={"b":2,"b":[3,"x",null]}`, "c=4"}, names); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	list := v.Member("a").Member("b")
	var elements []string
	for element := range list.Elements {
		elements = append(elements, string(element.Raw))
	}
	if got := strings.Join(elements, " "); got != `3 "x" null` || list.Kind != jsonscan.List {
		t.Errorf("got %s, want the last b", got)
	}
	if got := v.Member("d"); got.Kind != jsonscan.Absent {
		t.Errorf("got %v for a member that is not there", got)
	}
	if got := v.Member("c").Member("a"); got.Kind != jsonscan.Absent {
		t.Errorf("got %v for a member of a number", got)
	}
}
