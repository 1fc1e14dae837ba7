package page

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"cdrmend/internal/policy"
	"cdrmend/internal/printable"
	"cdrmend/internal/record"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// Run is the input of a page about one run. Each of its tables is ranged over
// once.
type Run struct {
	ID       string
	Redact   policy.Report
	Summary  *report.Summary
	Files    []File     // all files of the run; the page names those that hold results
	Linked   bool       // the page is stored with these files, so that links lead to them
	Findings table.Rows // nil if they come through Passing
	Repairs  table.Rows
	Calls    table.Rows // missing, partial and indeterminate ones suffice
	Outages  table.Rows

	gathered *gathering
	todo     []report.Todo
}

// Todo returns what the page that was written asks people to do, in its order.
func (r *Run) Todo() []report.Todo { return r.todo }

// File is one file of a run.
type File struct {
	Path   string
	Size   int64
	SHA256 string
}

// results returns the files that hold results. It leaves out the documents, the
// rejects, and other reports for people.
func (r *Run) results() []File {
	var list []File
	for _, f := range r.Files {
		known := slices.Contains([]string{".csv", ".parquet", ".json", ".jsonl"}, path.Ext(f.Path))
		if known && !strings.Contains(f.Path, "/") {
			list = append(list, f)
		}
	}
	return list
}

// otherReport is another report for people about the same run.
type otherReport struct{ Path, What string }

// others returns the other reports that the run writes. Those that it writes after the
// page have no hash here.
func (r *Run) others() (list []otherReport) {
	for _, o := range []struct {
		otherReport
		wanted bool
	}{{otherReport{"findings.xlsx", "the worklist"}, r.Redact.XLSX}, {otherReport{"report.pdf", "the statement"}, r.Redact.PDF}} {
		if o.wanted || slices.ContainsFunc(r.Files, func(f File) bool { return f.Path == o.Path }) {
			list = append(list, o.otherReport)
		}
	}
	return list
}

// Gather ranges over the tables and keeps the values that the page shows. It may
// be called before the files are known. Write calls it if it was not called.
func (r *Run) Gather() error {
	if err := r.gather(); err != nil {
		return fmt.Errorf("making the report of run %s: %w", r.ID, err)
	}
	return nil
}

func (r *Run) gather() error {
	start, err := report.Time(r.Summary.Start)
	if err != nil {
		return err
	}
	end, err := report.Time(r.Summary.End)
	if err != nil {
		return err
	}

	show := redact.New(r.Redact)
	g := newGathering(record.Span{Start: start, End: end}, show, r.Summary.Redacted(show), r.Redact)
	r.gathered = g

	if err := cmp.Or(g.addCalls(r.Calls), g.addOutages(r.Outages), g.addRepairs(r.Repairs)); err != nil || r.Findings == nil {
		return err
	}
	return table.Drain(r.Passing(r.Findings))
}

