package output

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intake"
	"cdrmend/internal/intern"
	"cdrmend/internal/ledger"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/secret"
	"cdrmend/manifests"
)

// writeSummary writes the summary, and returns it.
func (r *Run) writeSummary(ctx context.Context) (*report.Summary, error) {
	in, d := r.Inputs, r.Decision
	states := unknownStates(d)
	var err error
	sum := &report.Summary{
		Format: report.SummaryFormat, Interval: in.Interval.Label, Start: in.Interval.Start.String(), End: in.Interval.End.String(),
		Coverage: coverage(d), Legs: int64(len(d.Calls)), Conversations: conversations(d), Lost: int64(d.Lost),
		Verdicts: verdicts(d), Findings: findingCounts(d), Outages: outageCauses(d), Renewals: renewalsFailed(d), Registrations: registrations(d),
		MediaTypes: mediaTypes(d, r.Config.Policy.VoiceMedia), States: states, Overused: int64(d.OverusedIDs), ReusedLegIDs: d.ReusedLegIDs,
		Incomplete: r.incomplete(), Partitions: partitions(in, r.Account, d), Warnings: warnings(in, r.Account, d),
		Ignored: ignored(in),
		Outcome: outcome(d), Settled: in.Settled(), Config: r.Config.Identity(),
	}
	sum.Warnings = append(sum.Warnings, stateWarnings(states)...)
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
	for _, i := range in.Ignored {
		for _, k := range i.Kinds {
			list = append(list, report.Ignored{Source: i.Source, Kind: k.Kind, Count: k.Count, First: k.First})
		}
	}
	return list
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
		parts = append(parts, fmt.Sprintf("%d of its %d objects damaged: %s%s", n, objects, strings.Join(broken[:min(n, most)], ", "), more))
	}

	limit := r.Config.Policy.MaxRejects
	if count := r.Account.Rows[partition]; count != nil && count.TooMany(limit) {
		parts = append(parts, fmt.Sprintf("%d of its %d rows rejected, more than max_rejects (%v) allows; see the rejects", count.Rejects, count.Rows, limit))
	}

	if len(parts) == 0 {
		return "its rows lack what judging needs: see the finding of class unfit_source"
	}
	return strings.Join(parts, "; ")
}

// warnings describes what is odd about whole sources rather than single records.
func warnings(in *intake.Inputs, a *intake.Account, d *reconcile.Decision) []string {
	list := append([]string{}, d.Notices.Warnings...)
	list = append(list, orgWarnings(a, d)...)
	list = append(list, shapeWarnings(d)...)
	list = append(list, placeWarnings(a, d)...)
	list = append(list, silentWarnings(d)...)
	return append(list, secretWarnings(in)...)
}

// secretWarnings says where names of objects hold secrets. A key names its object in
// the tables and in inputs.jsonl, so it stands there as it is. The warning repeats no
// key, as reports may hide them.
func secretWarnings(in *intake.Inputs) (list []string) {
	named := map[string]int{} // by where they lie
	for i := range in.Objects {
		if o := &in.Objects[i]; !o.Virtual && secret.In([]byte(o.Key)) {
			named["source "+in.Sources[o.Source].Name]++
		}
	}
	for i := range in.Media {
		if secret.In([]byte(in.Media[i].Key)) {
			named["media.url"]++
		}
	}

	for _, place := range slices.Sorted(maps.Keys(named)) {
		list = append(list, fmt.Sprintf("%d objects of %s have a token or password in their name: the tables and inputs.jsonl name them as they are; have the token revoked, and the objects delivered under other names", named[place], place))
	}
	return list
}

// orgWarnings says when the records of one source lack an organisation that
// those of another have: they will not match.
func orgWarnings(a *intake.Account, d *reconcile.Decision) []string {
	// Rows that were dropped while reading were counted then.
	lacking, having := map[uint32]int64{}, map[uint32]bool{}
	for source, n := range a.Filtered {
		lacking[source] = n.Lacking
		if n.Having > 0 {
			having[source] = true
		}
	}

	count := func(object uint32, org intern.Text) {
		source := d.Objects[object].Source
		if org == intern.None {
			lacking[source]++
		} else {
			having[source] = true
		}
	}

	for i := range d.Entries {
		count(d.Documents[d.Entries[i].Doc].Object, d.Entries[i].Org)
	}
	for i := range d.Legs {
		count(d.Legs[i].Ref.Object, d.Legs[i].Org)
	}
	for i := range a.Log.Events {
		count(a.Log.Events[i].Ref.Object, a.Log.Events[i].Org)
	}

	// Records of a source that lack an organisation are odd only when another
	// source has one.
	var list []string
	for i := range d.Sources {
		n := lacking[uint32(i)]
		for other := range having {
			if n > 0 && other != uint32(i) {
				list = append(list, fmt.Sprintf("records of source %s have no organisation while those of other sources have one: they match nothing; set org for the source", d.Sources[i].Name))
				break
			}
		}
	}

	return list
}

// silentWarnings names sources of registrations that show no successes: their
// outages are guessed from failures alone.
func silentWarnings(d *reconcile.Decision) []string {
	var list []string
	for _, source := range d.Silent {
		list = append(list, fmt.Sprintf("source %s shows failed registrations and hardly any that succeeded: how long its outages lasted is assumed; log successful registrations, too, or set successes: true if it does", d.Sources[source].Name))
	}
	return list
}

// shapeWarnings names required fields that more than half of a source's
// entries lack: the shape of the export rather than damage.
func shapeWarnings(d *reconcile.Decision) []string {
	total := map[uint32]int64{}
	lacking := map[uint32]*[record.NumEntryFields]int64{}
	for _, r := range d.Recordings {
		e := &d.Entries[r.Entry]
		source := d.Objects[d.Documents[e.Doc].Object].Source
		if lacking[source] == nil {
			lacking[source] = new([record.NumEntryFields]int64)
		}
		total[source]++
		for f := range record.NumEntryFields {
			if d.Sources[source].Required.Has(f) && !e.Has(f) {
				lacking[source][f]++
			}
		}
	}

	var list []string
	for i := range d.Sources {
		counts := lacking[uint32(i)]
		if counts == nil {
			continue
		}

		for f, n := range counts {
			if of := total[uint32(i)]; n*2 > of {
				list = append(list, fmt.Sprintf("%d of %d entries of source %s lack %s as exported: the shape of the export rather than damage; change the export, or required_fields of the source", n, of, d.Sources[i].Name, record.Field(f)))
			}
		}
	}

	return list
}

// placeWarnings names the fields for which a profile of the user names places that
// nothing read of its source has: a spelling mistake looks like data that is missing.
// A profile that is built in names places that only some exports have.
func placeWarnings(a *intake.Account, d *reconcile.Decision) (list []string) {
	for i := range d.Sources {
		s := &d.Sources[i]
		places, read := a.Places[uint32(i)]
		if _, builtIn := manifests.Profile(s.Profile.Name); builtIn || !read {
			continue
		}

		var absent []string
		for _, f := range fieldsOf[s.Kind] {
			if len(s.Profile.Fields[f]) > 0 && !places.Has(f) {
				absent = append(absent, f.String())
			}
		}
		if len(absent) > 0 {
			list = append(list, fmt.Sprintf("nothing that was read of source %s has a place that its profile names for %s: correct the places under fields, or remove the fields that the source does not have; cdrmend profiles test shows what the profile fills", s.Name, strings.Join(absent, " ")))
		}
	}
	return list
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
