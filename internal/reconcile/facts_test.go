package reconcile_test

import (
	"slices"
	"testing"

	"cdrmend/internal/evidence"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// lone is a leg without a recording, so that its finding and its verdict depend
// on manifests, and an entry without a leg, whose finding depends on CDRs.
func lone() *night {
	return newNight(record.RecordingID).
		add(entry{recording: "r1", conversation: "c1", start: "10:00", end: "10:05"}).
		addLegs(leg{conversation: "c2", id: "1", recordings: "r2", start: "10:00", end: "10:05"})
}

func TestIncompleteInputMakesIndeterminateWhatItMayHide(t *testing.T) {
	elsewhere := func(ev *night, source int) { ev.Partitions[source].Span.Start = at("11:00") }
	for name, test := range map[string]struct {
		change     func(*night)
		entry, leg string // statuses
		verdict    string
		incomplete []evidence.IncompleteInput
		undecided  bool
	}{
		"all is complete":     {func(*night) {}, "open", "open", "missing", nil, false},
		"unsettled manifests": {func(ev *night) { ev.unsettle(manifests) }, "open", "indeterminate", "indeterminate inputs", []evidence.IncompleteInput{{Source: manifests, Partition: -1, Unsettled: true}}, false},
		"damaged manifests":   {func(ev *night) { ev.damage(manifests) }, "open", "indeterminate", "indeterminate inputs", []evidence.IncompleteInput{{Source: manifests, Partition: manifests}}, true},
		"useless manifests": {
			func(ev *night) { ev.Sources[manifests].NoUse = true }, "open", "indeterminate", "indeterminate inputs",
			[]evidence.IncompleteInput{{Source: manifests, Partition: -1}},
			true,
		},
		"unsettled cdrs": {func(ev *night) { ev.unsettle(cdrs) }, "indeterminate", "open", "missing", []evidence.IncompleteInput{{Source: cdrs, Partition: -1, Unsettled: true}}, false},
		"damaged cdrs":   {func(ev *night) { ev.damage(cdrs) }, "indeterminate", "open", "missing", []evidence.IncompleteInput{{Source: cdrs, Partition: cdrs}}, true},
		"damaged manifests of others": {
			func(ev *night) {
				ev.addSource(policy.Manifests, "n").Sources[3].Org = ev.Texts.OfString("other")
				ev.damage(3)
			}, "open", "open", "missing",
			[]evidence.IncompleteInput{{Source: 3, Partition: 3}},
			true,
		},
		"cdrs damaged at another time": {
			func(ev *night) { elsewhere(ev.damage(cdrs), cdrs) }, "open", "open", "missing",
			[]evidence.IncompleteInput{{Source: cdrs, Partition: cdrs}},
			true,
		},
		"no manifests of its organisation": {
			func(ev *night) {
				ev.Sources[manifests].Org = ev.Texts.OfString("other")
				ev.Documents[0].Org = ev.Org
			}, "open", "indeterminate", "indeterminate inputs", nil,
			true, // as more than one in a hundred legs is
		},
		// Unsettled as a whole, so that the damage changes nothing.
		"damaged and unsettled manifests": {
			func(ev *night) { ev.damage(manifests).unsettle(manifests) }, "open", "indeterminate", "indeterminate inputs",
			[]evidence.IncompleteInput{{Source: manifests, Partition: -1, Unsettled: true}},
			false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			ev := lone()
			test.change(ev)
			d := ev.decide(t)
			d.findings("missing_recording "+test.leg+" r2", "no_cdr "+test.entry+" r1")
			d.calls("1 " + test.verdict)
			if !slices.Equal(d.Incomplete, test.incomplete) {
				t.Errorf("got the incomplete inputs %+v, want %+v", d.Incomplete, test.incomplete)
			}
			if d.Notices.Undecided != test.undecided {
				t.Errorf("undecided: %v, want %v", d.Notices.Undecided, test.undecided)
			}
		})
	}
}

// Conversations may have begun before anything that was read.
func TestALegWhoseConversationBeganBeforeAllManifestsIsIndeterminate(t *testing.T) {
	ev := newNight().addLegs(
		leg{conversation: "c1", id: "1", start: "08:00", end: "08:05"},
		leg{conversation: "c1", id: "2", start: "10:00", end: "10:05"},
		leg{conversation: "c2", id: "3", start: "10:01", end: "10:05"},
	)
	ev.Partitions[manifests].Span.Start = at("09:00")
	ev.decide(t).calls("1 indeterminate inputs", "2 indeterminate inputs", "3 missing")
}

func TestAnEmptyPartitionIsMissingOnceSomethingStartsInIt(t *testing.T) {
	needed := "input_missing open"
	for name, test := range map[string]struct {
		ev   *night
		want []string
	}{
		"needed by a leg":   {newNight().addLegs(leg{conversation: "c1", id: "1", start: "10:00", end: "10:05"}), []string{needed, "missing_recording open"}},
		"needed by nothing": {newNight(), nil},
		"no leg to record":  {newNight().addLegs(leg{conversation: "c1", id: "1", start: "10:00", end: "10:05", unanswered: true}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			test.ev.Partitions[manifests].Empty = true
			test.ev.Documents = nil
			test.ev.decide(t).findings(test.want...)
		})
	}
}

func TestRegistrationsOfNoUseAreMissingInput(t *testing.T) {
	ev := newNight()
	ev.Sources[registrations].NoUse = true
	ev.decide(t).findings("input_missing open")
}
