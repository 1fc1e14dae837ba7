package match_test

import (
	"testing"
	"time"

	"cdrmend/internal/cdr"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

// internal is a leg that every exclusion of the test below could be about.
var internal = nighttest.Leg{Conversation: "c1", ID: "1", Trunk: "T1", Line: "L1", Direction: "Internal", ANI: "+4930123", Queues: "q1 q2", Users: "u1", Start: "10:00", End: "10:00:04"}

func TestAnExclusionHoldsWhenAllItsConditionsDo(t *testing.T) {
	for name, test := range map[string]struct {
		exclusion policy.Exclusion
		applies   bool
	}{
		"no condition":           {policy.Exclusion{}, true},
		"organisation":           {policy.Exclusion{Org: []string{"other", "acme"}}, true},
		"another organisation":   {policy.Exclusion{Org: []string{"other"}}, false},
		"trunk":                  {policy.Exclusion{Trunk: []string{"T1"}}, true},
		"another trunk":          {policy.Exclusion{Trunk: []string{"T2"}}, false},
		"line":                   {policy.Exclusion{Line: []string{"L1"}}, true},
		"direction in any case":  {policy.Exclusion{Direction: []string{" internal "}}, true},
		"another direction":      {policy.Exclusion{Direction: []string{"inbound"}}, false},
		"number":                 {policy.Exclusion{ANI: []string{"tel:+49 30 123"}}, true},
		"beginning of a number":  {policy.Exclusion{ANI: []string{"+4930*"}}, true},
		"part of a number":       {policy.Exclusion{ANI: []string{"+4930"}}, false},
		"a number that it lacks": {policy.Exclusion{DNIS: []string{"*"}}, false},
		"shorter":                {policy.Exclusion{ShorterThan: 5 * time.Second}, true},
		"just as long":           {policy.Exclusion{ShorterThan: 4 * time.Second}, false},
		"queue":                  {policy.Exclusion{Queue: []string{"q9", "q2"}}, true},
		"another queue":          {policy.Exclusion{Queue: []string{"q"}}, false},
		"user":                   {policy.Exclusion{User: []string{"u1"}}, true},
		"another user":           {policy.Exclusion{User: []string{"q1"}}, false},
		"source":                 {policy.Exclusion{Source: []string{"x", "c"}}, true},
		"another source":         {policy.Exclusion{Source: []string{"x"}}, false},
		"all":                    {policy.Exclusion{Trunk: []string{"T1"}, ShorterThan: 5 * time.Second}, true},
		"one of two":             {policy.Exclusion{Trunk: []string{"T1"}, Line: []string{"L2"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.exclusion.Reason = "why"
			want := "1 missing"
			if test.applies {
				want = "1 excluded why"
			}
			nighttest.New().AddLegs(internal).Exclude(test.exclusion).Decide(t).WantCalls(want)
		})
	}
}

func TestTheFirstExclusionThatAppliesGivesTheReason(t *testing.T) {
	nighttest.New().AddLegs(internal).
		Exclude(policy.Exclusion{Reason: "first", Trunk: []string{"T2"}}).
		Exclude(policy.Exclusion{Reason: "second"}).
		Exclude(policy.Exclusion{Reason: "third"}).
		Decide(t).WantCalls("1 excluded second")
}

func TestALegOfUnknownLengthIsNotShort(t *testing.T) {
	unended := internal
	unended.End = ""
	nighttest.New().AddLegs(unended).Exclude(policy.Exclusion{Reason: "why", ShorterThan: time.Hour}).Decide(t).WantCalls("1 missing")
}

func TestAForbiddenRecordingIsAnError(t *testing.T) {
	recorded := internal
	recorded.Recordings = "r1"
	d := nighttest.New().Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:05"}).AddLegs(recorded).
		Exclude(policy.Exclusion{Reason: "private", Forbid: true}).Decide(t)
	d.WantCalls("1 recorded_in_error private")
	d.WantFindings("recorded_in_error open")
}

func TestWhetherALegIsToBeRecordedDependsOnItsSourceThenOnThePolicy(t *testing.T) {
	for name, test := range map[string]struct {
		expect     policy.Expect
		recorded   profile.Tri
		unanswered bool
		want       string
	}{
		"answered":             {policy.ExpectAnswered, profile.Unknown, false, "1 missing"},
		"not answered":         {policy.ExpectAnswered, profile.Unknown, true, "1 excluded not expected"},
		"all":                  {policy.ExpectAll, profile.Unknown, true, "1 missing"},
		"none":                 {policy.ExpectNone, profile.Unknown, false, "1 excluded not expected"},
		"the source says yes":  {policy.ExpectNone, profile.True, false, "1 missing"},
		"the source says no":   {policy.ExpectAll, profile.False, false, "1 excluded not recorded by source"},
		"not answered, but on": {policy.ExpectAnswered, profile.True, true, "1 missing"},
	} {
		t.Run(name, func(t *testing.T) {
			ev := nighttest.New().AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Start: "10:00", End: "10:05", Unanswered: test.unanswered, Recorded: test.recorded})
			ev.Policy.Expect = test.expect
			ev.Decide(t).WantCalls(test.want)
		})
	}
}

