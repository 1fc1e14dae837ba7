package manifest_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
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
)

const (
	folder  = "acme/year=2026/month=11/day=20/hour=8/conversation_id={2ABE7C04-63D1-AB47-4182-6E2653F37546}/"
	keyed   = folder + "Rec.opus_metadata.json"
	sidecar = "\xef\xbb\xbf{\"recordingId\" : \"r\",\"provider\":{\"x\":[1]},\"durationMs\":12,\"startTime\":null}\n"
)

// outcome says how a document was read: how it broke, how many entries it
// has, and what it is written as with all gaps filled.
func outcome(t *testing.T, profile, key string, stored []byte) (brief, text string) {
	t.Helper()
	p := builtIn(t, profile)
	in := manifest.Input{Key: key, StoredSize: int64(len(stored)), Stream: stream.Open(bytes.NewReader(stored), int64(len(stored)), &limits)}
	in.Body = bufio.NewReader(in.Stream)
	in.Reject = func(rows.Reject) error { return nil }
	b, err := manifest.NewReader(p, intern.NewTable(), required, &limits).Read(in)
	if err != nil {
		t.Fatal(err)
	}
	r := b.Doc.Extra
	switch {
	case r != nil && r.Truncated != nil:
		brief = fmt.Sprintf("truncated offset=%d;entries=%d", r.Truncated.Offset, r.Truncated.Entries)
	case r != nil && r.Malformed != nil:
		brief = fmt.Sprintf("malformed offset=%d;entries=%d", r.Malformed.Offset, r.Malformed.Entries)
	default:
		brief = fmt.Sprintf("sound entries=%d", len(b.Entries))
	}
	if b.Doc.Damaged() {
		brief += " damaged"
	}
	if len(b.Entries) == 0 {
		return brief, ""
	}
	var out strings.Builder
	content := stream.Open(bytes.NewReader(stored), int64(len(stored)), &limits)
	if err := manifest.Write(&out, content, p, &b.Doc, slices.Values(editsFor(b))); err != nil {
		t.Fatal(err)
	}
	if !json.Valid([]byte(strings.TrimPrefix(out.String(), "\xef\xbb\xbf"))) {
		t.Errorf("%q becomes %q", stored, out.String())
	}
	return brief, out.String()
}

// fromNothing is a sidecar written from {}.
var fromNothing = `{"recordingId":` + quoted(record.RecordingID, 0) + `,"conversationId":` + quoted(record.ConversationID, 0) +
	`,"sipTrunkId":` + quoted(record.TrunkID, 0) + `,"startTime":` + quoted(record.StartTime, 0) + `,"endTime":` + quoted(record.EndTime, 0) + `}`

