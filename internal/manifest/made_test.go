package manifest_test

import (
	"bufio"
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/rows"
	"cdrmend/internal/steps"
	"cdrmend/internal/stream"

	"github.com/google/go-cmp/cmp"
)

const namesProfile = `manifests:
  documents: none
  media_pattern: '(?P<org_id>[^/]+)/(?P<user_ids>[^/]*)/(?P<way>\w+)-(?P<ani>[^-/]*)-(?P<start_time>\d+)-(?P<end_time>\d*)-(?P<recording_id>[^/]+)\.\w+$'
  media_exclude: /greeting
  fields: {direction: [{from: way, then: [{map: {in: inbound}, else: "="}]}], media_subtype: [{from: media_key, then: [{match: '\.(webm)$'}, {map: {webm: screen}}]}]}
  time_layouts: ["20060102150405"]
  zone: Europe/Berlin
  phone_prefixes: ["sip:"]
`

// made reads media objects and writes the document that is made for them.
func made(t *testing.T, p *profile.Profile, about steps.Context, keys ...string) (b *manifest.Batch, texts *intern.Table, written string, rejects []rows.Reject) {
	t.Helper()
	var objects []manifest.MediaObject
	for i, key := range keys {
		modified := record.TimeOf(time.Date(2026, 11, 20+i, 12, 0, 0, 0, time.UTC))
		objects = append(objects, manifest.MediaObject{Key: key, Size: int64(1000 + i), Modified: modified})
	}
	texts = intern.NewTable()
	r := manifest.NewReader(p, texts, required, &limits)
	r.About(about)
	b, err := r.ReadMedia(slices.Values(objects), func(r rows.Reject) error { rejects = append(rejects, r); return nil })
	if err != nil {
		t.Fatal(err)
	}

	var entries []manifest.Entry
	for _, e := range slices.Concat(b.Blocks()...) {
		entries = append(entries, e.Entry)
	}
	details := manifest.NewDetailsReader(bytes.NewReader(b.Details))
	details.Open([]manifest.Range{{End: int64(len(b.Details))}})
	var out strings.Builder
	if err := manifest.WriteMade(&out, p, texts, entries, details); err != nil {
		t.Fatal(err)
	}
	return b, texts, out.String(), rejects
}

// What is made of names says the same as the names, to who reads it as a manifest.
func TestAMadeDocumentSaysWhatTheNamesSay(t *testing.T) {
	p := csvProfileOf(t, namesProfile)
	p.Layouts = []string{"20060102150405"}
	p.ClockOffset = time.Hour
	b, texts, written, _ := made(t, p, steps.Context{}, `acme/u1;u2/in-sip:+49301@x-20261120110000--r"1.wav`, "acme//out--20261120110000-20261120110500-{2ABE7C0463D1AB4741826E2653F37546}.webm", "acme/é/x-1-20261120110000-2026-\\r.ogg")

	canonical := *builtIn(t, "cdrmend")
	canonical.ClockOffset = p.ClockOffset
	in := manifest.Input{Key: profile.MadeDocument, Stream: stream.Open(strings.NewReader(written), int64(len(written)), &limits), Format: profile.JSON}
	in.Body = bufio.NewReader(in.Stream)
	in.Reject = func(r rows.Reject) error { t.Errorf("reject: %+v", r); return nil }
	again, err := manifest.NewReader(&canonical, texts, 0, &limits).Read(in)
	if err != nil || again.Doc.Extra != nil && (again.Doc.Extra.Malformed != nil || again.Doc.Miscounted()) {
		t.Fatalf("%v: %+v of\n%s", err, again.Doc.Extra, written)
	}
	if diff := cmp.Diff(b.Entries, again.Entries); diff != "" {
		t.Errorf("(-names +document):\n%s\n%s", diff, written)
	}
	if !strings.Contains(written, `"media_subtype":"screen"`) || !strings.Contains(written, `"start_time":"2026-11-20T10:00:00.000000Z"`) {
		t.Errorf("the subtype, or the time as the clock of the source showed it, is not in\n%s", written)
	}
}

func TestNamesThatNothingMatchesAreRejectsWithTheirPlace(t *testing.T) {
	p := csvProfileOf(t, namesProfile)
	b, _, written, rejects := made(t, p, steps.Context{}, "odd.wav", "odder.wav", "a/u/in-1-20261120110000--r.wav", "oddest.wav")
	if b.Rows != 4 || b.Rejects != 3 || b.Doc.N != 1 || len(rejects) != 3 {
		t.Fatalf("%d rows, %d rejects, %d entries; want 4, 3, 1", b.Rows, b.Rejects, b.Doc.N)
	}
	for i, want := range []rows.Reject{{Row: 0, Offset: 0}, {Row: 1, Offset: 8}, {Row: 3, Offset: 8 + 10 + 31}} {
		if got := rejects[i]; got.Row != want.Row || got.Offset != want.Offset || got.Reason != manifest.UnknownName {
			t.Errorf("reject %d: row %d, offset %d, %q; want row %d, offset %d", i, got.Row, got.Offset, got.Reason, want.Row, want.Offset)
		}
	}
	if !strings.HasPrefix(written, `{"format":"cdrmend.manifest/1","counts":{"total":1},"recordings":[`) {
		t.Errorf("got %s", written)
	}
	_, _, written, _ = made(t, p, steps.Context{}, "odd.wav")
	if want := "{\"format\":\"cdrmend.manifest/1\",\"counts\":{\"total\":0},\"recordings\":[\n]}\n"; written != want {
		t.Errorf("got %q, want %q", written, want)
	}
}

// A time without a year is one near its own object, whatever the others are.
func TestEachNameHasTheTimeOfItsOwnObject(t *testing.T) {
	p := csvProfileOf(t, strings.NewReplacer("  time_layouts: [\"20060102150405\"]\n", "", "(?P<start_time>", "(?P<when>", "  fields: {", `  fields: {start_time: [{from: when, then: [{time: ["0102150405"]}]}], `).Replace(namesProfile))
	b, _, _, _ := made(t, p, steps.Context{Zone: p.Zone, Partition: record.Forever}, "a/u/in-1-1120110000--r.wav", "a/u/in-1-1121110000--s.wav")
	for i, want := range []string{"2026-11-20T10:00:00.000000Z", "2026-11-21T10:00:00.000000Z"} {
		if got := b.Entries[i].Start.String(); got != want {
			t.Errorf("entry %d starts at %q, want %q", i, got, want)
		}
	}
	if len(b.Doc.Modified) != 2 || b.Doc.Modified[1].String() != "2026-11-21T12:00:00.000000Z" {
		t.Errorf("modified %v, want those of both objects", b.Doc.Modified)
	}
}
