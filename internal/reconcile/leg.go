package reconcile

import (
	"cmp"
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// judgeLegs makes the call and the findings of every owned leg.
func (d *decider) judgeLegs() {
	d.indexConversations()
	first := make([]int, 0, len(d.Legs)/d.spread.Part+1) // number of the first call of each part
	total := 0
	for from := 0; from < len(d.Legs); from += d.spread.Part {
		first = append(first, total)
		total += owned(d.ownedLeg[from:min(from+d.spread.Part, len(d.Legs))])
	}
	d.decision.Calls = make([]Call, total)
	d.inParts(len(d.Legs), func(j *judge, from, to int) {
		j.calls = d.decision.Calls[first[from/d.spread.Part]:]
		at, _ := slices.BinarySearchFunc(d.LegInvalid, d.Legs[from].Ref, func(v LegInvalid, ref record.Ref) int { return compareRefs(v.Ref, ref) })
		invalid := d.LegInvalid[at:]
		for n := uint32(from); n < uint32(to); n++ {
			if (n-uint32(from))%together == 0 {
				j.touched += d.touchLegs(n, min(n+together, uint32(to)))
			}
			ref := d.Legs[n].Ref
			for len(invalid) > 0 && compareRefs(invalid[0].Ref, ref) < 0 {
				invalid = invalid[1:]
			}
			mine := 0
			for mine < len(invalid) && invalid[mine].Ref == ref {
				mine++
			}
			if d.ownedLeg[n] {
				j.judgeLeg(n, invalid[:mine])
			}
		}
	})
}

// touchLegs looks at what is going to be asked about some legs.
func (d *decider) touchLegs(from, to uint32) uint64 {
	var recordings [together]record.Text
	for n := from; n < to; n++ {
		if listed := record.RunOf(d.Particulars[n].Recordings, d.Recordings); len(listed) > 0 {
			recordings[n-from] = listed[0]
		}
	}
	return d.withID.touch(recordings[:to-from], func(n uint32) uint64 { return uint64(d.Entries[n].Start) + uint64(d.state[n].repaired) })
}

func owned(legs []bool) (n int) {
	for _, mine := range legs {
		if mine {
			n++
		}
	}
	return n
}

func compareRefs(a, b record.Ref) int {
	return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Row, b.Row))
}

// legJudgement is what is known about a leg while it is judged. It is used
// again for the next leg, for the sake of its lists.
type legJudgement struct {
	n          uint32
	call       Call
	entries    []uint32
	toRecord   bool
	forbidden  bool
	lost       []record.Text // listed ids without an entry, None for a leg that lists none and has none
	certain    bool          // one of lost is not possible
	possible   bool          // a listed id may belong to an entry without one
	short      bool
	inError    bool // recorded although it should not have been
	incomplete lack // what manifests are, for this leg

	talk, recorded []record.Span
}

func (j *judge) judgeLeg(n uint32, invalid []LegInvalid) {
	l := &j.leg
	j.weigh(l, n)
	if l.toRecord {
		j.need(policy.Manifests, j.Legs[n].Org, j.Legs[n].Start)
	}
	j.reportLost(l)
	if l.inError {
		j.reportLeg(n, RecordedInError, NoField, record.None, record.None, Open, l.call.Outage)
	}
	j.reportInvalidLeg(l, invalid)
	l.call.Verdict = j.verdict(l)
	j.calls[0], j.calls = l.call, j.calls[1:]
}

// weigh finds out everything that the verdict on a leg rests on.
func (d *decider) weigh(j *legJudgement, n uint32) {
	p := &d.Particulars[n]
	*j = legJudgement{
		n: n, call: Call{Leg: n, Outage: d.outageOfLeg(n)},
		entries: j.entries[:0], lost: j.lost[:0], talk: j.talk[:0], recorded: j.recorded[:0],
	}
	d.findEntries(j)
	j.call.Entries = int32(len(j.entries))
	d.findLost(j)
	d.cover(j)
	d.expect(j)
	j.short = j.toRecord && j.call.Uncovered != record.NoInt && j.call.Uncovered > d.Policy.CoverageTolerance.Microseconds()
	j.inError = (p.Recorded == record.False || j.forbidden) && p.Recordings.N > 0 && len(j.entries) > 0
	j.incomplete = d.manifestsIncomplete(n)
}

// findEntries finds the voice entries with the ids that the leg lists (by id),
// or else those of its conversation that overlap it or are untimed.
func (d *decider) findEntries(j *legJudgement) {
	l, p := &d.Legs[j.n], &d.Particulars[j.n]
	j.call.ByID = p.Recordings.N > 0
	if j.call.ByID {
		for _, id := range record.RunOf(p.Recordings, d.Recordings) {
			for _, entry := range d.withID.find(l.Org, id) {
				if d.state[entry].voice {
					j.entries = append(j.entries, entry)
				}
			}
		}
		return
	}
	span, timed := d.legSpan(j.n)
	for _, entry := range d.entriesOf.find(l.Org, l.Conversation) {
		own, valid := validSpan(&d.Entries[entry])
		if !timed || !valid || own.Overlaps(span) {
			j.entries = append(j.entries, entry)
		}
	}
}

// findLost lists the recordings that the leg should have and has not.
func (d *decider) findLost(j *legJudgement) {
	l, p := &d.Legs[j.n], &d.Particulars[j.n]
	if p.Recordings.N == 0 {
		if len(j.entries) == 0 {
			j.lost, j.certain = append(j.lost, record.None), true
		}
		return
	}
	for _, id := range record.RunOf(p.Recordings, d.Recordings) {
		if slices.ContainsFunc(j.entries, func(e uint32) bool { return d.Entries[e].Recording == id }) {
			continue
		}
		j.lost = append(j.lost, id)
		if d.possible[keyOf(l.Org, id)] {
			j.possible = true
		} else {
			j.certain = true
		}
	}
}

