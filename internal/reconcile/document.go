package reconcile

import (
	"fmt"

	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
)

// reportDocuments makes the findings about owned documents as a whole.
func reportDocuments(ev *Evidence, owned []bool) report {
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
		if rare.Total != profile.NoInt && rare.Total != int64(doc.N) {
			r.document(n, CountMismatch, fmt.Sprintf("total=%d;found=%d", rare.Total, doc.N))
		}
		if b := rare.Truncated; b != nil {
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
		Class: class, Field: NoField, About: AboutDocument, Subject: n,
		Detail: r.Texts.OfString(detail), Outage: noOutage,
	}, func(b []byte) []byte { return r.appendObject(b, "doc|", object) })
}

// reportInputs reports missing input: empty partitions that are needed, because
// an entry or a leg starts in them, and registration sources without any usable
// row.
func reportInputs(ev *Evidence, facts *nightFacts, needed map[uint32]bool) report {
	r := report{Evidence: ev}
	for _, kind := range []policy.Kind{policy.Manifests, policy.CDRs} {
		for _, n := range facts.empty[kind] {
			if needed[n] {
				r.missingInput(AboutPartition, n, ev.Partitions[n].Source, ev.Partitions[n].URL, policy.Major) // more than the class's severity
			}
		}
	}

	// Registrations are reported by source, not by partition. Only outages and a
	// rule for trunks depend on them, so the finding is minor.
	for i := range ev.Sources {
		s := &ev.Sources[i]
		if s.Kind == policy.Registrations && s.Settled && s.NoUse {
			r.missingInput(AboutSource, uint32(i), uint32(i), s.URL, policy.Minor)
		}
	}
	return r
}

func (r *report) missingInput(about About, subject, source uint32, url string, severity policy.Severity) {
	r.add(Finding{
		Class: InputMissing, Severity: severity, Field: NoField, About: about, Subject: subject, Outage: noOutage,
	}, func(b []byte) []byte { return append(b, "part|"+r.Sources[source].Name+"|"+url...) })
}
