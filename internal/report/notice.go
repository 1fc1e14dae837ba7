package report

import (
	"fmt"
	"slices"
	"strings"

	"cdrmend/internal/wording"
)

// Notice is something that a reader must know before any number: what makes the
// numbers say less than they seem to, and what to do about it.
type Notice struct {
	About string // a word for the margin: elsewhere, not judged, warning or incomplete
	Text  string
	Next  string // what to do; empty when the text says it
}

// Notices returns what stands above all numbers: rows where no run looks, sources
// that cannot be judged, warnings, and incomplete inputs.
func (s *Summary) Notices() []Notice {
	var list []Notice
	for _, class := range []struct{ name, about string }{{"stray_record", "elsewhere"}, {"unfit_source", "not judged"}} {
		if n := s.unsettled(class.name); n > 0 {
			words, _ := wording.Class(class.name)
			list = append(list, Notice{class.about, fmt.Sprintf("%s of class %s: %s", wording.Count(n, "finding"), class.name, words.Sentence), words.Remedy})
		}
	}
	for _, w := range s.Warnings {
		list = append(list, Notice{About: "warning", Text: w})
	}
	for _, in := range s.Incomplete {
		list = append(list, Notice{"incomplete", fmt.Sprintf("%s (%s): %s", in.Input, in.Source, in.Reason), in.Next})
	}
	return list
}

// Redactor hides personal data in texts.
type Redactor interface {
	Key(text string) string    // an object key or the URL of a partition
	Reason(text string) string // a sentence that may quote such keys
}

// Redacted returns a copy of the summary whose inputs are named as a redactor shows
// them. Everything else is numbers and words of this program or of the
// configuration.
func (s *Summary) Redacted(show Redactor) *Summary {
	shown := *s
	shown.Incomplete = make([]Incomplete, len(s.Incomplete))
	for i, in := range s.Incomplete {
		input := show.Key(in.Input)
		// The next step quotes the input, which must not stand there as it is.
		shown.Incomplete[i] = Incomplete{in.Source, input, show.Reason(in.Reason), strings.ReplaceAll(in.Next, in.Input, input)}
	}

	shown.Partitions = slices.Clone(s.Partitions)
	for i := range shown.Partitions {
		shown.Partitions[i].Input = show.Key(shown.Partitions[i].Input)
	}
	return &shown
}

// unsettled counts the findings of a class that nobody accepted.
func (s *Summary) unsettled(class string) (n int64) {
	for _, f := range s.Findings {
		if f.Class == class && (f.Status == "open" || f.Status == "indeterminate") {
			n += f.Count
		}
	}
	return n
}
