package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/wording"
)

// spoke says why a rule's one value applies.
var spoke = map[match.Rule]string{
	match.RuleObjectKey:        "the object key names it",
	match.RuleMediaKey:         "the name of the media object is it",
	match.RuleSoleUnclaimed:    "it is the only recording that the legs of the conversation list and no manifest has, and this is the only entry of the conversation without an id",
	match.RuleCDRRecording:     "the call detail records that list this recording name one value",
	match.RuleCDRConversation:  "the call detail records of the conversation name one value",
	match.RuleRegistrationLine: "the registration log names it for the line",
	match.RuleArithmetic:       "it follows from the two others of start, end and duration",
}

// several says what it means that a rule names several values.
var several = map[match.Rule]string{
	match.RuleSoleUnclaimed:    "the legs of the conversation list more than one recording that no manifest has",
	match.RuleCDRRecording:     "the call detail records that list this recording name different values",
	match.RuleCDRConversation:  "the call detail records of the conversation name different values",
	match.RuleRegistrationLine: "the registration log names different values for the line",
}

// nothing says why a rule that was asked named no value.
var nothing = map[match.Rule]string{
	match.RuleObjectKey:        "the object key does not name it",
	match.RuleMediaKey:         "there is no media key whose name is an id",
	match.RuleSoleUnclaimed:    "the legs of the conversation list no recording that no manifest has",
	match.RuleCDRRecording:     "the call detail records that list this recording do not name it",
	match.RuleCDRConversation:  "no call detail record of the conversation names it",
	match.RuleRegistrationLine: "no attempt to register the line names it, or no line is known",
}

// silences says why a rule was not allowed to decide.
var silences = map[match.Silence]string{
	match.NoLegListsIt:       "no call detail record lists this recording",
	match.CDRsIncomplete:     "call detail records of that time are incomplete, so that one with another value may be hidden",
	match.LegsNameTrunks:     "it is asked only when no call detail record of the conversation names a trunk, and some do",
	match.InputsIncomplete:   "there is one candidate, but inputs of that time are incomplete, so that its true entry may be hidden",
	match.SeveralEntries:     "there is one candidate, but several entries of the conversation lack their id",
	match.NothingToComputeOf: "of start, end and duration another one is missing, too",
}

// because says what the verdict on a leg rests on, and for each better verdict,
// what speaks against it.
func (d *deepening) because(c *Call, w *reconcile.Weighing, l *cdr.Leg) (because, notBetter []string) {
	because, notBetter = []string{}, []string{}
	yes := func(format string, args ...any) { because = append(because, fmt.Sprintf(format, args...)) }
	no := func(verdict reconcile.Verdict, format string, args ...any) { // only for a verdict better than the leg's
		if verdict > w.Call.Verdict && w.Call.Verdict != reconcile.VerdictIndeterminate {
			notBetter = append(notBetter, fmt.Sprintf(format, args...))
		}
	}

	d.expected(w, l, yes)
	// A recording that may be its own is named below.
	if named := len(w.Possible) > 0 || w.Like != ""; w.Doubt != reconcile.NoDoubt && !(w.Doubt == reconcile.PossibleID && named) {
		words, _ := wording.Reason(w.Doubt.String())
		yes("%s", words.Sentence)
	}
	d.proof(c, w, yes)
	d.coverage(c, w, l, yes)
	d.against(w, no)

	return because, notBetter
}

// proof says how the recordings of the leg were found, and which others could be
// its own.
func (d *deepening) proof(c *Call, w *reconcile.Weighing, yes func(string, ...any)) {
	switch w.Call.Proof {
	case match.NoProof:
		unmatched(c, w, yes)
		d.contested(w, yes)
	case match.ProofByID:
		yes("the recordings that it lists were found by their ids: %d", w.Call.Entries)
	case match.ProofByLeg:
		yes("recordings bear its leg id: %d", w.Call.Entries)
	case match.ProofByConversation:
		yes("it lists no recordings; those of its conversation at its time were taken: %d", w.Call.Entries)
	case match.ProofShared:
		yes("it lists no recordings; those of its conversation at its time were taken: %d; each of them is also taken for another leg, so that they prove only that one of these legs was recorded", w.Call.Entries)
	}
	for _, h := range w.Shared {
		yes("%s is also taken for %s", d.entryName(h.Entry), d.legNames(h.Legs, h.More))
	}
	if w.MoreShared > 0 {
		yes("it shares %s with other legs", wording.Count(w.MoreShared, "further recording"))
	}
	if w.Nothing {
		yes("its recordings cover nothing of its talk time")
	}
	if w.Like != "" {
		yes("recording %s has its times and its line or parties, under another id", w.Like)
	}
}

// unmatched says what is known of the recordings of a leg with which none was matched.
// Its findings have looked at those that manifests list without audio.
func unmatched(c *Call, w *reconcile.Weighing, yes func(string, ...any)) {
	lacking := c.lacking()
	if len(lacking) == 0 { // nobody expects one
		yes("no recording was matched with it")
	}

	for i, f := range lacking {
		switch detail := f.row.Detail; {
		case i == maxEvidence:
			yes("and %s that it lists", wording.Count(len(lacking)-i, "further recording"))
			return
		case f.row.Recording != "" && (w.Like != "" || f.row.Status == "indeterminate" && !wording.InManifest(detail)):
			yes("no manifest that was read names recording %s, which it lists", f.row.Recording) // what may be it is told below
		case f.row.Recording != "":
			yes("recording %s, which it lists, %s", f.row.Recording, wording.Listed(detail))
		case w.Contested || w.Like != "": // both are told with the recordings' names
			yes("it lists no recordings")
		case detail == "":
			yes("it lists no recordings, and no manifest that was read has a voice recording of its conversation that could be its own")
		default:
			yes("it lists no recordings; %s", wording.Unlisted(detail))
		}
	}
}

