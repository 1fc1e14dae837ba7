// Package statement writes report.pdf, a few pages for counsel or a regulator:
// the scope and the method, the result as n of N, the limits of the result, and
// the hashes of the data files. It writes an audit of many intervals, too.
//
// It ends with drafts for people to complete and sign. Nothing in it is legal
// advice. It never claims that an outage caused something, only that the two
// coincide.
package statement

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/redact"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// Run is the run that a statement describes.
type Run struct {
	ID       string
	Summary  *report.Summary
	Report   policy.Report
	Files    []File     // files that hold its results
	Findings table.Rows // ranged over once
}

// File is one file of a run.
type File struct {
	Path   string
	SHA256 string
}

// Write writes the statement as PDF. Equal runs give equal bytes.
func Write(w io.Writer, r *Run) error {
	show := redact.New(r.Report)
	told, err := tell(r.Findings, r.Summary.Config.Policy.Acceptance(), show)
	if err != nil {
		return fmt.Errorf("writing the statement: %w", err)
	}

	shown := *r
	shown.Summary = r.Summary.Redacted(show)
	d := newDocument("Completeness of call recordings, "+shown.Summary.Interval, "cdrmend, interval "+shown.Summary.Interval+", run "+shown.ID, shown.Summary.End)
	d.scope(&shown, show)
	d.method(&shown)
	d.result(&shown, told)
	d.limits(&shown)
	d.critical(shown.Summary, told, r.Report.Zone)
	d.accepted(shown.Summary, told, r.Report.Zone)
	d.hashes(&shown)
	d.certificate(&shown)
	d.evidence(&shown)

	// The library keeps its first error and returns it here.
	if err := d.pdf.Output(w); err != nil {
		return fmt.Errorf("writing the statement: %w", err)
	}
	return nil
}

// told is what a statement says of single findings.
type told struct {
	open     listing          // critical ones
	accepted listing          // of any severity
	void     map[string]int64 // missing recordings that a manifest lists without audio, by why
	first    []table.Finding  // those that limit what the numbers say: strays and unfit sources
	rest     int64            // further ones
}

// tell reads the findings that a statement names, and keeps them as the redactor shows
// them. It looks at columns that are never redacted, and redacts only what it keeps.
func tell(findings table.Rows, accept *policy.Acceptance, show *redact.Redactor) (*told, error) {
	severity, status, class, detail := table.Findings.Index("severity"), table.Findings.Index("status"), table.Findings.Index("class"), table.Findings.Index("detail")
	t := &told{open: listing{most: mostOpen}, accepted: listing{most: mostAccepted}, void: map[string]int64{}}
	by := func(raw, _ *table.Finding) string {
		g, _ := accept.Grounds(raw.ID, policy.Subject[string]{Class: raw.Class, Org: raw.Org, Conversation: raw.Conversation, Recording: raw.Recording})
		return accepted(show.Grounds(g))
	}

	for r, err := range findings {
		if err != nil {
			return nil, err
		}
		state, name := string(r.Bytes(status)), string(r.Bytes(class))
		if text := string(r.Bytes(detail)); name == "missing_recording" && strings.HasPrefix(text, "void=") {
			t.void[wording.Void(text)]++
		}

		switch {
		case state == "accepted":
			t.accepted.add(r, show, by)
		case name == "stray_record" || name == "unfit_source":
			t.first, t.rest = keep(t.first, t.rest, named, r, show)
		case string(r.Bytes(severity)) == "critical" && state == "open":
			t.open.add(r, show, coincidence)
		}
	}
	return t, nil
}

// keep adds a finding to a list that may have so many, or counts it.
func keep(list []table.Finding, more int64, most int, r *table.Row, show *redact.Redactor) ([]table.Finding, int64) {
	if len(list) == most {
		return list, more + 1
	}
	return append(list, table.FindingOf(show.Row(new(table.Row), r))), more
}

// named is how many limits of one kind are named at most; summary.json and the
// tables have all.
const named = 5

