package page

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// trunkID identifies a trunk by its redacted ids. Calls and outages of an
// organisation that name no trunk share one with an empty ID.
type trunkID struct{ Org, ID string }

// trunk collects the values that a timeline shows for one trunk.
type trunk struct {
	trunkID
	Name     string // configured, empty without one
	named    bool   // Name was looked up
	Findings int64
	calls    [len(marked)]tally
	untimed  int64 // calls without a start time, which have no mark
	marks    map[place]*mark
	outages  []outage
	unlisted int64   // outages beyond those kept
	micros   int64   // length of all outages in the interval
	failed   lasting // outages that a failed registration opened
	ended    lasting // registrations that lapsed or were removed
}

// lasting is a number of outages and their length in the interval.
type lasting struct{ n, micros int64 }

// marked lists the verdicts that have marks, in the order of their lanes.
var marked = [...]string{"missing", "partial", "indeterminate"}

const (
	markMissing = iota
	markPartial
	markUntold
)

var laneNames = [len(marked)]string{"missing", "recorded in part", "cannot be told"}

// bins is how many places a timeline has for marks. Calls of one verdict and
// relation that start in the same bin share one mark with a number.
const bins = 96

// place is the position of a mark.
type place struct {
	verdict  int
	relation relation
	bin      int
}

// mark is one mark: the number of its calls, and the start of the first call that
// was added.
type mark struct {
	n     int64
	first record.Time
}

func (t *trunk) mark(verdict int, r relation, start record.Time, span record.Span) {
	t.calls[verdict].add(r)
	if !start.Known() {
		t.untimed++
		return
	}
	at := min(max(int((start-span.Start)*bins/(span.End-span.Start)), 0), bins-1)
	p := place{verdict, r, at}
	if m := t.marks[p]; m != nil {
		m.n++
		return
	}
	t.marks[p] = &mark{1, start}
}

// outage is one outage of a trunk.
type outage struct {
	ID, Org, Trunk, Line string // the line, or the account that registered
	LineName             string // configured, empty without one
	Start, End           record.Time
	EndedBy, Cause       string
	Failures             int64

	Unregistered, LastAttempt record.Time // from when nobody was registered, and when somebody tried last
	Harmless                  bool        // nobody was unregistered
}

// The columns of the table of outages that a page shows.
var (
	outageID       = table.Outages.Index("outage_id")
	outageOrg      = table.Outages.Index("org_id")
	outageTrunk    = table.Outages.Index("trunk_id")
	outageLine     = table.Outages.Index("line_id")
	outageUser     = table.Outages.Index("username")
	outageStart    = table.Outages.Index("start_time")
	outageEnd      = table.Outages.Index("end_time")
	outageEndedBy  = table.Outages.Index("ended_by")
	outageCause    = table.Outages.Index("cause")
	outageFailures = table.Outages.Index("failures")
	outageFrom     = table.Outages.Index("unregistered_from")
	outageHarmless = table.Outages.Index("harmless")
	outageAttempt  = table.Outages.Index("last_attempt")
)

func outageOf(r *table.Row) outage {
	return outage{
		ID: r.Text(outageID), Org: r.Text(outageOrg), Trunk: r.Text(outageTrunk),
		Line:  cmp.Or(r.Text(outageLine), r.Text(outageUser)),
		Start: r.Time(outageStart), End: r.Time(outageEnd),
		EndedBy: r.Text(outageEndedBy), Cause: r.Text(outageCause), Failures: r.Count(outageFailures),
		Unregistered: r.Time(outageFrom), LastAttempt: r.Time(outageAttempt), Harmless: r.Text(outageHarmless) == "true",
	}
}

// clip returns the part of an outage inside a span. Its length is 0 if they do
// not overlap.
func (o *outage) clip(span record.Span) record.Span {
	s := record.Span{Start: max(o.Start, span.Start), End: min(o.End, span.End)}
	s.End = max(s.End, s.Start)
	return s
}

// Lasts returns the length of the outage in words.
func (o outage) Lasts() string { return report.Duration(int64(o.End - o.Start)) }

// mostOutages is how many outages of a trunk a page shows at most.
const mostOutages = 200

func (t *trunk) addOutage(o outage, micros int64) {
	t.micros += micros
	of := &t.ended
	if wording.OpenedBy(o.Cause) == wording.Failure {
		of = &t.failed
	}
	of.n, of.micros = of.n+1, of.micros+micros
	if len(t.outages) == mostOutages {
		t.unlisted++
		return
	}
	t.outages = append(t.outages, o)
}

// worse orders trunks. The one with the most missing calls comes first.
func worse(a, b *trunk) int {
	for v := range marked {
		if c := cmp.Compare(b.calls[v].sum(), a.calls[v].sum()); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(b.micros, a.micros), cmp.Compare(b.Findings, a.Findings),
		cmp.Compare(a.Org, b.Org), cmp.Compare(a.ID, b.ID))
}

// trunkView is one trunk on a timeline.
type trunkView struct {
	Trunk    thing  // without an id for calls and outages without a trunk
	Org      string // empty unless the run has several
	Summary  string
	Axis     *axis
	Lanes    []lane
	Outages  []outage
	Unlisted int64
	Untimed  int64
}

// mostCounted is the largest number of marks in a lane that shows their numbers.
// With more marks the numbers would overlap.
const mostCounted = 24

// Counted reports whether the lane shows the numbers of its marks.
func (l *lane) Counted() bool { return len(l.Marks) <= mostCounted }

// lane is one line of a trunk's timeline.
type lane struct {
	Label string
	Line  thing // takes the place of the label if it has an id
	Title string
	Bars  []bar
	Marks []markView
}