func packed(t testing.TB, c stream.Compression, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := c.Compress(&b)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestASidecarThatIsCutIsAlwaysOneEntry(t *testing.T) {
	whole := strings.Index(sidecar, "}\n") + 1
	for n := 4; n < whole; n++ {
		brief, text := outcome(t, "genesys-cloud", keyed, []byte(sidecar[:n]))
		if want := fmt.Sprintf("truncated offset=%d;entries=1", n); brief != want {
			t.Errorf("%q: got %s, want %s", sidecar[:n], brief, want)
		}
		root, _, _ := descend([]byte(sidecar[3:n]))
		_, _, some := root.keep()
		if !some && text != fromNothing {
			t.Errorf("%q becomes\n%s, want\n%s", sidecar[:n], text, fromNothing)
		}
		if some && !strings.HasPrefix(text, "\xef\xbb\xbf{\"recordingId\" : \"r\",") {
			t.Errorf("%q becomes %s", sidecar[:n], text)
		}
	}
}

func TestWhatCannotBeReadAtAllIsOneEntryWhenTheKeyNamesIt(t *testing.T) {
	deep := `{"a":` + strings.Repeat("[", 1000)
	for text, want := range map[string][2]string{
		"":                             {"truncated offset=0;entries=1", "truncated offset=0;entries=0 damaged"},
		" \n":                          {"truncated offset=0;entries=1", "truncated offset=0;entries=0 damaged"},
		"\xef\xbb\xbf":                 {"truncated offset=0;entries=1", "truncated offset=0;entries=0 damaged"},
		"{":                            {"truncated offset=1;entries=1", "truncated offset=1;entries=0 damaged"},
		"<html>":                       {"malformed offset=0;entries=1", "malformed offset=0;entries=0 damaged"},
		`{"a" "b"}`:                    {"malformed offset=5;entries=1", "malformed offset=5;entries=0 damaged"},
		"\xff\xfe{\x00}\x00":           {"malformed offset=0;entries=1", "malformed offset=0;entries=0 damaged"},
		"\xfe\xff\x00{\x00}":           {"malformed offset=0;entries=1", "malformed offset=0;entries=0 damaged"},
		deep:                           {"malformed offset=0;entries=1", "malformed offset=0;entries=0 damaged"},
		`{"b":1,"c":` + deep[5:] + `1`: {"malformed offset=0;entries=1", "malformed offset=0;entries=0 damaged"},
		"\x1f\x8b\x07 method seven":    {"malformed offset=0;entries=1", "malformed offset=0;entries=0 damaged"},
		"\x1f\x8b\x08":                 {"truncated offset=3;entries=1", "truncated offset=3;entries=0 damaged"},
	} {
		brief, written := outcome(t, "genesys-cloud", keyed, []byte(text))
		if brief != want[0] || written != fromNothing {
			t.Errorf("%.40q with a key: got %s, want %s; becomes %s", text, brief, want[0], written)
		}
		if brief, written := outcome(t, "cdrmend", "a.json", []byte(text)); brief != want[1] || written != "" {
			t.Errorf("%.40q: got %s, want %s; becomes %s", text, brief, want[1], written)
		}
	}
}

func TestARootThatIsNoObjectIsNotTheKeysEntry(t *testing.T) {
	for text, want := range map[string]string{
		"[]": "sound entries=0", "null": "sound entries=0", `"r"`: "sound entries=0", "[": "truncated offset=1;entries=0 damaged",
		"[{},{": "truncated offset=5;entries=1 damaged", "{} {}": "malformed offset=3;entries=1", "{}": "sound entries=1", "[5,{}]": "sound entries=1",
	} {
		if got, _ := outcome(t, "genesys-cloud", keyed, []byte(text)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestOfACutStreamOnlyCompleteEntriesAreKept(t *testing.T) {
	batch := `{"recordings":[` + strings.Repeat(`{"recording_id":"r","x":"some more text"},`, 40) + `{}],"counts":{"total":41}}`
	for _, c := range []stream.Compression{stream.Gzip, stream.Zstd} {
		stored := packed(t, c, sidecar)
		for n := 4; n < len(stored); n++ {
			brief, text := outcome(t, "genesys-cloud", keyed, stored[:n])
			if want := fmt.Sprintf("truncated offset=%d;entries=1", n); brief != want || text != fromNothing && !strings.Contains(text, `"provider":{"x":[1]},"durationMs":12`) {
				t.Errorf("cut at %d: got %s, want %s; becomes %s", n, brief, want, text)
			}
		}
		stored = packed(t, c, batch)
		for n := 4; n < len(stored); n++ {
			brief, text := outcome(t, "cdrmend", "a.json", stored[:n])
			want := fmt.Sprintf("truncated offset=%d;entries=%d damaged", n, strings.Count(text, `"trunk_id":`))
			if brief != want || strings.Count(text, "some more text") != strings.Count(text, `"r"`) {
				t.Errorf("cut at %d: got %s, want %s; becomes %.300s", n, brief, want, text)
			}
		}
	}
}

func TestAChecksumThatDoesNotMatchCostsNoEntry(t *testing.T) {
	for c, at := range map[stream.Compression]int{stream.Gzip: 8, stream.Zstd: 1} {
		for text, entries := range map[string]int{samples[2] + " \n": 2, samples[1]: 2, "[5]": 0} {
			stored := packed(t, c, text)
			stored[len(stored)-at] ^= 1
			brief, written := outcome(t, "cdrmend", "a", stored)
			if want := fmt.Sprintf("malformed offset=%d;entries=%d damaged", len(text), entries); brief != want {
				t.Errorf("%q: got %s, want %s", text, brief, want)
			}
			// White space after the root is dropped like in every recovery.
			if want := repaired(t, builtIn(t, "cdrmend"), "a", []byte(strings.TrimSpace(text)), profile.JSON); entries > 0 && written != want {
				t.Errorf("%q becomes\n%q, want\n%q", text, written, want)
			}
		}
	}
}

func TestWhatAKeySays(t *testing.T) {
	p, texts := builtIn(t, "genesys-cloud"), intern.NewTable()
	n := &profile.Normalizer{Profile: p, Texts: texts}
	ids := manifest.KeyOf(p, keyed, n)
	got := []string{texts.String(ids.Org), texts.String(ids.Conversation), texts.String(ids.Recording), texts.String(ids.Media)}
	want := []string{"acme", "2abe7c04-63d1-ab47-4182-6e2653f37546", "Rec", folder + "Rec.opus"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if ids := manifest.KeyOf(p, "elsewhere/Rec_metadata.json", n); ids != (manifest.KeyIDs{}) {
		t.Errorf("another key says %+v", ids)
	}
	const uuid = "2abe7c04-63d1-ab47-4182-6e2653f37546"
	for key, want := range map[string]string{
		"a/b/" + strings.ToUpper(uuid) + ".part.opus": uuid, uuid: uuid, "{" + uuid + "}.wav": uuid, "rec-1.wav": "", "": "", "a/" + uuid + "x.wav": "",
	} {
		if got := texts.String(manifest.IDFromMediaKey(p, []byte(key), n)); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	virtual := manifest.NewReader(p, texts, required, &limits).Virtual(keyed)
	var out strings.Builder
	if err := manifest.Write(&out, strings.NewReader(""), p, &virtual.Doc, slices.Values(editsFor(virtual))); err != nil || out.String() != fromNothing {
		t.Errorf("got %s, %v, want %s", out.String(), err, fromNothing)
	}
}
