package explain

import (
	"cmp"
	"fmt"
	"slices"

	"cdrmend/internal/registration"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// coinciding lists what coincides with the outage that the story is about.
func (t *teller) coinciding() {
	if len(t.story.Calls) == 0 {
		t.section("No leg coincides with it, not even possibly.")
		return
	}
	t.section("Legs that coincide with it, surely or possibly:")
	for _, c := range t.story.Calls {
		row := c.Row
		t.line("%s of conversation %s: %s", cmp.Or(row.Get("leg_id"), "without an id"), cmp.Or(row.Get("conversation_id"), "(unknown)"), row.Get("verdict"))
		t.detail("%s, %s", times(row), relations[registration.RelationByName(row.Get("outage_relation"))])
	}
}

// relations say how a leg in a list relates to the outage.
var relations = map[registration.Relation]string{
	registration.Inside:   "began during the outage",
	registration.Edge:     "began before the outage",
	registration.Possible: "coincides with it only possibly",
}

// call writes about a leg.
func (t *teller) call(c *Call) {
	t.section("Leg %s%s: %s", cmp.Or(c.Row.Get("leg_id"), "without an id"), t.story.ofConversation(c.Asked), c.Row.Get("verdict"))
	t.object("Its call detail record is", &c.Object, c.place.row, "row")
	if c.Stop != nil {
		t.line("Its end is that of %s.", c.Stop.Name())
	}
	t.line("It belongs to conversation %s and lasted %s", cmp.Or(c.Row.Get("conversation_id"), "(unknown)"), times(c.Row))
	t.line("on %s.", trunkAndLine(c.Row.Get("trunk_id"), c.Row.Get("line_id")))
	if from, to := c.Row.Get("ani"), c.Row.Get("dnis"); from != "" || to != "" {
		t.line("It was called from %s to %s.", cmp.Or(from, "(unknown)"), cmp.Or(to, "(unknown)"))
	}
	if words, ok := wording.Proof(c.Row.Get("proof")); ok {
		t.line("Its proof is %s: %s.", c.Row.Get("proof"), words.Sentence)
	}

	reason, indeterminate := c.Row.Get("reason"), c.Row.Get("verdict") == "indeterminate"
	words, known := wording.Reason(reason)
	if w := c.Weighing; w != nil {
		t.line("The verdict is %s, as", c.Row.Get("verdict"))
		for _, why := range w.Because {
			t.detail("- %s", why)
		}
		for _, hiding := range w.Hiding {
			t.detail("  (%s)", hiding)
		}
		if len(w.NotBetter) > 0 {
			t.line("It is no better, as")
			for _, why := range w.NotBetter {
				t.detail("- %s", why)
			}
		}
		// Without the inputs, the reason in the table is all that is known.
	} else if indeterminate && known {
		t.line("The verdict is indeterminate, as %s (in the tables: %s).", words.Sentence, reason)
	} else if reason != "" {
		t.line("It was not to be recorded: %s.", reason)
	}
	if indeterminate && known {
		t.line("What to do: %s.", words.Remedy)
	}

	for _, f := range c.findings {
		t.defect(f)
	}
	t.relation(c.Row)
}

// relation writes how a row relates to outages.
func (t *teller) relation(row table.Cells) {
	// Most rows coincide with no outage, and the story does not say so of each.
	relation, id := registration.RelationByName(row.Get("outage_relation")), row.Get("outage_id")
	if relation == registration.Unrelated {
		return
	}

	text := relates(relation, id, row.Get("outage_cause"))
	switch overlap := milliseconds(row.Get("outage_overlap_ms")); relation {
	case registration.Inside, registration.Edge:
		t.line("%s, for %s.", text, overlap)
	case registration.Possible:
		t.line("%s, for %s;", text, overlap)
		t.line("no more than possibly, as %s.", t.story.whyPossible(id, row))
	default:
		t.line("%s.", text)
	}
}

// relates says how something relates to outages, without a full stop.
func relates(relation registration.Relation, outage, cause string) string {
	switch relation {
	case registration.Inside:
		return fmt.Sprintf("It coincides with registration outage %s (%s), during which it began", outage, cause)
	case registration.Edge:
		return fmt.Sprintf("It coincides with registration outage %s (%s), before which it began", outage, cause)
	case registration.Possible:
		return fmt.Sprintf("It possibly coincides with registration outage %s (%s)", outage, cause)
	case registration.Uncertain:
		return "Whether it coincides with a registration outage, nobody can tell"
	}
	return "It coincides with no registration outage"
}

// whyPossible says why a coincidence is only possible.
func (s *Story) whyPossible(id string, row table.Cells) string {
	const anotherLine = "it names no line, and the outage was on one line of its trunk"
	i := slices.IndexFunc(s.Outages, func(o *Outage) bool { return o.Row.Get("outage_id") == id })
	if i < 0 {
		return anotherLine
	}

	outage := s.Outages[i].Row
	until := outage.Find("unregistered_from")
	switch {
	case outage.Get("ended_by") == registration.EndedByAssumed:
		return "the log of that line or trunk shows failures only, so that the end of the outage is assumed"
	case wording.OpenedBy(outage.Get("cause")) != wording.Failure:
		return "nobody failed to register in it: the registration ended, and may have been renewed unseen"
	case until != "" && row.Get("end_time") != "" && row.Get("end_time") <= until:
		return "an earlier registration still carried calls until " + when(until)
	case row.Get("line_id") == "":
		return anotherLine
	case outage.Get("ended_by") == "open":
		return "nothing ended the outage in what was read, and it may have been over"
	}
	return "the log of its registrations may lack some that succeeded, or it has a local time that occurs twice"
}

// outage writes about an outage.
func (t *teller) outage(o *Outage) {
	t.section("Registration outage %s", o.Row.Get("outage_id"))
	t.line("It was on %s,", registrationOf(o.Row))
	t.line("%s, and ended %s.", times(o.Row), ends[o.Row.Get("ended_by")])
	if o.Row.Find("began") == "before" {
		t.line("It may have begun earlier: nothing was read of this registration before.")
	}

	t.cause(o)
	t.unregistered(o)
	if last := o.Row.Find("last_attempt"); last != "" {
		t.line("The last attempt in it was at %s; after that nobody tried again until it ended.", when(last))
	} else if o.Row.Get("failures") == "0" {
		t.line("Nobody tried to register in it.")
	}
	t.line("An outage is evidence and never proof: to coincide with one is not to be caused by it.")
}

// cause writes why an outage began, and its failures.
func (t *teller) cause(o *Outage) {
	cause := o.Row.Get("cause")
	if words, ok := wording.Cause(cause); ok {
		began := "The attempt to register with which it began failed"
		if wording.OpenedBy(cause) != wording.Failure {
			began = "It began without a failed attempt"
		}
		t.line("%s: %s (%s).", began, words.Sentence, cause)
		t.line("What to do: %s.", words.Remedy)
	}

	if o.Row.Get("failures") != "0" {
		t.line("Failed attempts: %s (%s).", o.Row.Get("failures"), o.Row.Get("causes"))
	}
	for i := range o.Failures {
		f := &o.Failures[i]
		t.detail("%s: %s answered with %d, %s", f.Name(), when(f.Start), *f.Status, f.Cause)
	}
	if o.More > 0 {
		t.detail("and %d more", o.More)
	}
}

// unregistered writes until when an earlier registration still carried calls.
func (t *teller) unregistered(o *Outage) {
	// Times in a table are of one length, so that they compare as texts.
	if until := o.Row.Get("binding_until"); until > o.Row.Get("start_time") {
		t.line("Until %s an earlier registration still carried calls.", when(until))
	}
	from := o.Row.Find("unregistered_from")
	switch {
	case o.Row.Find("harmless") == "true":
		t.line("Nobody was unregistered: the next attempt succeeded in time.")
	case from != "":
		t.line("From %s nobody was registered.", when(from))
	}
}

// registrationOf names what registers: a trunk, a line or an account of a trunk.
func registrationOf(row table.Cells) string {
	name := trunkAndLine(row.Get("trunk_id"), row.Get("line_id"))
	if user := row.Find("username"); user != "" {
		name += ", account " + user
	}
	return name
}

// ends say how an outage ended.
var ends = map[string]string{
	registration.EndedBySuccess: "when the registration succeeded",
	registration.EndedByFailure: "when the next attempt failed, with which another outage began",
	registration.EndedByHorizon: "at the end of what was read: nothing ended it until then",
	registration.EndedByAssumed: "at a time that is assumed, as its log shows failures only",
}
