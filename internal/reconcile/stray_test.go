package reconcile_test

import (
	"testing"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// looking is a night in which CDRs are read from 24 h before to 4 h after it, and
// manifests from 4 h before to 1 h after it.
func looking() *night {
	ev := newNight()
	ev.Sources[cdrs].Lookback, ev.Sources[cdrs].Lookahead = 24*time.Hour, 4*time.Hour
	ev.Sources[manifests].Lookback, ev.Sources[manifests].Lookahead = 4*time.Hour, time.Hour
	return ev
}

func TestRowsWhoseOwnIntervalNeverReadsThemAreStrays(t *testing.T) {
	for name, test := range map[string]struct {
		ev   *night
		want []string
	}{
		"of the day": {looking().addLegs(leg{conversation: "c1", id: "A", start: "10:00", end: "10:05", unanswered: true}), nil},
		"of the next day, which looks back": {
			looking().addLegs(leg{conversation: "c1", id: "A", start: "24:00", end: "24:05"}), nil,
		},
		"of the day after that": {
			looking().addLegs(leg{conversation: "c1", id: "A", start: "48:00", end: "48:05"}), []string{"stray_record open interval=2026-11-22;rows=1;lookback=25h"},
		},
		"of the day before, which looks into the day": {looking().addLegs(leg{conversation: "c1", id: "A", start: "-1:00", end: "-1:05"}), nil},
		"of the day before that": {
			looking().addLegs(leg{conversation: "c1", id: "A", start: "-25:00", end: "-25:05"}), []string{"stray_record open interval=2026-11-18;rows=1;lookahead=25h"},
		},
		"each day is one": {
			looking().addLegs(leg{conversation: "c1", id: "A", start: "-25:00"}, leg{conversation: "c2", id: "A", start: "-30:00"}, leg{conversation: "c1", id: "A", start: "-49:00"}),
			[]string{"stray_record open interval=2026-11-17;rows=1;lookahead=49h", "stray_record open interval=2026-11-18;rows=2;lookahead=25h"},
		},
		"versions of one leg are one row": {
			looking().addLegs(leg{conversation: "c1", id: "A", start: "-25:00"}, leg{conversation: "c1", id: "A", start: "-25:00"}), []string{"stray_record open interval=2026-11-18;rows=1;lookahead=25h"},
		},
		"without a start": {looking().addLegs(leg{conversation: "c1", id: "A", end: "-25:00"}), nil},
		"recordings without a leg": {
			looking().add(entry{recording: "r1", start: "24:00", end: "24:05"}, entry{recording: "r2", start: "-2:00", end: "-1:55"}, entry{recording: "r3", start: "-30:00", end: "-29:55"}),
			[]string{"no_cdr open r1", "no_cdr open r2", "no_cdr open r3", "stray_record open interval=2026-11-18;rows=1;lookahead=25h"},
		},
		"of the end of an interval": {
			looking().add(entry{recording: "r1", start: "28:00", end: "28:05"}, entry{recording: "r2", start: "48:00", end: "48:05"}),
			[]string{"no_cdr open r1", "no_cdr open r2", "stray_record open interval=2026-11-22;rows=1;lookback=25h"},
		},
		"recordings with a leg": {
			looking().add(entry{recording: "r1", start: "-30:00", end: "-29:55"}).addLegs(leg{conversation: "c1", id: "A", recordings: "r1", start: "-30:00", unanswered: true}),
			[]string{"stray_record open interval=2026-11-18;rows=1;lookahead=25h"}, // the leg
		},
		"media that is gone is one, a screen is none": {
			looking().add(entry{recording: "r1", start: "-30:00", end: "-29:55", state: "absent"}, entry{recording: "r2", start: "-30:00", end: "-29:55", subtype: "screen"}),
			[]string{"media_missing open r1 state=absent", "no_cdr open r1", "stray_record open interval=2026-11-18;rows=1;lookahead=25h"},
		},
	} {
		t.Run(name, func(t *testing.T) { test.ev.decide(t).findings(test.want...) })
	}
}

func TestOnlyPartitionsThatBeginInTheIntervalHoldStrays(t *testing.T) {
	far := leg{conversation: "c1", id: "A", start: "-49:00"}
	for name, span := range map[string]record.Span{
		"flat":    record.Forever,
		"margin":  {Start: at("24:00"), End: at("48:00")},
		"earlier": {Start: at("-1:00"), End: at("24:00")},
	} {
		t.Run(name, func(t *testing.T) {
			ev := looking().addLegs(far)
			ev.Partitions[cdrs].Span = span
			ev.decide(t).findings()
		})
	}
}

// A version that was updated after its own day was done was delivered before.
func TestLateVersionsAreMinor(t *testing.T) {
	late := leg{conversation: "c1", id: "A", start: "-25:00", updated: "4:00"} // its day ended at -24:00 and looks 4 h ahead
	for name, test := range map[string]struct {
		legs []leg
		want string
	}{
		"late":          {[]leg{changed(late, func(l *leg) { l.updated = "-20:00" })}, "minor"},
		"not late":      {[]leg{changed(late, func(l *leg) { l.updated = "-21:59:59" })}, "major"},
		"without an id": {[]leg{changed(late, func(l *leg) { l.id = "" })}, "major"},
		"all but one":   {[]leg{late, changed(late, func(l *leg) { l.id, l.updated = "B", "" })}, "major"},
		"all":           {[]leg{late, changed(late, func(l *leg) { l.id = "B" })}, "minor"},
	} {
		t.Run(name, func(t *testing.T) {
			d := looking().addLegs(test.legs...).decide(t)
			d.ev.compare(t, "severities", columns(t, d.FindingRows, "severity"), []string{test.want})
		})
	}
}

func TestAStrayIsKnownByItsPartitionAndTheIntervalOfItsRows(t *testing.T) {
	d := looking().addLegs(leg{conversation: "c1", id: "A", start: "-25:00"}).decide(t)
	d.ev.compare(t, "findings", columns(t, d.FindingRows, "finding_id", "source", "object_key", "start_time", "end_time"), []string{
		idOf("stray_record||part|c|c/day/|2026-11-18") + " c c/day/ 2026-11-18T00:00:00.000000Z 2026-11-19T00:00:00.000000Z",
	})
	if b := d.Balance[policy.CDRs]; b.Margin != 1 {
		t.Errorf("got the balance %+v, want one row of the margin", b)
	}
}
