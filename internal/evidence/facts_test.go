package evidence_test

import (
	"slices"
	"testing"

	"cdrmend/internal/evidence"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

// lone is a leg without a recording, so that its finding and its verdict depend
// on manifests, and an entry without a leg, whose finding depends on CDRs.
func lone() *nighttest.Night {
	return nighttest.New(record.RecordingID).
		Add(nighttest.Entry{Recording: "r1", Conversation: "c1", Start: "10:00", End: "10:05"}).
		AddLegs(nighttest.Leg{Conversation: "c2", ID: "1", Recordings: "r2", Start: "10:00", End: "10:05"})
}

func TestIncompleteInputMakesIndeterminateWhatItMayHide(t *testing.T) {
	elsewhere := func(ev *nighttest.Night, source int) { ev.Partitions[source].Span.Start = nighttest.At("11:00") }
	for name, test := range map[string]struct {
		change     func(*nighttest.Night)
		Entry, Leg string // statuses
		verdict    string
		incomplete []evidence.IncompleteInput
		undecided  bool
	}{
		"all is complete":     {func(*nighttest.Night) {}, "open", "open", "missing", nil, false},
		"unsettled manifests": {func(ev *nighttest.Night) { ev.Unsettle(nighttest.Manifests) }, "open", "indeterminate", "indeterminate inputs", []evidence.IncompleteInput{{Source: nighttest.Manifests, Partition: -1, Unsettled: true}}, false},
		"damaged manifests":   {func(ev *nighttest.Night) { ev.Damage(nighttest.Manifests) }, "open", "indeterminate", "indeterminate inputs", []evidence.IncompleteInput{{Source: nighttest.Manifests, Partition: nighttest.Manifests}}, true},
		"useless manifests": {
			func(ev *nighttest.Night) { ev.Sources[nighttest.Manifests].NoUse = true }, "open", "indeterminate", "indeterminate inputs",
			[]evidence.IncompleteInput{{Source: nighttest.Manifests, Partition: -1}},
			true,
		},
		"unsettled cdrs": {func(ev *nighttest.Night) { ev.Unsettle(nighttest.CDRs) }, "indeterminate", "open", "missing", []evidence.IncompleteInput{{Source: nighttest.CDRs, Partition: -1, Unsettled: true}}, false},
		"damaged cdrs":   {func(ev *nighttest.Night) { ev.Damage(nighttest.CDRs) }, "indeterminate", "open", "missing", []evidence.IncompleteInput{{Source: nighttest.CDRs, Partition: nighttest.CDRs}}, true},
		"damaged manifests of others": {
			func(ev *nighttest.Night) {
				ev.AddSource(policy.Manifests, "n").Sources[3].Org = ev.Texts.OfString("other")
				ev.Damage(3)
			}, "open", "open", "missing",
			[]evidence.IncompleteInput{{Source: 3, Partition: 3}},
			true,
		},
		"cdrs damaged at another time": {
			func(ev *nighttest.Night) { elsewhere(ev.Damage(nighttest.CDRs), nighttest.CDRs) }, "open", "open", "missing",
			[]evidence.IncompleteInput{{Source: nighttest.CDRs, Partition: nighttest.CDRs}},
			true,
		},
		"no manifests of its organisation": {
			func(ev *nighttest.Night) {
				ev.Sources[nighttest.Manifests].Org = ev.Texts.OfString("other")
				ev.Documents[0].Org = ev.Org
			}, "open", "indeterminate", "indeterminate inputs", nil,
			true, // as more than one in a hundred legs is
		},
		// Unsettled as a whole, so that the damage changes nothing.
		"damaged and unsettled manifests": {
			func(ev *nighttest.Night) { ev.Damage(nighttest.Manifests).Unsettle(nighttest.Manifests) }, "open", "indeterminate", "indeterminate inputs",
			[]evidence.IncompleteInput{{Source: nighttest.Manifests, Partition: -1, Unsettled: true}},
			false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			ev := lone()
			test.change(ev)
			d := ev.Decide(t)
			d.WantFindings("missing_recording "+test.Leg+" r2", "no_cdr "+test.Entry+" r1")
			d.WantCalls("1 " + test.verdict)
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
	ev := nighttest.New().AddLegs(
		nighttest.Leg{Conversation: "c1", ID: "1", Start: "08:00", End: "08:05"},
		nighttest.Leg{Conversation: "c1", ID: "2", Start: "10:00", End: "10:05"},
		nighttest.Leg{Conversation: "c2", ID: "3", Start: "10:01", End: "10:05"},
	)
	ev.Partitions[nighttest.Manifests].Span.Start = nighttest.At("09:00")
	ev.Decide(t).WantCalls("1 indeterminate inputs", "2 indeterminate inputs", "3 missing")
}

func TestAnEmptyPartitionIsMissingOnceSomethingStartsInIt(t *testing.T) {
	needed := "input_missing open"
	for name, test := range map[string]struct {
		ev   *nighttest.Night
		want []string
	}{
		"needed by a leg":   {nighttest.New().AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Start: "10:00", End: "10:05"}), []string{needed, "missing_recording open"}},
		"needed by nothing": {nighttest.New(), nil},
		"no leg to record":  {nighttest.New().AddLegs(nighttest.Leg{Conversation: "c1", ID: "1", Start: "10:00", End: "10:05", Unanswered: true}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			test.ev.Partitions[nighttest.Manifests].Empty = true
			test.ev.Documents = nil
			test.ev.Decide(t).WantFindings(test.want...)
		})
	}
}

func TestRegistrationsOfNoUseAreMissingInput(t *testing.T) {
	ev := nighttest.New()
	ev.Sources[nighttest.Registrations].NoUse = true
	ev.Decide(t).WantFindings("input_missing open")
}