// notices writes what limits the numbers, each with what to do.
func (d *document) notices(s *report.Summary, t *told) {
	if len(t.first)+len(s.Warnings)+len(s.Incomplete) == 0 {
		return
	}
	d.strong("What limits this result, and what to do:")
	for _, f := range t.first {
		next := wording.Remedy(f.Class, f.Detail)
		if f.Class == "stray_record" {
			next = wording.StrayRemedy(f.Source, f.Detail)
		}
		d.item(fmt.Sprintf("%s, %s: %s. What to do: %s.", f.Source, f.ObjectKey, wording.Finding(f.Class, "", "", f.Detail), next))
	}
	if t.rest > 0 {
		d.item(fmt.Sprintf("and %s more: see the table “findings” (classes stray_record and unfit_source)", report.Grouped(t.rest)))
	}

	for i, w := range s.Warnings {
		if i == named {
			d.item(fmt.Sprintf("and %s: see summary.json", wording.Count(len(s.Warnings)-named, "more warning")))
			break
		}
		d.item(wording.Sentence(w))
	}
	for i, in := range s.Incomplete {
		if i == named {
			d.item(fmt.Sprintf("and %d more: see summary.json", len(s.Incomplete)-named))
			break
		}
		d.item(in.Source + ", " + in.Input + ": " + in.Reason + ". What to do: " + in.Next + ".")
	}
}

func (d *document) scope(r *Run, show *redact.Redactor) {
	c := &r.Summary.Config
	d.title("Completeness of call recordings", whose(r, show)...)
	d.heading("1  Scope")
	d.text("This statement covers every call detail record whose start lies in the interval, and every recording that the export " +
		"manifests of the interval describe. These sources were read:")
	var rows [][]string
	const sources = 8
	for i, source := range c.Sources {
		if i == sources {
			rows = append(rows, []string{"…", fmt.Sprintf("%d more", len(c.Sources)-sources), "see summary.json"})
			break
		}
		rows = append(rows, []string{source.Kind, source.Name, show.Key(source.URL), source.Profile})
	}
	d.table([]column{{name: "what", width: 27}, {name: "source", width: 25}, {name: "where", width: 84}, {name: "profile", width: 34}}, rows)

	d.text(expectations[c.Policy.Expect])
	other := "Other calls do not count. Their reason is “not recorded by source” where the call detail record says that the call was not to be recorded, " +
		"and “not expected” where neither the record nor this rule asks for a recording."
	if len(c.Policy.Exclusions) > 0 {
		var reasons []string
		for _, x := range c.Policy.Exclusions {
			reasons = append(reasons, "“"+x.Reason+"”")
		}
		other += " Calls are also excluded for these configured reasons: " + strings.Join(reasons, ", ") + "."
	}
	d.text(other)
}

// expectations say which calls should be recorded.
var expectations = map[string]string{
	"answered": "A call should be recorded when its call detail record says so, or, when that does not tell, when the call was answered.",
	"all":      "A call should be recorded when its call detail record says so, or, when that does not tell, in any case.",
	"none":     "A call should be recorded only when its call detail record says so.",
}

func (d *document) method(r *Run) {
	d.heading("2  Method")
	d.text("The program cdrmend compared the recordings that the manifests describe with the call detail records, by the ids of recordings, " +
		"legs and conversations. Missing metadata was filled in only where exactly one value follows from the recording’s own name, from the call " +
		"detail records or from the registration log; each such repair is listed with its rule, its evidence, and the value before and " +
		"after (table “repairs”). The originals were not changed: repaired documents are copies, equal to the original but for these values. " +
		"Failed registrations of SIP trunks and lines were joined to outages, and for every call and finding the statement’s tables say with " +
		"which outage it coincides.")
	d.text("The computation is deterministic: the same input objects, which the file inputs.jsonl lists with their SHA-256, and the same " +
		"configuration, which summary.json holds, give the same tables. Anybody who has them can recompute this result.")
}

func (d *document) result(r *Run, t *told) {
	s := r.Summary
	c := &s.Coverage
	d.heading("3  Result")
	d.notices(s, t)
	d.strong(fmt.Sprintf("%s that should be recorded %s recorded%s.", c.Calls(c.Recorded), c.Are(c.Recorded, s.Verdicts["indeterminate"]), share(c, c.RecordedPercent)))
	d.text(fmt.Sprintf("%s %s recorded with all metadata%s. %s", c.Share(c.Intact), c.Are(c.Intact, s.Verdicts["indeterminate"]), share(c, c.IntactPercent), lost(s, t)))
	for _, remark := range s.Remarks() {
		d.text(wording.Sentence(remark))
	}
	if proof := c.Proof.Text(); proof != "" {
		d.text("What proves that the recorded calls are: " + proof + ".")
	}

	var rows [][]string
	for _, v := range verdicts {
		if n := s.Verdicts[v.name]; n > 0 {
			rows = append(rows, []string{report.Grouped(n), v.name, v.meaning})
		}
	}
	d.table([]column{{name: "calls", width: 18}, {name: "verdict", width: 36}, {name: "meaning", width: 116}}, rows)

	if n := count(s, "", "accepted"); n > 0 {
		d.text(fmt.Sprintf("Accepted: %s, of severity critical: %s. The calls keep their verdicts; section 6 says who accepted what, and why.",
			wording.Count(n, "finding"), report.Grouped(count(s, "critical", "accepted"))))
	}
	d.text(outages(s))
	if s.Renewals > 0 {
		d.text(report.RenewalsFailed(s.Renewals) + ".")
	}
	if text := s.Registrations.Text(); text != "" {
		d.text(text + ".")
	}
}

