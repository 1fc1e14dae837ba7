package sample

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// Each chapter is found again in the objects by what its defect looks like,
// and nowhere else.
func TestStoryNamesEveryDefectThatTheObjectsShow(t *testing.T) {
	n := New(day)
	r := read(t, n)
	recording := func(c Case) string { return c.Recording }
	conversation := func(c Case) string { return c.Conversation }
	leg := func(c Case) string { return c.Leg }
	for _, test := range []struct {
		kinds []string
		of    func(Case) string
		got   []string
	}{
		{[]string{"trunk-lost", "trunk-lost-in-outage"}, recording, r.documented(func(_ string, d exported) bool {
			return d.MediaSubtype != "Screen" && (d.SIPTrunkID == nil || *d.SIPTrunkID == "")
		})},
		{[]string{"end-missing"}, recording, r.documented(func(_ string, d exported) bool { return d.EndTime == "" })},
		{[]string{"metadata-cut"}, recording, sorted(r.cut, recordingOf)},
		{[]string{"metadata-lost"}, recording, r.undocumented()},
		{[]string{"conflict"}, recording, r.documented(r.contradictory)},
		{[]string{"recording-lost", "recording-lost-in-outage"}, conversation, r.called(func(id string, l spokenOf) bool {
			started := l.Recording == nil || *l.Recording
			return started && l.answered && l.start.After(day) && l.queue != queues[declinedQueue] && r.folders[id] == nil && !r.standsBy(id)
		})},
		{[]string{"recorder-off"}, conversation, r.called(func(_ string, l spokenOf) bool {
			return l.Recording != nil && !*l.Recording && l.queue != queues[declinedQueue]
		})},
		{[]string{"standby-recording"}, conversation, r.called(func(_ string, l spokenOf) bool { return l.listed != "" })},
		{[]string{"recording-deleted"}, recording, r.deleted()},
		{[]string{"look-alike"}, conversation, r.similar()},
		{[]string{"recording-paused"}, conversation, sorted(r.paused, func(id string) string {
			if !r.paused[id] {
				return ""
			}
			return id
		})},
		{[]string{"consult-contested", "consult-shared"}, conversation, sorted(r.media, func(key string) string {
			id := conversationOf(key)
			if len(r.customers(id)) < 2 || len(r.folders[id]) > 1 {
				return ""
			}
			return id
		})},
		{[]string{"stray-call"}, conversation, r.called(func(_ string, l spokenOf) bool { return l.start.Before(day.AddDate(0, 0, -1)) })},
		{[]string{"details-delivered-twice", "two-versions"}, leg, r.twice()},
		{[]string{"recording-short"}, conversation, r.called(r.short)},
		{[]string{"no-call-detail"}, recording, sorted(r.media, func(key string) string {
			if r.legs[conversationOf(key)] != nil {
				return ""
			}
			return recordingOf(key)
		})},
		{[]string{"media-not-audio"}, recording, append([]string{""}, r.brokenBy("media-not-audio")...)}, // and its leg
		{[]string{"media-cut"}, recording, append([]string{""}, r.brokenBy("media-cut")...)},
		{[]string{"media-one-channel"}, recording, r.brokenBy("media-one-channel")},
		{[]string{}, recording, r.brokenBy("it begins with something else")},
		{[]string{"screen-recording"}, recording, r.documented(func(_ string, d exported) bool { return d.MediaSubtype == "Screen" })},
		{[]string{"not-recorded"}, conversation, r.called(func(_ string, l spokenOf) bool { return l.queue == queues[declinedQueue] })},
		{[]string{"abandoned"}, conversation, r.called(func(_ string, l spokenOf) bool { return !l.answered })},
		{[]string{"internal-call"}, conversation, r.internal()},
	} {
		if want := cases(n, test.of, test.kinds...); !slices.Equal(test.got, want) {
			t.Errorf("%v: the objects show %d, the story names %d\ngot  %v\nwant %v", test.kinds, len(test.got), len(want), test.got, want)
		}
	}
}

func TestTheOutageCoincidesWithWhatWasLostInIt(t *testing.T) {
	n := New(day)
	r := read(t, n)
	leedsOutages := slices.DeleteFunc(slices.Clone(n.Story.Outages), func(o Outage) bool { return o.Cause != "scope_missing" })
	if len(leedsOutages) != 2 {
		t.Fatalf("%d outages for want of a scope, want one of each of the 2 lines", len(leedsOutages))
	}
	for _, kind := range []string{"trunk-lost-in-outage", "recording-lost-in-outage"} {
		if len(n.Story.Chapter(kind).Cases) < 2 {
			t.Errorf("chapter %q is all but empty", kind)
		}
		for _, c := range n.Story.Chapter(kind).Cases {
			leg := r.customers(c.Conversation)[0]
			for _, o := range leedsOutages {
				if c.Trunk != o.Trunk || !leg.start.Before(o.End) || !o.Start.Before(leg.end) {
					t.Errorf("%s: call %s from %v to %v on %s does not overlap %+v", kind, c.Conversation, leg.start, leg.end, c.Trunk, o)
				}
			}
		}
	}
	for _, kind := range []string{"trunk-lost", "recording-lost"} {
		for _, c := range n.Story.Chapter(kind).Cases {
			leg := r.customers(c.Conversation)[0]
			for _, o := range n.Story.Outages {
				if c.Trunk == o.Trunk && leg.start.Before(o.End) && o.Start.Before(leg.end) {
					t.Errorf("%s: call %s coincides with %+v", kind, c.Conversation, o)
				}
			}
		}
	}
}

