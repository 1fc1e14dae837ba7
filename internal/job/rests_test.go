package job_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"cdrmend/internal/job"
	"cdrmend/internal/object"
	"cdrmend/internal/record"

	"github.com/google/go-cmp/cmp"
)

// To repair a small document takes no second look at the object; one that is
// whole is not written, and one that is large is read twice.
func TestASmallDocumentIsAskedForOnce(t *testing.T) {
	entry := func(n int, more string) string {
		return fmt.Sprintf(`{"recording_id":"r%d","conversation_id":"c%[1]d","start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:01:00Z"%s}`, n, more)
	}
	legs := "conversation_id,leg_id,recording_ids,trunk_id,direction,start_time,answer_time,end_time\n"
	for n := range 4 {
		legs += fmt.Sprintf("c%d,l%[1]d,r%[1]d,t%[1]d,inbound,2026-11-20T10:00:00Z,2026-11-20T10:00:00Z,2026-11-20T10:01:00Z\n", n)
	}
	long := `,"note":"` + strings.Repeat("x", 20_000) + `"`
	n := newNight(t, files{
		"in/c/date=2026-11-20/a.csv":          legs,
		"in/m/date=2026-11-20/small.json":     entry(0, ""),
		"in/m/date=2026-11-20/packed.json.gz": gzipped(t, entry(1, "")),
		"in/m/date=2026-11-20/large.json":     entry(2, long),
		"in/m/date=2026-11-20/whole.json":     entry(3, `,"trunk_id":"t3"`),
	})
	var mu sync.Mutex
	opened := map[string]int{}
	r := n.run(func(j *job.Job) {
		for i, s := range j.Stores.Sources {
			j.Stores.Sources[i] = &watched{Store: s, open: func(info object.Info) {
				mu.Lock()
				defer mu.Unlock()
				opened[strings.TrimPrefix(info.Key, "date=2026-11-20/")]++
			}}
		}
	})
	want := map[string]int{"a.csv": 1, "small.json": 1, "packed.json.gz": 1, "large.json": 2, "whole.json": 1}
	if diff := cmp.Diff(want, opened); diff != "" {
		t.Errorf("how often each object was opened (-want +got):\n%s", diff)
	}
	repaired := n.tree(outputPrefix + "runs/" + r.RunID + "/manifests/m/date=2026-11-20")
	for key, text := range repaired {
		repaired[key], _ = unpack(text)
	}
	wanted := files{"small.json": entry(0, `,"trunk_id":"t0"`), "packed.json.gz": entry(1, `,"trunk_id":"t1"`), "large.json": entry(2, long+`,"trunk_id":"t2"`)}
	if diff := cmp.Diff(wanted, repaired); diff != "" {
		t.Errorf("repaired documents (-want +got):\n%.2000s", diff)
	}
}

const requiring = `name: n
sources:
  manifests: [{name: m, url: "in/m/date={date}/", profile: cdrmend}]
  cdrs: [{name: c, url: "in/c/date={date}/", profile: cdrmend}]
output: {url: out/, tables: [csv]}
policy: {required_fields: [FIELD]}
`

// Every field of an entry may be required; those that no rule repairs are missing
// where an entry lacks them.
func TestAnyFieldOfAnEntryMayBeRequired(t *testing.T) {
	const whole = `{"org_id":"o","recording_id":"r1","conversation_id":"c1","leg_id":"1","trunk_id":"t1","line_id":"l1",` +
		`"start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T10:01:00Z","duration_ms":60000,"direction":"inbound","ani":"+491","dnis":"+492",` +
		`"media_type":"call","media_subtype":"stereo","user_ids":["u1"],"media_key":"k/r1.wav","media_bytes":2048,"media_sha256":"00","state":"ready"}`
	for _, f := range record.EntryFields {
		other := `{"direction":"inbound"}`
		if f == record.Direction { // an entry without any field is a reject
			other = `{"ani":"+491"}`
		}
		n := newNight(t, files{
			"cdrmend.yaml":                 strings.Replace(requiring, "FIELD", f.String(), 1),
			"in/m/date=2026-11-20/m.jsonl": whole + "\n" + other + "\n",
		})
		r := n.run()
		var missing []string
		for _, row := range n.table(r, "findings").only(t, []string{"class", "field", "entry"}).rows {
			if row[0] == "missing_field" {
				missing = append(missing, row[1]+" "+row[2])
			}
		}
		if want := []string{f.String() + " 1"}; !slices.Equal(missing, want) {
			t.Errorf("%s is required: got the missing fields %q, want %q", f, missing, want)
		}
	}
}
