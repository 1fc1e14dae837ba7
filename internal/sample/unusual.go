package sample

import (
	"slices"
	"time"
)

// duplicates delivers some recordings twice.
func (a *author) duplicates() {
	again := func(clock string, change func(*recording)) Case {
		c := a.pick(clock, anyCall)
		rec := c.recordings[0]
		change(&rec)
		c.recordings = append(c.recordings, rec)
		return c.aboutRecording(1, Finding{"duplicate", ""})
	}

	later := func(rec *recording) { rec.hour = rec.hour.Add(2 * time.Hour) }
	cases := []Case{
		again("09:20", later),
		again("12:40", later),
		again("16:02", func(rec *recording) { rec.ext, rec.end = "wav", rec.end.Add(40*time.Millisecond) }),
	}

	a.story.chapter("duplicate", cases, "%d recordings were delivered twice: two once more in the folder of a later hour, one also in another format with a slightly different end. Each counts once.")
}

// conflicts makes some metadata contradict other evidence.
func (a *author) conflicts() {
	wrongTrunk := a.pick("10:56", on(frankfurt))
	wrongTrunk.recordings[0].defect, wrongTrunk.recordings[0].other = otherTrunk, trunks[dublin].id

	wrongDuration := a.pick("13:45", anyCall)
	wrongDuration.recordings[0].defect = otherDuration

	// The call keeps its own recording, so that it is the second one alone
	// that is in doubt. The call that it names is long over.
	named := a.pick("08:05", on(frankfurt))
	wrongCall := a.pick("11:20", on(frankfurt))
	second := wrongCall.record(wrongCall.extraID(1), wrongCall.recordings[0].start, wrongCall.end)
	second.subtype, second.defect, second.other = "Station", otherConversation, named.id
	wrongCall.recordings = append(wrongCall.recordings, second)

	a.story.chapter("conflict", []Case{
		wrongTrunk.aboutRecording(0, Finding{"conflict", "trunk_id"}),
		wrongDuration.aboutRecording(0, Finding{"conflict", "duration_ms"}),
		wrongCall.aboutRecording(1, Finding{"conflict", "conversation_id"}, Finding{"no_cdr", ""}),
	}, "%d recordings contradict what else is known: one names a trunk that its call never used, one a duration that its own times rule out, one another conversation than the folder it lies in, which was over hours before. Nothing was overwritten; somebody has to decide.")
}

// withheldDetails keeps back the call detail records of some calls.
func (a *author) withheldDetails() {
	var cases []Case
	for _, clock := range []string{"09:55", "18:40"} {
		c := a.pick(clock, anyCall)
		c.records.feed = withheld
		cases = append(cases, c.aboutRecording(0, Finding{"no_cdr", ""}))
	}

	a.story.chapter("no-call-detail", cases, "%d recordings belong to calls that no call detail record mentions. They are kept and named, as nothing says what they should have been.")
}

// harmless adds chapters about calls that look unusual and are in order.
func (a *author) harmless() {
	var twiceTold []Case
	for _, clock := range []string{"09:40", "13:20", "15:20"} {
		c := a.pick(clock, func(c *call) bool { return overHour(c) && !c.ofGateway() })
		c.records.feed = twice
		twiceTold = append(twiceTold, c.aboutLeg())
	}

	var two, screens, unrecorded, unanswered, internals []Case
	for i := range a.calls {
		c := &a.calls[i]
		switch {
		case !c.handover.IsZero() && !c.placed:
			two = append(two, c.aboutRecording(1))
		case !c.placed && len(c.recordings) == 2 && c.recordings[1].subtype == "Screen":
			screens = append(screens, c.aboutRecording(1))
		case c.kind == declined:
			unrecorded = append(unrecorded, c.aboutLeg())
		case c.kind == abandoned:
			unanswered = append(unanswered, c.aboutLeg())
		case c.kind == internal:
			internals = append(internals, Case{Conversation: c.id})
		}
	}

	a.story.chapter("details-delivered-twice", twiceTold, "%d calls were reported twice, first while they lasted and again when they were over. The complete record counts.")
	a.story.chapter("two-versions", []Case{a.twoVersions()}, "The gateway also delivered one leg in two versions. The one that was updated last counts.")
	a.story.chapter("two-recordings", two, "%d calls were passed on to a second agent and have two recordings, which together cover the conversation.")
	a.story.chapter("screen-recording", screens, "%d calls also have a recording of the agent's screen. A screen has no trunk, so none is asked for.")
	a.story.chapter("not-recorded", unrecorded, "%d callers did not want to be recorded, and were not. They waited in the queue that policy excludes for that reason.")
	a.story.chapter("abandoned", unanswered, "%d callers gave up before anybody answered, so there was nothing to record.")
	a.story.chapter("internal-call", internals, "%d calls were internal, which policy excludes.")
}

// cardPayment pauses the recording of a call while the caller pays by card.
func (a *author) cardPayment() {
	c := a.pick("11:30", func(c *call) bool { return c.trunk == leeds && long(c) })
	from := c.answered.Add(c.talk() / 2).Truncate(time.Millisecond)
	c.pause = span{from, from.Add(70 * time.Second)}

	second := c.record(c.extraID(1), c.pause.until, c.end)
	c.recordings[0].end = c.pause.from
	c.recordings = append(c.recordings, second)

	a.story.chapter("recording-paused", []Case{c.aboutRecording(1)}, "In one Leeds call the recording was paused while the caller named a card number. The call detail record declares the pause, so the gap between the two recordings is as it should be.")
}

// twoVersions delivers a gateway's row about a call in two versions.
func (a *author) twoVersions() Case {
	c := a.pick("16:20", func(c *call) bool { return overHour(c) && c.ofGateway() })
	c.records.feed = twice
	return c.aboutLeg()
}

// overMidnight makes calls that only the margins of the night prove complete.
func (a *author) overMidnight() []Case {
	before := a.lastOf(-1)
	before.move(a.hour(0).Add(-8 * time.Minute))
	before.lastUntil(a.hour(0).Add(9 * time.Minute))

	joined := draw(marginNumber+1000, outbound, a.hour(0).Add(-150*time.Second))
	joined.lastUntil(a.hour(0).Add(11 * time.Minute))
	joined.join(a.hour(0).Add(3 * time.Minute))
	joined.recordings = append(joined.recordings, joined.record(joined.extraID(1), joined.expert.joined, joined.end))
	joined.recordings[1].subtype, joined.recordings[1].session = "Consult", joined.expert.leg

	after := a.lastOf(23)
	after.move(a.hour(24).Add(-3 * time.Minute))
	after.lastUntil(a.hour(24).Add(6 * time.Minute))

	// Cases are made before the insertion, which invalidates the pointers.
	before.placed, joined.placed, after.placed = true, true, true
	cases := []Case{before.aboutLeg(), joined.aboutRecording(1), after.aboutLeg()}

	a.calls = insert(a.calls, joined)
	return cases
}

// lastUntil makes a call of one recording end at a time.
func (c *call) lastUntil(end time.Time) {
	c.end, c.recordings[0].end = end, end
}

// insert puts a call in its place among calls in order of their starts.
func insert(calls []call, c call) []call {
	at, _ := slices.BinarySearchFunc(calls, c.start, func(c call, t time.Time) int { return c.start.Compare(t) })
	return slices.Insert(calls, at, c)
}
