// Package audit sums up what an output has committed over a span of intervals, as
// somebody who supervises the recording of calls asks for it: how many calls are
// recorded, whether a target is met, what was not recorded and why as far as that is
// known, and how well the evidence is kept.
//
// Everything follows from the newest commit of each interval, whose files are read by
// their hashes, and nothing from a clock: ages reach to the newest of all commits. Only
// retention is asked of a store, as no file tells it.
//
// No figure claims more than its proof. A call of which nobody can tell is never counted
// as recorded, nor as not recorded.
package audit

import (
	"cdrmend/internal/record"
	"cdrmend/internal/report"
	"cdrmend/internal/table"
)

// Format is the format of a report in JSON.
const Format = "cdrmend.audit/1"

// Report is the audit of a span. All ids, keys and numbers in it are as a redactor shows
// them.
type Report struct {
	Format    string   `json:"format"`
	Output    string   `json:"output"` // URL
	First     string   `json:"first"`  // label of the span's first interval
	Last      string   `json:"last"`   // and of its last one
	Start     string   `json:"start"`  // of the first interval with a commit
	End       string   `json:"end"`    // of the last one
	Newest    string   `json:"newest_commit"`
	Redaction string   `json:"redaction"`
	Job       string   `json:"job"`
	Operator  string   `json:"operator"`
	Orgs      []Thing  `json:"organisations"`
	Committed int64    `json:"intervals_committed"`
	Absent    []string `json:"intervals_without_commit"`
	Notices   Notices  `json:"notices"`

	Coverage report.Coverage  `json:"coverage"`
	Calls    Calls            `json:"calls"`
	Verdicts map[string]int64 `json:"verdicts"`
	Findings Findings         `json:"findings"`
	Target   *Target          `json:"target,omitempty"`
	Trend    *Trend           `json:"trend,omitempty"` // nil for less than four days

	Days     []Day    `json:"days"`
	Trunks   Groups   `json:"trunks"`
	Lines    Groups   `json:"lines"`
	Queues   Groups   `json:"queues"`
	Users    Groups   `json:"users"`
	Causes   []Cause  `json:"causes"`
	NoOutage Relation `json:"without_cause"` // calls that are not recorded and coincide with no outage of a known cause
	Logs     Logs     `json:"registration_logs"`
	Classes  []Class  `json:"classes"`
	Ages     []Age    `json:"ages"`

	List      List       `json:"not_recorded"`
	Retention *Retention `json:"retention,omitempty"` // of the output's objects; nil when nobody asked
	Media     *Retention `json:"media,omitempty"`     // of media objects; likewise
	Commits   []Commit   `json:"commits"`

	newest record.Time
}

// Thing is something outside that has an id, and perhaps a configured name.
type Thing struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Calls counts calls. Of them should be recorded Of; the excluded ones and those that
// were recorded in error are not among these.
type Calls struct {
	Of            int64 `json:"of"`
	Recorded      int64 `json:"recorded"`
	Missing       int64 `json:"missing"`
	Partial       int64 `json:"partial"`
	Indeterminate int64 `json:"indeterminate"` // nobody can tell
	Excluded      int64 `json:"excluded"`
	InError       int64 `json:"recorded_in_error"`
}

// NotRecorded returns how many calls are known not to be recorded, or only in part.
func (c *Calls) NotRecorded() int64 { return c.Missing + c.Partial }

func (c *Calls) add(o *Calls) {
	c.Of, c.Recorded, c.Missing, c.Partial = c.Of+o.Of, c.Recorded+o.Recorded, c.Missing+o.Missing, c.Partial+o.Partial
	c.Indeterminate, c.Excluded, c.InError = c.Indeterminate+o.Indeterminate, c.Excluded+o.Excluded, c.InError+o.InError
}

