package reconcile

import (
	"fmt"
	"time"

	"cdrmend/internal/doubt"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
)

// reportDocuments reports what is wrong with whole documents of the interval.
func reportDocuments(r report, facts *evidence.Facts, owned match.Marks) report {
	for i := range r.Documents {
		doc := &r.Documents[i]
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
		if b := rare.Truncated; b != nil && !facts.IsEmptyList(doc) {
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
func reportInputs(r report, facts *evidence.Facts, needed map[uint32]bool) report {
	for _, kind := range []policy.Kind{policy.Manifests, policy.CDRs} {
		for _, n := range facts.Empty(kind) {
			if !needed[n] {
				continue
			}
			p, severity := &r.Partitions[n], policy.Major
			if kind == policy.Manifests && r.Sources[p.Source].NoUse {
				severity = policy.Critical
			}
			r.add(Finding{
				Class: InputMissing, Severity: severity, Field: NoField, About: AboutPartition, Subject: n, Outage: noOutage,
			}, func(b []byte) []byte { return r.appendPart(b, r.Sources[p.Source].Name, p.URL) })
		}
	}

	// Registrations are reported by source, not by partition. Only outages and a
	// rule for trunks depend on them, so the finding is minor.
	for i := range r.Sources {
		s := &r.Sources[i]
		if s.Kind == policy.Registrations && s.Settled && s.NoUse {
			r.source(InputMissing, policy.Minor, uint32(i), intern.None)
		}
	}
	return r
}

// reportUnfit reports sources that are unfit.
func reportUnfit(r report, doubts *doubt.Sources, w *words) report {
	for i := range r.Sources {
		switch needs, shapeless := doubts.Lacks(uint32(i)); {
		case shapeless:
			r.source(UnfitSource, policy.Major, uint32(i), w.shape)
		case needs != 0:
			r.source(UnfitSource, policy.Major, uint32(i), r.Texts.OfString(needs.String()))
		}
	}
	return r
}

// detailOfStray says what a stray is and how far the source would have to look.
func detailOfStray(ev *evidence.Evidence, s *doubt.Stray) string {
	p := ev.Partitions[s.Partition].Span
	way, short := "lookahead", time.Duration(p.Start-s.Interval.End)*time.Microsecond
	if p.Start < s.Interval.Start {
		way, short = "lookback", time.Duration(s.Interval.Start-p.End)*time.Microsecond
	}
	return fmt.Sprintf("interval=%s;rows=%d;%s=%dh", s.Interval.Label, s.Rows, way, short/time.Hour+1)
}

// reportStrays makes one finding of each stray.
func reportStrays(r report, strays []doubt.Stray) report {
	for i := range strays {
		s := &strays[i]
		severity := policy.Major
		if s.Late {
			severity = policy.Minor
		}

		p := &r.Partitions[s.Partition]
		r.add(Finding{
			Class: StrayRecord, Severity: severity, Field: NoField, About: AboutStray, Subject: uint32(i),
			Detail: r.Texts.OfString(detailOfStray(r.Evidence, s)), Outage: noOutage,
		}, func(b []byte) []byte {
			b = r.appendPart(b, r.Sources[p.Source].Name, p.URL)
			return appendEscaped(append(b, '|'), s.Interval.Label)
		})
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
