package reconcile_test

import (
	"fmt"
	"testing"

	"cdrmend/internal/evidence"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

// recorded is n legs with their recordings, and more recordings without a leg.
func recorded(n, alone int) *nighttest.Night {
	ev := nighttest.Pairs(n, nil)
	for i := range alone {
		ev.Add(nighttest.Entry{Recording: fmt.Sprintf("x%d", i), Start: "10:00", End: "10:05"})
	}
	return ev
}

func TestTheTotalIsAtLeastWhatIsKnownWhenCDRsMayHideLegs(t *testing.T) {
	otherDay := func(ev *nighttest.Night) {
		ev.Partitions[nighttest.CDRs].Span = record.Span{Start: nighttest.At("24:00"), End: nighttest.At("48:00")}
	}
	for name, test := range map[string]struct {
		ev     *nighttest.Night
		change func(*nighttest.Night)
		want   bool
	}{
		"nothing":                         {recorded(3, 0), func(*nighttest.Night) {}, false},
		"unsettled CDRs":                  {recorded(3, 0), func(ev *nighttest.Night) { ev.Unsettle(nighttest.CDRs) }, true},
		"damaged CDRs":                    {recorded(3, 0), func(ev *nighttest.Night) { ev.Damage(nighttest.CDRs) }, true},
		"damaged CDRs of another day":     {recorded(3, 0), func(ev *nighttest.Night) { ev.Damage(nighttest.CDRs); otherDay(ev) }, false},
		"damaged manifests":               {recorded(3, 0), func(ev *nighttest.Night) { ev.Damage(nighttest.Manifests) }, false},
		"no CDRs, though recordings":      {recorded(0, 1), func(ev *nighttest.Night) { ev.Sources[nighttest.CDRs].NoUse = true }, true},
		"one in a hundred without a leg":  {recorded(99, 1), func(*nighttest.Night) {}, false},
		"more than one in a hundred":      {recorded(98, 1), func(*nighttest.Night) {}, true},
		"an empty hour that was needed":   {recorded(200, 1), func(ev *nighttest.Night) { emptyHour(ev, nighttest.CDRs, "10:00") }, true},
		"an empty hour that nobody needs": {recorded(200, 1), func(ev *nighttest.Night) { emptyHour(ev, nighttest.CDRs, "12:00") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.change(test.ev)
			if n := test.ev.Decide(t).Notices; n.AtLeast != test.want {
				t.Errorf("at least: %v, want %v", n.AtLeast, test.want)
			}
		})
	}
}

// emptyHour adds a partition of an hour in which nothing was delivered.
func emptyHour(ev *nighttest.Night, source uint32, start string) {
	ev.Partitions = append(ev.Partitions, evidence.Partition{
		Source: source, Span: record.Span{Start: nighttest.At(start), End: nighttest.At(start) + record.Time(3600e6)}, URL: ev.Sources[source].Name + "/hour/", Empty: true,
	})
}

func TestANightIsUndecidedWhenSettledInputsLeaveMuchOpen(t *testing.T) {
	// one of n legs is not decided
	one := func(n int) *nighttest.Night {
		return nighttest.Pairs(n-1, nil).AddLegs(nighttest.Leg{ID: "X", Start: "10:00", End: "10:05"})
	}
	for name, test := range map[string]struct {
		ev   *nighttest.Night
		want bool
	}{
		"one of a hundred legs":             {one(100), false},
		"one of 99":                         {one(99), true},
		"of unsettled CDRs":                 {one(99).Unsettle(nighttest.CDRs), false},
		"of unsettled manifests":            {one(99).Unsettle(nighttest.Manifests), false},
		"of unsettled registrations":        {one(99).Unsettle(nighttest.Registrations), true},
		"legs that do not count":            {one(100).AddLegs(nighttest.Leg{Conversation: "n", ID: "N", Start: "10:00", End: "10:01", Unanswered: true}), false},
		"damaged manifests":                 {recorded(1, 0).Damage(nighttest.Manifests), true},
		"damaged manifests to be completed": {recorded(1, 0).Damage(nighttest.Manifests).Unsettle(nighttest.Manifests), false},
		"damaged CDRs":                      {recorded(1, 0).Damage(nighttest.CDRs), true},
		"damaged registrations":             {recorded(1, 0).Damage(nighttest.Registrations), false},
	} {
		t.Run(name, func(t *testing.T) {
			if n := test.ev.Decide(t).Notices; n.Undecided != test.want {
				t.Errorf("undecided: %v, want %v", n.Undecided, test.want)
			}
		})
	}
}

func TestNeededInputThatIsMissingIsAsGraveAsWhatItHides(t *testing.T) {
	for name, test := range map[string]struct {
		change func(ev *nighttest.Night)
		want   []string
	}{
		"an hour of manifests": {func(ev *nighttest.Night) {}, []string{"input_missing major open"}},
		"all manifests":        {func(ev *nighttest.Night) { ev.Sources[nighttest.Manifests].NoUse, ev.Documents = true, nil }, []string{"input_missing critical open"}},
		"manifests of others":  {func(ev *nighttest.Night) { ev.Sources[nighttest.Manifests].Org = ev.Texts.OfString("other") }, nil},
		"not settled yet":      {func(ev *nighttest.Night) { ev.Unsettle(nighttest.Manifests) }, nil},
		"another day": {func(ev *nighttest.Night) {
			ev.Interval.Start = nighttest.At("11:00")
			ev.Legs[0].Start = nighttest.At("11:00")
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			ev := nighttest.New().AddLegs(nighttest.FiveMinutes)
			emptyHour(ev, nighttest.Manifests, "10:00")
			test.change(ev)
			var got []string
			for _, f := range nighttest.Columns(t, ev.Decide(t).FindingRows, "class", "severity", "status") {
				if f[:5] == "input" {
					got = append(got, f)
				}
			}
			ev.Compare(t, "findings", got, test.want)
		})
	}

	ev := nighttest.New().Add(nighttest.ItsEntry) // a recording without a leg
	emptyHour(ev, nighttest.CDRs, "10:00")
	ev.Decide(t).WantFindings("input_missing open", "no_cdr open r1")
}

func TestNothingAtAllIsDoubtedButOnAQuietDay(t *testing.T) {
	for name, test := range map[string]struct {
		quiet  []string
		change func(*nighttest.Night)
		want   bool
	}{
		"nothing":                    {nil, func(*nighttest.Night) {}, true},
		"on that weekday":            {[]string{"friday"}, func(*nighttest.Night) {}, false},
		"on that date":               {[]string{"2026-11-20"}, func(*nighttest.Night) {}, false},
		"on another day":             {[]string{"sunday", "2026-11-21"}, func(*nighttest.Night) {}, true},
		"CDRs without a row of need": {nil, func(ev *nighttest.Night) { ev.Sources[nighttest.CDRs].NoUse = false }, false},
	} {
		t.Run(name, func(t *testing.T) {
			ev := nighttest.New()
			ev.Policy.QuietDays = test.quiet
			for _, s := range []int{nighttest.Manifests, nighttest.CDRs} {
				ev.Sources[s].NoUse = true
			}
			test.change(ev)
			d := ev.Decide(t)
			if d.Notices.Undecided != test.want || d.Notices.AtLeast != test.want || (len(d.Incomplete) == 2) != test.want {
				t.Errorf("got %+v and incomplete %+v, want undecided: %v", d.Notices, d.Incomplete, test.want)
			}
		})
	}
}

func TestABlankManifestIsAnEmptyListUnlessALegLacksItsRecording(t *testing.T) {
	blank := func(change func(*nighttest.Night)) *nighttest.Night {
		ev := nighttest.New()
		ev.Documents[0].Blank, ev.Partitions[nighttest.Manifests].Blank = true, true
		ev.Documents[0].Extra = &manifest.Extra{Total: profile.NoInt, Truncated: &manifest.Break{}}
		change(ev)
		return ev
	}
	lost := []string{"missing_recording indeterminate", "truncated_document open offset=0;entries=0"}
	for name, test := range map[string]struct {
		change func(*nighttest.Night)
		want   []string
	}{
		"nothing is lost":           {func(*nighttest.Night) {}, nil},
		"a leg lacks its recording": {func(ev *nighttest.Night) { ev.AddLegs(nighttest.FiveMinutes) }, lost},
		"one that need not have one": {func(ev *nighttest.Night) {
			ev.AddLegs(nighttest.Changed(nighttest.FiveMinutes, func(l *nighttest.Leg) { l.Unanswered = true }))
		}, nil},
		"one that has it": {func(ev *nighttest.Night) {
			ev.AddSource(policy.Manifests, "n").Add(nighttest.ItsEntry).AddLegs(nighttest.FiveMinutes)
		}, nil},
		"one of another organisation": {
			func(ev *nighttest.Night) {
				ev.AddSource(policy.Manifests, "n").AddLegs(nighttest.FiveMinutes)
				ev.Sources[nighttest.Manifests].Org = ev.Texts.OfString("other")
			}, []string{"missing_recording open"},
		},
		"one that starts elsewhere": {
			func(ev *nighttest.Night) {
				ev.AddSource(policy.Manifests, "n").AddLegs(nighttest.FiveMinutes)
				ev.Partitions[nighttest.Manifests].Span.Start = nighttest.At("11:00")
				ev.Partitions[3].Span.Start = nighttest.At("00:00")
			}, []string{"missing_recording indeterminate"}, // it begins before what was read of one source
		},
		"though other documents are damaged": {func(ev *nighttest.Night) { ev.Damage(nighttest.Manifests) }, nil},
		"lost before it is settled":          {func(ev *nighttest.Night) { ev.Unsettle(nighttest.Manifests).AddLegs(nighttest.FiveMinutes) }, lost},
	} {
		t.Run(name, func(t *testing.T) { blank(test.change).Decide(t).WantFindings(test.want...) })
	}
}
