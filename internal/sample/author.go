package sample

import (
	"fmt"
	"strings"
	"time"
)

// author places the defects among the calls, each where the story wants it, and
// writes down what is to be found.
type author struct {
	date
	calls   []call // in order of their starts
	late    []call
	standby []standbyEntry
	story   Story
}

// write writes the whole story.
func (a *author) write() {
	// Calls over midnight come first: making them moves calls, and calls that have
	// been picked must stay where they are.
	midnight := a.overMidnight()

	// These calls must be picked before lostTrunks takes all others of the outage.
	lost := a.lostInOutage()

	a.addOutages()
	a.lostTrunks()
	a.lostRecordings(lost)
	a.recorderOff()
	a.standbyRecordings()
	a.consults()
	a.lateDetails()
	a.lostMetadata()
	a.cutMetadata()
	a.missingEnds()
	a.shortRecordings()
	a.duplicates()
	a.conflicts()
	a.withheldDetails()
	a.cardPayment()
	a.brokenMedia()
	a.harmless()

	a.story.chapter("over-midnight", midnight, "%d calls show why the days around the night are read too: they lasted over midnight, and what was filed under the neighbouring day proves them complete.")
	a.count()
}

// chapter adds a chapter. Its sentence may have a place for the number of cases.
func (s *Story) chapter(kind string, cases []Case, sentence string) {
	if strings.Contains(sentence, "%d") {
		sentence = fmt.Sprintf(sentence, len(cases))
	}
	s.Chapters = append(s.Chapters, Chapter{Kind: kind, Sentence: sentence, Cases: cases})
}

// count counts the calls that start in the night and the recordings in its folders.
func (a *author) count() {
	own := func(t time.Time) bool { return !t.Before(a.midnight) && t.Before(a.hour(24)) }
	for i := range a.calls {
		c := &a.calls[i]
		if own(c.start) {
			a.story.Calls++
		}
		for _, rec := range c.recordings {
			if own(rec.hour) {
				a.story.Recordings++
			}
		}
	}
}

// inOutage reports whether a recording of a call began while no line of the
// trunk could register.
func (a *author) inOutage(c *call, rec *recording) bool {
	from, until := a.scopeOutage()
	return c.trunk == scopeTrunk && rec.subtype != "Screen" && !rec.start.Before(from) && rec.start.Before(until)
}

// lostInOutage removes the recordings of calls during the outage of the scope.
func (a *author) lostInOutage() []Case {
	var cases []Case

	for _, clock := range []string{"10:24", "10:31"} {
		c := a.pick(clock, func(c *call) bool { return a.inOutage(c, &c.recordings[0]) })
		c.recordings = nil
		cases = append(cases, c.aboutLeg(Finding{"missing_recording", ""}))
	}

	return cases
}

// lostTrunks removes the trunks of all recordings made during the outage of the
// scope, and of a few others.
func (a *author) lostTrunks() {
	ways := []defect{trunkAbsent, trunkNull, trunkEmpty}
	var during, elsewhere []Case
	for i := range a.calls {
		c := &a.calls[i]
		for j := range c.recordings {
			if rec := &c.recordings[j]; a.inOutage(c, rec) {
				c.placed = true
				rec.defect = ways[len(during)%len(ways)]
				during = append(during, c.aboutRecording(j, repaired("trunk_id")...))
			}
		}
	}

	for i, at := range []struct {
		clock string
		trunk int
	}{{"09:10", frankfurt}, {"13:30", dublin}, {"19:00", frankfurt}} {
		c := a.pick(at.clock, on(at.trunk))
		c.recordings[0].defect = ways[i]
		elsewhere = append(elsewhere, c.aboutRecording(0, repaired("trunk_id")...))
	}

	a.story.chapter("trunk-lost-in-outage", during, "%d recordings were made while the Leeds lines could not register, and were exported without the trunk that carried the call. The call detail records name it, so it was put back.")
	a.story.chapter("trunk-lost", elsewhere, "%d more recordings came without their trunk (the member was left out, null or empty) with no outage near. The call detail records name it, so it was put back.")
}

// lostRecordings removes recordings outside of any outage, and adds both chapters.
func (a *author) lostRecordings(inOutage []Case) {
	var cases []Case
	for _, at := range []struct {
		clock string
		trunk int
	}{{"08:20", frankfurt}, {"11:40", dublin}, {"15:05", frankfurt}, {"20:10", dublin}} {
		c := a.pick(at.clock, on(at.trunk))
		c.recordings = nil
		cases = append(cases, c.aboutLeg(Finding{"missing_recording", ""}))
	}

	a.story.chapter("recording-lost-in-outage", inOutage, "%d calls on the Leeds trunk were recorded according to their call detail records, but no recording was delivered. They coincide with the outage of that trunk's lines.")
	a.story.chapter("recording-lost", cases, "%d further calls were recorded according to their call detail records, but no recording was delivered, and no outage coincides with them. Ask the platform, before its retention ends.")
}

