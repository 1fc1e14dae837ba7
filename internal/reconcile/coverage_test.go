package reconcile_test

import (
	"testing"

	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
)

func TestTalkTimeIsWhatWasToBeHeard(t *testing.T) {
	for name, test := range map[string]struct {
		leg  leg
		want string // covered and uncovered, of 10:00 to 10:05
	}{
		"from the answer on":               {leg{start: "09:50", answer: "09:59", end: "10:05"}, "300000 60000"},
		"from the start without an answer": {leg{start: "09:59", end: "10:05", unanswered: true}, "300000 60000"},
		"the spans of talk":                {leg{start: "09:00", end: "11:00", talk: "10:00-10:01 10:03-10:06"}, "180000 60000"},
		"spans of talk count once":         {leg{start: "09:00", end: "11:00", talk: "10:00-10:03 10:01-10:02"}, "180000 0"},
		"talk within the leg":              {leg{start: "09:59", end: "10:06", talk: "09:50-10:01 10:04-10:10"}, "120000 120000"},
		"talk of a leg without a start":    {leg{answer: "09:59", end: "10:06", talk: "09:50-10:01"}, "60000 600000"},
		"without pauses":                   {leg{start: "10:00", end: "10:10", pauses: "10:04-10:08 10:09:59-10:20"}, "240000 119000"},
		"without pauses of talk":           {leg{start: "10:00", end: "10:10", talk: "10:00-10:06", pauses: "10:01-10:02"}, "240000 60000"},
		"unknown without an end":           {leg{start: "10:00"}, ""},
		"unknown of contradictory times":   {leg{start: "10:00", answer: "09:59:58", end: "10:05"}, ""},
		"known when they differ by little": {leg{start: "10:00", answer: "09:59:59", end: "10:05"}, "300000 1000"},
		"nothing when it ends unanswered":  {leg{start: "10:00", answer: "10:04:01", end: "10:04"}, "0 0"},
	} {
		t.Run(name, func(t *testing.T) {
			test.leg.conversation, test.leg.id, test.leg.recordings, test.leg.recorded = "c1", "A", "r1", profile.True
			want := "A id 1 " + test.want
			if test.want == "" {
				want = "A id 1"
			}
			newNight().add(itsEntry).addLegs(test.leg).decide(t).proofs(want)
		})
	}
}

func TestTimesThatContradictEachOtherAreNotSound(t *testing.T) {
	for name, test := range map[string]struct {
		leg   leg
		sound bool
	}{
		"in order":                        {leg{start: "10:00", end: "10:05"}, true},
		"answered a second too early":     {leg{start: "10:00", answer: "09:59:59", end: "10:05"}, true},
		"answered earlier":                {leg{start: "10:00", answer: "09:59:58.9", end: "10:05"}, false},
		"answered after the end":          {leg{start: "10:00", answer: "10:05:01.1", end: "10:05"}, false},
		"ended before the start":          {leg{start: "10:00", end: "09:59:58.9", unanswered: true, recorded: profile.True}, false},
		"talk partly outside":             {leg{start: "10:00", end: "10:05", talk: "09:50-09:55 10:01-10:05"}, true},
		"talk wholly outside":             {leg{start: "10:00", end: "10:05", talk: "09:50-09:55"}, false},
		"talk from the end on":            {leg{start: "10:00", end: "10:05", talk: "10:05-10:06"}, false},
		"talk of no length at the end":    {leg{start: "10:00", end: "10:05", talk: "10:05-10:05"}, true},
		"talk of no length after the end": {leg{start: "10:00", end: "10:05", talk: "10:06-10:06"}, false},
		"talk after an end alone":         {leg{answer: "10:00", end: "10:05", talk: "10:05-10:06"}, false},
		"talk before a start alone":       {leg{start: "10:00", talk: "09:50-10:00"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.leg.conversation, test.leg.id, test.leg.recordings = "c1", "A", "r1"
			test.leg.recorded = profile.True
			want := "A indeterminate unsound"
			if test.sound {
				want = "A complete"
			}
			newNight().add(changed(itsEntry, func(e *entry) { e.start, e.end = "09:50", "10:10" })).addLegs(test.leg).decide(t).calls(want)
		})
	}
}

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

func TestWhetherALegIsToBeRecordedFollowsFromWhatItSaysOfTheAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		leg    leg
		expect policy.Expect
		want   string
	}{
		"answered":              {leg{}, policy.ExpectAnswered, "A missing"},
		"talk":                  {leg{unanswered: true, talk: "10:01-10:02"}, policy.ExpectAnswered, "A missing"},
		"talk of no length":     {leg{unanswered: true, talk: "10:01-10:01"}, policy.ExpectAnswered, "A excluded not expected"},
		"a length of talk":      {leg{unanswered: true, talkMS: "1"}, policy.ExpectAnswered, "A missing"},
		"no length of talk":     {leg{unanswered: true, talkMS: "0"}, policy.ExpectAnswered, "A excluded not expected"},
		"nothing":               {leg{unanswered: true}, policy.ExpectAnswered, "A excluded not expected"},
		"nothing, when all are": {leg{unanswered: true}, policy.ExpectAll, "A missing"},
	} {
		t.Run(name, func(t *testing.T) {
			test.leg.conversation, test.leg.id, test.leg.start, test.leg.end = "c1", "A", "10:00", "10:05"
			ev := newNight().addLegs(test.leg)
			ev.Policy.Expect = test.expect
			ev.decide(t).calls(test.want)
		})
	}
}