// count counts a call by its verdict.
func (c *Calls) count(verdict string) {
	switch verdict {
	case "complete", "repaired", "incomplete":
		c.Recorded++
	case "missing":
		c.Missing++
	case "partial":
		c.Partial++
	case "indeterminate":
		c.Indeterminate++
	case "excluded":
		c.Excluded++
		return
	default: // recorded_in_error
		c.InError++
		return
	}
	c.Of++
}

// Findings counts findings by their state.
type Findings struct {
	Open          int64 `json:"open"`
	Critical      int64 `json:"open_critical"` // of those open
	Indeterminate int64 `json:"indeterminate"`
	Accepted      int64 `json:"accepted"`
	Repaired      int64 `json:"repaired"`
	Closed        int64 `json:"closed"`
}

func (f *Findings) add(o *Findings) {
	f.Open, f.Critical, f.Indeterminate = f.Open+o.Open, f.Critical+o.Critical, f.Indeterminate+o.Indeterminate
	f.Accepted, f.Repaired, f.Closed = f.Accepted+o.Accepted, f.Repaired+o.Repaired, f.Closed+o.Closed
}

func (f *Findings) count(state, severity string) {
	switch state {
	case "open":
		f.Open++
		if severity == "critical" {
			f.Critical++
		}
	case "accepted":
		f.Accepted++
	case "repaired":
		f.Repaired++
	case table.Closed:
		f.Closed++
	default:
		f.Indeterminate++
	}
}

// Day is one day in UTC: the intervals that start in it.
type Day struct {
	Day       string          `json:"day"` // 2026-11-20
	Intervals []string        `json:"intervals"`
	Absent    []string        `json:"intervals_without_commit"` // of these
	Coverage  report.Coverage `json:"coverage"`
	Calls     Calls           `json:"calls"`
	Findings  Findings        `json:"findings"`
	Outages   int64           `json:"outages"`          // that overlap one of its intervals; one over midnight counts in both days
	Target    State           `json:"target,omitempty"` // empty without a target
}

// Committed reports whether any interval of the day has a commit.
func (d *Day) Committed() bool { return len(d.Absent) < len(d.Intervals) }

// Class counts the findings of one class and severity.
type Class struct {
	Class    string `json:"class"`
	Severity string `json:"severity"`
	Findings
}

// Age counts open findings by how long they have been open.
type Age struct {
	Label    string `json:"open_for"`
	Critical int64  `json:"critical"`
	Major    int64  `json:"major"`
	Minor    int64  `json:"minor"`
}

func (a *Age) add(severity string, n int64) {
	switch severity {
	case "critical":
		a.Critical += n
	case "major":
		a.Major += n
	default:
		a.Minor += n
	}
}

// Commit is the commit of an interval from which its numbers are.
type Commit struct {
	Interval  string `json:"interval"`
	Number    int64  `json:"commit"`
	Time      string `json:"time"`
	RunID     string `json:"run_id"`
	SHA256    string `json:"record_sha256"`
	Signature string `json:"signature"` // none, verified or not checked
}

// Trend compares the first half of the days with the rest.
type Trend struct {
	First Part `json:"first"`
	Last  Part `json:"last"`
}

// Part is several days in a row.
type Part struct {
	From     string          `json:"from"`
	To       string          `json:"to"` // the last day
	Coverage report.Coverage `json:"coverage"`
}

// trend returns the trend of days, nil when there are too few.
func trend(days []Day) *Trend {
	var with []*Day
	for i := range days {
		if days[i].Coverage.Of > 0 {
			with = append(with, &days[i])
		}
	}
	if len(with) < 4 {
		return nil
	}
	half := len(with) / 2
	return &Trend{partOf(with[:half]), partOf(with[half:])}
}

func partOf(days []*Day) Part {
	p := Part{From: days[0].Day, To: days[len(days)-1].Day, Coverage: noCoverage()}
	for _, d := range days {
		p.Coverage.Add(&d.Coverage)
	}
	return p
}

// noCoverage is the coverage of no call.
func noCoverage() report.Coverage {
	return report.Coverage{Total: report.Known, Excluded: map[string]int64{}}
}
