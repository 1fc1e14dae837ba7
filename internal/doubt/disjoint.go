package doubt

import (
	"slices"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

// A profile of one's own names the places of the ids by which legs find their
// recordings. When an exporter renames a column, all entries lack the id, and no leg
// finds any. That shows nothing of the calls: the source, or the object in CSV or
// Parquet without the column, is unfit.

// joined counts what the owned entries of voice of a source, or of an object, share.
type joined struct {
	entries int
	has     evidence.Needs // ids that one of them has
	shares  bool           // one of them shares an id with a leg
}

// note counts an entry.
func (j *joined) note(has evidence.Needs, shares bool) {
	j.entries++
	j.has |= has
	j.shares = j.shares || shares
}

// lacks returns the ids that entries would need so that legs could find them here. Each
// element of routes has the ids by which some leg could find its own.
func (j *joined) lacks(routes []evidence.Needs) (lacks evidence.Needs) {
	if j.entries == 0 || j.shares {
		return 0
	}
	for _, ids := range routes {
		if ids&j.has == 0 {
			lacks |= ids
		}
	}
	return lacks
}

// findDisjoint finds the sources and objects of manifests whose entries lack the ids by
// which the legs without a recording could find them.
func (d *Sources) findDisjoint(w *witness) {
	ev := w.legs.Evidence
	wanted := make([]evidence.Needs, len(ev.Sources)) // ids that the profile names places for
	for i := range ev.Sources {
		if ev.Sources[i].Profile.Joins(record.ConversationID) {
			wanted[i] |= evidence.JoinConversation
		}
		if ev.Sources[i].Profile.Joins(record.RecordingID) {
			wanted[i] |= evidence.JoinRecording
		}
	}
	if !slices.ContainsFunc(wanted, func(ids evidence.Needs) bool { return ids != 0 }) {
		return
	}

	routes := w.routes()
	if len(routes) == 0 {
		return
	}
	sources, objects := w.joined()
	for i := range sources {
		// Where entries have no place for any id, that was found before.
		if d.lacking[i]&evidence.NeedConversation != 0 {
			wanted[i] = 0
		}
		if lacks := sources[i].lacks(routes) & wanted[i]; lacks != 0 {
			d.unfitSources[i] = true
			d.lacking[i] |= lacks
		}
	}
	for object, j := range objects {
		o := &ev.Objects[object]
		if lacks := j.lacks(routes) & wanted[o.Source] & o.Lacks; lacks != 0 {
			d.unfitObjects[object] = true
			d.lacking[o.Source] |= lacks
		}
	}
}

// routes returns by which ids the owned legs that are to be recorded, and that share
// nothing with an entry of voice, could find one; each set of ids once.
func (w *witness) routes() (all []evidence.Needs) {
	ev := w.legs.Evidence
	for n := range uint32(len(ev.Legs)) {
		if !w.owned.Legs[n] || !w.duties.ToRecord(n) {
			continue
		}
		var ids evidence.Needs
		if ev.Legs[n].Conversation != intern.None {
			ids |= evidence.JoinConversation
		}
		if len(w.legs.Listed(n)) > 0 {
			ids |= evidence.JoinRecording
		}
		if ids != 0 && !slices.Contains(all, ids) && !w.shares(n, anyVoice) {
			all = append(all, ids)
		}
	}
	return all
}

// joined counts the owned entries of voice by source, and those of objects that lack a
// column by object.
func (w *witness) joined() (sources []joined, objects map[uint32]*joined) {
	ev := w.legs.Evidence
	sources, objects = make([]joined, len(ev.Sources)), map[uint32]*joined{}
	for n := range ev.Entries {
		if !w.owned.Entries[n] || !w.entries.States[n].Voice {
			continue
		}
		e := &ev.Entries[n]
		var has evidence.Needs
		if e.Conversation != intern.None {
			has |= evidence.JoinConversation
		}
		if e.Recording != intern.None {
			has |= evidence.JoinRecording
		}
		shares := len(w.legs.ByRecording.Find(e.Org, e.Recording)) > 0 || len(w.legs.OfConversation(e)) > 0

		object := ev.Documents[e.Doc].Object
		sources[ev.Objects[object].Source].note(has, shares)
		if ev.Objects[object].Lacks&(evidence.JoinConversation|evidence.JoinRecording) != 0 {
			if objects[object] == nil {
				objects[object] = new(joined)
			}
			objects[object].note(has, shares)
		}
	}
	return sources, objects
}
