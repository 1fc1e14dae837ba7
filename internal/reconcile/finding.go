package reconcile

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// identity returns the finding id's digits: the same defect of the same
// subject has the same id in every run.
func identity(class Class, f record.Field, subject string) uint64 {
	name := ""
	if f != NoField {
		name = f.String()
	}
	sum := sha256.Sum256([]byte(class.String() + "|" + name + "|" + subject))
	return binary.BigEndian.Uint64(sum[:8])
}

// IDText returns the finding's id as it is written.
func (f *Finding) IDText() string { return fmt.Sprintf("fnd-%016x", f.ID) }

// blamed is the status of a finding that is indeterminate because of missing
// or damaged input, until it is reported.
const blamed = NumStatuses

// report adds a finding. An accepted one keeps its place in the tables but
// asks for nobody's attention.
func (d *decider) report(f Finding, subject string) *Finding {
	f.ID = identity(f.Class, f.Field, subject)
	f.Severity = max(f.Severity, classes[f.Class].severity)
	switch {
	case d.Policy.Accepted[f.IDText()]:
		f.Status = Accepted
	case f.Status == blamed:
		f.Status, d.decision.Blamed = Indeterminate, true
	}
	d.decision.Findings = append(d.decision.Findings, f)
	return &d.decision.Findings[len(d.decision.Findings)-1]
}

func (d *decider) location(object, row uint32) string {
	return "loc|" + d.sourceOf(object).Name + "|" + d.Objects[object].Key + "|" + strconv.FormatUint(uint64(row), 10)
}

// reportEntry adds a finding of an entry.
func (d *decider) reportEntry(n uint32, class Class, f record.Field, detail string, status Status) {
	e, st := &d.Entries[n], &d.state[n]
	found := d.report(Finding{
		Class: class, Field: f, About: AboutEntry, Subject: n, Status: status,
		Recording: e.Recording, Detail: d.Texts.OfString(detail), Outage: d.outageOfEntry(n),
	}, d.location(d.Documents[e.Doc].Object, e.Index))
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
func (d *decider) reportLeg(n uint32, class Class, f record.Field, recording record.Text, detail string, status Status, outage registration.Coincidence) {
	l := &d.Legs[n]
	subject := d.location(l.Ref.Object, l.Ref.Row) + "|" + d.Texts.String(recording)
	if identified(l) {
		subject = "leg|" + d.Texts.String(l.Org) + "|" + d.Texts.String(l.Conversation) + "|" + d.Texts.String(l.ID) + "|" + d.Texts.String(recording)
	}
	found := d.report(Finding{
		Class: class, Field: f, About: AboutLeg, Subject: n, Status: status,
		Recording: recording, Detail: d.Texts.OfString(detail), Outage: outage,
	}, subject)
	if found.Status.Counts() {
		d.openLeg[n] = true
	}
}

var noOutage = registration.Coincidence{Outage: -1, OverlapMS: record.NoInt}

func (d *decider) reportDocument(n uint32, class Class, detail string) {
	object := d.Documents[n].Object
	d.report(Finding{
		Class: class, Field: NoField, About: AboutDocument, Subject: n,
		Detail: d.Texts.OfString(detail), Outage: noOutage,
	}, "doc|"+d.sourceOf(object).Name+"|"+d.Objects[object].Key)
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
func (d *decider) extent(legs []indexed) (record.Span, bool) {
	span := record.Span{Start: record.NoTime, End: record.NoTime}
	for _, leg := range legs {
		l := &d.Legs[leg.n]
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
	return d.coinciding(l.Org, l.Trunk, l.Line, span, l.Start.Known(), d.Partitions[l.Partition].Span)
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
