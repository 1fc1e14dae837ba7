package reconcile_test

import (
	"testing"
)

func TestWhatEntriesCover(t *testing.T) {
	lists := changed(fiveMinutes, func(l *leg) { l.recordings = "r1 r2" })
	for name, test := range map[string]struct {
		entries []entry
		leg     leg
		want    string
		found   []string
	}{
		"each moment once": {
			[]entry{changed(itsEntry, func(e *entry) { e.end = "10:03" }), changed(itsEntry, func(e *entry) { e.recording, e.start = "r2", "10:02" })},
			lists,
			"A id 2 300000 0", nil,
		},
		"no more than its duration": {
			[]entry{changed(itsEntry, func(e *entry) { e.ms = 240_000 }), changed(itsEntry, func(e *entry) { e.recording, e.start = "r2", "10:04:30" })},
			lists,
			"A id 2 270000 30000",
			[]string{"conflict open r1 duration_ms entry=240000;other=300000;source=arithmetic", "short_recording open 30000"},
		},
		"a duration within the tolerance is as long as its times": {
			[]entry{changed(itsEntry, func(e *entry) { e.ms = 299_000 }), changed(itsEntry, func(e *entry) { e.recording = "r2" })},
			lists,
			"A id 2 300000 0", nil,
		},
		"nobody knows without times": {
			[]entry{itsEntry, {recording: "r2", conversation: "c1"}}, lists, "A id 2", nil,
		},
		"but no more than durations without times": {
			[]entry{changed(itsEntry, func(e *entry) { e.end = "10:01" }), {recording: "r2", conversation: "c1", ms: 100_000}},
			lists,
			"A id 2",
			[]string{"short_recording open 140000"},
		},
		"durations without times may be enough": {
			[]entry{changed(itsEntry, func(e *entry) { e.end = "10:01" }), {recording: "r2", conversation: "c1", ms: 238_000}}, lists, "A id 2", nil,
		},
		"a span of more than a day is none": {
			[]entry{itsEntry, {recording: "r2", conversation: "c1", start: "-15:00", end: "10:05"}},
			lists, "A id 2",
			[]string{"invalid_field open r2 end_time over-24h"},
		},
		"a recorder may pause on hold": {
			[]entry{changed(itsEntry, func(e *entry) { e.end = "10:02" }), changed(itsEntry, func(e *entry) { e.recording, e.start, e.end = "r2", "10:02", "10:03" })},
			changed(lists, func(l *leg) { l.talkMS = "182000" }), "A id 2 180000 120000", nil,
		},
		"but must record the talk": {
			[]entry{changed(itsEntry, func(e *entry) { e.end = "10:02" }), changed(itsEntry, func(e *entry) { e.recording, e.start, e.end = "r2", "10:02", "10:03" })},
			changed(lists, func(l *leg) { l.talkMS = "182001" }), "A id 2 180000 120000",
			[]string{"short_recording open 120000"},
		},
		"spans of talk say more than its length": {
			[]entry{changed(itsEntry, func(e *entry) { e.end = "10:02" }), changed(itsEntry, func(e *entry) { e.recording, e.start, e.end = "r2", "10:02", "10:03" })},
			changed(lists, func(l *leg) { l.talkMS, l.talk = "180000", "10:00-10:05" }), "A id 2 180000 120000",
			[]string{"short_recording open 120000"},
		},
		"durations count for the talk, too": {
			[]entry{changed(itsEntry, func(e *entry) { e.end = "10:02" }), {recording: "r2", conversation: "c1", ms: 60_000}},
			changed(lists, func(l *leg) { l.talkMS = "182000" }), "A id 2", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newNight().add(test.entries...).addLegs(test.leg).decide(t)
			d.proofs(test.want)
			d.findings(test.found...)
		})
	}
}

func TestALegOfWhichNothingIsCoveredLacksItsRecording(t *testing.T) {
	ring := entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:01"} // before the answer
	answered := leg{conversation: "c1", id: "A", start: "10:00", answer: "10:01", end: "10:05"}
	lists := changed(answered, func(l *leg) { l.recordings = "r1" })
	for name, test := range map[string]struct {
		ev    *night
		calls []string
		found []string
	}{
		"by conversation": {newNight().add(ring).addLegs(answered), []string{"A missing"}, []string{"missing_recording open"}},
		"never by leg": {
			newNight().add(changed(ring, func(e *entry) { e.leg = "A" })).addLegs(answered), []string{"A partial"}, []string{"short_recording open 240000"},
		},
		"not by id": {newNight().add(ring).addLegs(lists), []string{"A partial"}, []string{"short_recording open 240000"}},
		"by id when it is of another call": {
			newNight().add(ring).addLegs(lists, leg{conversation: "c2", id: "B", recordings: "r1", start: "10:00", end: "10:01"}),
			[]string{"A missing", "B complete"},
			[]string{"missing_recording open"},
		},
		"not when the other call was later": { // of which nothing is covered: the recording was made during the first
			newNight().add(ring).addLegs(lists, leg{conversation: "c2", id: "B", recordings: "r1", start: "10:02", end: "10:03"}),
			[]string{"A partial", "B missing"},
			[]string{"missing_recording open", "short_recording open 240000"},
		},
		"not when there was hardly any talk": {
			newNight().add(ring).addLegs(changed(answered, func(l *leg) { l.end = "10:01:02" })), []string{"A complete"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := test.ev.decide(t)
			d.calls(test.calls...)
			d.findings(test.found...)
		})
	}
}
