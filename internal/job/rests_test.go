package job_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"cdrmend/internal/job"
	"cdrmend/internal/object"

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
