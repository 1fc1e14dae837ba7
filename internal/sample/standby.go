package sample

import (
	"bytes"
	"iter"
)

// standbyEntry is an entry of the manifest of a gateway's standby recorder.
type standbyEntry struct {
	Recording    string `json:"recording_id"`
	Conversation string `json:"conversation_id"`
	Trunk        string `json:"trunk_id"`
	Line         string `json:"line_id"`
	Start        string `json:"start_time"`
	End          string `json:"end_time"`
	Duration     int64  `json:"duration_ms"`
	Direction    string `json:"direction"`
	ANI          string `json:"ani"`
	DNIS         string `json:"dnis"`
	MediaType    string `json:"media_type"`
	State        string `json:"state,omitempty"`
}

// standbyManifest yields the manifest of the standby recorder.
func (n *Night) standbyManifest() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		var b bytes.Buffer
		for _, e := range n.standby {
			b.Write(append(encode(e), '\n'))
		}
		yield(Object{n.standbyKey(), b.Bytes()})
	}
}

func (d date) standbyKey() string {
	return d.midnight.Format("standby/date=2006-01-02/recordings.jsonl")
}

// standBy delivers a call's recording as the standby recorder made it. The
// platform has none.
func (a *author) standBy(c *call) *standbyEntry {
	rec := &c.recordings[0]
	e := standbyEntry{
		Recording: newUUID(random(standbyStream, c.number)), Conversation: c.id,
		Trunk: trunks[c.trunk].id, Line: trunks[c.trunk].lines[c.line],
		Start: stampOf(rec.start), End: stampOf(rec.end), Duration: rec.end.Sub(rec.start).Milliseconds(),
		Direction: c.direction(), ANI: c.customer, DNIS: c.service, MediaType: "audio",
	}
	if c.kind == outbound {
		e.ANI, e.DNIS = e.DNIS, e.ANI
	}

	c.recordings = nil
	a.standby = append(a.standby, e)
	return &a.standby[len(a.standby)-1]
}

// aboutEntry returns a case about an entry of the standby recorder.
func (d date) aboutEntry(c *call, e *standbyEntry, findings ...Finding) Case {
	return Case{Conversation: e.Conversation, Trunk: c.trunkID(), Recording: e.Recording, Key: d.standbyKey(), Findings: findings}
}

// standbyRecordings lets the standby recorder take the place of the platform's.
func (a *author) standbyRecordings() {
	kept := a.pick("11:50", on(leeds))
	e := a.standBy(kept)
	kept.records.recording = e.Recording
	a.story.chapter("standby-recording", []Case{a.aboutEntry(kept, e)}, "The recording of one call on the Leeds trunk was made by the standby recorder of the gateway. The call detail record names it, so nothing is missing.")

	lost := a.pick("12:30", on(leeds))
	e = a.standBy(lost)
	e.State = "deleted"
	a.story.chapter("recording-deleted", []Case{
		lost.aboutLeg(Finding{"missing_recording", ""}), a.aboutEntry(lost, e, Finding{"media_missing", ""}),
	}, "One call was recorded by the standby recorder alone, and the recording was deleted before the export. Its entry is there and says so; the call counts as lost.")

	similar := a.pick("17:20", on(leeds))
	e = a.standBy(similar)
	e.Conversation = newUUID(random(standbyStream, -similar.number))
	a.story.chapter("look-alike", []Case{
		similar.aboutLeg(Finding{"missing_recording", ""}), a.aboutEntry(similar, e, Finding{"no_cdr", ""}),
	}, "One call has no recording, and the standby recorder has one of the same line, numbers and times under another conversation. Most likely it is the one, but only somebody who listens to it can tell.")
}
