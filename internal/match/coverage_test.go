package match_test

import (
	"testing"

	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile/nighttest"
)

func TestTalkTimeIsWhatWasToBeHeard(t *testing.T) {
	for name, test := range map[string]struct {
		Leg  nighttest.Leg
		want string // covered and uncovered, of 10:00 to 10:05
	}{
		"from the answer on":               {nighttest.Leg{Start: "09:50", Answer: "09:59", End: "10:05"}, "300000 60000"},
		"from the start without an answer": {nighttest.Leg{Start: "09:59", End: "10:05", Unanswered: true}, "300000 60000"},
		"the spans of talk":                {nighttest.Leg{Start: "09:00", End: "11:00", Talk: "10:00-10:01 10:03-10:06"}, "180000 60000"},
		"spans of talk count once":         {nighttest.Leg{Start: "09:00", End: "11:00", Talk: "10:00-10:03 10:01-10:02"}, "180000 0"},
		"talk within the leg":              {nighttest.Leg{Start: "09:59", End: "10:06", Talk: "09:50-10:01 10:04-10:10"}, "120000 120000"},
		"talk of a leg without a start":    {nighttest.Leg{Answer: "09:59", End: "10:06", Talk: "09:50-10:01"}, "60000 600000"},
		"without pauses":                   {nighttest.Leg{Start: "10:00", End: "10:10", Pauses: "10:04-10:08 10:09:59-10:20"}, "240000 119000"},
		"without pauses of talk":           {nighttest.Leg{Start: "10:00", End: "10:10", Talk: "10:00-10:06", Pauses: "10:01-10:02"}, "240000 60000"},
		"unknown without an end":           {nighttest.Leg{Start: "10:00"}, ""},
		"unknown of contradictory times":   {nighttest.Leg{Start: "10:00", Answer: "09:59:58", End: "10:05"}, ""},
		"known when they differ by little": {nighttest.Leg{Start: "10:00", Answer: "09:59:59", End: "10:05"}, "300000 1000"},
		"nothing when it ends unanswered":  {nighttest.Leg{Start: "10:00", Answer: "10:04:01", End: "10:04"}, "0 0"},
	} {
		t.Run(name, func(t *testing.T) {
			test.Leg.Conversation, test.Leg.ID, test.Leg.Recordings, test.Leg.Recorded = "c1", "A", "r1", profile.True
			want := "A id 1 " + test.want
			if test.want == "" {
				want = "A id 1"
			}
			nighttest.New().Add(nighttest.ItsEntry).AddLegs(test.Leg).Decide(t).WantProofs(want)
		})
	}
}

func TestTimesThatContradictEachOtherAreNotSound(t *testing.T) {
	for name, test := range map[string]struct {
		Leg   nighttest.Leg
		sound bool
	}{
		"in order":                        {nighttest.Leg{Start: "10:00", End: "10:05"}, true},
		"answered a second too early":     {nighttest.Leg{Start: "10:00", Answer: "09:59:59", End: "10:05"}, true},
		"answered earlier":                {nighttest.Leg{Start: "10:00", Answer: "09:59:58.9", End: "10:05"}, false},
		"answered after the end":          {nighttest.Leg{Start: "10:00", Answer: "10:05:01.1", End: "10:05"}, false},
		"ended before the start":          {nighttest.Leg{Start: "10:00", End: "09:59:58.9", Unanswered: true, Recorded: profile.True}, false},
		"talk partly outside":             {nighttest.Leg{Start: "10:00", End: "10:05", Talk: "09:50-09:55 10:01-10:05"}, true},
		"talk wholly outside":             {nighttest.Leg{Start: "10:00", End: "10:05", Talk: "09:50-09:55"}, false},
		"talk from the end on":            {nighttest.Leg{Start: "10:00", End: "10:05", Talk: "10:05-10:06"}, false},
		"talk of no length at the end":    {nighttest.Leg{Start: "10:00", End: "10:05", Talk: "10:05-10:05"}, true},
		"talk of no length after the end": {nighttest.Leg{Start: "10:00", End: "10:05", Talk: "10:06-10:06"}, false},
		"talk after an end alone":         {nighttest.Leg{Answer: "10:00", End: "10:05", Talk: "10:05-10:06"}, false},
		"talk before a start alone":       {nighttest.Leg{Start: "10:00", Talk: "09:50-10:00"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.Leg.Conversation, test.Leg.ID, test.Leg.Recordings = "c1", "A", "r1"
			test.Leg.Recorded = profile.True
			want := "A indeterminate unsound"
			if test.sound {
				want = "A complete"
			}
			nighttest.New().Add(nighttest.Changed(nighttest.ItsEntry, func(e *nighttest.Entry) { e.Start, e.End = "09:50", "10:10" })).AddLegs(test.Leg).Decide(t).WantCalls(want)
		})
	}
}

func TestWhetherALegIsToBeRecordedFollowsFromWhatItSaysOfTheAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		Leg    nighttest.Leg
		expect policy.Expect
		want   string
	}{
		"answered":              {nighttest.Leg{}, policy.ExpectAnswered, "A missing"},
		"talk":                  {nighttest.Leg{Unanswered: true, Talk: "10:01-10:02"}, policy.ExpectAnswered, "A missing"},
		"talk of no length":     {nighttest.Leg{Unanswered: true, Talk: "10:01-10:01"}, policy.ExpectAnswered, "A excluded not expected"},
		"a length of talk":      {nighttest.Leg{Unanswered: true, TalkMS: "1"}, policy.ExpectAnswered, "A missing"},
		"no length of talk":     {nighttest.Leg{Unanswered: true, TalkMS: "0"}, policy.ExpectAnswered, "A excluded not expected"},
		"nothing":               {nighttest.Leg{Unanswered: true}, policy.ExpectAnswered, "A excluded not expected"},
		"nothing, when all are": {nighttest.Leg{Unanswered: true}, policy.ExpectAll, "A missing"},
	} {
		t.Run(name, func(t *testing.T) {
			test.Leg.Conversation, test.Leg.ID, test.Leg.Start, test.Leg.End = "c1", "A", "10:00", "10:05"
			ev := nighttest.New().AddLegs(test.Leg)
			ev.Policy.Expect = test.expect
			ev.Decide(t).WantCalls(test.want)
		})
	}
}