// lost says how many recordings were not found, and claims of none that it was never
// made: some are listed without audio, and of some nobody can tell.
func lost(s *report.Summary, t *told) string {
	text := fmt.Sprintf("Different recordings of which no audio to hear was found: %s (a call that names none counts as one).", report.Grouped(s.Lost))
	var undecided, void int64
	for _, f := range s.Findings {
		if f.Class == "missing_recording" && f.Status == "indeterminate" {
			undecided += f.Count
		}
	}
	for _, n := range t.void {
		void += n
	}

	if undecided > 0 {
		text += fmt.Sprintf(" They include recordings of which nobody can tell whether they are missing: %s.", wording.Count(undecided, "finding"))
	}
	if void > 0 {
		text += fmt.Sprintf(" They include recordings that a manifest lists, or whose conversation has one in a manifest, without audio to hear: %s (%s).", wording.Count(void, "finding"), reasons(t.void))
	}
	return text
}

// reasons lists reasons with their numbers, in the order of their texts.
func reasons(m map[string]int64) string {
	var list []string
	for _, text := range slices.Sorted(maps.Keys(m)) {
		list = append(list, fmt.Sprintf("%s: %s", text, report.Grouped(m[text])))
	}
	return strings.Join(list, "; ")
}

// outages says which outages the logs show, and what they cannot tell.
func outages(s *report.Summary) string {
	failed, ended := s.OutagesByOpening()
	var text []string
	if len(failed) > 0 {
		text = append(text, "Outages of registrations that overlap the interval or coincide with a finding, by cause: "+counts(failed)+".")
	}
	if len(ended) > 0 {
		text = append(text, "Registrations that ended without a failure and coincide with a finding or a call, by cause: "+counts(ended)+".")
	}

	logs := s.Logs()
	switch {
	case text != nil:
	case logs.Untold() != "":
		return "Whether registrations failed or ended cannot be told: " + logs.Untold() + "."
	default:
		text = append(text, "The logs of registrations that were read show no outage that overlaps the interval or coincides with a finding or a call.")
	}
	if logs == report.PartialLogs {
		text = append(text, wording.Sentence(logs.Limit()))
	}
	return strings.Join(text, " ")
}

// verdicts are the verdicts with their meanings, in the order of the table.
var verdicts = []struct{ name, meaning string }{
	{"complete", "recorded, with all required metadata as delivered"},
	{"repaired", "recorded, and missing metadata was filled in, as all evidence names one value"},
	{"incomplete", "recorded, but metadata or media is missing, ambiguous or contradictory"},
	{"partial", "a part of the call, or a recording that it names, was not found"},
	{"missing", "no recording of the call with audio to hear was found"},
	{"indeterminate", "nobody can tell from the inputs; the table “calls” has the reason"},
	{"recorded_in_error", "recorded although recording was switched off or not allowed; does not count"},
	{"excluded", "not to be recorded; does not count"},
}

func (d *document) limits(r *Run) {
	d.heading("4  What this does not show")
	d.text("An outage is evidence, not proof: where a finding coincides with one, neither that the outage caused it nor that it did not is " +
		"claimed; a failed registration may lose nothing while the one before still binds. Where the relation is “possible”, it is not even certain " +
		"that the outage concerned the call. A recording counts as present when a manifest describes it, unless the manifest says that its " +
		"audio is absent, empty or still to come. " + r.Summary.Examined() + " Calls that no call detail record shows are not counted.")
	d.text(complete(r.Summary))
}

