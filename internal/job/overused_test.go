package job_test

import (
	"fmt"
	"strings"
	"testing"
)

// crowd are so many legs of one conversation, on the evening before.
func crowd(conversation string, n int) string {
	var b strings.Builder
	b.WriteString("conversation_id,leg_id,start_time\n")
	for i := range n {
		fmt.Fprintf(&b, "%s,%d,2026-11-19T20:00:00Z\n", conversation, i)
	}
	return b.String()
}

func TestAnIDThatTooManyLegsCarryIsMissing(t *testing.T) {
	t.Parallel()
	const document = "[\n {\"recording_id\": \"r1\", \"conversation_id\": %s, \"trunk_id\": \"t\", \"start_time\": \"2026-11-20T10:00:00Z\", \"end_time\": \"2026-11-20T10:01:00Z\"},\n 7]\n"
	deliver := func(crowded int) *night {
		return newNight(t, files{
			"in/m/date=2026-11-20/a.json":     fmt.Sprintf(document, ` "unknown" `),
			"in/c/date=2026-11-20/a.csv":      "conversation_id,leg_id,recording_ids,trunk_id,start_time,answer_time,end_time\nc1,1,r1,t,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:01:00Z\n",
			"in/c/date=2026-11-19/crowd.csv":  crowd("unknown", crowded),
			"in/r/date=2026-11-20/log.jsonl":  `{"time": "2026-11-20T08:00:00Z", "trunk_id": "t", "status": 200}`,
			"in/c/date=2026-11-19/crowd2.csv": crowd("other", 10),
		})
	}
	t.Run("1000 are not too many", func(t *testing.T) {
		n := deliver(1_000)
		n.compare(n.run(), files{
			"findings.csv": "class,field,detail\nconflict,conversation_id,entry=unknown;other=c1;source=cdr\n",
		})
	})
	t.Run("1001 are", func(t *testing.T) {
		n := deliver(1_001)
		r := n.run()
		n.compare(r, files{
			"findings.csv":                       "class,conversation_id,field,detail\nrepaired_field,c1,conversation_id,cdr-recording\n",
			"repairs.csv":                        "field,old_value,new_value\nconversation_id,\"\"\"unknown\"\"\",c1\n",
			"manifests/m/date=2026-11-20/a.json": fmt.Sprintf(document, ` "c1" `),
		})
		if r.Summary.Overused != 1 {
			t.Errorf("%d overused ids, want 1", r.Summary.Overused)
		}
	})
}

func TestAnOverusedIDInAKeyContradictsNothing(t *testing.T) {
	t.Parallel()
	story := readStory(t, "../../testdata/media-without-metadata.txtar")
	n := newNight(t, files{
		"cdrmend.yaml": story["cdrmend.yaml"],
		"in/m/acme/year=2026/month=11/day=20/hour=9/conversation_id=0/aaaaaaaa-0000-0000-0000-000000000001.wav_metadata.json": `{"conversationId": "c1", "sipTrunkId": "t", "startTime": "2026-11-20T09:30:00.000+0000", "durationMs": 60000}` + "\n",
		"in/c/date=2026-11-20/a.csv":     "conversation_id,leg_id,trunk_id,start_time,end_time\nc1,1,t,2026-11-20T09:30:00Z,2026-11-20T09:31:00Z\n",
		"in/c/date=2026-11-19/crowd.csv": crowd("0", 1_001),
	})
	got := n.table(n.run(), "findings").only(t, []string{"class", "field"}).String()
	if strings.Contains(got, "conflict") {
		t.Errorf("findings are\n%s", got)
	}
}
