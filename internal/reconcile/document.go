package reconcile

import (
	"fmt"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// judgeDocuments reports what is wrong with whole documents of the interval.
func (d *decider) judgeDocuments() {
	j := judge{decider: d}
	for i := range d.Documents {
		doc := &d.Documents[i]
		if !d.ownedDoc[i] || doc.Rare == nil || doc.Virtual {
			continue
		}
		n, rare := uint32(i), doc.Rare
		if rare.Failed > 0 {
			j.reportDocument(n, ExportFailed, fmt.Sprintf("failed=%d", rare.Failed))
		}
		if rare.Total != record.NoInt && rare.Total != int64(doc.N) {
			j.reportDocument(n, CountMismatch, fmt.Sprintf("total=%d;found=%d", rare.Total, doc.N))
		}
		if b := rare.Truncated; b != nil {
			j.reportDocument(n, TruncatedDocument, fmt.Sprintf("offset=%d;entries=%d", b.Offset, b.Entries))
		}
		if b := rare.Malformed; b != nil {
			j.reportDocument(n, MalformedDocument, fmt.Sprintf("offset=%d;entries=%d", b.Offset, b.Entries))
		}
	}
	d.take(&j)
}

// findEmpty lists the empty partitions of the interval of settled sources.
func (d *decider) findEmpty() {
	for i := range d.Partitions {
		p := &d.Partitions[i]
		s := &d.Sources[p.Source]
		if p.Empty && s.Settled && d.ownPartition(uint32(i)) && s.Kind != policy.Registrations {
			d.empty[s.Kind] = append(d.empty[s.Kind], uint32(i))
		}
	}
}

// judgePartitions reports input that was needed and never came.
func (d *decider) judgePartitions() {
	j := judge{decider: d}
	for _, kind := range []policy.Kind{policy.Manifests, policy.CDRs} {
		for _, n := range d.empty[kind] {
			if d.needed[n] {
				j.reportMissingInput(AboutPartition, n, d.Partitions[n].Source, d.Partitions[n].URL, policy.Major)
			}
		}
	}
	for i := range d.Sources {
		s := &d.Sources[i]
		if s.Kind == policy.Registrations && s.Settled && s.NoUse {
			j.reportMissingInput(AboutSource, uint32(i), uint32(i), s.URL, policy.Minor)
		}
	}
	d.take(&j)
}

func (j *judge) reportMissingInput(about About, subject, source uint32, url string, severity policy.Severity) {
	j.report(Finding{
		Class: InputMissing, Severity: severity, Field: NoField, About: about, Subject: subject, Outage: noOutage,
	}, func(b []byte) []byte { return append(b, "part|"+j.Sources[source].Name+"|"+url...) })
}
