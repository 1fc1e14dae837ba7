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