// reportLost reports lost recordings and too short ones.
func (j *judge) reportLost(l *legJudgement) {
	if !l.toRecord {
		return
	}
	org := j.Legs[l.n].Org
	for _, id := range l.lost {
		s := l.incomplete.status()
		if s == Open && j.possible[keyOf(org, id)] {
			s = Indeterminate
		}
		j.reportLeg(l.n, MissingRecording, NoField, id, record.None, s, l.call.Outage)
		switch {
		case id == record.None:
			j.nameless++
		case j.lost == nil:
			j.lost = map[uint64]bool{keyOf(org, id): true}
		default:
			j.lost[keyOf(org, id)] = true
		}
	}
	if l.short {
		uncovered := j.Texts.OfString(decimal(floorMS(l.call.Uncovered)))
		j.reportLeg(l.n, ShortRecording, NoField, record.None, uncovered, l.incomplete.status(), l.call.Outage)
	}
}

func (j *judge) reportInvalidLeg(l *legJudgement, invalid []LegInvalid) {
	var seen record.Fields
	report := func(f record.Field, raw string) {
		j.reportLeg(l.n, InvalidField, f, record.None, j.Texts.OfString(raw), Open, l.call.Outage)
	}
	for _, v := range invalid {
		if !seen.Has(v.Field) {
			seen.Add(v.Field)
			report(v.Field, v.Raw)
		}
	}
	leg := &j.Legs[l.n]
	if leg.Start.Known() && leg.End.Known() && leg.End < leg.Start && !seen.Has(record.EndTime) {
		report(record.EndTime, "end-before-start")
	}
}

// talkTime appends the spans in which somebody could be heard to none, in order
// and without overlaps; false when they are unknown.
func (d *decider) talkTime(none []record.Span, n uint32) ([]record.Span, bool) {
	l := &d.Legs[n]
	start := l.Answer
	if !start.Known() {
		start = l.Start
	}
	if !l.End.Known() || !start.Known() {
		return none, false
	}
	if talk := d.Particulars[n].Talk; talk.N > 0 {
		return union(append(none, record.RunOf(talk, d.Talk)...)), true
	}
	return union(append(none, record.Span{Start: start, End: l.End})), true
}

// union merges spans that overlap or touch, and drops those without length.
func union(spans []record.Span) []record.Span {
	spans = slices.DeleteFunc(spans, func(s record.Span) bool { return s.End <= s.Start })
	slices.SortFunc(spans, func(a, b record.Span) int { return cmp.Compare(a.Start, b.Start) })
	merged := spans[:0]
	for _, s := range spans {
		if last := len(merged) - 1; last >= 0 && s.Start <= merged[last].End {
			merged[last].End = max(merged[last].End, s.End)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

func length(spans []record.Span) (micros int64) {
	for _, s := range spans {
		micros += int64(s.End - s.Start)
	}
	return micros
}

// common returns how much of two unions is the same time.
func common(a, b []record.Span) (micros int64) {
	for len(a) > 0 && len(b) > 0 {
		if both := min(a[0].End, b[0].End) - max(a[0].Start, b[0].Start); both > 0 {
			micros += int64(both)
		}
		if a[0].End < b[0].End {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return micros
}

// cover computes how much of the talk time is recorded.
func (d *decider) cover(j *legJudgement) {
	j.call.Covered, j.call.Uncovered = record.NoInt, record.NoInt
	var known bool
	if j.talk, known = d.talkTime(j.talk, j.n); !known || len(j.entries) == 0 {
		return
	}
	for _, entry := range j.entries {
		span, valid := validSpan(&d.Entries[entry])
		if !valid {
			return
		}
		j.recorded = append(j.recorded, span)
	}
	j.recorded = union(j.recorded)
	j.call.Covered = common(j.talk, j.recorded)
	j.call.Uncovered = length(j.talk) - j.call.Covered
}

// expect decides whether the leg is to be recorded, and why not.
func (d *decider) expect(j *legJudgement) {
	l := &d.Legs[j.n]
	if rule := d.excluded(j.n); rule != nil {
		j.call.Reason, j.forbidden = rule.reason, rule.forbid
		return
	}
	switch {
	case d.Particulars[j.n].Recorded == record.True:
		j.toRecord = true
	case d.Particulars[j.n].Recorded == record.False:
		j.call.Reason = d.Texts.OfString("not recorded by source")
	case d.Policy.Expect == policy.ExpectAll, d.Policy.Expect == policy.ExpectAnswered && l.Answer.Known():
		j.toRecord = true
	default:
		j.call.Reason = d.Texts.OfString("not expected")
	}
}

func (d *decider) verdict(j *legJudgement) Verdict {
	l := &d.Legs[j.n]
	none := len(j.entries) == 0
	switch {
	case j.inError:
		return VerdictRecordedInError
	case d.Particulars[j.n].DidNotParse(record.StartTime, record.AnswerTime, record.EndTime, record.Talk, record.Recorded):
		return VerdictIndeterminate
	case !j.toRecord:
		return VerdictExcluded
	case j.incomplete != complete && (none || j.certain || j.short), !none && !l.End.Known():
		return VerdictIndeterminate
	case none && !j.possible:
		return VerdictMissing
	case j.certain || j.short:
		return VerdictPartial
	case j.possible || slices.ContainsFunc(j.entries, func(e uint32) bool { return d.state[e].flawed }):
		return VerdictIncomplete
	case slices.ContainsFunc(j.entries, func(e uint32) bool { return d.state[e].repaired != 0 }):
		return VerdictRepaired
	}
	return VerdictComplete
}
