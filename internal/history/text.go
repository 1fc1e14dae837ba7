package history

import (
	"fmt"
	"strings"
	"time"

	"cdrmend/internal/printable"
	"cdrmend/internal/wording"
)

// Text formats a history as lines: commit by commit, the oldest first.
func Text(h *History) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Interval %s\n", h.Interval)
	for i := range h.Commits {
		c := &h.Commits[i]
		fmt.Fprintf(&b, "\ncommit %d  %s  run %s, %s\n", c.Number, c.Time.UTC().Format(time.RFC3339), c.RunID, c.signature())
		if len(c.Events) == 0 {
			b.WriteString("  no finding opened, changed or closed\n")
		}
		for n := range c.Events {
			writeEvent(&b, &c.Events[n], c.Changes)
		}
	}
	return b.String()
}

func (c *Commit) signature() string {
	switch {
	case !c.Signed:
		return "not signed"
	case c.Verified:
		return fmt.Sprintf("signed by key %q, verified", c.KeyID)
	}
	return fmt.Sprintf("signed by key %q, not checked", c.KeyID)
}

func writeEvent(b *strings.Builder, e *Event, c *Changes) {
	state := e.State
	if e.What == Closed {
		state = "was " + e.Was
	} else if e.Was != "" && e.Was != e.State {
		state = "was " + e.Was + ", now " + e.State
	}
	line := func(format string, args ...any) { // a value from outside cannot start a line of its own
		b.WriteString("            " + printable.Text(fmt.Sprintf(format, args...)) + "\n")
	}

	fmt.Fprintf(b, "  %-9s %s  %s (%s, %s)\n", e.What, e.Finding, e.Class, e.Severity, state)
	line("%s", e.about())
	if e.WasDetail != "" {
		line("detail was %s, is %s", e.WasDetail, e.Detail)
	}

	if g := e.Accepted; g != nil {
		line("%s", wording.Accepted(g.Row, g.By, g.Reason, g.Basis))
	}

	if e.What == Closed && c != nil {
		for _, h := range e.ClosedBy {
			line("closed by %s, which is %s and %s", h.place(), h.What, h.How)
		}
		if len(e.ClosedBy) == 0 {
			line("%s", c.unexplained())
		}
	}
}

// about says in a few words what the finding is about.
func (e *Event) about() string {
	var parts []string
	for _, part := range []struct{ name, value string }{
		{"conversation", e.Conversation}, {"recording", e.Recording}, {"leg", e.Leg}, {"field", e.Field},
	} {
		if part.value != "" {
			parts = append(parts, part.name+" "+part.value)
		}
	}
	return strings.Join(append(parts, "in "+e.Source+":"+e.ObjectKey), ", ")
}

func (h *Holder) place() string {
	if h.Row < 0 {
		return h.Source + ":" + h.Key
	}
	return fmt.Sprintf("%s:%s#%d", h.Source, h.Key, h.Row)
}

// unexplained says what else changed between two runs, for a finding that no
// new object is known to have closed.
func (c *Changes) unexplained() string {
	var other []string
	if c.Config {
		other = append(other, "the configuration changed")
	}
	if c.Tool {
		other = append(other, "another build of cdrmend computed it")
	}

	inputs := "no input is new or changed"
	if n := c.New + c.Changed; n > 0 {
		inputs = fmt.Sprintf("of %s none can be told to hold it, such as %s:%s", wording.Count(n, "new or changed input"), c.First[0].Source, c.First[0].Key)
	}

	if c.Gone > 0 {
		inputs += fmt.Sprintf(", and %d %s gone", c.Gone, wording.Verb(c.Gone, "is", "are"))
	}
	return "closed: " + strings.Join(append(other, inputs), "; ")
}
