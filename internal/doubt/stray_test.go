package doubt_test

import (
	"testing"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

// looking is a night in which CDRs are read from 24 h before to 4 h after it, and
// manifests from 4 h before to 1 h after it.
func looking() *nighttest.Night {
	ev := nighttest.New()
	ev.Sources[nighttest.CDRs].Lookback, ev.Sources[nighttest.CDRs].Lookahead = 24*time.Hour, 4*time.Hour
	ev.Sources[nighttest.Manifests].Lookback, ev.Sources[nighttest.Manifests].Lookahead = 4*time.Hour, time.Hour
	return ev
}

func TestRowsWhoseOwnIntervalNeverReadsThemAreStrays(t *testing.T) {
	for name, test := range map[string]struct {
		ev   *nighttest.Night
		want []string
	}{
		"of the day": {looking().AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Start: "10:00", End: "10:05", Unanswered: true}), nil},
		"of the next day, which looks back": {
			looking().AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Start: "24:00", End: "24:05"}), nil,
		},
		"of the day after that": {
			looking().AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Start: "48:00", End: "48:05"}), []string{"stray_record open interval=2026-11-22;rows=1;lookback=25h"},
		},
		"of the day before, which looks into the day": {looking().AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Start: "-1:00", End: "-1:05"}), nil},
		"of the day before that": {
			looking().AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Start: "-25:00", End: "-25:05"}), []string{"stray_record open interval=2026-11-18;rows=1;lookahead=25h"},
		},
		"each day is one": {
			looking().AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Start: "-25:00"}, nighttest.Leg{Conversation: "c2", ID: "A", Start: "-30:00"}, nighttest.Leg{Conversation: "c1", ID: "A", Start: "-49:00"}),
			[]string{"stray_record open interval=2026-11-17;rows=1;lookahead=49h", "stray_record open interval=2026-11-18;rows=2;lookahead=25h"},
		},
		"versions of one leg are one row": {
			looking().AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Start: "-25:00"}, nighttest.Leg{Conversation: "c1", ID: "A", Start: "-25:00"}), []string{"stray_record open interval=2026-11-18;rows=1;lookahead=25h"},
		},
		"without a start": {looking().AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", End: "-25:00"}), nil},
		"recordings without a leg": {
			looking().Add(nighttest.Entry{Recording: "r1", Start: "24:00", End: "24:05"}, nighttest.Entry{Recording: "r2", Start: "-2:00", End: "-1:55"}, nighttest.Entry{Recording: "r3", Start: "-30:00", End: "-29:55"}),
			[]string{"no_cdr open r1", "no_cdr open r2", "no_cdr open r3", "stray_record open interval=2026-11-18;rows=1;lookahead=25h"},
		},
		"of the end of an interval": {
			looking().Add(nighttest.Entry{Recording: "r1", Start: "28:00", End: "28:05"}, nighttest.Entry{Recording: "r2", Start: "48:00", End: "48:05"}),
			[]string{"no_cdr open r1", "no_cdr open r2", "stray_record open interval=2026-11-22;rows=1;lookback=25h"},
		},
		"recordings with a leg": {
			looking().Add(nighttest.Entry{Recording: "r1", Start: "-30:00", End: "-29:55"}).AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Recordings: "r1", Start: "-30:00", Unanswered: true}),
			[]string{"stray_record open interval=2026-11-18;rows=1;lookahead=25h"}, // the leg
		},
		"media that is gone is one, a screen is none": {
			looking().Add(nighttest.Entry{Recording: "r1", Start: "-30:00", End: "-29:55", State: "absent"}, nighttest.Entry{Recording: "r2", Start: "-30:00", End: "-29:55", Subtype: "screen"}),
			[]string{"media_missing open r1 state=absent", "no_cdr open r1", "stray_record open interval=2026-11-18;rows=1;lookahead=25h"},
		},
	} {
		t.Run(name, func(t *testing.T) { test.ev.Decide(t).WantFindings(test.want...) })
	}
}

func TestOnlyPartitionsThatBeginInTheIntervalHoldStrays(t *testing.T) {
	far := nighttest.Leg{Conversation: "c1", ID: "A", Start: "-49:00"}
	for name, span := range map[string]record.Span{
		"flat":    record.Forever,
		"margin":  {Start: nighttest.At("24:00"), End: nighttest.At("48:00")},
		"earlier": {Start: nighttest.At("-1:00"), End: nighttest.At("24:00")},
	} {
		t.Run(name, func(t *testing.T) {
			ev := looking().AddLegs(far)
			ev.Partitions[nighttest.CDRs].Span = span
			ev.Decide(t).WantFindings()
		})
	}
}

// A version that was updated after its own day was done was delivered before.
func TestLateVersionsAreMinor(t *testing.T) {
	late := nighttest.Leg{Conversation: "c1", ID: "A", Start: "-25:00", Updated: "4:00"} // its day ended at -24:00 and looks 4 h ahead
	for name, test := range map[string]struct {
		legs []nighttest.Leg
		want string
	}{
		"late":          {[]nighttest.Leg{nighttest.Changed(late, func(l *nighttest.Leg) { l.Updated = "-20:00" })}, "minor"},
		"not late":      {[]nighttest.Leg{nighttest.Changed(late, func(l *nighttest.Leg) { l.Updated = "-21:59:59" })}, "major"},
		"without an id": {[]nighttest.Leg{nighttest.Changed(late, func(l *nighttest.Leg) { l.ID = "" })}, "major"},
		"all but one":   {[]nighttest.Leg{late, nighttest.Changed(late, func(l *nighttest.Leg) { l.ID, l.Updated = "B", "" })}, "major"},
		"all":           {[]nighttest.Leg{late, nighttest.Changed(late, func(l *nighttest.Leg) { l.ID = "B" })}, "minor"},
	} {
		t.Run(name, func(t *testing.T) {
			d := looking().AddLegs(test.legs...).Decide(t)
			d.Night.Compare(t, "severities", nighttest.Columns(t, d.FindingRows, "severity"), []string{test.want})
		})
	}
}

func TestAStrayIsKnownByItsPartitionAndTheIntervalOfItsRows(t *testing.T) {
	d := looking().AddLegs(nighttest.Leg{Conversation: "c1", ID: "A", Start: "-25:00"}).Decide(t)
	d.Night.Compare(t, "findings", nighttest.Columns(t, d.FindingRows, "finding_id", "source", "object_key", "start_time", "end_time"), []string{
		nighttest.FindingID("stray_record||part|c|c/day/|2026-11-18") + " c c/day/ 2026-11-18T00:00:00.000000Z 2026-11-19T00:00:00.000000Z",
	})
	if b := d.Balance[policy.CDRs]; b.Margin != 1 {
		t.Errorf("got the balance %+v, want one row of the margin", b)
	}
}
