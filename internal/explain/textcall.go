package explain

import (
	"cmp"
	"fmt"
	"slices"

	"cdrmend/internal/registration"
	"cdrmend/internal/table"
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
	t.section("Leg %s%s: %s", cmp.Or(c.Row.Get("leg_id"), "without an id"), t.asked(c.Asked), c.Row.Get("verdict"))
	t.object("Its call detail record is", &c.Object, c.place.row, "row")
	t.line("It belongs to conversation %s and lasted %s", cmp.Or(c.Row.Get("conversation_id"), "(unknown)"), times(c.Row))
	t.line("on %s.", trunkAndLine(c.Row.Get("trunk_id"), c.Row.Get("line_id")))

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
	} else if reason := c.Row.Get("reason"); reason != "" {
		t.line("It was not to be recorded: %s.", reason)
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
		t.line("no more than possibly, as %s.", t.whyPossible(id, row))
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
func (t *teller) whyPossible(id string, row table.Cells) string {
	i := slices.IndexFunc(t.story.Outages, func(o *Outage) bool { return o.Row.Get("outage_id") == id })
	if i < 0 {
		return "it is not certain that the outage concerned it"
	}

	outage := t.story.Outages[i].Row
	switch cause, from := outage.Get("cause"), outage.Get("unregistered_from"); {
	case outage.Get("ended_by") == registration.EndedByAssumed:
		return "its log shows failures only, so that nobody knows how long the outage lasted"
	case cause == registration.Deregistered.String():
		return "the client itself removed the registration"
	case cause == registration.Lapsed.String() || cause == registration.TokenRequestFailed.String():
		return "the log shows no failed attempt, only that nobody renewed the registration"
	case from == "" || row.Get("end_time") != "" && row.Get("end_time") <= from:
		return "an earlier registration still carried calls"
	case outage.Get("line_id") == "" && outage.Get("username") != "" || row.Get("line_id") == "" && outage.Get("line_id") != "":
		return "the outage was on one registration of its trunk, and it names no line or another one"
	case outage.Get("ended_by") == registration.EndedByHorizon:
		return "it began after the log had ended, so that nobody knows whether the outage lasted until then"
	}
	return "the log keeps a part of the successful registrations, so that the outage may have ended before"
}

// outage writes about an outage.
func (t *teller) outage(o *Outage) {
	t.section("Registration outage %s", o.Row.Get("outage_id"))
	t.line("It was on %s,", registrationOf(o.Row))
	t.line("%s, and ended %s.", times(o.Row), ends[o.Row.Get("ended_by")])
	if o.Row.Get("began") == registration.BeganBefore {
		t.line("It may have begun earlier, as the log shows nothing of it before.")
	}

	failures := o.Row.Get("failures")
	cause := o.Row.Get("cause")
	if c, ok := registration.CauseByName(cause); ok {
		what := "The attempt to register with which it began failed"
		if failures == "0" {
			what = "It began without a failed attempt"
		}
		t.line("%s: %s (%s).", what, c.Sentence(), cause)
		t.line("What to do: %s.", c.Remedy())
	}

	if failures != "0" {
		t.line("Failed attempts: %s (%s).", failures, o.Row.Get("causes"))
	}
	for i := range o.Failures {
		f := &o.Failures[i]
		t.detail("%s: %s %s, %s", f.Name(), when(f.Start), answered(*f.Status), f.Cause)
	}
	if o.More > 0 {
		t.detail("and %d more", o.More)
	}
	t.unregistered(o.Row)
	t.line("An outage is evidence and never proof: to coincide with one is not to be caused by it.")
}

// unregistered writes from when on an outage left its key without a registration.
func (t *teller) unregistered(row table.Cells) {
	until := row.Get("binding_until")
	switch {
	case row.Get("harmless") == "true":
		t.line("Nobody was unregistered: an earlier registration carried calls until %s, and a new one came in time.", when(until))
	case until != "":
		t.line("At most until %s an earlier registration still carried calls.", when(until))
	}
}

// registrationOf names what registers: a trunk, a line or an account of a trunk.
func registrationOf(row table.Cells) string {
	name := trunkAndLine(row.Get("trunk_id"), row.Get("line_id"))
	if user := row.Get("username"); user != "" {
		name += ", account " + user
	}
	return name
}

// answered says how an attempt was answered.
func answered(status int32) string {
	if status == 0 {
		return "not answered"
	}
	return fmt.Sprintf("answered with %d", status)
}

// ends say how an outage ended.
var ends = map[string]string{
	registration.EndedBySuccess: "when the registration succeeded",
	registration.EndedByFailure: "when the next attempt failed, with which another outage began",
	registration.EndedByHorizon: "at the end of what was read: nothing ended it until then",
	registration.EndedByAssumed: "at a time that is assumed, as its log shows failures only",
}
