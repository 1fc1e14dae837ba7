package reconcile

import (
	"fmt"

	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
)

// reportDocuments reports what is wrong with whole documents of the interval.
func reportDocuments(ev *Evidence, facts *nightFacts, owned []bool) report {
	r := report{Evidence: ev}
	for i := range ev.Documents {
		doc := &ev.Documents[i]
		if !owned[i] || doc.Extra == nil || doc.Virtual {
			continue // a virtual document is a finding of its entry
		}

		n, rare := uint32(i), doc.Extra
		if rare.Failed > 0 {
			r.document(n, ExportFailed, fmt.Sprintf("failed=%d", rare.Failed))
		}
		if doc.Miscounted() {
			r.document(n, CountMismatch, fmt.Sprintf("total=%d;found=%d", rare.Total, doc.N))
		}
		if b := rare.Truncated; b != nil && !facts.isEmptyList(doc) {
			r.document(n, TruncatedDocument, fmt.Sprintf("offset=%d;entries=%d", b.Offset, b.Entries))
		}
		if b := rare.Malformed; b != nil {
			r.document(n, MalformedDocument, fmt.Sprintf("offset=%d;entries=%d", b.Offset, b.Entries))
		}
	}
	return r
}

func (r *report) document(n uint32, class Class, detail string) {
	object := r.Documents[n].Object
	r.add(Finding{
		Class: class, Severity: classes[class].severity, Field: NoField, About: AboutDocument, Subject: n,
		Detail: r.Texts.OfString(detail), Outage: noOutage,
	}, func(b []byte) []byte { return r.appendObject(b, "doc|", object) })
}

// reportInputs reports input that was needed and never came: empty partitions in
// which something starts that lacks its counterpart, and registrations of which
// nothing could be used.
func reportInputs(ev *Evidence, facts *nightFacts, needed map[uint32]bool) report {
	r := report{Evidence: ev}
	for _, kind := range []policy.Kind{policy.Manifests, policy.CDRs} {
		for _, n := range facts.empty[kind] {
			if !needed[n] {
				continue
			}
			p, severity := &ev.Partitions[n], policy.Major
			if kind == policy.Manifests && ev.Sources[p.Source].NoUse {
				severity = policy.Critical
			}
			r.add(Finding{
				Class: InputMissing, Severity: severity, Field: NoField, About: AboutPartition, Subject: n, Outage: noOutage,
			}, func(b []byte) []byte { return r.appendPart(b, ev.Sources[p.Source].Name, p.URL) })
		}
	}

	// Registrations are reported by source, not by partition. Only outages and a
	// rule for trunks depend on them, so the finding is minor.
	for i := range ev.Sources {
		s := &ev.Sources[i]
		if s.Kind == policy.Registrations && s.Settled && s.NoUse {
			r.source(InputMissing, policy.Minor, uint32(i), intern.None)
		}
	}
	return r
}

// source reports a source as a whole.
func (r *report) source(class Class, severity policy.Severity, n uint32, detail intern.Text) {
	s := &r.Sources[n]
	r.add(Finding{
		Class: class, Severity: severity, Field: NoField, About: AboutSource, Subject: n, Detail: detail, Outage: noOutage,
	}, func(b []byte) []byte { return r.appendPart(b, s.Name, s.URL) })
}

// appendPart appends the subject of a finding about a partition or a source.
func (r *report) appendPart(b []byte, source, url string) []byte {
	b = append(append(b, "part|"...), source...)
	return appendEscaped(append(b, '|'), url)
}
