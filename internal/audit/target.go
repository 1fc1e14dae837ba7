package audit

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// Target is the share of the calls that should be recorded and have to be, and whether
// it is met.
type Target struct {
	Percent   string `json:"percent"`
	State     State  `json:"state"`    // of the span as a whole
	Lacking   int64  `json:"lacking"`  // how many more calls had to be recorded to meet it
	Tipping   int64  `json:"tipping"`  // calls of which nobody can tell, which could count towards it
	Room      int64  `json:"room"`     // how many hidden calls without a recording would still leave it met
	Met       int64  `json:"days_met"` // days, by their state
	Missed    int64  `json:"days_missed"`
	Undecided int64  `json:"days_undecided"`
	NoCalls   int64  `json:"days_without_calls"`

	millionths int64
}

// State says whether a target is met.
type State string

// The states. A target is met only when calls that are known to be recorded suffice for
// it, and missed only when it would be, too, if all calls were recorded of which nobody
// can tell.
const (
	Met       State = "met"
	Missed    State = "missed"
	Undecided State = "undecided"
	NoCalls   State = "no calls" // no call should be recorded
)

var percent = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,4})?$`)

// ParseTarget reads a percentage above 0 and up to 100 with at most four decimals.
func ParseTarget(text string) (*Target, error) {
	if !percent.MatchString(text) {
		return nil, fmt.Errorf("%q is no percentage, want one such as 99.5", text)
	}
	whole, part, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole+(part + "0000")[:4], 10, 64)
	if err != nil || n == 0 || n > 1_000_000 {
		return nil, fmt.Errorf("%q is not above 0 and up to 100", text)
	}
	return &Target{Percent: text, millionths: n}, nil
}

// wanted returns how many calls of so many have to be recorded.
func (t *Target) wanted(of int64) int64 { return (t.millionths*of + 999_999) / 1_000_000 }

// stateOf returns the state of calls. They are whole when each of their intervals has a
// commit.
func (t *Target) stateOf(c *report.Coverage, indeterminate int64, whole bool) State {
	known := whole && c.Total != report.AtLeast
	wanted := t.wanted(c.Of)
	switch {
	case c.Of == 0 && known:
		return NoCalls
	case c.Of > 0 && c.Recorded+indeterminate < wanted:
		return Missed
	case c.Of > 0 && known && c.Recorded >= wanted:
		return Met
	}
	return Undecided
}

// decide says of each day, and of all of them, whether the target is met.
func (t *Target) decide(r *Report) {
	for i := range r.Days {
		d := &r.Days[i]
		d.Target = t.stateOf(&d.Coverage, d.Calls.Indeterminate, len(d.Absent) == 0)
		switch d.Target {
		case Met:
			t.Met++
		case Missed:
			t.Missed++
		case NoCalls:
			t.NoCalls++
		default:
			t.Undecided++
		}
	}
	t.State = t.stateOf(&r.Coverage, r.Calls.Indeterminate, len(r.Absent) == 0)
	t.Lacking, t.Tipping = max(0, t.wanted(r.Coverage.Of)-r.Coverage.Recorded), r.Calls.Indeterminate
	t.Room = max(0, r.Coverage.Recorded*1_000_000/t.millionths-r.Coverage.Of)
}

// Fails reports whether an audit shows that its target is not met, or does not show that
// it is.
func (r *Report) Fails() bool {
	return r.Target != nil && r.Target.State != Met && r.Target.State != NoCalls
}

// Verdict says in sentences whether the target is met, and what that rests on. It is
// empty without a target.
func (r *Report) Verdict() string {
	t := r.Target
	if t == nil {
		return ""
	}
	target := "the target of " + t.Percent + " %"
	switch t.State {
	case Met:
		return wording.Capital(target) + " is met by the calls that are known to be recorded."
	case NoCalls:
		return "No call should be recorded, so that nothing can be said of " + target + "."
	case Missed:
		text := fmt.Sprintf("%s is missed: %s.", wording.Capital(target), t.lacking())
		if t.Tipping > 0 {
			text += fmt.Sprintf(" Of %s nobody can tell; %s would not suffice.", wording.Count(t.Tipping, "call"), wording.Verb(t.Tipping, "it", "they"))
		}
		if r.Coverage.Total == report.AtLeast {
			text += " This holds for the calls that are known; call detail records may hide others."
		}
		return text
	}
	return fmt.Sprintf("Whether %s is met is not shown: %s.", target, strings.Join(r.doubts(), "; "))
}

func (t *Target) lacking() string {
	return fmt.Sprintf("%s had to be recorded for it", wording.Count(t.Lacking, "more call"))
}

// doubts are the reasons for which it cannot be said whether the target is met.
func (r *Report) doubts() (list []string) {
	t := r.Target
	if t.Lacking > 0 {
		list = append(list, t.lacking())
	}
	if t.Lacking > 0 && t.Tipping > 0 {
		list = append(list, fmt.Sprintf("of %s nobody can tell, and recorded %s might suffice", wording.Count(t.Tipping, "call"), wording.Verb(t.Tipping, "it", "they")))
	}
	if n := len(r.Absent); n > 0 {
		list = append(list, "nothing is committed for "+wording.Count(n, "interval"))
	}
	if r.Coverage.Total != report.AtLeast {
		return list
	}
	hidden := "call detail records may hide further calls"
	if t.Lacking == 0 {
		hidden = fmt.Sprintf("the calls that are known reach it, and %s, of which %s without a recording would miss it", hidden, report.Grouped(t.Room+1))
	}
	return append(list, hidden)
}
