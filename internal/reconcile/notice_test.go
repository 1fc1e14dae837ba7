package reconcile_test

import (
	"fmt"
	"testing"

	"cdrmend/internal/evidence"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
)

// recorded is n legs with their recordings, and more recordings without a leg.
func recorded(n, alone int) *night {
	ev := pairs(n, nil)
	for i := range alone {
		ev.add(entry{recording: fmt.Sprintf("x%d", i), start: "10:00", end: "10:05"})
	}
	return ev
}

func TestTheTotalIsAtLeastWhatIsKnownWhenCDRsMayHideLegs(t *testing.T) {
	otherDay := func(ev *night) { ev.Partitions[cdrs].Span = record.Span{Start: at("24:00"), End: at("48:00")} }
	for name, test := range map[string]struct {
		ev     *night
		change func(*night)
		want   bool
	}{
		"nothing":                         {recorded(3, 0), func(*night) {}, false},
		"unsettled CDRs":                  {recorded(3, 0), func(ev *night) { ev.unsettle(cdrs) }, true},
		"damaged CDRs":                    {recorded(3, 0), func(ev *night) { ev.damage(cdrs) }, true},
		"damaged CDRs of another day":     {recorded(3, 0), func(ev *night) { ev.damage(cdrs); otherDay(ev) }, false},
		"damaged manifests":               {recorded(3, 0), func(ev *night) { ev.damage(manifests) }, false},
		"no CDRs, though recordings":      {recorded(0, 1), func(ev *night) { ev.Sources[cdrs].NoUse = true }, true},
		"one in a hundred without a leg":  {recorded(99, 1), func(*night) {}, false},
		"more than one in a hundred":      {recorded(98, 1), func(*night) {}, true},
		"an empty hour that was needed":   {recorded(200, 1), func(ev *night) { emptyHour(ev, cdrs, "10:00") }, true},
		"an empty hour that nobody needs": {recorded(200, 1), func(ev *night) { emptyHour(ev, cdrs, "12:00") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.change(test.ev)
			if n := test.ev.decide(t).Notices; n.AtLeast != test.want {
				t.Errorf("at least: %v, want %v", n.AtLeast, test.want)
			}
		})
	}
}

// emptyHour adds a partition of an hour in which nothing was delivered.
func emptyHour(ev *night, source uint32, start string) {
	ev.Partitions = append(ev.Partitions, evidence.Partition{
		Source: source, Span: record.Span{Start: at(start), End: at(start) + record.Time(3600e6)}, URL: ev.Sources[source].Name + "/hour/", Empty: true,
	})
}

func TestANightIsUndecidedWhenSettledInputsLeaveMuchOpen(t *testing.T) {
	// one of n legs is not decided
	one := func(n int) *night {
		return pairs(n-1, nil).addLegs(leg{id: "X", start: "10:00", end: "10:05"})
	}
	for name, test := range map[string]struct {
		ev   *night
		want bool
	}{
		"one of a hundred legs":             {one(100), false},
		"one of 99":                         {one(99), true},
		"of unsettled CDRs":                 {one(99).unsettle(cdrs), false},
		"of unsettled manifests":            {one(99).unsettle(manifests), false},
		"of unsettled registrations":        {one(99).unsettle(registrations), true},
		"legs that do not count":            {one(100).addLegs(leg{conversation: "n", id: "N", start: "10:00", end: "10:01", unanswered: true}), false},
		"damaged manifests":                 {recorded(1, 0).damage(manifests), true},
		"damaged manifests to be completed": {recorded(1, 0).damage(manifests).unsettle(manifests), false},
		"damaged CDRs":                      {recorded(1, 0).damage(cdrs), true},
		"damaged registrations":             {recorded(1, 0).damage(registrations), false},
	} {
		t.Run(name, func(t *testing.T) {
			if n := test.ev.decide(t).Notices; n.Undecided != test.want {
				t.Errorf("undecided: %v, want %v", n.Undecided, test.want)
			}
		})
	}
}

