package reconcile

import (
	"cmp"
	"slices"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// judgeLegs makes the call and the findings of every owned leg.
func (d *decider) judgeLegs() {
	invalid := d.LegInvalid
	owned := 0
	for _, mine := range d.ownedLeg {
		if mine {
			owned++
		}
	}
	d.decision.Calls = make([]Call, 0, owned)
	for i := range d.Legs {
		ref := d.Legs[i].Ref
		for len(invalid) > 0 && compareRefs(invalid[0].Ref, ref) < 0 {
			invalid = invalid[1:]
		}
		mine := 0
		for mine < len(invalid) && invalid[mine].Ref == ref {
			mine++
		}
		if d.ownedLeg[i] {
			d.judgeLeg(uint32(i), invalid[:mine])
		}
	}
}

func compareRefs(a, b record.Ref) int {
	return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Row, b.Row))
}

// legJudgement is what is known about a leg while it is judged.
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
}

func (d *decider) judgeLeg(n uint32, invalid []LegInvalid) {
	j := d.weigh(n)
	if j.toRecord {
		d.need(policy.Manifests, d.Legs[n].Org, d.Legs[n].Start)
	}
	d.reportLost(j)
	if j.inError {
		d.reportLeg(n, RecordedInError, NoField, record.None, "", Open, j.call.Outage)
	}
	d.reportInvalidLeg(j, invalid)
	j.call.Verdict = d.verdict(j)
	d.decision.Calls = append(d.decision.Calls, j.call)
}

// weigh finds out everything that the verdict on a leg rests on.
func (d *decider) weigh(n uint32) *legJudgement {
	l := &d.Legs[n]
	j := &legJudgement{n: n, call: Call{Leg: n, Outage: d.outageOfLeg(n)}}
	j.entries, j.call.ByID = d.entriesOfLeg(n)
	j.call.Entries = int32(len(j.entries))
	d.findLost(j)
	d.cover(j)
	d.expect(j)
	j.short = j.toRecord && j.call.Uncovered != record.NoInt && j.call.Uncovered > d.Policy.CoverageTolerance.Microseconds()
	j.inError = (l.Recorded == record.False || j.forbidden) && l.Recordings.N > 0 && len(j.entries) > 0
	j.incomplete = d.manifestsIncomplete(n)
	return j
}

// entriesOfLeg returns the voice entries with the ids that the leg lists
// (byID), or else those of its conversation that overlap it or are untimed.
func (d *decider) entriesOfLeg(n uint32) (entries []uint32, byID bool) {
	l := &d.Legs[n]
	if l.Recordings.N > 0 {
		for _, id := range record.RunOf(l.Recordings, d.Recordings) {
			for _, entry := range d.withID.find(l.Org, id) {
				if d.state[entry].voice {
					entries = append(entries, entry)
				}
			}
		}
		return entries, true
	}
	span, timed := d.legSpan(n)
	for _, entry := range d.entriesOf.find(l.Org, l.Conversation) {
		own, valid := validSpan(&d.Entries[entry])
		if !timed || !valid || own.Overlaps(span) {
			entries = append(entries, entry)
		}
	}
	return entries, false
}

// findLost lists the recordings that the leg should have and has not.
func (d *decider) findLost(j *legJudgement) {
	l := &d.Legs[j.n]
	if l.Recordings.N == 0 {
		if len(j.entries) == 0 {
			j.lost, j.certain = []record.Text{record.None}, true
		}
		return
	}
	for _, id := range record.RunOf(l.Recordings, d.Recordings) {
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
func (d *decider) reportLost(j *legJudgement) {
	if !j.toRecord {
		return
	}
	for _, id := range j.lost {
		s := j.incomplete.status()
		if s == Open && d.possible[keyOf(d.Legs[j.n].Org, id)] {
			s = Indeterminate
		}
		d.reportLeg(j.n, MissingRecording, NoField, id, "", s, j.call.Outage)
		if id == record.None {
			d.decision.Lost++
		} else {
			d.lost[keyOf(d.Legs[j.n].Org, id)] = true
		}
	}
	if j.short {
		d.reportLeg(j.n, ShortRecording, NoField, record.None, decimal(floorMS(j.call.Uncovered)), j.incomplete.status(), j.call.Outage)
	}
}

func (d *decider) reportInvalidLeg(j *legJudgement, invalid []LegInvalid) {
	var seen record.Fields
	for _, v := range invalid {
		if !seen.Has(v.Field) {
			seen.Add(v.Field)
			d.reportLeg(j.n, InvalidField, v.Field, record.None, v.Raw, Open, j.call.Outage)
		}
	}
	l := &d.Legs[j.n]
	if l.Start.Known() && l.End.Known() && l.End < l.Start && !seen.Has(record.EndTime) {
		d.reportLeg(j.n, InvalidField, record.EndTime, record.None, "end-before-start", Open, j.call.Outage)
	}
}

// talkTime returns the spans in which somebody could be heard, in order and
// without overlaps; false when they are unknown.
func (d *decider) talkTime(n uint32) ([]record.Span, bool) {
	l := &d.Legs[n]
	start := l.Answer
	if !start.Known() {
		start = l.Start
	}
	if !l.End.Known() || !start.Known() {
		return nil, false
	}
	if l.Talk.N > 0 {
		return union(slices.Clone(record.RunOf(l.Talk, d.Talk))), true
	}
	return union([]record.Span{{Start: start, End: l.End}}), true
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
	talk, known := d.talkTime(j.n)
	if !known || len(j.entries) == 0 {
		return
	}
	recorded := make([]record.Span, 0, len(j.entries))
	for _, entry := range j.entries {
		span, valid := validSpan(&d.Entries[entry])
		if !valid {
			return
		}
		recorded = append(recorded, span)
	}
	j.call.Covered = common(talk, union(recorded))
	j.call.Uncovered = length(talk) - j.call.Covered
}

// expect decides whether the leg is to be recorded, and why not.
func (d *decider) expect(j *legJudgement) {
	l := &d.Legs[j.n]
	if rule := d.excluded(j.n); rule != nil {
		j.call.Reason, j.forbidden = rule.reason, rule.forbid
		return
	}
	switch {
	case l.Recorded == record.True:
		j.toRecord = true
	case l.Recorded == record.False:
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
	case l.DidNotParse(record.StartTime, record.AnswerTime, record.EndTime, record.Talk, record.Recorded):
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
