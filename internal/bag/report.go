package bag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cdrmend/internal/printable"
	"cdrmend/internal/wording"
)

// ReportFormat is the format of a report as JSON.
const ReportFormat = "cdrmend.bag/1"

// State is what a bag is found to be.
type State string

// The states. The first of them that holds counts.
const (
	Invalid    State = "invalid"    // something contradicts the standard, or a checksum
	Unchecked  State = "unchecked"  // nothing is wrong, but something could not be checked
	Incomplete State = "incomplete" // valid but for files that have to be fetched
	Valid      State = "valid"
)

// Report is the result of a validation.
type Report struct {
	Format     string    `json:"format"`
	Bag        string    `json:"bag"` // path or URL
	State      State     `json:"state"`
	Version    string    `json:"version"`  // of BagIt, as bagit.txt has it; empty when it cannot be read
	Encoding   string    `json:"encoding"` // of the tag files
	Algorithms []string  `json:"algorithms"`
	Payload    Count     `json:"payload"`  // what is there
	Verified   int64     `json:"verified"` // files whose checksums were compared and are right
	Fetch      Count     `json:"fetch"`    // what has to be fetched
	Info       []Label   `json:"info"`
	Problems   []Problem `json:"problems"`
	Unchecked  []Problem `json:"unchecked"`
	Warnings   []Problem `json:"warnings"`
}

// Count is a number of files and their bytes.
type Count struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"` // of files to fetch: those of known size
}

// Problem is one thing that is wrong.
type Problem struct {
	File   string `json:"file"` // in the bag; empty for the bag itself
	Line   int    `json:"line,omitempty"`
	Detail string `json:"detail"`
}

func (p Problem) String() string {
	name := cmp.Or(p.File, "the bag")
	if p.Line > 0 {
		name += fmt.Sprintf(":%d", p.Line)
	}
	return name + ": " + p.Detail
}

// finish puts a report in order and finds the state.
func (r *Report) finish() {
	for _, list := range [][]Problem{r.Problems, r.Unchecked, r.Warnings} {
		slices.SortStableFunc(list, func(a, b Problem) int {
			return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, strings.Compare(a.Detail, b.Detail))
		})
	}
	switch {
	case len(r.Problems) > 0:
		r.State = Invalid
	case len(r.Unchecked) > 0:
		r.State = Unchecked
	case r.Fetch.Files > 0:
		r.State = Incomplete
	default:
		r.State = Valid
	}
}

// Text formats a report for people: what the bag is, then everything that is wrong.
func (r *Report) Text() string {
	var b strings.Builder
	line := func(title, format string, args ...any) { // a value from outside cannot start a line of its own
		fmt.Fprintf(&b, "  %-10s %s\n", title, printable.Text(fmt.Sprintf(format, args...)))
	}
	fmt.Fprintf(&b, "%s\n", printable.Text(r.Bag))
	if r.Version != "" {
		line("BagIt", "version %s, tag files in %s", r.Version, r.Encoding)
	}
	line("payload", "%s, %s", wording.Count(r.Payload.Files, "file"), wording.Count(r.Payload.Bytes, "byte"))
	line("verified", "%s by %s", wording.Count(r.Verified, "file"), cmp.Or(strings.Join(r.Algorithms, ", "), "no checksum"))
	if r.Fetch.Files > 0 {
		line("to fetch", "%s, %s", wording.Count(r.Fetch.Files, "file"), wording.Count(r.Fetch.Bytes, "byte"))
	}
	for _, l := range r.Info {
		line("info", "%s: %s", l.Name, l.Value)
	}
	for _, p := range r.Warnings {
		line("warning", "%s", p)
	}
	for _, p := range r.Unchecked {
		line("unchecked", "%s", p)
	}
	for _, p := range r.Problems {
		line("wrong", "%s", p)
	}
	fmt.Fprintf(&b, "\n%s\n", r.verdict())
	return b.String()
}

func (r *Report) verdict() string {
	switch r.State {
	case Invalid:
		return fmt.Sprintf("The bag is not valid: %s wrong.", wording.Count(len(r.Problems), "thing")+" "+wording.Verb(len(r.Problems), "is", "are"))
	case Unchecked:
		return "Nothing is wrong, but the bag could not be checked in full."
	case Incomplete:
		return fmt.Sprintf("The bag is complete but for %s to fetch; all that is there is right.", wording.Count(r.Fetch.Files, "file"))
	}
	return "The bag is valid."
}
