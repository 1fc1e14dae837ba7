package output

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intake"
	"cdrmend/internal/intern"
	"cdrmend/internal/ledger"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/secret"
)

// WriteSummary writes the summary, and returns it.
func (r *Run) WriteSummary(ctx context.Context) (*report.Summary, error) {
	in, d := r.Inputs, r.Decision
	states := unknownStates(d)
	var err error
	sum := &report.Summary{
		Format: report.SummaryFormat, Interval: in.Interval.Label, Start: in.Interval.Start.String(), End: in.Interval.End.String(),
		Coverage: coverage(d), Legs: int64(len(d.Calls)), Conversations: conversations(d), Lost: int64(d.Lost),
		Verdicts: verdicts(d), Findings: findingCounts(d), Outages: outageCauses(d), Renewals: renewalsFailed(d), Registrations: registrations(d),
		Media: heardMedia(d), MediaTypes: mediaTypes(d, r.Config.Policy.VoiceMedia), States: states, Overused: int64(d.OverusedIDs), ReusedLegIDs: d.ReusedLegIDs,
		Incomplete: r.incomplete(), Partitions: partitions(in, r.Account, d), Warnings: warnings(in, r.Account, d),
		Ignored: ignored(in),
		Outcome: outcome(d), Settled: in.Settled(), Config: r.Config.Identity(),
	}
	sum.Skipped = skippedRows(in, r.Account)
	sum.Warnings = append(sum.Warnings, stateWarnings(states)...)
	sum.Warnings = append(sum.Warnings, otherMediaWarnings(d, r.Config.Policy.VoiceMedia)...)
	sum.Warnings = append(sum.Warnings, untoldWarnings(d)...)
	sum.Warnings = append(sum.Warnings, acceptedWarnings(d, &r.Config.Policy)...)
	if sum.Balance, err = balances(r.Account, d); err != nil {
		return nil, err
	}

	raw, err := ledger.Encode(sum)
	if err != nil {
		return nil, err
	}
	return sum, r.files.Create(ctx, report.SummaryFile, func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
}

func ignored(in *intake.Inputs) []report.Ignored {
	var list []report.Ignored
	for _, i := range slices.Concat(in.Ignored, in.PassedOver()) {
		for _, k := range i.Kinds {
			list = append(list, report.Ignored{Source: i.Source, Kind: k.Kind, Count: k.Count, First: k.First})
		}
	}
	return list
}

// heardMedia counts what was looked into of media; nil when nobody looked.
func heardMedia(d *reconcile.Decision) *report.Media {
	if d.Media == nil || !d.Media.Headers {
		return nil
	}
	m := &report.Media{Recordings: d.Voices, Formats: map[string]int64{}}
	for _, rec := range d.Recordings {
		switch h := match.HeardOf(d.Evidence, rec.Entry); {
		case h == nil:
		case h.Code != intern.None:
			m.Unreadable++
		case h.NotAudio():
			m.NoAudio++
		default:
			m.Heard++
			m.Formats[d.Texts.String(h.Format)+"/"+d.Texts.String(h.Codec)]++
			if h.Duration == profile.NoInt {
				m.Unknown++
			}
			switch {
			case h.Decoded.Tried && h.Decoded.Heard && h.Decoded.Failed == intern.None:
				m.Decoded++
			case h.Decoded.Tried:
				m.NotDecoded++
			}
		}
	}
	return m
}

func coverage(d *reconcile.Decision) report.Coverage {
	c := report.Coverage{Total: report.Known, Excluded: map[string]int64{}, WithoutCDR: d.WithoutCDR}
	if d.Notices.AtLeast {
		c.Total = report.AtLeast
	}
	excluded := map[intern.Text]int64{}
	var proofs [match.NumProofs]int64
	for i := range d.Calls {
		call := &d.Calls[i]
		switch v := call.Verdict; {
		case v == reconcile.VerdictExcluded:
			excluded[call.Reason]++
			continue
		case !v.Counts():
			continue
		case v.Recorded():
			c.Recorded++
			proofs[call.Proof]++
			if v != reconcile.VerdictIncomplete {
				c.Intact++
			}
		}
		c.Of++
	}

	for reason, n := range excluded {
		c.Excluded[d.Texts.String(reason)] = n
	}
	c.Proof = report.Proofs{
		ID: proofs[match.ProofByID], Leg: proofs[match.ProofByLeg],
		Conversation: proofs[match.ProofByConversation], Shared: proofs[match.ProofShared],
	}
	c.RecordedPercent, c.IntactPercent = report.PercentOf(c.Recorded, c.Of), report.PercentOf(c.Intact, c.Of)
	return c
}

func conversations(d *reconcile.Decision) int64 {
	// Few conversations have the id of one of another organisation: only these need
	// a map.
	orgs := make([]intern.Text, d.Texts.Limit()) // of each conversation seen, plus one
	more := map[uint64]bool{}
	n := 0
	for i := range d.Calls {
		l := &d.Legs[d.Calls[i].Leg]
		if l.Conversation == intern.None {
			continue
		}

		switch org := &orgs[l.Conversation.Index()]; *org {
		case 0:
			*org = l.Org + 1
			n++
		case l.Org + 1:
		default:
			more[uint64(l.Org)<<32|uint64(l.Conversation)] = true
		}
	}

	return int64(n + len(more))
}

func verdicts(d *reconcile.Decision) map[string]int64 {
	counts := map[string]int64{}
	var of [reconcile.NumVerdicts]int64
	for i := range d.Calls {
		of[d.Calls[i].Verdict]++
	}
	for v, n := range of {
		counts[reconcile.Verdict(v).String()] = n
	}
	return counts
}

func findingCounts(d *reconcile.Decision) []report.FindingCount {
	var counts [reconcile.NumClasses][policy.None][reconcile.NumStatuses]int64
	for f := range d.Findings {
		counts[f.Class][f.Severity][f.Status]++
	}
	list := []report.FindingCount{}
	for class := range reconcile.NumClasses {
		for severity := range policy.None {
			for status, n := range counts[class][severity] {
				if n > 0 {
					list = append(list, report.FindingCount{
						Class: class.String(), Severity: severity.String(), Status: reconcile.Status(status).String(), Count: n,
					})
				}
			}
		}
	}

	slices.SortFunc(list, func(a, b report.FindingCount) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Status, b.Status))
	})

	return list
}