func TestAConditionIsComparedWithTheNumberOrWithTheWordsAsDelivered(t *testing.T) {
	number := nighttest.Leg{ANI: "+4930123", SaidANI: "+49 30 123"}
	words := nighttest.Leg{ANI: "+4930", SaidANI: "Conference-49 30@pbx", Flags: cdr.WordedANI}
	for name, test := range map[string]struct {
		condition string
		Leg       nighttest.Leg
		applies   bool
	}{
		"a number":                            {"+49-30-123", number, true},
		"with a prefix":                       {"SIP:+4930123", number, true},
		"with blanks around it":               {" +4930123 ", number, true},
		"the beginning of a number":           {"+49 30 *", number, true},
		"any number":                          {"*", number, true},
		"words are no number":                 {"+4930", words, false},
		"nor the beginning of one":            {"+49*", words, false},
		"words in any case":                   {"conference-49 30@PBX", words, true},
		"words with a prefix":                 {"sip:Conference-49 30@pbx", words, true},
		"the beginning of words":              {"conf*", words, true},
		"the beginning without a star":        {"conf", words, false},
		"other words":                         {"conference*", number, false},
		"words without a number":              {"anonymous", nighttest.Leg{SaidANI: "Anonymous"}, true},
		"no text":                             {"anon*", nighttest.Leg{}, false},
		"any number, of words without digits": {"*", nighttest.Leg{SaidANI: "Anonymous", Flags: cdr.WordedANI}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := test.Leg
			l.Conversation, l.ID, l.Start, l.End = "c1", "1", "10:00", "10:05"
			want := "1 missing"
			if test.applies {
				want = "1 excluded why"
			}
			nighttest.New().AddLegs(l).Exclude(policy.Exclusion{Reason: "why", ANI: []string{"x", test.condition}}).Decide(t).WantCalls(want)

			l.DNIS, l.SaidDNIS, l.ANI, l.SaidANI = l.ANI, l.SaidANI, "", ""
			if l.Flags != 0 {
				l.Flags = cdr.WordedDNIS
			}
			nighttest.New().AddLegs(l).Exclude(policy.Exclusion{Reason: "why", DNIS: []string{test.condition, "x"}}).Decide(t).WantCalls(want)
		})
	}
}

// An exclusion that asks for the length of a call rests on its times.
func TestAnExclusionOfShortCallsIsNotCertain(t *testing.T) {
	short := policy.Exclusion{Reason: "short", ShorterThan: time.Minute}
	unparsed := nighttest.Changed(internal, func(l *nighttest.Leg) { l.Invalid = record.AnswerTime })
	nighttest.New().AddLegs(internal).Exclude(short).Decide(t).WantCalls("1 excluded short")
	nighttest.New().AddLegs(unparsed).Exclude(short).Decide(t).WantCalls("1 indeterminate unparsed")
	nighttest.New().AddLegs(unparsed).Exclude(short).Exclude(policy.Exclusion{Reason: "line", Line: []string{"L1"}}).Decide(t).WantCalls("1 excluded short")
}

func TestPausesMakeACallShorter(t *testing.T) {
	paused := nighttest.Changed(internal, func(l *nighttest.Leg) { l.Pauses = "10:00-10:00:03" })
	nighttest.New().AddLegs(paused).Exclude(policy.Exclusion{Reason: "short", ShorterThan: 2 * time.Second}).Decide(t).WantCalls("1 excluded short")
}
