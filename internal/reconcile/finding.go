package reconcile

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// identity returns the finding id's digits: the same defect of the same
// subject, which appendSubject appends, has the same id in every run.
func (j *judge) identity(class Class, f record.Field, appendSubject func([]byte) []byte) uint64 {
	b := append(append(j.subject[:0], class.String()...), '|')
	b = append(append(b, fieldName(f)...), '|')
	j.subject = appendSubject(b)
	sum := sha256.Sum256(j.subject)
	return binary.BigEndian.Uint64(sum[:8])
}

// IDText returns the finding's id as it is written.
func (f *Finding) IDText() string { return string(f.AppendID(nil)) }

// AppendID appends the finding's id as it is written.
func (f *Finding) AppendID(b []byte) []byte {
	var digits [8]byte
	binary.BigEndian.PutUint64(digits[:], f.ID)
	return hex.AppendEncode(append(b, "fnd-"...), digits[:])
}

// blamed is the status of a finding that is indeterminate because of missing
// or damaged input, until it is reported.
const blamed = NumStatuses

// report adds a finding. An accepted one keeps its place in the tables but
// asks for nobody's attention.
func (j *judge) report(f Finding, appendSubject func([]byte) []byte) *Finding {
	f.ID = j.identity(f.Class, f.Field, appendSubject)
	f.Severity = max(f.Severity, classes[f.Class].severity)
	switch {
	case len(j.Policy.Accepted) > 0 && j.Policy.Accepted[f.IDText()]:
		f.Status = Accepted
	case f.Status == blamed:
		f.Status, j.blamed = Indeterminate, true
	}
	j.findings = append(j.findings, f)
	return &j.findings[len(j.findings)-1]
}

// appendPlace appends the source and the key of an object after a word.
func (d *decider) appendPlace(b []byte, word string, object uint32) []byte {
	b = append(append(b, word...), d.sourceOf(object).Name...)
	return append(append(b, '|'), d.Objects[object].Key...)
}

func (d *decider) appendLocation(b []byte, object, row uint32) []byte {
	return strconv.AppendUint(append(d.appendPlace(b, "loc|", object), '|'), uint64(row), 10)
}

// reportEntry adds a finding of an entry.
func (j *judge) reportEntry(n uint32, class Class, f record.Field, detail record.Text, status Status) {
	e, st := &j.Entries[n], &j.state[n]
	found := j.report(Finding{
		Class: class, Field: f, About: AboutEntry, Subject: n, Status: status,
		Recording: e.Recording, Detail: detail, Outage: j.outageOfEntry(n),
	}, func(b []byte) []byte { return j.appendLocation(b, j.Documents[e.Doc].Object, e.Index) })
	switch class {
	case MissingField, AmbiguousField, Conflict, MetadataMissing, MediaMissing, MediaMismatch:
		st.flawed = true
	}
	if found.Status.Counts() {
		st.open = true
		st.serious = st.serious || found.Severity >= policy.Major
	}
}

// reportLeg adds a finding of a leg, about one of the recordings it lists.
func (j *judge) reportLeg(n uint32, class Class, f record.Field, recording record.Text, detail record.Text, status Status, outage registration.Coincidence) {
	l := &j.Legs[n]
	subject := func(b []byte) []byte {
		if l.Identified() {
			b = append(b, "leg"...)
			for _, t := range []record.Text{l.Org, l.Conversation, l.ID} {
				b = j.Texts.AppendTo(append(b, '|'), t)
			}
		} else {
			b = j.appendLocation(b, l.Ref.Object, l.Ref.Row)
		}
		return j.Texts.AppendTo(append(b, '|'), recording)
	}
	found := j.report(Finding{
		Class: class, Field: f, About: AboutLeg, Subject: n, Status: status,
		Recording: recording, Detail: detail, Outage: outage,
	}, subject)
	if found.Status.Counts() {
		j.openLeg[n] = true
	}
}

var noOutage = registration.Coincidence{Outage: -1, OverlapMS: record.NoInt}

func (j *judge) reportDocument(n uint32, class Class, detail string) {
	object := j.Documents[n].Object
	j.report(Finding{
		Class: class, Field: NoField, About: AboutDocument, Subject: n,
		Detail: j.Texts.OfString(detail), Outage: noOutage,
	}, func(b []byte) []byte { return j.appendPlace(b, "doc|", object) })
}

// outageOfEntry returns the outage that an entry coincides with. An entry
// without a valid span is where its legs are.
func (d *decider) outageOfEntry(n uint32) registration.Coincidence {
	e := &d.Entries[n]
	span, timed := validSpan(e)
	if !timed {
		legs, _ := d.legsOfEntry(n)
		span, timed = d.extent(legs)
	}
	partition := d.Partitions[d.Documents[e.Doc].Partition].Span
	return d.coinciding(e.Org, e.Trunk, e.Line, span, timed, partition)
}

// extent spans from the first start to the last end of legs.
func (d *decider) extent(legs []uint32) (record.Span, bool) {
	span := record.Span{Start: record.NoTime, End: record.NoTime}
	for _, leg := range legs {
		l := &d.Legs[leg]
		if l.Start.Known() && (!span.Start.Known() || l.Start < span.Start) {
			span.Start = l.Start
		}
		end := l.End
		if !end.Known() {
			end = l.Start
		}
		span.End = max(span.End, end)
	}
	return span, span.Start.Known()
}

func (d *decider) outageOfLeg(n uint32) registration.Coincidence {
	l := &d.Legs[n]
	span := record.Span{Start: l.Start, End: l.End}
	if !l.End.Known() {
		span.End = l.Start
	}
	return d.coinciding(l.Org, l.Trunk, l.Line, span, l.Start.Known(), d.Partitions[d.Objects[l.Ref.Object].Partition].Span)
}

func (d *decider) coinciding(org, trunk, line record.Text, span record.Span, timed bool, partition record.Span) registration.Coincidence {
	if !timed {
		span = partition
	}
	return d.Index.Coinciding(registration.Subject{
		Org: org, Trunk: trunk, Line: line, Span: span, Instant: timed && span.Start == span.End, Timed: timed,
		Incomplete: d.incomplete(policy.Registrations, org, overlapping(span)) != complete,
	})
}