func outageCauses(d *reconcile.Decision) map[string]int64 {
	counts := map[string]int64{}
	for _, n := range d.Shown {
		// Harmless ones are counted by renewalsFailed.
		if o := &d.Outages[n]; !o.Harmless {
			counts[o.Cause.String()]++
		}
	}
	return counts
}

// renewalsFailed counts the outages in which nobody was unregistered.
func renewalsFailed(d *reconcile.Decision) (n int64) {
	for i := range d.Outages {
		if o := &d.Outages[i]; o.Harmless && o.Span.Overlaps(d.Interval) {
			n++
		}
	}
	return n
}

// registrations counts the calls whose line or trunk the logs show.
func registrations(d *reconcile.Decision) (r report.Registrations) {
	for i := range d.Calls {
		l := &d.Legs[d.Calls[i].Leg]
		if l.Trunk == intern.None && l.Line == intern.None {
			continue
		}
		r.Legs++
		if d.Index.Fits(l.Org, l.Trunk, l.Line) {
			r.Seen++
		}
	}
	return r
}

// mediaTypes counts, by media type, the owned entries that are not among the
// types of voice.
func mediaTypes(d *reconcile.Decision, voice []string) map[string]int64 {
	types := map[intern.Text]int64{}
	for _, r := range d.Recordings {
		if t := d.Entries[r.Entry].MediaType; t != intern.None {
			types[t]++
		}
	}

	counts := map[string]int64{}
	for t, n := range types {
		if name := d.Texts.String(t); !slices.Contains(voice, strings.ToLower(name)) {
			counts[name] += n
		}
	}

	return counts
}

// incomplete lists the inputs that may hide something, with the reason and the
// remedy.
func (r *Run) incomplete() []report.Incomplete {
	d := r.Decision
	list := []report.Incomplete{}
	for _, in := range d.Incomplete {
		s := &d.Sources[in.Source]
		entry := report.Incomplete{Source: s.Name, Input: s.URL}
		switch {
		case in.Unsettled:
			entry.Reason = "the source may still deliver what belongs to this interval"
			entry.Next = "run again when its settle time, counted from " + r.Inputs.Interval.End.String() + ", has passed"
		case in.Partition < 0:
			entry.Reason = "nothing usable was delivered"
			entry.Next = "check the export and the URL of source " + s.Name + ", then run again"
		default:
			p := &d.Partitions[in.Partition]
			entry.Input = p.URL
			entry.Reason = r.damage(uint32(in.Partition))
			entry.Next = "export " + p.URL + " again, then run again"
		}

		list = append(list, entry)
	}

	return list
}

