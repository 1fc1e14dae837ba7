package manifest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/intern"
	"cdrmend/internal/profile"
)

// An entry is where it belongs, with the ids that were interned many at a time,
// however many entries there are. A list that is spelled again begins anew.
func TestALongListHasEveryEntryInItsPlace(t *testing.T) {
	const count = 50_000
	id := func(n int) string { return fmt.Sprintf("%08x-1111-4111-8111-111111111111", n) }
	var list []string
	for n := range count {
		list = append(list, fmt.Sprintf(`{"recording_id":%q,"conversation_id":%q}`, id(n), id(n/2)))
	}
	p, texts := builtIn(t, "cdrmend"), intern.NewTable()
	long := "[" + strings.Join(list, ",") + "]"
	for text, f := range map[string]profile.Format{
		long:                     profile.JSON,
		strings.Join(list, "\n"): profile.JSONLines,
		`{"recordings":[{},` + long[1:] + `,"recordings":` + long + `}`: profile.JSON,
	} {
		b, _ := readText(t, p, texts, "a", []byte(text), f)
		entries := slices.Concat(b.Blocks()...)
		if len(entries) != count || b.Doc.N != count || b.Rows != count {
			t.Fatalf("%s of %d bytes: %d entries, %d in the document, %d rows, want %d", f, len(text), len(entries), b.Doc.N, b.Rows, count)
		}
		for n, e := range entries {
			if got, conversation := texts.String(e.Recording), texts.String(e.Conversation); int(e.Index) != n || got != id(n) || conversation != id(n/2) {
				t.Fatalf("%s: entry %d has the index %d, recording %q, conversation %q", f, n, e.Index, got, conversation)
			}
		}
	}
}