func TestNeededInputThatIsMissingIsAsGraveAsWhatItHides(t *testing.T) {
	for name, test := range map[string]struct {
		change func(ev *night)
		want   []string
	}{
		"an hour of manifests": {func(ev *night) {}, []string{"input_missing major open"}},
		"all manifests":        {func(ev *night) { ev.Sources[manifests].NoUse, ev.Documents = true, nil }, []string{"input_missing critical open"}},
		"manifests of others":  {func(ev *night) { ev.Sources[manifests].Org = ev.Texts.OfString("other") }, nil},
		"not settled yet":      {func(ev *night) { ev.unsettle(manifests) }, nil},
		"another day":          {func(ev *night) { ev.Interval.Start = at("11:00"); ev.Legs[0].Start = at("11:00") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			ev := newNight().addLegs(fiveMinutes)
			emptyHour(ev, manifests, "10:00")
			test.change(ev)
			var got []string
			for _, f := range columns(t, ev.decide(t).FindingRows, "class", "severity", "status") {
				if f[:5] == "input" {
					got = append(got, f)
				}
			}
			ev.compare(t, "findings", got, test.want)
		})
	}

	ev := newNight().add(itsEntry) // a recording without a leg
	emptyHour(ev, cdrs, "10:00")
	ev.decide(t).findings("input_missing open", "no_cdr open r1")
}

func TestNothingAtAllIsDoubtedButOnAQuietDay(t *testing.T) {
	for name, test := range map[string]struct {
		quiet  []string
		change func(*night)
		want   bool
	}{
		"nothing":                    {nil, func(*night) {}, true},
		"on that weekday":            {[]string{"friday"}, func(*night) {}, false},
		"on that date":               {[]string{"2026-11-20"}, func(*night) {}, false},
		"on another day":             {[]string{"sunday", "2026-11-21"}, func(*night) {}, true},
		"CDRs without a row of need": {nil, func(ev *night) { ev.Sources[cdrs].NoUse = false }, false},
	} {
		t.Run(name, func(t *testing.T) {
			ev := newNight()
			ev.Policy.QuietDays = test.quiet
			for _, s := range []int{manifests, cdrs} {
				ev.Sources[s].NoUse = true
			}
			test.change(ev)
			d := ev.decide(t)
			if d.Notices.Undecided != test.want || d.Notices.AtLeast != test.want || (len(d.Incomplete) == 2) != test.want {
				t.Errorf("got %+v and incomplete %+v, want undecided: %v", d.Notices, d.Incomplete, test.want)
			}
		})
	}
}

func TestABlankManifestIsAnEmptyListUnlessALegLacksItsRecording(t *testing.T) {
	blank := func(change func(*night)) *night {
		ev := newNight()
		ev.Documents[0].Blank, ev.Partitions[manifests].Blank = true, true
		ev.Documents[0].Extra = &manifest.Extra{Total: profile.NoInt, Truncated: &manifest.Break{}}
		change(ev)
		return ev
	}
	lost := []string{"missing_recording indeterminate", "truncated_document open offset=0;entries=0"}
	for name, test := range map[string]struct {
		change func(*night)
		want   []string
	}{
		"nothing is lost":            {func(*night) {}, nil},
		"a leg lacks its recording":  {func(ev *night) { ev.addLegs(fiveMinutes) }, lost},
		"one that need not have one": {func(ev *night) { ev.addLegs(changed(fiveMinutes, func(l *leg) { l.unanswered = true })) }, nil},
		"one that has it":            {func(ev *night) { ev.addSource(policy.Manifests, "n").add(itsEntry).addLegs(fiveMinutes) }, nil},
		"one of another organisation": {
			func(ev *night) {
				ev.addSource(policy.Manifests, "n").addLegs(fiveMinutes)
				ev.Sources[manifests].Org = ev.Texts.OfString("other")
			}, []string{"missing_recording open"},
		},
		"one that starts elsewhere": {
			func(ev *night) {
				ev.addSource(policy.Manifests, "n").addLegs(fiveMinutes)
				ev.Partitions[manifests].Span.Start = at("11:00")
				ev.Partitions[3].Span.Start = at("00:00")
			}, []string{"missing_recording indeterminate"}, // it begins before what was read of one source
		},
		"though other documents are damaged": {func(ev *night) { ev.damage(manifests) }, nil},
		"lost before it is settled":          {func(ev *night) { ev.unsettle(manifests).addLegs(fiveMinutes) }, lost},
	} {
		t.Run(name, func(t *testing.T) { blank(test.change).decide(t).findings(test.want...) })
	}
}