// lostMetadata removes the metadata of some recordings.
func (a *author) lostMetadata() {
	var cases []Case
	for _, clock := range []string{"09:45", "13:00", "15:40"} {
		c := a.pick(clock, anyCall)
		c.recordings[0].defect = metadataLost
		cases = append(cases, c.aboutRecording(0, append([]Finding{{"metadata_missing", ""}}, fromKeyOnly()...)...))
	}

	a.story.chapter("metadata-lost", cases, "%d recordings were delivered as audio alone, without metadata. Their ids follow from the object key and their trunk from the call detail records; when they began and ended is not known.")
}

// fromKeyOnly returns the findings about a recording of which only the object key
// is known.
func fromKeyOnly() []Finding {
	return append(repaired("recording_id", "conversation_id", "trunk_id"), missing("start_time", "end_time")...)
}

// cutMetadata cuts the metadata of some recordings at several places.
func (a *author) cutMetadata() {
	var cases []Case
	for _, at := range []struct {
		clock string
		where defect
		also  []Finding
	}{
		{"08:50", cutInTrunk, repaired("trunk_id")},
		{"11:05", cutInEnd, repaired("trunk_id", "end_time")},
		{"14:50", cutInEnd, repaired("trunk_id", "end_time")},
		{"16:40", cutAtStart, fromKeyOnly()},
	} {
		c := a.pick(at.clock, anyCall)
		c.recordings[0].defect = at.where
		cases = append(cases, c.aboutRecording(0, append([]Finding{{"truncated_document", ""}}, at.also...)...))
	}

	a.story.chapter("metadata-cut", cases, "%d metadata documents end in the middle, as after an upload that broke off. What was readable was kept, and what could be proved was put back.")
}

// missingEnds removes the end times of some recordings.
func (a *author) missingEnds() {
	var cases []Case
	for i, clock := range []string{"07:30", "12:12", "17:45"} {
		c := a.pick(clock, anyCall)
		c.recordings[0].defect = []defect{endAbsent, endNull}[i%2]
		cases = append(cases, c.aboutRecording(0, repaired("end_time")...))
	}

	a.story.chapter("end-missing", cases, "%d recordings were exported without the time of their end. It follows from their start and their duration.")
}

// recorderOff lets the recorder of a call fail to start.
func (a *author) recorderOff() {
	c := a.pick("10:40", func(c *call) bool { return c.trunk == dublin && c.kind == inbound })
	c.recordings, c.records.recorderOff = nil, true

	a.story.chapter("recorder-off", []Case{c.aboutLeg(Finding{"missing_recording", ""})}, "One caller had not declined, and yet the call detail record says recording: false: the recorder did not start. No policy excludes the call, so it counts as lost.")
}

// consults makes calls that an outside expert joins on a leg of its own, with
// one recording for both legs.
func (a *author) consults() {
	join := func(clock string, trunk int) *call {
		c := a.pick(clock, func(c *call) bool { return c.trunk == trunk && long(c) })
		c.join(c.answered.Add(c.talk() * 3 / 5))
		return c
	}

	contested := join("13:10", dublin)
	a.story.chapter("consult-contested", []Case{contested.aboutExpert(Finding{"missing_recording", ""})}, "In one Dublin call an outside expert was consulted on a second leg. The platform records each leg, and one recording came: it fits the customer's leg better, so whether the expert's was recorded nobody can tell.")

	shared := join("12:02", leeds)
	a.story.chapter("consult-shared", []Case{shared.aboutExpert()}, "In one Leeds call an expert joined as well. This gateway's conversations have one recording each, so that of the customer's leg is the proof of both: shared proof.")
}

// lateDetails delivers the call detail record of a call days after its night.
func (a *author) lateDetails() {
	c := draw(marginNumber+2000, inbound, a.hour(10-5*24).Add(12*time.Minute))
	c.trunk, c.recordings = frankfurt, nil
	a.late = append(a.late, c)

	a.story.chapter("stray-call", []Case{{Conversation: c.id, Trunk: c.trunkID(), Findings: []Finding{{"stray_record", ""}}}}, "The call detail record of one call came five days late. The run of its own night never saw it, and this night does not judge it; the finding says which night to run again, and how far it has to look ahead.")
}

// shortRecordings cuts some recordings to a third of the conversation.
func (a *author) shortRecordings() {
	var cases []Case
	for _, clock := range []string{"08:35", "14:10", "17:10"} {
		c := a.pick(clock, long)
		rec := &c.recordings[0]
		rec.end = rec.start.Add(c.talk() / 3).Truncate(time.Millisecond)
		cases = append(cases, c.aboutLeg(Finding{"short_recording", ""}))
	}

	a.story.chapter("recording-short", cases, "%d recordings stop long before the conversation did: agent and customer went on talking for minutes that nobody can listen to.")
}
