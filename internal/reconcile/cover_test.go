package reconcile_test

import (
	"testing"

	"cdrmend/internal/reconcile/nighttest"
)

func TestWhatEntriesCover(t *testing.T) {
	lists := nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Recordings = "r1 r2" })
	for name, test := range map[string]struct {
		entries []nighttest.Entry
		Leg     nighttest.Leg
		want    string
		found   []string
	}{
		"each moment once": {
			[]nighttest.Entry{nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.End = "10:03" }), nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Recording, e.Start = "r2", "10:02" })},
			lists,
			"A id 2 300000 0", nil,
		},
		"no more than its duration": {
			[]nighttest.Entry{nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.MS = 240_000 }), nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Recording, e.Start = "r2", "10:04:30" })},
			lists,
			"A id 2 270000 30000",
			[]string{"conflict open r1 duration_ms entry=240000;other=300000;source=arithmetic", "short_recording open 30000"},
		},
		"a duration within the tolerance is as long as its times": {
			[]nighttest.Entry{nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.MS = 299_000 }), nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Recording = "r2" })},
			lists,
			"A id 2 300000 0", nil,
		},
		"nobody knows without times": {
			[]nighttest.Entry{nighttest.ItsEntry, {Recording: "r2", Conversation: "c1"}}, lists, "A id 2", nil,
		},
		"but no more than durations without times": {
			[]nighttest.Entry{nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.End = "10:01" }), {Recording: "r2", Conversation: "c1", MS: 100_000}},
			lists,
			"A id 2",
			[]string{"short_recording open 140000"},
		},
		"durations without times may be enough": {
			[]nighttest.Entry{nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.End = "10:01" }), {Recording: "r2", Conversation: "c1", MS: 238_000}}, lists, "A id 2", nil,
		},
		"a span of more than a day is none": {
			[]nighttest.Entry{nighttest.ItsEntry, {Recording: "r2", Conversation: "c1", Start: "-15:00", End: "10:05"}},
			lists, "A id 2",
			[]string{"invalid_field open r2 end_time over-24h"},
		},
		"a recorder may pause on hold": {
			[]nighttest.Entry{nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.End = "10:02" }), nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Recording, e.Start, e.End = "r2", "10:02", "10:03" })},
			nighttest.Changed(lists, func(l *nighttest.Leg) { l.TalkMS = "182000" }), "A id 2 180000 120000", nil,
		},
		"but must record the talk": {
			[]nighttest.Entry{nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.End = "10:02" }), nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Recording, e.Start, e.End = "r2", "10:02", "10:03" })},
			nighttest.Changed(lists, func(l *nighttest.Leg) { l.TalkMS = "182001" }), "A id 2 180000 120000",
			[]string{"short_recording open 120000"},
		},
		"spans of talk say more than its length": {
			[]nighttest.Entry{nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.End = "10:02" }), nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Recording, e.Start, e.End = "r2", "10:02", "10:03" })},
			nighttest.Changed(lists, func(l *nighttest.Leg) { l.TalkMS, l.Talk = "180000", "10:00-10:05" }), "A id 2 180000 120000",
			[]string{"short_recording open 120000"},
		},
		"durations count for the talk, too": {
			[]nighttest.Entry{nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.End = "10:02" }), {Recording: "r2", Conversation: "c1", MS: 60_000}},
			nighttest.Changed(lists, func(l *nighttest.Leg) { l.TalkMS = "182000" }), "A id 2", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := nighttest.New().Add(test.entries...).AddLegs(test.Leg).Decide(t)
			d.WantProofs(test.want)
			d.WantFindings(test.found...)
		})
	}
}

func TestALegOfWhichNothingIsCoveredLacksItsRecording(t *testing.T) {
	ring := nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:01"} // before the answer
	answered := nighttest.Leg{Conversation: "c1", ID: "A", Start: "10:00", Answer: "10:01", End: "10:05"}
	lists := nighttest.Changed(answered, func(l *nighttest.Leg) { l.Recordings = "r1" })
	for name, test := range map[string]struct {
		ev    *nighttest.Night
		calls []string
		found []string
	}{
		"by conversation": {nighttest.New().Add(ring).AddLegs(answered), []string{"A missing"}, []string{"missing_recording open"}},
		"never by leg": {
			nighttest.New().Add(nighttest.Changed(ring, func(e *nighttest.Entry) { e.Leg = "A" })).AddLegs(answered), []string{"A partial"}, []string{"short_recording open 240000"},
		},
		"not by id": {nighttest.New().Add(ring).AddLegs(lists), []string{"A partial"}, []string{"short_recording open 240000"}},
		"by id when it is of another call": {
			nighttest.New().Add(ring).AddLegs(lists, nighttest.Leg{Conversation: "c2", ID: "B", Recordings: "r1", Start: "10:00", End: "10:01"}),
			[]string{"A missing", "B complete"},
			[]string{"missing_recording open"},
		},
		"not when the other call was later": { // of which nothing is covered: the recording was made during the first
			nighttest.New().Add(ring).AddLegs(lists, nighttest.Leg{Conversation: "c2", ID: "B", Recordings: "r1", Start: "10:02", End: "10:03"}),
			[]string{"A partial", "B missing"},
			[]string{"missing_recording open", "short_recording open 240000"},
		},
		"not when there was hardly any talk": {
			nighttest.New().Add(ring).AddLegs(nighttest.Changed(answered, func(l *nighttest.Leg) { l.End = "10:01:02" })), []string{"A complete"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := test.ev.Decide(t)
			d.WantCalls(test.calls...)
			d.WantFindings(test.found...)
		})
	}
}