// Passing yields the given findings and keeps those that the page shows. It is
// ranged over after Gather and takes the place of Findings. The writer of that
// table then need not read a million rows again.
func (r *Run) Passing(findings table.Rows) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		for row, err := range findings {
			if err == nil {
				r.gathered.addFinding(row)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// Write writes the page.
func (r *Run) Write(w io.Writer) error {
	if r.gathered == nil {
		if err := r.Gather(); err != nil {
			return err
		}
	}

	g := r.gathered
	v := runView{Run: r, Results: r.results(), Others: r.others(), Patterns: patterns, Interval: g.span, Redaction: r.Redact.Redact.String()}
	v.headView = g.head(r.Redact)
	v.Cards = g.cards(r.Redact)
	r.todo = todo(v.Cards)
	v.Tiles = tiles(g.summary, g)
	v.Verdicts = verdicts(g.summary)
	v.Proofs = proofs(&g.summary.Coverage.Proof)
	v.Reasons = g.reasonViews()
	v.Timeline = g.timeline(g.summary)
	v.Causes = g.causeViews(g.summary)
	v.CauseGroups = causeGroups(v.Causes)
	v.Registrations = registrations(g.summary)
	v.Classes = classViews(g.summary.Findings)
	v.Findings = part{Shown: int64(len(g.findings.Rows)), Total: g.total}
	v.Repairs = part{Shown: int64(len(g.repairs.Rows)), Total: g.repaired}
	v.Accepted = g.accepted.view(&g.show)
	v.Nothing = g.nothing()
	v.NoOutages = wording.Sentence(noOutages(g.summary.Logs()))
	v.Inputs = inputsView(g.summary, g.span)
	v.Balance = balanceViews(g.summary)
	return write(w, "run.tmpl", &v, map[string]any{
		"findings": g.findings, "repairs": g.repairs, "words": wording.All(), "zone": g.zone.data(g.span), "names": g.names.byKind,
		"kinds": kindsOf(g.summary), "explains": r.Redact.Redact != policy.RedactAll,
	})
}

// runView holds the values that the template shows. The script shows the rows.
type runView struct {
	*Run
	Interval  record.Span
	Redaction string
	Results   []File
	Others    []otherReport
	headView
	Cards    []card
	Nothing  string // stands in place of the cards when there are none
	Tiles    []tile
	Patterns []pattern
	callCharts
	outageViews

	Classes  []classView
	Accepted *acceptedView
	Findings part
	Repairs  part
	Inputs   inputView
	Balance  []balanceView
}

// fileLink is the name of a file, and whether the page may link to it.
type fileLink struct {
	Path   string
	Linked bool
}

// Link returns what the template needs to name a file of the run.
func (v *runView) Link(path string) fileLink { return fileLink{path, v.Linked} }

// headView stands above everything else on the page.
type headView struct {
	About   aboutView
	Notices []noticeGroup
	Lead    string // the headline
	Detail  []string
	Remarks []string
}

// callCharts show the calls by verdict, by what proves them, and by why they
// cannot be decided.
type callCharts struct {
	Verdicts []share
	Proofs   []proofView
	Reasons  []reasonView
}

// outageViews show the outages in time and by cause.
type outageViews struct {
	Timeline      *timelineView
	Causes        []causeView // for the legend
	CauseGroups   []causeGroup
	Registrations string // what else the logs show
	NoOutages     string // a sentence for when there are none
}

// part is how many rows of a table a page holds.
type part struct{ Shown, Total int64 }

// More returns how many rows the page leaves out.
func (p part) More() int64 { return p.Total - p.Shown }

// gathering collects the values that the page shows in one pass over the tables
// of a run. Its size is bounded, however long the tables are.
type gathering struct {
	span     record.Span
	zone     *localZone
	summary  *report.Summary // as it may be shown
	limits   limits
	show     shower
	orgs     orgNames
	names    shownNames
	accepted acceptedRows
	accepts  *policy.Acceptance
	asked    asked
	trunks   map[trunkID]*trunk
	causes   causesByName
	callTotals
	calls   callKeeper
	samples samples
	sheets
	named map[string]*trunk // trunks by organisation and trunk before redaction
	name  []byte            // buffer for a key of named
}

// callTotals count calls.
type callTotals struct {
	missing tally             // missing calls by their relation to outages
	partial tally             // likewise for partial calls
	reasons map[string]int64  // undecided calls by reason
	blamed  map[trunkID]int64 // missing calls that coincide with an outage of a trunk
}

// sheets are the rows of the lists, and how many there are altogether.
type sheets struct {
	findings *sheet
	room     room
	total    int64
	repairs  *sheet
	repaired int64
}

func newGathering(span record.Span, r *redact.Redactor, s *report.Summary, c policy.Report) *gathering {
	g := &gathering{
		span: span, zone: zoneOf(c.Zone), summary: s, show: shower{redact: r}, trunks: map[trunkID]*trunk{}, causes: causesByName{},
		callTotals: callTotals{reasons: map[string]int64{}, blamed: map[trunkID]int64{}},
		sheets:     sheets{findings: newSheet(table.Findings, "todo"), repairs: newSheet(table.Repairs)},
		samples:    newSamples(), names: newShownNames(r, c.Names), accepted: newAcceptedRows(), accepts: s.Config.Policy.Acceptance(), asked: newAsked(), named: map[string]*trunk{},
	}
	g.calls = newCallKeeper(&g.show, g.zone)
	g.orgs.addConfigured(s, r)

	byRank := map[string]int64{}
	for _, c := range s.Findings {
		byRank[c.Severity+c.Status] += c.Count
		g.total += c.Count
		if c.Class == "repaired_field" { // one finding for each repair
			g.repaired += c.Count
		}
	}
	g.room = makeRoom(mostFindings, byRank)

	return g
}

var (
	verdictColumn = table.Calls.Index("verdict")
	callOrg       = table.Calls.Index("org_id")
	callTrunk     = table.Calls.Index("trunk_id")
	callStart     = table.Calls.Index("start_time")
	callReason    = table.Calls.Index("reason")
	callConv      = table.Calls.Index("conversation_id")
	callCause     = table.Calls.Index("outage_cause")
	callRelation  = table.Calls.Index("outage_relation")
	findingOrg    = table.Findings.Index("org_id")
	findingTrunk  = table.Findings.Index("trunk_id")
)

// addCalls notes the calls that the page shows: the verdicts of marked.
func (g *gathering) addCalls(rows table.Rows) error {
	for row, err := range rows {
		if err != nil {
			return err
		}
		verdict := slices.Index(marked[:], string(row.Bytes(verdictColumn)))
		if verdict < 0 {
			continue // before redacting: nearly all calls end here
		}

		original := row
		row = g.show.row(original)
		g.calls.add(verdict, original, row)
		if !g.orgs.more {
			g.orgs.add(original.Text(callOrg), g.show.redact)
		}
		relation := relationOf(string(row.Bytes(callRelation)))
		id := trunkID{row.Text(callOrg), row.Text(callTrunk)}
		t := g.trunk(id)
		g.nameTrunk(t, original, callTrunk)
		t.mark(verdict, relation, row.Time(callStart), g.span)
		if cause := row.Text(callCause); cause != "" {
			g.causes.named(cause).calls[verdict].add(relation)
		}

		switch {
		case verdict == markUntold:
			g.reasons[row.Text(callReason)]++
			g.samples.call(row.Text(callReason), original, g.summary.Interval)
		case verdict == markPartial:
			g.partial.add(relation)
		case verdict == markMissing:
			g.missing.add(relation)
			if relation == coincides {
				g.blamed[id]++
			}
		}
	}
	return nil
}

func (g *gathering) addOutages(rows table.Rows) error {
	for row, err := range rows {
		if err != nil {
			return err
		}

		// Only the part inside the interval counts towards the lengths.
		o := outageOf(g.show.row(row))
		if o.Harmless { // nobody was unregistered: it is counted with the renewals
			continue
		}
		o.LineName = printable.Text(g.show.redact.Name(policy.LineName, row.Text(outageLine)))
		g.samples.outage(&o)
		clipped := o.clip(g.span)
		micros := int64(clipped.End - clipped.Start)
		t := g.trunk(trunkID{o.Org, o.Trunk})
		g.nameTrunk(t, row, outageTrunk)
		t.addOutage(o, micros)
		g.causes.named(o.Cause).addOutage(micros)
	}
	return nil
}

func (g *gathering) addFinding(row *table.Row) {
	if string(row.Bytes(statusColumn)) == "accepted" {
		g.accepted.add(g.accepts, row, row.Text(severityColumn))
	}
	if row.Known(findingTrunk) {
		g.trunkOf(row).Findings++
	}
	class := string(row.Bytes(classOf))
	g.limits.add(&g.show, row, class)
	work := g.asked.add(row, class, row.Text(severityColumn), row.Text(statusColumn), g.summary.Interval, detailColumn)
	g.calls.note(row, class, work)
	if g.room.take(row) {
		shown := g.show.row(row)
		g.names.add(row, shown)
		g.findings.add(shown, asksFor(row, work))
	}
}

// nameTrunk gives a trunk the name that is configured for its id, which a row has as
// the table does.
func (g *gathering) nameTrunk(t *trunk, row *table.Row, column int) {
	if !t.named { // before copying the id, as millions of rows may name one trunk
		t.named, t.Name = true, printable.Text(g.show.redact.Name(policy.TrunkName, row.Text(column)))
	}
}

// trunkOf returns the trunk of a finding. It remembers the trunks by their
// original names, because redacting a name costs more than a lookup.
func (g *gathering) trunkOf(row *table.Row) *trunk {
	g.name = append(append(append(g.name[:0], row.Bytes(findingOrg)...), 0), row.Bytes(findingTrunk)...)
	t := g.named[string(g.name)]
	if t == nil {
		t = g.trunk(trunkID{printable.Text(g.show.redact.Org(row.Text(findingOrg))), printable.Text(g.show.redact.Trunk(row.Text(findingTrunk)))})
		g.nameTrunk(t, row, findingTrunk)
		if len(g.named) < mostTrunks { // names from outside must not fill the memory
			g.named[string(g.name)] = t
		}
	}
	return t
}

func (g *gathering) addRepairs(rows table.Rows) error {
	left := mostRepairs
	for row, err := range rows {
		if err != nil {
			return err
		}
		if left--; left < 0 { // the number of the others is known from the summary
			break
		}
		g.repairs.add(g.show.row(row))
	}
	return nil
}

// mostTrunks is how many trunks are distinguished. A larger number means that
// the ids are not those of trunks.
const mostTrunks = 2000

var otherTrunks = trunkID{"", "(all other trunks)"}

func (g *gathering) trunk(id trunkID) *trunk {
	if g.trunks[id] == nil && len(g.trunks) >= mostTrunks {
		id = otherTrunks
	}
	t := g.trunks[id]
	if t == nil {
		t = &trunk{trunkID: id, named: id == otherTrunks, marks: map[place]*mark{}}
		g.trunks[id] = t
	}
	return t
}

// relation is the relation of a call to an outage as the page shows it. Possible
// coincidences are never counted as certain ones.
type relation uint8

const (
	coincides relation = iota // inside or edge
	possibly
	apart  // no coinciding outage
	untold // undecided
	numRelations
)

func relationOf(name string) relation {
	switch name {
	case "inside", "edge":
		return coincides
	case "possible":
		return possibly
	case "none":
		return apart
	}
	return untold
}

// tally counts by relation.
type tally [numRelations]int64

func (t *tally) add(r relation) { t[r]++ }

func (t *tally) sum() int64 { return t[0] + t[1] + t[2] + t[3] }
