package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cdrmend/internal/printable"
	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// lead sums up a run in one sentence: how many calls are recorded, and what is open.
func lead(s *report.Summary) string {
	c := s.Coverage
	if c.Of == 0 {
		return noCall(&c, "this interval") + "; " + openFindings(s) + "."
	}
	percent := ", " + c.Percent(c.RecordedPercent)
	if c.Total == report.AtLeast { // a share of what nobody knows says no more than the numbers
		percent = ""
	}
	return fmt.Sprintf("%s that should be recorded %s%s; %s.", c.Calls(c.Recorded), c.Are(c.Recorded, s.Verdicts["indeterminate"]), percent, openFindings(s))
}

// noCall says that no call should have been recorded, as far as that is known.
func noCall(c *report.Coverage, of string) string {
	if c.Total == report.AtLeast {
		return "No call of " + of + " is known that should have been recorded, and there may be some"
	}
	return "No call of " + of + " should have been recorded"
}

// openFindings counts the open findings that are critical or major.
func openFindings(s *report.Summary) string {
	open := map[string]int64{}
	for _, f := range s.Findings {
		if f.Status == "open" {
			open[f.Severity] += f.Count
		}
	}

	return openWords(open["critical"], open["major"])
}

// openWords says how many critical and major findings are open.
func openWords(critical, major int64) string {
	switch {
	case critical == 0 && major == 0:
		return "no critical or major finding is open"
	case critical == 0:
		return "no critical finding is open, and " + counted(major, "major finding") + areOpen(major)
	case major == 0:
		return counted(critical, "critical finding") + areOpen(critical) + ", and no major one"
	}
	return report.Grouped(critical) + " critical and " + counted(major, "major finding") + " are open"
}

// detail says what became of the calls that are not recorded, in parts of a
// sentence. It is empty when all are.
func (g *gathering) detail(s *report.Summary) []string {
	var parts []string
	if g.missing.sum() > 0 {
		parts = append(parts, report.Grouped(g.missing.sum())+" missing"+g.coinciding(&g.missing, true))
	}
	if g.partial.sum() > 0 {
		parts = append(parts, report.Grouped(g.partial.sum())+" recorded in part"+g.coinciding(&g.partial, false))
	}
	if n := s.Verdicts["indeterminate"]; n > 0 {
		parts = append(parts, fmt.Sprintf("%s cannot be told: %s", report.Grouped(n), g.untoldBecause(s)))
	}
	if len(parts) == 0 {
		return nil
	}

	for i := range parts[:len(parts)-1] {
		parts[i] += "; "
	}
	parts[len(parts)-1] += "."
	return parts
}

func areOpen(n int64) string { return wording.Verb(n, " is open", " are open") }

// remarks are the words without which no percentage may stand, as sentences.
func remarks(all []string) (list []string) {
	for _, text := range all {
		list = append(list, printable.Text(wording.Sentence(text)))
	}
	return list
}

// proofView is one kind of proof, and how many recorded calls rest on it.
type proofView struct {
	Name, Words string
	N           int64
}

// reasonView is why some calls cannot be told, and what to do.
type reasonView struct {
	Name, Words, Remedy string
	N                   int64
}

// reasonViews returns the reasons of calls that cannot be told, the most frequent
// first. Calls of a run without reasons have none.
func (g *gathering) reasonViews() (list []reasonView) {
	names := slices.SortedFunc(maps.Keys(g.reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(g.reasons[b], g.reasons[a]), cmp.Compare(a, b))
	})
	for _, name := range names {
		if words, ok := wording.Reason(name); ok {
			list = append(list, reasonView{name, wording.Sentence(words.Sentence), wording.Sentence(words.Remedy), g.reasons[name]})
		}
	}
	return list
}

func proofs(p *report.Proofs) (list []proofView) {
	for name, n := range p.Each {
		words, _ := wording.Proof(name)
		list = append(list, proofView{name, wording.Sentence(words.Sentence), n})
	}
	return list
}

