package manifest_test

import (
	"bufio"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
)

// A reader keeps its memory from document to document, and must keep nothing
// else.
func TestADocumentIsReadAlikeAfterAnyOther(t *testing.T) {
	const entry = `{"recording_id":"r","conversation_id":"c","trunk_id":"t"}`
	texts := []string{
		`{"format":"cdrmend.manifest/1","org_id":"o","counts":{"total":2,"failed":1},"recordings":[` + entry + `,` + entry + `]}`,
		`{"format":"cdrmend.manifest/1"}`,
		entry,
		`{}`,
		``,
		"\xef\xbb",
		"\xef\xbb\xbf" + entry,
		`[{"media_key":"` + strings.Repeat("k", 200<<10) + `"},` + entry,
		`{"recordings":[` + entry + `],"recordings":[{}]}`,
		`{"start_time":"2026-11-20T00:00:00Z","end_time":`,
		`[` + entry + `,1]`,
		`17`,
	}
	p, ids := builtIn(t, "cdrmend"), intern.NewTable()
	reader := func() *manifest.Reader { return manifest.NewReader(p, ids, required, &limits) }
	read := func(r *manifest.Reader, text string) *manifest.Batch {
		t.Helper()
		in := manifest.Input{Key: "k.json", StoredSize: int64(len(text)), Stream: stream.Open(strings.NewReader(text), int64(len(text)), &limits), Format: profile.JSON}
		in.Body = bufio.NewReader(in.Stream)
		in.Reject = func(rows.Reject) error { return nil }
		b, err := r.Read(in)
		if err != nil {
			t.Fatalf("%.100q: %v", text, err)
		}
		if b.Doc.Extra != nil {
			b.Doc.Extra.Why = nil // the other fields say the same
		}
		return b
	}
	for _, before := range texts {
		for _, text := range texts {
			r := reader()
			read(r, before)
			if diff := cmp.Diff(read(reader(), text), read(r, text), cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
				t.Errorf("%.100q after %.100q (-alone +after):\n%s", text, before, diff)
			}
		}
	}
}
