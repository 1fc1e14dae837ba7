package audit

import (
	"fmt"
	"strings"

	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// Sentences say how objects are retained, and of how many that was asked. There are none
// for nil.
func (r *Retention) Sentences() []string {
	switch {
	case r == nil:
		return nil
	case r.Unsupported:
		return []string{fmt.Sprintf("%s %s in a directory, which retains nothing.", wording.Count(r.Objects, "object"), wording.Verb(r.Objects, "lies", "lie"))}
	case r.Objects == 0:
		return []string{"No object is named, so that none was asked."}
	}

	how := fmt.Sprintf("%s of %s %s asked", report.Grouped(r.Asked), wording.Count(r.Objects, "object"), wording.VerbOf(r.Asked, r.Objects, "was", "were"))
	if r.Asked < r.Objects {
		how += ", a sample by their keys"
	}
	list := []string{fmt.Sprintf("%s. Of those %s %s retained %s.", how, report.Grouped(r.Kept), wording.Verb(r.Kept, "is", "are"), r.Minimum.words())}
	for _, part := range []struct {
		n    int64
		text string
	}{{r.Short, "retained for less, or in another mode"}, {r.Unretained, "retained by nothing"}, {r.Gone, "not there"}} {
		if part.n > 0 {
			list = append(list, fmt.Sprintf("%s %s %s.", report.Grouped(part.n), wording.Verb(part.n, "is", "are"), part.text))
		}
	}
	if r.Earliest != "" {
		list = append(list, fmt.Sprintf("The first retention ends on %s.", r.Earliest))
	}
	if r.LegalHold != nil {
		list = append(list, fmt.Sprintf("%s %s under a legal hold.", report.Grouped(*r.LegalHold), wording.Verb(*r.LegalHold, "is", "are")))
	}
	return list
}

// words say what a minimum asks for.
func (m *Minimum) words() string {
	mode := ""
	if m.Mode != "" {
		mode = " in mode " + m.Mode
		if m.Mode == "governance" {
			mode += " or compliance"
		}
	}
	switch {
	case m.Until != nil:
		return "until " + stampOf(*m.Until) + " at least" + mode
	case m.Days > 0:
		return "for " + wording.Count(m.Days, "day") + " at least" + mode
	}
	return strings.TrimSpace("by something" + mode)
}
