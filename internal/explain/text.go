package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/history"
	"cdrmend/internal/printable"
	"cdrmend/internal/registration"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// Text formats a story in plain words.
func Text(s *Story) string {
	t := &teller{story: s}
	t.head()
	t.short()

	for _, f := range s.Findings {
		if f.Asked {
			t.finding(f)
		}
	}

	// The story of an outage is about all that coincides with it; any other is
	// about a conversation.
	if slices.Equal(s.Names, []string{OutageID}) {
		t.outage(s.Outages[0])
		t.coinciding()
	} else {
		t.conversation()
	}

	t.findings()
	if s.More > 0 {
		t.section("%s %s to this story; the tables have %s.", wording.Count(s.More, "further row"), wording.Verb(s.More, "belongs", "belong"), wording.Verb(s.More, "it", "them"))
	}
	return t.b.String()
}

// conversation writes about everything in the story: recordings, legs and
// outages.
func (t *teller) conversation() {
	for _, r := range t.story.Recordings {
		t.recording(r)
	}
	for _, c := range t.story.Calls {
		t.call(c)
	}
	for _, o := range t.story.Outages {
		t.outage(o)
	}
}

// teller writes a story as text.
type teller struct {
	b     strings.Builder
	story *Story
}

// section starts a part of the story, after an empty line.
func (t *teller) section(format string, args ...any) { t.write("\n", format, args) }

func (t *teller) line(format string, args ...any) { t.write("  ", format, args) }

func (t *teller) detail(format string, args ...any) { t.write("      ", format, args) }

// write writes one line. A value from outside cannot start another:
// printable.Text sees to that.
func (t *teller) write(indent, format string, args []any) {
	t.b.WriteString(indent + printable.Text(fmt.Sprintf(format, args...)) + "\n")
}

func (t *teller) head() {
	s, c := t.story, &t.story.Commit
	t.write("", "%s %s, interval %s", []any{wording.Capital(strings.Join(s.Names, " and ")), s.ID, s.Interval})
	t.b.WriteByte('\n')
	t.line("Told from commit %d, made %s, run %s.", c.Number, when(c.Time.Format(time.RFC3339Nano)), c.RunID)

	switch {
	case !c.Signed:
		t.line("The commit record is not signed. What was read of the tables is what was committed.")
	case c.Verified:
		t.line("The commit record is signed by key %q, and the signature was checked. What was read of the tables is what was committed.", c.KeyID)
	default:
		t.line("The commit record says that key %q signed it; --keys would check that. What was read of the tables is what was committed.", c.KeyID)
	}

	switch {
	case s.Part != nil:
		t.line("What decides about it was read again, %d of %d inputs: they are those that the run read. With what the run noted of the whole night, the same decision came of them.", s.Part.Read, s.Part.Of)
	case s.Reread:
		t.line("The inputs were read again: they are those that the run read, and the same decision came of them.")
		if s.Whole != "" {
			t.line("All of them were read, as a part of them did not do: %s.", s.Whole)
		}
	default:
		t.line("It is told from the committed tables alone: %s.", s.Unread)
		t.line("Which rules were tried in vain, what a verdict rests on and each single failure of an outage is not told.")
	}

	if s.Masked {
		t.line("Telephone numbers and users are masked; --clear shows them.")
	}
}

// short sums up the story in a few sentences.
func (t *teller) short() {
	var sentences []string
	add := func(text string) {
		if !slices.Contains(sentences, text) {
			sentences = append(sentences, text)
		}
	}

	if slices.Equal(t.story.Names, []string{OutageID}) {
		row := t.story.Outages[0].Row
		what := "could not register"
		if row.Get("failures") == "0" {
			what = "was not registered"
		}
		add(fmt.Sprintf("What is on %s %s %s.", registrationOf(row), what, times(row)))
		add(t.coincidences())
	}

	for _, f := range t.story.Findings {
		// For an outage these are counted by coincidences; closed findings are
		// in the history.
		if f.row.State == table.Closed || t.story.Names[0] == OutageID {
			continue
		}
		add(wording.Capital(meaning(&f.row.Finding)) + ".")
		if f.Accepted != nil {
			add("That finding is " + f.grounds() + ".")
		}
	}

	for _, c := range t.story.Calls {
		if t.story.Names[0] == OutageID {
			break
		}
		add(verdicts[c.Row.Get("verdict")])
	}

	if len(sentences) == 0 {
		return
	}
	t.section("In short:")
	for i, text := range sentences {
		if i == maxShort {
			t.line("And more, see below.")
			break
		}
		t.line("%s", text)
	}
}

// coincidences counts what coincides with an outage. What coincides only
// possibly is counted separately.
func (t *teller) coincidences() string {
	var legs, findings [2]int // surely, possibly
	add := func(counts *[2]int, row table.Cells) {
		if registration.RelationByName(row.Get("outage_relation")) == registration.Possible {
			counts[1]++
		} else {
			counts[0]++
		}
	}

	for _, c := range t.story.Calls {
		add(&legs, c.Row)
	}
	for _, f := range t.story.Findings {
		if f.row.State != table.Closed {
			add(&findings, f.Row)
		}
	}

	text := fmt.Sprintf("%s and %s coincide with that, and only possibly %s and %s",
		wording.Count(legs[0], "leg"), wording.Count(findings[0], "finding"), wording.Count(legs[1], "leg"), wording.Count(findings[1], "finding"))
	// The story does not hold these rows, so their relation is not known here.
	if t.story.More > 0 {
		text += fmt.Sprintf("; %s %s not told apart here", wording.Count(t.story.More, "further row"), wording.Verb(t.story.More, "is", "are"))
	}
	return text + "."
}

