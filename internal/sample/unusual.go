package sample

import (
	"slices"
	"time"
)

func (n *Night) duplicates() {
	again := func(clock string, change func(*recording)) Case {
		c := n.pick(clock, anyCall)
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
	n.chapter("duplicate", cases, "%d recordings were delivered twice: two once more in the folder of a later hour, one also in another format with a slightly different end. Each counts once.")
}

func (n *Night) conflicts() {
	wrongTrunk := n.pick("10:56", on(frankfurt))
	wrongTrunk.recordings[0].defect, wrongTrunk.recordings[0].other = otherTrunk, trunks[dublin].id

	wrongDuration := n.pick("13:45", anyCall)
	wrongDuration.recordings[0].defect = otherDuration

	// The call keeps its own recording, so that it is the second one alone
	// that is in doubt. The call that it names is long over.
	named := n.pick("08:05", on(frankfurt))
	wrongCall := n.pick("11:20", on(frankfurt))
	second := wrongCall.record(wrongCall.extraID(1), wrongCall.recordings[0].start, wrongCall.end)
	second.subtype, second.defect, second.other = "Station", otherConversation, named.id
	wrongCall.recordings = append(wrongCall.recordings, second)

	n.chapter("conflict", []Case{
		wrongTrunk.aboutRecording(0, Finding{"conflict", "trunk_id"}),
		wrongDuration.aboutRecording(0, Finding{"conflict", "duration_ms"}),
		wrongCall.aboutRecording(1, Finding{"conflict", "conversation_id"}),
	}, "%d recordings contradict what else is known: one names a trunk that its call never used, one a duration that its own times rule out, one another conversation than the folder it lies in. Nothing was overwritten; somebody has to decide.")
}

func (n *Night) withheldDetails() {
	var cases []Case
	for _, clock := range []string{"09:55", "18:40"} {
		c := n.pick(clock, anyCall)
		c.feed = withheld
		cases = append(cases, c.aboutRecording(0, Finding{"no_cdr", ""}))
	}
	n.chapter("no-call-detail", cases, "%d recordings belong to calls that no call detail record mentions. They are kept and named, as nothing says what they should have been.")
}

// harmless tells what looks unusual and is in order.
func (n *Night) harmless() {
	var twiceTold []Case
	for _, clock := range []string{"09:40", "13:20", "15:20"} {
		c := n.pick(clock, overHour)
		c.feed = twice
		twiceTold = append(twiceTold, c.aboutLeg())
	}
	var two, screens, unrecorded, unanswered, internals []Case
	for i := range n.calls {
		c := &n.calls[i]
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
	n.chapter("details-delivered-twice", twiceTold, "%d calls were reported twice, first while they lasted and again when they were over. The complete record counts.")
	n.chapter("two-recordings", two, "%d calls were passed on to a second agent and have two recordings, which together cover the conversation.")
	n.chapter("screen-recording", screens, "%d calls also have a recording of the agent's screen. A screen has no trunk, so none is asked for.")
	n.chapter("not-recorded", unrecorded, "%d callers did not want to be recorded, and were not.")
	n.chapter("abandoned", unanswered, "%d callers gave up before anybody answered, so there was nothing to record.")
	n.chapter("internal-call", internals, "%d calls were internal, which policy excludes.")
}

// overMidnight makes calls for which the margins of the night are needed.
func (n *Night) overMidnight() []Case {
	before := n.lastOf(-1)
	before.move(n.hour(0).Add(-8 * time.Minute))
	before.lastUntil(n.hour(0).Add(9 * time.Minute))

	joined := draw(marginNumber+1000, outbound, n.hour(0).Add(-150*time.Second))
	joined.lastUntil(n.hour(0).Add(11 * time.Minute))
	joined.expert = n.hour(0).Add(3 * time.Minute)
	joined.recordings = append(joined.recordings, joined.record(joined.extraID(1), joined.expert, joined.end))
	joined.recordings[1].subtype = "Consult"

	after := n.lastOf(23)
	after.move(n.hour(24).Add(-3 * time.Minute))
	after.lastUntil(n.hour(24).Add(6 * time.Minute))

	before.placed, joined.placed, after.placed = true, true, true
	cases := []Case{before.aboutLeg(), joined.aboutRecording(1), after.aboutLeg()}
	n.insert(joined)
	return cases
}

// lastUntil makes a call of one recording end at a time.
func (c *call) lastUntil(end time.Time) {
	c.end, c.recordings[0].end = end, end
}

// insert puts a call in its place among the others.
func (n *Night) insert(c call) {
	at, _ := slices.BinarySearchFunc(n.calls, c.start, func(c call, t time.Time) int { return c.start.Compare(t) })
	n.calls = slices.Insert(n.calls, at, c)
}