// coinciding describes how many of some calls coincide with outages, and how
// many possibly do. With name it names the trunks.
func (g *gathering) coinciding(t *tally, name bool) string {
	where := ""
	if name {
		where = g.blamedTrunks()
	}
	switch sure, maybe := t[coincides], t[possibly]; {
	case t.sum() == 1 && sure > 0:
		return ", which coincides with a registration outage" + where
	case t.sum() == 1 && maybe > 0:
		return ", which possibly coincides with a registration outage"
	case sure > 0 && maybe > 0:
		return fmt.Sprintf(", %s of them %s with a registration outage%s and %s possibly", report.Grouped(sure), coincide(sure), where, report.Grouped(maybe))
	case sure > 0:
		return fmt.Sprintf(", %s of them %s with a registration outage%s", report.Grouped(sure), coincide(sure), where)
	case maybe > 0:
		return fmt.Sprintf(", %s of them possibly %s with a registration outage", report.Grouped(maybe), coincide(maybe))
	}
	return ""
}

func coincide(n int64) string { return wording.Verb(n, "coincides", "coincide") }

// mostBlamed is how many trunks the sentence names at most.
const mostBlamed = 2

// blamedTrunks names the trunks whose outages missing calls coincide with.
func (g *gathering) blamedTrunks() string {
	ids := slices.SortedFunc(maps.Keys(g.blamed), func(a, b trunkID) int {
		return cmp.Or(cmp.Compare(g.blamed[b], g.blamed[a]), cmp.Compare(a.Org, b.Org), cmp.Compare(a.ID, b.ID))
	})

	var names []string
	for _, id := range ids {
		if id.ID != "" {
			names = append(names, cmp.Or(g.trunk(id).Name, id.ID))
		}
	}
	if len(names) == 0 {
		return ""
	}
	if more := len(names) - mostBlamed; more > 0 {
		names = append(names[:mostBlamed], counted(int64(more), "other"))
	}
	if len(names) == 1 {
		return " of trunk " + names[0]
	}
	return " of trunks " + listed(names)
}

// untoldBecause says why calls are undecided: incomplete manifests or, if all
// manifests are complete, the records themselves.
func (g *gathering) untoldBecause(s *report.Summary) string {
	var words []string
	for i := range s.Partitions {
		p := &s.Partitions[i]
		if p.Kind != "manifests" || p.State != report.Damaged {
			continue
		}
		words = append(words, fmt.Sprintf("%s of source %s is damaged", g.partitionName(p), p.Source))
	}

	// Partitions among them are left out: the damaged ones are named above.
	for _, in := range s.Incomplete {
		if kindOf(s, in.Source) == "manifests" && !slices.ContainsFunc(s.Partitions, func(p report.Partition) bool { return p.Input == in.Input }) {
			words = append(words, fmt.Sprintf("source %s: %s", in.Source, in.Reason))
		}
	}

	switch {
	case len(words) == 0 && len(g.reasons) > 0:
		return "the table of reasons says why"
	case len(words) == 0:
		return "their own records do not say enough"
	case len(words) > 3:
		return fmt.Sprintf("%s, and %s", strings.Join(words[:3], ", "), counted(int64(len(words)-3), "more gap"))
	}
	return listed(words)
}

func kindOf(s *report.Summary, source string) string {
	for i := range s.Config.Sources {
		if s.Config.Sources[i].Name == source {
			return s.Config.Sources[i].Kind
		}
	}
	return ""
}

// partitionName names a partition by its time or, without one, by its URL.
func (g *gathering) partitionName(p *report.Partition) string {
	span := partitionSpan(p)
	if p.Start == "" {
		return printable.Text(p.Input)
	}

	hour, day := span.Start.Std().Format("15"), span.Start.Std().Format("2006-01-02")
	switch hours := span.Duration().Hours(); {
	case hours == 1 && g.span.Contains(span.Start):
		return "hour " + hour
	case hours == 1:
		return "hour " + hour + " of " + day
	case hours <= 24:
		return "day " + day
	case hours <= 24*31:
		return "month " + day[:len("2006-01")]
	}
	return "year " + day[:len("2006")]
}

