package manifest_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/stream"
	"cdrmend/manifests"
)

// samples are documents of every shape that a JSON manifest can have.
var limits = stream.DefaultLimits()

var samples = []string{
	`{"recording_id":"a","conversation_id":null,"duration_ms":1200,"x":{"y":[1,{"z":"}"}]},"trunk_id":""}`,
	"\xef\xbb\xbf{\r\n  \"format\": \"cdrmend.manifest/1\", \"org_id\":\"o\",\r\n  \"counts\": {\"total\": 3, \"failed\": 1},\r\n  \"recordings\": [\r\n {\"recording_id\":\"a\",\"duration_ms\":5},\r\n {},\r\n {\"conversation_id\":\"c\\\"\\u00e9\",\"user_ids\":[\"u\",\"v\"] }\r\n ]\r\n}\r\n",
	`{"recordings":[{"recording_id":"a"},7,{"recording_id":"b","recording_id":"c"}],"counts":{"total":3,"failed":0},"org_id":"o"}`,
	`[{"recording_id":"a","n":-1.5e+3},{"recording_id":"\uD83D\uDE00"},null,{"duration_ms":12}]` + "\n",
	`{"recordings":[{"recording_id":"a"},{"recording_id":"b"}],"org_id":"o","recordings":[{"recording_id":"c"},{"x":{"recording_id":"d"}}]}`,
	`{"format":"cdrmend.manifest/1","recordings":[]}`,
	`{"format":"cdrmend.manifest/1"}`, `{}`, `[]`, ` null `, `"text"`, `12`,
}

func builtIn(t testing.TB, name string) *profile.Profile {
	t.Helper()
	text, _ := manifests.Profile(name)
	p, err := profile.Load(name, text, "manifests")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// brief is what an entry says, for comparison with what encoding/json reads.
type brief struct{ Recording, Conversation string }

func briefs(texts *intern.Table, entries []manifest.Row) []brief {
	var all []brief
	for _, e := range entries {
		all = append(all, brief{texts.String(e.Recording), texts.String(e.Conversation)})
	}
	return all
}

// readText reads an uncompressed document.
func readText(t testing.TB, p *profile.Profile, texts *intern.Table, key string, stored []byte, f profile.Format) (*manifest.Batch, []rows.Reject) {
	t.Helper()
	in := manifest.Input{Key: key, StoredSize: int64(len(stored)), Stream: stream.Open(bytes.NewReader(stored), int64(len(stored)), &limits), Format: f}
	in.Body = bufio.NewReader(in.Stream)
	var rejects []rows.Reject
	in.Reject = func(r rows.Reject) error {
		r.Bytes = bytes.Clone(r.Bytes)
		rejects = append(rejects, r)
		return nil
	}
	b, err := manifest.NewReader(p, texts, required, &limits).Read(in)
	if err != nil {
		t.Fatalf("%v, of %q", err, stored)
	}
	if b.Rows != int64(b.Doc.N)+b.Rejects {
		t.Fatalf("%d rows are %d entries and %d rejects, of %.999q", b.Rows, b.Doc.N, b.Rejects, stored)
	}
	return b, rejects
}

func written(t testing.TB, p *profile.Profile, text []byte, b *manifest.Batch, edits []manifest.Edit) string {
	t.Helper()
	var out strings.Builder
	if err := manifest.Write(&out, bytes.NewReader(text), p, &b.Doc, slices.Values(edits)); err != nil {
		t.Fatalf("%v, of %q", err, text)
	}
	return out.String()
}

// decoded reads a valid document with encoding/json.
func decoded(t testing.TB, text string) []brief {
	t.Helper()
	var root any
	d := json.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "\xef\xbb\xbf")))
	d.UseNumber()
	if err := d.Decode(&root); err != nil {
		t.Fatalf("%v: %q", err, text)
	}
	object, _ := root.(map[string]any)
	list, _ := root.([]any)
	if recordings, batch := object["recordings"]; batch {
		list, _ = recordings.([]any)
	} else if _, marked := object["format"]; object != nil && !marked {
		list = []any{object}
	}
	var all []brief
	for _, element := range list {
		if entry, ok := element.(map[string]any); ok && says(entry) {
			all = append(all, brief{id(entry["recording_id"]), id(entry["conversation_id"])})
		}
	}
	return all
}

// says reports whether an entry has a value in a canonical field.
func says(entry map[string]any) bool {
	for _, f := range record.EntryFields {
		switch v := entry[f.String()].(type) {
		case nil:
		case string:
			if v = strings.TrimSpace(v); v != "" && !(isTime(f) && strings.Trim(v, "0") == "") {
				return true
			}
		case json.Number:
			if n, _ := v.Float64(); n != 0 || !isTime(f) {
				return true
			}
		case []any:
			if f != record.UserIDs || len(v) > 0 {
				return true
			}
		default:
			return true
		}
	}
	return false
}

func isTime(f record.Field) bool { return f == record.StartTime || f == record.EndTime }

// saysText is says for the text of an object.
func saysText(text string) bool {
	var entry map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return d.Decode(&entry) == nil && says(entry)
}

