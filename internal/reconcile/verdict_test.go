package reconcile_test

import (
	"testing"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// tenMinutes is a leg that lists r1, and whole its recording.
var (
	tenMinutes = leg{conversation: "c1", id: "1", recordings: "r1", start: "10:00", end: "10:10"}
	whole      = entry{recording: "r1", conversation: "c1", trunk: "T1", start: "10:00", end: "10:10"}
)

func TestAVerdictFollowsFromWhatTheEntriesOfALegLack(t *testing.T) {
	short := whole
	short.end = "10:09"
	trunkless := whole
	trunkless.trunk = ""
	untimed := whole
	untimed.end = ""

	for name, test := range map[string]struct {
		entries []entry
		trunk   string // of the leg
		want    string
	}{
		"no entry":                            {nil, "", "1 missing"},
		"an entry that has everything":        {[]entry{whole}, "", "1 complete"},
		"a trunk that the leg names":          {[]entry{trunkless}, "T1", "1 repaired"},
		"a trunk that nobody names":           {[]entry{trunkless}, "", "1 incomplete"},
		"a minute too short":                  {[]entry{short}, "", "1 partial"},
		"too short comes before a repair":     {[]entry{{recording: "r1", conversation: "c1", start: "10:00", end: "10:09"}}, "T1", "1 partial"},
		"two that cover it together":          {[]entry{short, {recording: "r1", conversation: "c1", trunk: "T1", start: "10:08", end: "10:10"}}, "", "1 complete"},
		"an end that nothing gives":           {[]entry{untimed}, "", "1 incomplete"},
		"a recording of another leg's id":     {[]entry{{recording: "r9", conversation: "c1", trunk: "T1", start: "10:00", end: "10:10"}}, "", "1 missing"},
		"an entry that is not voice":          {[]entry{{recording: "r1", conversation: "c1", trunk: "T1", start: "10:00", end: "10:10", media: "screen"}}, "", "1 missing"},
		"within the tolerance of two seconds": {[]entry{{recording: "r1", conversation: "c1", trunk: "T1", start: "10:00:01", end: "10:09:59"}}, "", "1 complete"},
	} {
		t.Run(name, func(t *testing.T) {
			l := tenMinutes
			l.trunk = test.trunk
			newEvidence(record.TrunkID, record.EndTime).add(test.entries...).addLegs(l).decide(t).calls(test.want)
		})
	}
}

// What may still come, or may be hidden, decides nothing about a leg without a
// recording.
func TestALegWithoutARecordingIsIndeterminateWhileOneMayBeHidden(t *testing.T) {
	for name, hide := range map[string]func(*evidence){
		"damaged manifests":   func(ev *evidence) { ev.damage(manifests) },
		"unsettled manifests": func(ev *evidence) { ev.unsettle(manifests) },
	} {
		t.Run(name, func(t *testing.T) {
			ev := newEvidence().addLegs(tenMinutes)
			hide(ev)
			d := ev.decide(t)
			d.calls("1 indeterminate")
			d.findings("missing_recording indeterminate r1")
		})
	}
}

func TestAnExclusionComesBeforeAVerdictAboutRecordings(t *testing.T) {
	ev := newEvidence().add(whole).addLegs(tenMinutes).exclude(policy.Exclusion{Reason: "why"})
	ev.decide(t).calls("1 excluded why")
}