// bar is an outage. X and W are percentages.
type bar struct {
	X, W, Cause, Title string
}

// markView is a mark at X percent.
type markView struct {
	X, Shape, Relation, Title string
	N                         int64
	Link                      template.URL // to the findings of its calls
}

func (t *trunk) view(span record.Span) trunkView {
	v := trunkView{Trunk: thing{Name: t.Name, ID: t.ID}, Org: t.Org, Summary: t.summary(), Outages: t.outages, Unlisted: t.unlisted, Untimed: t.untimed}
	v.Lanes = append(v.Lanes, t.outageLanes(span)...)
	for verdict := range marked {
		if n := t.calls[verdict].sum(); n > 0 {
			v.Lanes = append(v.Lanes, t.callLane(verdict, span))
		}
	}
	return v
}

// summary describes the timeline of the trunk in words.
func (t *trunk) summary() string {
	var words []string
	for v, n := range t.calls {
		if n.sum() > 0 {
			words = append(words, callCount(v, n.sum()))
		}
	}
	if t.failed.n > 0 {
		words = append(words, fmt.Sprintf("%s lasting %s", counted(t.failed.n, "outage"), report.Duration(t.failed.micros)))
	}
	if t.ended.n > 0 {
		words = append(words, fmt.Sprintf("%s ended without a failure, for %s", counted(t.ended.n, "registration"), report.Duration(t.ended.micros)))
	}
	if t.Findings > 0 {
		words = append(words, counted(t.Findings, "finding"))
	}
	return strings.Join(words, " · ")
}

// callCount writes the number of calls with a verdict.
func callCount(verdict int, n int64) string {
	return counted(n, "call") + [len(marked)]string{" missing", " recorded in part", " that cannot be told"}[verdict]
}

// mostLanes is how many lines of a trunk have their own lanes at most.
const mostLanes = 8

// outageLanes returns a lane for each of the first lines with outages, and one
// for all other lines.
func (t *trunk) outageLanes(span record.Span) []lane {
	lines := map[string]int{}
	var lanes []lane
	for i := range t.outages {
		o := &t.outages[i]
		clipped := o.clip(span)
		at, ok := lines[o.Line]
		switch {
		case !ok && len(lanes) < mostLanes:
			at = len(lanes)
			lanes = append(lanes, lane{Label: "the trunk itself", Line: thing{Name: o.LineName, ID: o.Line}, Title: "outages"})
		case !ok:
			at = mostLanes
			if len(lanes) == mostLanes {
				lanes = append(lanes, lane{Label: "other lines", Title: "outages"})
			}
		}

		lines[o.Line] = at
		lanes[at].Bars = append(lanes[at].Bars, bar{
			X: percent(clipped.Start, span), W: width(clipped, span), Cause: causeClass(o.Cause),
			Title: fmt.Sprintf("%s: %s, %s to %s UTC, ended by %s", o.ID, o.Cause, stamp(o.Start), stamp(o.End), o.EndedBy),
		})
	}
	return lanes
}

var relationNames = [numRelations]string{"coincides", "possible", "none", "unknown"}

func (t *trunk) callLane(verdict int, span record.Span) lane {
	l := lane{Label: laneNames[verdict] + " " + report.Grouped(t.calls[verdict].sum()), Title: callCount(verdict, t.calls[verdict].sum())}
	for at, m := range t.marks {
		if at.verdict != verdict {
			continue
		}

		// A single call is drawn at its start, several in the middle of the bin.
		x := m.first
		if m.n > 1 {
			x = span.Start + record.Time((float64(at.bin)+0.5)/bins*float64(span.End-span.Start))
		}
		l.Marks = append(l.Marks, markView{
			X: percent(x, span), Shape: marked[verdict], Relation: relationNames[at.relation], N: m.n,
			Title: fmt.Sprintf("%s, from %s UTC, %s", callCount(verdict, m.n), stamp(m.first), relationPhrase[at.relation]),
			Link:  t.findingsOf(at, span),
		})
	}

	// X is a percentage with three decimals: a shorter text is a smaller number.
	slices.SortFunc(l.Marks, func(a, b markView) int {
		return cmp.Or(cmp.Compare(len(a.X), len(b.X)), cmp.Compare(a.X, b.X), cmp.Compare(a.Relation, b.Relation))
	})
	return l
}

// findingsOf returns the address of the findings of the calls that share a mark.
func (t *trunk) findingsOf(at place, span record.Span) template.URL {
	// The first and the last mark hold all calls that start outside of the span.
	length := span.End - span.Start
	edge := func(bin int) string {
		if bin == 0 || bin == bins {
			return ""
		}
		return strconv.FormatInt(int64(span.Start+(record.Time(bin)*length+bins-1)/bins), 10)
	}
	class, status := [len(marked)]string{"missing_recording", "short_recording"}[at.verdict], ""
	if at.verdict == markUntold {
		status = "indeterminate"
	}
	return listAddress("findings", "trunk", t.ID, "class", class, "status", status, "relation", relationNames[at.relation], "from", edge(at.bin), "to", edge(at.bin+1))
}

var relationPhrase = [numRelations]string{
	"coinciding with a registration outage", "possibly coinciding with a registration outage",
	"no coinciding outage", "whether an outage coincides cannot be told",
}

func stamp(t record.Time) string { return t.Std().Format("2006-01-02 15:04:05") }

// percent returns the position of a time in a span.
func percent(t record.Time, span record.Span) string {
	return fmt.Sprintf("%.3f%%", 100*float64(t-span.Start)/float64(span.End-span.Start))
}

func width(s, span record.Span) string {
	return fmt.Sprintf("%.3f%%", 100*float64(s.End-s.Start)/float64(span.End-span.Start))
}