// lacking returns the findings about the recordings that a leg lacks.
func (c *Call) lacking() []*Finding {
	return slices.DeleteFunc(slices.Clone(c.findings), func(f *Finding) bool { return f.row.Class != "missing_recording" })
}

// detailOf returns what the finding about a recording that a leg lists says of it.
func (c *Call) detailOf(recording string) string {
	for _, f := range c.lacking() {
		if f.row.Recording == recording {
			return f.row.Detail
		}
	}
	return ""
}

// coverage says how much of the leg is recorded, what is missing of it, and why
// that may not be known.
func (d *deepening) coverage(c *Call, w *reconcile.Weighing, l *cdr.Leg, yes func(string, ...any)) {
	if w.Call.Covered != profile.NoInt {
		yes("of its talk time %s are recorded and %s are not", seconds(w.Call.Covered), seconds(w.Call.Uncovered))
	}

	for _, id := range w.Lost {
		if id != "" && w.Call.Entries > 0 {
			yes("recording %s, which it lists, too, %s", id, wording.Listed(c.detailOf(id)))
		}
	}
	for _, id := range w.Possible {
		if c.detailOf(id) == "pending" { // it is announced under its own id
			continue
		}
		yes("recording %s may be one of the entries of the conversation that lack their id", id)
	}

	if w.Incomplete && w.Doubt != reconcile.Inputs {
		yes("manifests of its time are incomplete: what seems to be missing may stand in what could not be read")
	}
	if w.Call.Entries > 0 && !l.End.Known() && w.Doubt != reconcile.NoEnd {
		yes("its call detail record has no end, so that nobody can tell how much of it is recorded")
	}
}

// against says what speaks against the better verdicts.
func (d *deepening) against(w *reconcile.Weighing, no func(reconcile.Verdict, string, ...any)) {
	if w.Call.Verdict == reconcile.VerdictMissing {
		no(reconcile.VerdictPartial, "no recording with audio was found that covers any of it, and no input of its time is known to be incomplete, in which one could be hidden")
	}
	if w.Short {
		no(reconcile.VerdictIncomplete, "more of the talk time is not recorded than the tolerance of %s", d.r.Policy.CoverageTolerance)
	}
	if len(w.Lost) > len(w.Possible) && w.Call.Entries > 0 {
		no(reconcile.VerdictIncomplete, "a recording that it lists was not found with audio")
	}
	if len(w.Possible) > 0 {
		no(reconcile.VerdictRepaired, "nobody can tell whether a recording that it lists is there")
	}
	for _, n := range w.Flawed {
		no(reconcile.VerdictRepaired, "%s has an open defect", d.entryName(n))
	}
	for _, n := range w.Repaired {
		no(reconcile.VerdictComplete, "%s had to be repaired", d.entryName(n))
	}
}

// expected says whether and why the leg was to be recorded.
func (d *deepening) expected(w *reconcile.Weighing, l *cdr.Leg, yes func(string, ...any)) {
	reason := d.text(w.Call.Reason)
	switch {
	case w.InError && w.Forbidden:
		yes("it must not be recorded (%s), and a recording of it is there", reason)
	case w.InError:
		yes("its call detail record says that it was not to be recorded, and a recording of it is there")
	case !w.ToRecord && w.Call.Verdict == reconcile.VerdictIndeterminate:
		// Its reason is what speaks against any verdict.
	case !w.ToRecord:
		yes("it was not to be recorded: %s", reason)
	case l.Recorded == profile.True:
		yes("it was to be recorded, as its call detail record says")
	case d.r.Policy.Expect == policy.ExpectAll:
		yes("it was to be recorded, as the configuration expects of all legs")
	default:
		yes("it was to be recorded, as the configuration expects of answered legs")
	}
}

// contested says which recordings a contested leg could have, who has them, and
// which legs have none either.
func (d *deepening) contested(w *reconcile.Weighing, yes func(string, ...any)) {
	for _, h := range w.Held {
		if len(h.Legs) == 0 {
			yes("%s may be of any of these legs, so that it is taken for none", d.entryName(h.Entry))
		} else {
			yes("%s is taken for %s, whose times are nearest to it", d.entryName(h.Entry), d.legNames(h.Legs, h.More))
		}
	}
	if w.MoreHeld > 0 {
		yes("and %s in its time", wording.Count(w.MoreHeld, "further recording"))
	}
	if len(w.Rivals) > 0 {
		yes("without a recording like it: %s", d.legNames(w.Rivals, 0))
	}
}

// legNames names some legs, each by its id or its row, and says how many more there are.
func (d *deepening) legNames(legs []uint32, more int) string {
	shown := legs[:min(len(legs), maxEvidence)]
	var names []string
	for _, n := range shown {
		name := d.text(d.r.Legs[n].ID)
		if name == "" {
			row := d.leg(n)
			name = "in " + row.Name()
		}
		names = append(names, "leg "+name)
	}
	if more += len(legs) - len(shown); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

func (d *deepening) entryName(n uint32) string {
	if id := d.r.Entries[n].Recording; id != intern.None {
		return "recording " + d.text(id)
	}
	row := d.entry(n)
	return "the entry in " + row.Name()
}

// Name returns the place of a row, as evidence is written.
func (r *Row) Name() string { return fmt.Sprintf("%s:%s#%d", r.Source, r.Key, r.Row) }

// seconds formats microseconds for people.
func seconds(micros int64) string {
	return time.Duration(micros * 1000).Round(time.Millisecond).String()
}