func TestMarginsMatter(t *testing.T) {
	n := New(day)
	r := read(t, n)
	list := n.Story.Chapter("over-midnight").Cases
	if len(list) != 3 {
		t.Fatalf("%d calls over midnight, want 3", len(list))
	}
	joined := r.customers(list[1].Conversation)
	if len(joined) != 2 || !joined[0].start.Before(day) || joined[1].start.Before(day) {
		t.Errorf("legs of the joined call: %v, want one before midnight and one after it", joined)
	}
	if key := list[1].Key; inNight(key) {
		t.Errorf("the joined call's recording is %q, want it below the day before", key)
	}
	midnight := day.Add(24 * time.Hour)
	if last := r.customers(list[2].Conversation)[0]; !last.start.Before(midnight) || !last.end.After(midnight) {
		t.Errorf("the last call lasts from %v to %v, want it over midnight", last.start, last.end)
	}
}

func TestStoryReadsWell(t *testing.T) {
	n := New(day)
	seen := map[string]bool{}
	for _, ch := range n.Story.Chapters {
		if seen[ch.Kind] {
			t.Errorf("chapter %q stands there twice", ch.Kind)
		}
		seen[ch.Kind] = true
		if !strings.HasSuffix(ch.Sentence, ".") || strings.Contains(ch.Sentence, "%!") {
			t.Errorf("chapter %q says %q", ch.Kind, ch.Sentence)
		}
	}
	for _, o := range n.Story.Outages {
		if !seen[o.Kind] {
			t.Errorf("outage %+v is of no chapter", o)
		}
	}
}

// standsBy reports whether the standby recorder made the recording of a call.
func (r *reading) standsBy(conversation string) bool {
	id := func(e standbyEntry) bool { return e.Conversation == conversation }
	return slices.ContainsFunc(r.standby, id) || slices.Contains(r.similar(), conversation)
}

// brokenBy returns the recordings whose media have a defect.
func (r *reading) brokenBy(defect string) []string {
	return sorted(r.media, func(key string) string {
		if r.broken[key] != defect {
			return ""
		}
		return recordingOf(key)
	})
}

// deleted returns the recordings of the standby recorder that were deleted, and
// none for the leg of the case.
func (r *reading) deleted() []string {
	list := []string{""}
	for _, e := range r.standby {
		if e.State == "deleted" {
			list = append(list, e.Recording)
		}
	}
	return list
}

// similar returns the conversations that the standby recorder has a recording
// of under another id, and these ids.
func (r *reading) similar() []string {
	var list []string
	for _, e := range r.standby {
		if r.legs[e.Conversation] != nil {
			continue
		}
		list = append(list, e.Conversation)
		for id := range r.legs {
			for _, l := range r.customers(id) {
				if l.end.Format(gatewayStamp) == e.End && strings.HasSuffix(l.Trunk, e.Trunk) {
					list = append(list, id)
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

// twice returns the customers' legs that have several rows.
func (r *reading) twice() []string {
	var list []string
	for id := range r.legs {
		for _, l := range r.customers(id) {
			if r.versions[l.ID] > 1 {
				list = append(list, l.ID)
			}
		}
	}
	slices.Sort(list)
	return list
}

// documented returns the recordings whose metadata is of some sort.
func (r *reading) documented(is func(key string, d exported) bool) []string {
	var list []string
	for key, d := range r.documents {
		if is(key, d) {
			list = append(list, recordingOf(key))
		}
	}
	slices.Sort(list)
	return list
}

func (r *reading) undocumented() []string {
	return sorted(r.media, func(key string) string {
		document := key + "_metadata.json"
		if _, ok := r.documents[document]; ok || r.cut[document] {
			return ""
		}
		return recordingOf(key)
	})
}

func (r *reading) contradictory(key string, d exported) bool {
	if d.ConversationID != conversationOf(key) || d.RecordingID != recordingOf(key) || d.OrganizationID != Org {
		return true
	}
	if from, until, ok := d.span(); ok && until.Sub(from).Milliseconds() != d.DurationMS {
		return true
	}
	legs := r.customers(d.ConversationID)
	return d.SIPTrunkID != nil && len(legs) > 0 && !strings.Contains(legs[0].Trunk, "tgrp="+*d.SIPTrunkID)
}

func (d exported) span() (from, until time.Time, ok bool) {
	from, err := time.Parse("2006-01-02T15:04:05.000-0700", d.StartTime)
	if err != nil {
		return from, until, false
	}
	until, err = time.Parse("2006-01-02T15:04:05.000-0700", d.EndTime)
	return from, until, err == nil
}

// short reports whether the metadata of a leg ends long before the leg.
func (r *reading) short(conversation string, l spokenOf) bool {
	known, last := false, time.Time{}
	for _, key := range r.folders[conversation] {
		d := r.documents[key+"_metadata.json"]
		if _, until, ok := d.span(); ok && until.After(last) {
			known, last = true, until
		}
	}
	return known && l.end.Sub(last) > 5*time.Second
}

// called returns the conversations with a customer's leg of some sort.
func (r *reading) called(is func(conversation string, l spokenOf) bool) []string {
	var list []string
	for conversation := range r.legs {
		for _, l := range r.customers(conversation) {
			if is(conversation, l) {
				list = append(list, conversation)
			}
		}
	}
	slices.Sort(list)
	return list
}

func (r *reading) internal() []string {
	var list []string
	for conversation, legs := range r.legs {
		if len(r.customers(conversation)) == 0 && legs[0].Direction == "internal" {
			list = append(list, conversation)
		}
	}
	slices.Sort(list)
	return list
}

func sorted(keys map[string]bool, of func(string) string) []string {
	var list []string
	for key := range keys {
		if v := of(key); v != "" {
			list = append(list, v)
		}
	}
	slices.Sort(list)
	return list
}