// partitions lists every partition with the objects and rows that it delivered,
// and whether it may hide something.
func partitions(in *intake.Inputs, a *intake.Account, d *reconcile.Decision) []report.Partition {
	list := make([]report.Partition, len(d.Partitions))
	for i := range d.Partitions {
		p := &d.Partitions[i]
		source := &d.Sources[p.Source]
		list[i] = report.Partition{Source: source.Name, Kind: source.Kind.String(), Input: p.URL, State: partitionState(source, p)}
		if p.Span != record.Forever {
			list[i].Start, list[i].End = p.Span.Start.String(), p.Span.End.String()
		}
		if count := a.Rows[uint32(i)]; count != nil {
			list[i].Rows, list[i].Rejects = count.Rows, count.Rejects
		}
	}

	for i := range in.Objects {
		if o := &in.Objects[i]; !o.Virtual {
			list[o.Partition].Objects++
			list[o.Partition].Bytes += o.Size
		}
	}

	return list
}

func partitionState(source *evidence.Source, p *evidence.Partition) report.PartitionState {
	// The first that applies is reported: it explains those after it.
	switch {
	case !source.Settled:
		return report.Unsettled
	case source.NoUse:
		return report.Unusable
	case p.Damaged:
		return report.Damaged
	case p.Empty:
		return report.Empty
	}

	return report.Complete
}

// damage describes a damaged partition: which of its objects are broken, and how
// many of its rows could not be used.
func (r *Run) damage(partition uint32) string {
	const most = 3
	var broken []string
	objects := 0
	for i := range r.Inputs.Objects {
		o := &r.Inputs.Objects[i]
		if !o.Document || o.Partition != partition {
			continue
		}

		objects++
		if why := r.Account.Broken[uint32(i)]; why != nil {
			broken = append(broken, fmt.Sprintf("%s (%v)", secret.Masked(o.Key), why))
		}
	}

	var parts []string // of the sentence
	if n := len(broken); n > 0 {
		more := ""
		if n > most {
			more = fmt.Sprintf(" and %d more", n-most)
		}
		what := fmt.Sprintf("%d of its %d objects damaged", n, objects)
		if objects == 1 {
			what = "its only object is damaged"
		}
		parts = append(parts, fmt.Sprintf("%s: %s%s", what, strings.Join(broken[:min(n, most)], ", "), more))
	}

	limit := r.Config.Policy.MaxRejects
	if count := r.Account.Rows[partition]; count != nil && count.TooMany(limit) {
		what := fmt.Sprintf("%d of its %d rows rejected", count.Rejects, count.Rows)
		if count.Rows == 1 {
			what = "its only row rejected"
		}
		parts = append(parts, fmt.Sprintf("%s, more than max_rejects (%v) allows; see the rejects", what, limit))
	}

	if lacks := r.Account.Unfinished[partition]; lacks != "" {
		parts = append(parts, lacks)
	}

	if len(parts) == 0 {
		return "its rows lack what judging needs: see the finding of class unfit_source"
	}
	return strings.Join(parts, "; ")
}

// skippedRows returns how many rows the filters of profiles skip, by source and
// reason; nil when there are none.
func skippedRows(in *intake.Inputs, a *intake.Account) map[string]map[string]int64 {
	var all map[string]map[string]int64
	for source, counts := range a.Skipped {
		byReason := map[string]int64{}
		for n, rows := range counts {
			byReason[in.Sources[source].Profile.Filters[n].Reason] += rows
		}
		if all == nil {
			all = map[string]map[string]int64{}
		}
		all[in.Sources[source].Name] = byReason
	}
	return all
}

// fieldsOf are the fields of the records of each kind of source.
var fieldsOf = [policy.NumKinds][]record.Field{
	policy.Manifests: record.EntryFields, policy.CDRs: record.LegFields, policy.Registrations: record.EventFields,
}

// balances accounts for every row that was read.
func balances(read *intake.Account, d *reconcile.Decision) (map[string]record.Balance, error) {
	out := map[string]record.Balance{}
	for kind, name := range []string{"manifests", "cdrs", "registrations"} {
		a, b := read.Balance[kind], d.Balance[kind]
		// Some rows are found to be of the margin or superseded while they are read,
		// the others by the decision.
		b.Read, b.Margin, b.Superseded = a.Read, a.Margin+b.Margin, a.Superseded+b.Superseded
		b.Skipped, b.Rejected = a.Skipped, a.Rejected
		if b.Accounted() != b.Read {
			return nil, fmt.Errorf("the balance of %s does not come out: %d rows were read and %d accounted for; this is a defect of cdrmend, please report it", name, b.Read, b.Accounted())
		}
		out[name] = b
	}

	return out, nil
}

func outcome(d *reconcile.Decision) policy.Outcome {
	out := policy.Outcome{Indeterminate: d.Notices.Undecided}
	for f := range d.Findings {
		if f.Status != reconcile.Open {
			continue
		}
		switch f.Severity {
		case policy.Critical:
			out.OpenCritical++
		case policy.Major:
			out.OpenMajor++
		default:
			out.OpenMinor++
		}
	}

	return out
}