// complete says what is known to be incomplete, and claims of nothing that it is complete.
func complete(s *report.Summary) string {
	if len(s.Incomplete) > 0 {
		return "The incomplete input that section 3 names may hide calls and recordings, because of which results may be indeterminate."
	}
	var n int64
	for _, f := range s.Findings {
		if slices.Contains(defective, f.Class) {
			n += f.Count
		}
	}
	if n > 0 {
		return fmt.Sprintf("Single documents are defective: %s of classes %s. What they lack is known only as far as the call detail records name it. "+
			"Nothing else shows that an input was incomplete, which does not prove that the exports were complete.", wording.Count(n, "finding"), strings.Join(defective, ", "))
	}
	return "Nothing shows that an input was incomplete, which does not prove that the exports were complete."
}

// defective are the classes of findings about documents that lack something.
var defective = []string{"truncated_document", "malformed_document", "count_mismatch", "export_failed", "input_missing", "metadata_missing"}

func (d *document) hashes(r *Run) {
	d.heading("7  The data files")
	d.text("Run " + r.ID + ". The result stands in these files of the run; run.json lists them and every repaired document, and the commit record " +
		"of the interval names the SHA-256 of run.json.")

	var rows [][]string
	for _, f := range r.Files {
		rows = append(rows, []string{f.Path, f.SHA256})
	}
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	d.table([]column{{name: "file", width: 45}, {name: "SHA-256", width: 125}}, rows)
}

func (d *document) certificate(r *Run) {
	d.page()
	d.heading("8  Draft certificate (Federal Rules of Evidence 902(13) and 902(14))")
	d.note("A draft for a qualified person to examine, correct and sign. cdrmend fills in only what it knows.")

	d.blank("I, (name)")
	d.blank("am (position, employer)")
	d.text("and certify under Rule 902(11), (13) and (14) of the Federal Rules of Evidence:")
	d.item("I am qualified by training and experience to describe the process by which the attached records were made, namely:")
	d.blank("")
	d.item(fmt.Sprintf("The records listed in section 7 were generated by an electronic process, the program cdrmend, for the interval %s (run %s). "+
		"The process is repeatable: from the same input objects and configuration it gives the same tables. I verified this (cdrmend verify --recompute) on:", r.Summary.Interval, r.ID))
	d.blank("")
	d.item("That the process produces an accurate result does not follow from this. I examined it, and found it to be so, by:")
	d.blank("")
	d.item("The copies that accompany this certificate were identified by a process of digital identification, the SHA-256 values of section 7, " +
		"which I computed anew from the copies and found to be equal, on:")
	d.blank("(date, tool)")
	d.item("The input objects are those listed in inputs.jsonl; they were kept in the ordinary course of business by:")
	d.blank("")

	d.text("I declare under penalty of perjury under the laws of the United States of America that the foregoing is true and correct (28 U.S.C. § 1746).")
	d.blank("Executed on (date), at (place)")
	d.blank("Signature")
}

func (d *document) evidence(r *Run) {
	s := r.Summary
	d.heading("9  Evidence statement (Delegated Regulation (EU) 2017/565, Article 76(1)(b))")
	d.text("Article 76(1)(b) asks an investment firm to specify what it does where exceptional circumstances arise and it is unable to record, and to " +
		"retain evidence of such circumstances. For the interval " + s.Interval + " this run retains as such evidence: the calls of which no recording, or only " +
		"a part, was found (table “calls”, verdicts missing and partial), the outages of registrations with their causes and the log rows that show " +
		"them (table “outages”), with which of them each call coincides, and what could not be told and why (summary.json).")
	d.text(fmt.Sprintf("Calls missing: %s. Calls recorded in part: %s. Calls of which nobody can tell: %s. %s",
		report.Grouped(s.Verdicts["missing"]), report.Grouped(s.Verdicts["partial"]), report.Grouped(s.Verdicts["indeterminate"]), outages(s)))

	d.blank("Measures taken (firm)")
	d.blank("Retained until, accessible to (firm)")
}

// counts lists numbers with their names, in the order of the names.
func counts(m map[string]int64) string {
	var list []string
	for name, n := range m {
		list = append(list, name+" "+report.Grouped(n))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func share(c *report.Coverage, percent *string) string {
	if percent == nil {
		return ""
	}
	return " (" + c.Percent(percent) + ")"
}

// clock shortens a time to seconds.
func clock(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return t.Format("2006-01-02 15:04:05")
}