// meaning says what a finding means. Details in the shown row are redacted, so the
// row itself is asked, and only for classes whose meaning quotes no value from
// outside.
func meaning(f *table.Finding) string {
	return wording.FindingIn(f.Status, f.Class, f.Recording, f.Field, f.Detail)
}

// maxShort is how many sentences sum up a story.
const maxShort = 8

// verdicts say what the verdict on a leg means.
var verdicts = map[string]string{
	"complete":          "A leg of the call is recorded, with all its metadata.",
	"repaired":          "A leg of the call is recorded, with all its metadata after repair.",
	"incomplete":        "A leg of the call is recorded, but what is known about its recording is defective.",
	"partial":           "A leg of the call is recorded only in part.",
	"missing":           "Of a leg of the call that was to be recorded no recording with audio was found.",
	"indeterminate":     "Whether a leg of the call is recorded, nobody can tell.",
	"excluded":          "A leg of the call was not to be recorded.",
	"recorded_in_error": "A leg of the call is recorded although it was not to be.",
}

// finding writes about the finding that was asked for.
func (t *teller) finding(f *Finding) {
	t.section("Finding %s: %s", f.row.ID, f.row.Class)
	if f.row.State == table.Closed {
		t.line("It no longer holds: it was found closed in commit %d. Until then it said that %s.", f.row.ClosedCommit, meaning(&f.row.Finding))
		return
	}
	// The recordings and legs that follow come with their findings.
	if len(t.story.Recordings)+len(t.story.Calls) > 0 {
		t.line("It is told with what it is about, below.")
		return
	}

	t.line("It says that %s.", meaning(&f.row.Finding))
	t.line("Its severity is %s, and it is %s.", f.row.Severity, f.state())
	if f.Accepted != nil {
		t.line("It is %s.", f.grounds())
	}

	if next := f.next(); next != "" {
		t.line("What to do: %s.", next)
	}

	at := f.Row.Get("source") + ":" + f.Row.Get("object_key")
	if f.row.Entry >= 0 {
		at += fmt.Sprintf(", row %d", f.row.Entry)
	}
	t.line("It is about %s", at)
	if detail := f.Row.Get("detail"); detail != "" {
		t.detail("%s", detail)
	}
	t.relation(f.Row)
}

// state returns the state of a finding in words.
func (f *Finding) state() string {
	if f.row.State == "indeterminate" {
		return "indeterminate: nobody can tell yet"
	}
	return f.row.State
}

func (f *Finding) accepted() bool { return f.row.State == "accepted" }

// grounds says by whom and why a finding is accepted.
func (f *Finding) grounds() string {
	g := f.Accepted
	return wording.Accepted(g.Row, g.By, g.Reason, g.Basis)
}

// findings writes the history of every finding of the story.
func (t *teller) findings() {
	if len(t.story.Findings) == 0 {
		t.section("There is no finding about it.")
		return
	}
	t.section("History of the findings")
	for _, c := range t.story.History.Commits {
		for i := range c.Events {
			e := &c.Events[i]
			t.line("%s %s %s in commit %d, %s%s", e.Finding, e.Class, e.What, c.Number, when(c.Time.Format(time.RFC3339Nano)), change(e))
			if g := e.Accepted; g != nil {
				t.detail("%s", wording.Accepted(g.Row, g.By, g.Reason, g.Basis))
			}
			for _, h := range e.ClosedBy {
				t.detail("closed by %s:%s, which is %s and %s", h.Source, h.Key, h.What, h.How)
			}
		}
	}
}

func change(e *history.Event) string {
	switch e.What {
	case history.Opened:
		return " (" + e.State + ")"
	case history.Closed:
		return " (was " + e.Was + ")"
	}
	return " (was " + e.Was + ", now " + e.State + ")"
}

// ofConversation says why a row that nobody asked for is in the story.
func (s *Story) ofConversation(asked bool) string {
	if asked || slices.Contains(s.Names, FindingID) || slices.Contains(s.Names, OutageID) {
		return ""
	}
	return ", of the same conversation"
}

// times formats the start and the end of a row, and the time between them.
func times(row table.Cells) string {
	start, end := row.Get("start_time"), row.Get("end_time")
	text := "from " + when(start) + " to " + when(end)

	// Either may be unknown.
	from, err1 := time.Parse(time.RFC3339Nano, start)
	to, err2 := time.Parse(time.RFC3339Nano, end)
	if err1 == nil && err2 == nil {
		text += fmt.Sprintf(" (%s)", to.Sub(from))
	}
	return text
}

// when formats a time for people, with no more digits than it has.
func when(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return "an unknown time"
	}
	return t.UTC().Format("2006-01-02 15:04:05.999999 UTC")
}

func milliseconds(text string) string {
	d, err := time.ParseDuration(cmp.Or(text, "0") + "ms")
	if err != nil {
		return text
	}
	return d.String()
}

func trunkAndLine(trunk, line string) string {
	switch {
	case trunk == "" && line == "":
		return "no known trunk or line"
	case line == "":
		return "trunk " + trunk
	case trunk == "":
		return "line " + line
	}
	return "trunk " + trunk + ", line " + line
}
