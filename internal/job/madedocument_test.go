package job_test

import (
	"strings"
	"testing"
	"time"
)

const (
	namesYAML = `manifests:
  documents: none
  media_pattern: '(?P<recording_id>r\d+)(?:-(?P<start_time>\d{14})(?:-(?P<end_time>\d{14}))?)?\.wav$'
  time_layouts: ["20060102150405"]
  zone: UTC
`
	madeConfig = `name: night
sources:
  manifests: [{name: m, url: "in/m/%s", profile: PROFILE}]
  cdrs: [{name: c, url: "in/c/date={date}/", profile: cdrmend}]
output: {url: out/, tables: [csv]}
policy: {required_fields: [recording_id]}
`
	madeLegs = `conversation_id,leg_id,recording_ids,trunk_id,start_time,answer_time,end_time
c1,1,r1,t1,2026-11-20T10:00:00Z,2026-11-20T10:00:05Z,2026-11-20T10:05:00Z
c2,1,r2,t1,2026-11-20T11:00:00Z,2026-11-20T11:00:05Z,2026-11-20T11:05:00Z
c3,1,r3;r4,t1,2026-11-20T12:00:00Z,2026-11-20T12:00:05Z,2026-11-20T12:05:00Z
c3,2,,t2,2026-11-20T12:01:00Z,2026-11-20T12:01:05Z,2026-11-20T12:05:00Z
c4,1,r5,,2026-11-20T13:00:00Z,2026-11-20T13:00:05Z,2026-11-20T13:05:00Z
`
)

func madeNight(t *testing.T, url, profile string, inputs files) *night {
	t.Helper()
	content := files{"cdrmend.yaml": strings.NewReplacer("%s", url, "PROFILE", profile).Replace(madeConfig), "names.yaml": namesYAML, "in/c/date=2026-11-20/legs.csv": madeLegs}
	for name, text := range inputs {
		content[name] = text
	}
	return newNight(t, content)
}

// Who gets the made document as a manifest decides as who gets the recordings.
func TestAMadeDocumentLeadsToTheSameVerdicts(t *testing.T) {
	const day = "date=2026-11-20/"
	names := madeNight(t, "date={date}/", "names.yaml", files{
		"in/m/" + day + "r1-20261120100005-20261120100500.wav": "audio", "in/m/" + day + "deep/r2-20261120110005-20261120110200.wav": "audio",
		"in/m/" + day + "r3.wav": "audio", "in/m/" + day + "r5-20261120130005.wav": "", "in/m/" + day + "note.txt": "no audio",
	})
	first := names.run()
	out := names.tree(outputPrefix + "runs/" + first.RunID)
	document, written := out["manifests/m/"+day+"cdrmend.json"]
	if !written {
		t.Fatal("no document was made")
	}

	manifests := madeNight(t, "date={date}/", "cdrmend", files{"in/m/" + day + "cdrmend.json": document})
	second := manifests.run()
	again := manifests.tree(outputPrefix + "runs/" + second.RunID)
	for _, name := range []string{"calls.csv", "recordings.csv"} {
		if out[name] != again[name] {
			t.Errorf("%s of the names is\n%sand of the document that was made\n%s", name, out[name], again[name])
		}
	}
	if n := strings.Count(out["calls.csv"], "\n"); n != 6 {
		t.Errorf("%d lines of calls, want 6", n)
	}
}

// In a flat source an entry that nothing else dates belongs to the day of its own
// object, whatever the other objects of the document are.
func TestARecordingOfAFlatSourceBelongsToTheDayOfItsOwnObject(t *testing.T) {
	n := madeNight(t, "", "names.yaml", files{"in/m/r6-20261119230000.wav": "audio"})
	n.deliver(files{"in/m/r7.wav": "audio"}, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	n.deliver(files{"in/m/r8.wav": "audio"}, time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	n.deliver(files{"in/m/r9-20261120220000.wav": "audio", "in/m/r1.wav": "audio"}, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	r := n.run()
	out := n.tree(outputPrefix + "runs/" + r.RunID)
	got := readTable(t, out["recordings.csv"]).only(t, []string{"recording_id", "entry"})
	if want := "recording_id,entry\nr1,0\nr7,2\nr9,4\n"; strings.ReplaceAll(got.String(), " ", "") != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if strings.Count(out["manifests/m/cdrmend.json"], "recording_id") != 5 {
		t.Errorf("the document has not all recordings:\n%s", out["manifests/m/cdrmend.json"])
	}
}