// tile is one number at the top of the page.
type tile struct{ Name, Number, Of, Class string }

func tiles(s *report.Summary, g *gathering) []tile {
	c := s.Coverage
	percentOf := func(p *string, n int64) string {
		if p == nil {
			return "of none"
		}
		return c.Share(n)
	}
	share := func(p *string) string { return cmp.Or(c.Percent(p), "–") }

	failed, ended := s.OutagesByOpening()
	// No call is no reason for a colour.
	class := func(verdict string) string {
		if s.Verdicts[verdict] == 0 {
			return ""
		}
		return verdict
	}
	size := ""
	if c.Total == report.AtLeast {
		size = "long"
	}

	return []tile{
		{"recorded", share(c.RecordedPercent), percentOf(c.RecordedPercent, c.Recorded), size},
		{"with all metadata", share(c.IntactPercent), percentOf(c.IntactPercent, c.Intact), size},
		{"missing", report.Grouped(s.Verdicts["missing"]), relationsOf(&g.missing), class("missing")},
		{"recorded in part", report.Grouped(s.Verdicts["partial"]), relationsOf(&g.partial), class("partial")},
		{"cannot be told", report.Grouped(s.Verdicts["indeterminate"]), "", class("indeterminate")},
		outageTile(s, "outages", sum(failed), counted(int64(len(failed)), "cause")),
		outageTile(s, "registrations ended", sum(ended), "lapsed or removed, without a failure"),
		{"values repaired", report.Grouped(g.repaired), "", ""},
	}
}

// outageTile shows a number of outages. Logs that could show none say nothing of them.
func outageTile(s *report.Summary, name string, n int64, of string) tile {
	logs := s.Logs()
	t := tile{Name: name, Number: outageCount(n, logs), Of: of}
	switch {
	case n == 0 && logs.Untold() != "":
		t.Of = "cannot be told: " + logs.Untold()
	case logs.Limit() != "":
		t.Of, t.Class = of+"; logs are incomplete", "long"
	}
	return t
}

func sum(counts map[string]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

func relationsOf(t *tally) string {
	sure, maybe := t[coincides], t[possibly]
	switch {
	case sure > 0 && maybe > 0:
		return fmt.Sprintf("%s %s with an outage, %s possibly", report.Grouped(sure), coincide(sure), report.Grouped(maybe))
	case sure > 0:
		return fmt.Sprintf("%s %s with an outage", report.Grouped(sure), coincide(sure))
	case maybe > 0:
		return fmt.Sprintf("%s possibly %s with an outage", report.Grouped(maybe), coincide(maybe))
	}
	return ""
}

// share is the share of one verdict in the calls that should be recorded.
type share struct {
	Name, Label, X, W string
	N                 int64
}

// verdictOrder is the order of verdicts in the bar, the best first.
var verdictOrder = []struct{ name, label string }{
	{"complete", "complete"},
	{"repaired", "repaired"},
	{"incomplete", "recorded, metadata incomplete"},
	{"partial", "recorded in part"},
	{"indeterminate", "cannot be told"},
	{"missing", "missing"},
}

func verdicts(s *report.Summary) []share {
	var list []share
	var before int64
	for _, v := range verdictOrder {
		n := s.Verdicts[v.name]
		if n == 0 {
			continue
		}

		of := float64(s.Coverage.Of)
		list = append(list, share{v.name, v.label, fmt.Sprintf("%.3f%%", 100*float64(before)/of), fmt.Sprintf("%.3f%%", 100*float64(n)/of), n})
		before += n
	}
	return list
}