func id(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// checkRecovery holds the reading of a document that may be broken against
// the naive one, and what is written against encoding/json.
func checkRecovery(t *testing.T, p *profile.Profile, text []byte) {
	t.Helper()
	texts := intern.NewTable()
	b, _ := readText(t, p, texts, "a.json", text, profile.JSON)
	body := bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	mark := len(text) - len(body)
	root, stop, sound := descend(body)
	entries, recovered := naive(body, root)

	wantBreak := ""
	list, batch := root.list()
	switch {
	case sound && root.kind == '{' && batch && (list == nil || list.kind != '['):
		wantBreak = "cut=false offset=0;entries=0" // a batch without its list
	case len(bytes.Trim(body, " \t\r\n")) == 0: // the white space of JSON: any other is a syntax error
		wantBreak = "cut=true offset=0;entries=0"
	case !sound:
		wantBreak = fmt.Sprintf("cut=%v offset=%d;entries=%d", stop == len(body), stop+mark, entries)
	}
	gotBreak := ""
	if r := b.Doc.Extra; r != nil && r.Truncated != nil {
		gotBreak = fmt.Sprintf("cut=true offset=%d;entries=%d", r.Truncated.Offset, r.Truncated.Entries)
	} else if r != nil && r.Malformed != nil {
		gotBreak = fmt.Sprintf("cut=false offset=%d;entries=%d", r.Malformed.Offset, r.Malformed.Entries)
	}
	if gotBreak != wantBreak {
		t.Fatalf("got %q, want %q, of %q", gotBreak, wantBreak, text)
	}
	if sound && wantBreak != "" {
		return
	}
	if !sound && (entries > 0) != (b.Doc.Extra.Recovery != nil) {
		t.Fatalf("%d entries, recovery %v, of %q", entries, b.Doc.Extra.Recovery, text)
	}
	if entries == 0 && !sound {
		return
	}
	got := written(t, p, text, b, nil)
	want := string(text)
	if !sound {
		want = string(text[:mark]) + recovered
		if aside := string(text[b.Doc.Extra.Recovery.Keep:]); strings.TrimSuffix(got, b.Doc.Extra.Recovery.Closers)+aside != string(text) {
			t.Fatalf("%q and %q are not the whole of %q", got, aside, text)
		}
	}
	if got != want {
		t.Fatalf("recovered\n%q, want\n%q, of\n%q", got, want, text)
	}
	if diff := cmp.Diff(decoded(t, got), briefs(texts, b.Entries)); diff != "" {
		t.Fatalf("entries of %q (-encoding/json +got):\n%s", text, diff)
	}
}

func TestADocumentMayBeCutAtEveryByte(t *testing.T) {
	p := builtIn(t, "cdrmend")
	for _, sample := range samples {
		for n := range len(sample) + 1 {
			if mark := "\xef\xbb\xbf"; n < 3 && strings.HasPrefix(sample, mark) && n > 0 {
				continue // a piece of the mark is no text
			}
			checkRecovery(t, p, []byte(sample[:n]))
		}
	}
}

// struck returns a text with one to three bytes changed, added or removed.
func struck(rng *rand.Rand, text []byte) []byte {
	const likely = "{}[]\",:\\ \n0192-.eEtnu\x00\xff"
	b := bytes.Clone(text)
	for range 1 + rng.IntN(3) {
		at := rng.IntN(len(b) + 1)
		c := likely[rng.IntN(len(likely))]
		switch rng.IntN(4) {
		case 0:
			b = append(b[:at:at], append([]byte{c}, b[at:]...)...)
		case 1:
			b = append(b[:at:at], b[min(at+1, len(b)):]...)
		case 2:
			if at < len(b) {
				b[at] ^= 1 << rng.IntN(8)
			}
		default:
			if at < len(b) {
				b[at] = c
			}
		}
	}
	return b
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

func TestStruckDocumentsAreRecoveredLikeTheNaiveWay(t *testing.T) {
	p := builtIn(t, "cdrmend")
	rng := rand.New(rand.NewPCG(8, 8))
	for _, sample := range samples {
		sample = strings.ReplaceAll(strings.TrimPrefix(sample, "\xef\xbb\xbf"), `\u00e9`, "e")
		for range 500 {
			if text := struck(rng, []byte(sample)); isASCII(text) && !bytes.Contains(text, []byte(`\u00`)) {
				checkRecovery(t, p, text)
			}
		}
	}
}

// FuzzRecovery: entries, break and recovered text are those of a naive descent,
// what is written parses and has these entries, and with what is set aside it
// is the whole.
func FuzzRecovery(f *testing.F) {
	for _, sample := range samples {
		f.Add([]byte(sample))
		f.Add([]byte(sample[:len(sample)*2/3]))
	}
	for _, text := range []string{"", " \r\n", "\f", "\v\n"} {
		f.Add([]byte(text))
	}
	p := builtIn(f, "cdrmend")
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Contains(text, []byte(`\`)) || !isASCII(text) || len(text) > 1000 {
			return // the naive way compares names as they are spelled, and knows no limits
		}
		checkRecovery(t, p, text)
	})
}

func TestAReadThatFailsIsNoDamage(t *testing.T) {
	p := builtIn(t, "cdrmend")
	for _, f := range []profile.Format{profile.JSON, profile.JSONLines} {
		for n := range len(samples[0]) {
			in := manifest.Input{Key: "a", Stream: stream.Open(io.MultiReader(strings.NewReader(samples[0][:n]), failing{}), 0, &limits), Format: f}
			in.Body = bufio.NewReader(in.Stream)
			in.Reject = func(rows.Reject) error { return nil }
			if b, err := manifest.NewReader(p, intern.NewTable(), required, &limits).Read(in); err == nil {
				t.Fatalf("%s after %d bytes: got %+v, want the error of the store", f, n, b.Doc)
			}
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }
