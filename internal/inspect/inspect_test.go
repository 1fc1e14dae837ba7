package inspect_test

import (
	"bytes"
	"strings"
	"testing"

	"cdrmend/internal/inspect"
	"cdrmend/internal/profile"
	"cdrmend/manifests"

	"github.com/google/go-cmp/cmp"
)

func printed(t *testing.T, prof, kind, key, content string) string {
	t.Helper()
	text, ok := manifests.Profile(prof)
	if !ok {
		t.Fatalf("no profile %q", prof)
	}
	p, err := profile.Load(prof, text, kind)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := inspect.Print(&out, p, &inspect.File{Path: key, Content: strings.NewReader(content)}, 100); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPrintShowsWhatAKeyAndACutDocumentTell(t *testing.T) {
	const folder = "org/year=2026/month=11/day=20/hour=9/conversation_id=c1/"
	got := printed(t, "genesys-cloud", "manifests", folder+"R1.opus_metadata.json",
		`{"recordingId":"R1","startTime":"junk","endTime":"2026-11-20T09:31:00.000+0000","sipTru`)
	want := `# manifests as json

entry 0
  recording_id     R1
  end_time         2026-11-20T09:31:00.000000Z
  did not parse    start_time: "junk"

from the object key
  org_id           org
  conversation_id  c1
  recording_id     R1
  media_key        ` + folder + `R1.opus

truncated at byte 87
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}

func TestPrintNeverShowsATokenOrTheBytesOfARejectedRow(t *testing.T) {
	got := printed(t, "cdrmend", "registrations", "log.jsonl",
		`{"time":"2026-11-20T10:00:00Z","line_id":"l1","status":403,"access_token":"s3cret-token","token_claims":{"scope":"s3cret"}}`+"\n"+
			`{"access_token":"s3cret-token","line_id":"l1","status":403}`+"\n"+
			`{"access_token":"s3cret-token`)
	if strings.Contains(got, "s3cret") {
		t.Errorf("a secret of the log is printed:\n%s", got)
	}
	for _, want := range []string{"event 0", "status           403", "reject: row 1", "no time", "reject: row 2"} {
		if !strings.Contains(got, want) {
			t.Errorf("printed lacks %q:\n%s", want, got)
		}
	}
}
