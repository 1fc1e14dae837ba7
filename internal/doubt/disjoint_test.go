package doubt_test

import (
	"testing"

	"cdrmend/internal/evidence"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/reconcile/nighttest"
	"cdrmend/internal/record"
)

// disjoint returns a night with one entry and one leg that share nothing, and a profile
// of manifests that names places for ids.
func disjoint(leg nighttest.Leg, entry nighttest.Entry, ids ...record.Field) *nighttest.Night {
	leg.Start, leg.End = "10:00", "10:05"
	entry.Start, entry.End = "10:00", "10:05"
	ev := nighttest.New().Add(entry).AddLegs(leg)
	for i := range ev.Objects {
		ev.Objects[i].Tabular = true
	}
	p := &profile.Profile{Kind: "manifests", Fields: map[record.Field][]profile.Place{}}
	for _, id := range ids {
		p.Fields[id] = profile.At("x")
	}
	ev.Sources[nighttest.Manifests].Profile = p
	return ev
}

func TestASourceWhoseEntriesLackTheIdsOfAllLegsIsUnfit(t *testing.T) {
	const conversation, recording = record.ConversationID, record.RecordingID
	call := nighttest.Leg{Conversation: "c"}
	for name, test := range map[string]struct {
		ev   *nighttest.Night
		want string // details
	}{
		"no entry has a conversation":           {disjoint(call, nighttest.Entry{Recording: "r"}, conversation, recording), "conversation_id"},
		"the profile names no place":            {disjoint(call, nighttest.Entry{Recording: "r"}, recording), ""},
		"an entry has one":                      {disjoint(call, nighttest.Entry{Recording: "r", Conversation: "d"}, conversation), ""},
		"the leg lists its recording":           {disjoint(nighttest.Leg{Conversation: "c", Recordings: "s"}, nighttest.Entry{Recording: "r"}, conversation), ""},
		"no entry has a recording id":           {disjoint(nighttest.Leg{Recordings: "s"}, nighttest.Entry{Conversation: "d"}, conversation, recording), "recording_id"},
		"the leg is not to be recorded":         {disjoint(nighttest.Leg{Conversation: "c", Unanswered: true}, nighttest.Entry{Recording: "r"}, conversation), ""},
		"the entry is a screen":                 {disjoint(call, nighttest.Entry{Recording: "r", Media: "chat"}, conversation), ""},
		"the entry is that of another leg":      {disjoint(call, nighttest.Entry{Recording: "r"}, conversation).AddLegs(nighttest.Leg{Recordings: "r", Start: "10:00", End: "10:05"}), ""},
		"every leg shares something":            {disjoint(nighttest.Leg{Conversation: "c", Recordings: "r"}, nighttest.Entry{Recording: "r"}, conversation), ""},
		"an object without the column is unfit": {otherFile(disjoint(call, nighttest.Entry{Recording: "r"}, conversation), evidence.JoinConversation), "conversation_id"},
		"an object without another column":      {otherFile(disjoint(call, nighttest.Entry{Recording: "r"}, conversation), evidence.JoinRecording), ""},
		"another source has the recording":      {disjoint(call, nighttest.Entry{Recording: "r"}, conversation).AddSource(policy.Manifests, "n").Add(nighttest.Entry{Recording: "q", Conversation: "c", Start: "10:00", End: "10:05"}), ""},
		"another file has the column":           {otherFile(disjoint(call, nighttest.Entry{Recording: "r"}, conversation), 0), ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, got := test.ev.Decide(t), ""
			for f := range d.Findings {
				if f.Class == reconcile.UnfitSource {
					got += d.Texts.String(f.Detail)
				}
			}
			if got != test.want || d.Notices.Undecided != (test.want != "") {
				t.Errorf("got %q, want %q; undecided %v", got, test.want, d.Notices.Undecided)
			}
		})
	}
}

// otherFile adds a file whose entry is that of a leg, so that the source is fit. The
// first file lacks columns.
func otherFile(ev *nighttest.Night, lacks evidence.Needs) *nighttest.Night {
	ev.AddLegs(nighttest.Leg{Conversation: "e", Start: "11:00", End: "11:05"})
	ev.Objects[nighttest.Manifests].Lacks = lacks
	ev.Objects = append(ev.Objects, evidence.Object{Source: nighttest.Manifests, Partition: nighttest.Manifests, Key: "n.csv", Tabular: true})
	ev.Documents = append(ev.Documents, manifest.Document{Object: uint32(len(ev.Objects) - 1), Partition: nighttest.Manifests, First: uint32(len(ev.Entries))})
	return ev.Add(nighttest.Entry{Recording: "q", Conversation: "e", Start: "11:00", End: "11:05"})
}
