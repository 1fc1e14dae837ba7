package reconcile_test

import (
	"testing"
	"time"

	"cdrmend/internal/cdr"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// internal is a leg that every exclusion of the test below could be about.
var internal = leg{conversation: "c1", id: "1", trunk: "T1", line: "L1", direction: "Internal", ani: "+4930123", queues: "q1 q2", users: "u1", start: "10:00", end: "10:00:04"}

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
			newNight().addLegs(internal).exclude(test.exclusion).decide(t).calls(want)
		})
	}
}

func TestTheFirstExclusionThatAppliesGivesTheReason(t *testing.T) {
	newNight().addLegs(internal).
		exclude(policy.Exclusion{Reason: "first", Trunk: []string{"T2"}}).
		exclude(policy.Exclusion{Reason: "second"}).
		exclude(policy.Exclusion{Reason: "third"}).
		decide(t).calls("1 excluded second")
}

func TestALegOfUnknownLengthIsNotShort(t *testing.T) {
	unended := internal
	unended.end = ""
	newNight().addLegs(unended).exclude(policy.Exclusion{Reason: "why", ShorterThan: time.Hour}).decide(t).calls("1 missing")
}

func TestAForbiddenRecordingIsAnError(t *testing.T) {
	recorded := internal
	recorded.recordings = "r1"
	d := newNight().add(entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:05"}).addLegs(recorded).
		exclude(policy.Exclusion{Reason: "private", Forbid: true}).decide(t)
	d.calls("1 recorded_in_error private")
	d.findings("recorded_in_error open")
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
			ev := newNight().addLegs(leg{conversation: "c1", id: "1", start: "10:00", end: "10:05", unanswered: test.unanswered, recorded: test.recorded})
			ev.Policy.Expect = test.expect
			ev.decide(t).calls(test.want)
		})
	}
}

func TestAConditionIsComparedWithTheNumberOrWithTheWordsAsDelivered(t *testing.T) {
	number := leg{ani: "+4930123", saidANI: "+49 30 123"}
	words := leg{ani: "+4930", saidANI: "Conference-49 30@pbx", flags: cdr.WordedANI}
	for name, test := range map[string]struct {
		condition string
		leg       leg
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
		"words without a number":              {"anonymous", leg{saidANI: "Anonymous"}, true},
		"no text":                             {"anon*", leg{}, false},
		"any number, of words without digits": {"*", leg{saidANI: "Anonymous", flags: cdr.WordedANI}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := test.leg
			l.conversation, l.id, l.start, l.end = "c1", "1", "10:00", "10:05"
			want := "1 missing"
			if test.applies {
				want = "1 excluded why"
			}
			newNight().addLegs(l).exclude(policy.Exclusion{Reason: "why", ANI: []string{"x", test.condition}}).decide(t).calls(want)

			l.dnis, l.saidDNIS, l.ani, l.saidANI = l.ani, l.saidANI, "", ""
			if l.flags != 0 {
				l.flags = cdr.WordedDNIS
			}
			newNight().addLegs(l).exclude(policy.Exclusion{Reason: "why", DNIS: []string{test.condition, "x"}}).decide(t).calls(want)
		})
	}
}

// An exclusion that asks for the length of a call rests on its times.
func TestAnExclusionOfShortCallsIsNotCertain(t *testing.T) {
	short := policy.Exclusion{Reason: "short", ShorterThan: time.Minute}
	unparsed := changed(internal, func(l *leg) { l.invalid = record.AnswerTime })
	newNight().addLegs(internal).exclude(short).decide(t).calls("1 excluded short")
	newNight().addLegs(unparsed).exclude(short).decide(t).calls("1 indeterminate unparsed")
	newNight().addLegs(unparsed).exclude(short).exclude(policy.Exclusion{Reason: "line", Line: []string{"L1"}}).decide(t).calls("1 excluded short")
}

func TestPausesMakeACallShorter(t *testing.T) {
	paused := changed(internal, func(l *leg) { l.pauses = "10:00-10:00:03" })
	newNight().addLegs(paused).exclude(policy.Exclusion{Reason: "short", ShorterThan: 2 * time.Second}).decide(t).calls("1 excluded short")
}
