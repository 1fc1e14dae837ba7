package main

import (
	"fmt"
	"strings"

	"cdrmend/internal/discover"
	"cdrmend/internal/hold"
	"cdrmend/internal/ledger"
	"cdrmend/internal/wording"
)

// holdsDocument is what hold prints.
type holdsDocument struct {
	Format      string             `json:"format"`
	Matter      string             `json:"matter"`
	Action      string             `json:"action"`      // set or release
	Applied     bool               `json:"applied"`     // false: the results are what would become of the targets
	Interrupted bool               `json:"interrupted"` // an earlier call was; with --apply it is complete now
	Record      *holdsRecord       `json:"record"`      // null when none was written
	Results     []ledger.HoldCount `json:"results"`
	Targets     []hold.Line        `json:"targets"` // as in the list of a record

	Absent []string `json:"intervals_without_commit"` // of the span of a request: of their recordings nothing is known
}

// holdsRecord is the record that a call wrote.
type holdsRecord struct {
	Number int64       `json:"number"`
	SHA256 string      `json:"sha256"`
	Entry  ledger.Mark `json:"entry"` // of the journal, that names it
}

// holdAdvice says what a result means that is not plain, and what to do.
var holdAdvice = []struct {
	result hold.Result
	text   string
}{
	{hold.Shared, "another matter set the hold; it stays until all matters are released"},
	{hold.Foreign, "somebody else held it before; no release lifts that hold"},
	{hold.Kept, "the hold stays for other matters"},
	{hold.Lifted, "nothing was left to lift: somebody else lifted the hold, or the version is gone"},
	{hold.Needed, "other recordings of the matter belong to it, so it stays"},
	{hold.Gone, "nothing is there; look for a copy, as nobody can hold it here"},
	{hold.Changed, "the version that the run listed is not there, others are; run the interval again, then repeat this"},
	{hold.Denied, "access is denied; give the role what deploy/iam/hold.json allows"},
	{hold.Unsupported, "a directory, or a bucket without Object Lock; copy it to a bucket that has it"},
	{hold.Busy, "another matter is being released; complete that call, then repeat this"},
}

func (d *holdsDocument) text() string {
	var b strings.Builder
	if n := len(d.Absent); n > 0 {
		fmt.Fprintf(&b, "! %s of the request %s no commit, and nothing of it is among the objects: %s; run it, then repeat this\n", wording.Count(n, "interval"), wording.Verb(n, "has", "have"), discover.Named(d.Absent))
	}
	fmt.Fprintf(&b, "matter %s: %s\n", d.Matter, wording.Count(len(d.Targets), "object"))
	for i := range d.Targets {
		l := &d.Targets[i]
		fmt.Fprintf(&b, "  %-11s %s%s%s\n", l.Result, l.URL, l.Key, noteOf(l))
	}

	seen := map[string]int64{}
	var sums []string
	for _, c := range d.Results {
		seen[c.Result] = c.Count
		sums = append(sums, fmt.Sprintf("%s %s", c.Result, wording.Grouped(c.Count)))
	}
	if len(sums) > 0 {
		fmt.Fprintf(&b, "%s\n", strings.Join(sums, ", "))
	}
	for _, a := range holdAdvice {
		if seen[string(a.result)] > 0 {
			fmt.Fprintf(&b, "%s: %s\n", a.result, a.text)
		}
	}
	fmt.Fprintln(&b, d.outcome())
	return b.String()
}

// outcome says what was done, or why nothing was.
func (d *holdsDocument) outcome() string {
	text := ""
	switch {
	case d.Interrupted && d.Applied:
		text = "An earlier call was interrupted, and is complete now.\n"
	case d.Interrupted:
		text = "An earlier call was interrupted: --apply completes it first.\n"
	}
	switch {
	case d.Record != nil:
		return fmt.Sprintf("%srecord %d, SHA-256 %s\njournal entry %d, SHA-256 %s", text, d.Record.Number, d.Record.SHA256, d.Record.Entry.Number, d.Record.Entry.SHA256)
	case d.Applied:
		return text + "Nothing more to do: the records say all of this."
	}
	if len(d.Targets) == 0 {
		return text + "The matter holds nothing of it."
	}
	return text + "Nothing was changed: --apply does it."
}

// noteOf says what is special about a target.
func noteOf(l *hold.Line) string {
	var notes []string
	if l.Covered {
		notes = append(notes, "version "+l.VersionID+", under a newer one or a delete marker")
	}
	if l.Unlisted && !l.Result.Failed() {
		notes = append(notes, "no run listed it")
	}
	if len(l.Matters) > 0 {
		notes = append(notes, "also held for "+strings.Join(l.Matters, ", "))
	}
	if l.Code != "" {
		notes = append(notes, l.Code)
	}
	if len(notes) == 0 {
		return ""
	}
	return " (" + strings.Join(notes, "; ") + ")"
}
