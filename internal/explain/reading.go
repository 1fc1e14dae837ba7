package explain

import (
	"fmt"
	"slices"

	"cdrmend/internal/cdr"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/job"
	"cdrmend/internal/match"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/redact"
	"cdrmend/internal/registration"
)

// maxEvidence is how many rows are shown for one value, and how many failures
// of one outage.
const maxEvidence = 8

// Deepen adds the reasons to a story, from its inputs, which were read and
// decided again. It fails if the decision differs, as that of another build may;
// the story is then left as it was.
func (s *Story) Deepen(r *job.Reading) error {
	if err := s.agrees(r); err != nil {
		return err
	}

	s.Reread = true
	if r.Read > 0 {
		s.Part = &Part{r.Read, r.Of}
	}
	d := deepening{r: r, show: redactor(s.Masked)}

	// agrees has found every row.
	for _, rec := range s.Recordings {
		if n, ok := r.Entry(rec.place.source, rec.place.key, rec.place.row); ok {
			d.recording(rec, n)
		}
	}
	for _, c := range s.Calls {
		if n, ok := r.Leg(c.place.source, c.place.key, c.place.row); ok {
			d.call(c, n)
		}
	}
	for _, o := range s.Outages {
		d.outage(o)
	}
	return nil
}

// deepening adds reasons to a story, from inputs that were read again.
type deepening struct {
	r    *job.Reading
	show *redact.Redactor
}

func (d *deepening) recording(rec *Recording, n uint32) {
	legs, by := d.r.LegsOf(n)
	rec.Matched = &Matched{By: matchedBy[by], Legs: []Row{}}
	for _, leg := range legs[:min(len(legs), maxEvidence)] {
		rec.Matched.Legs = append(rec.Matched.Legs, d.leg(leg))
	}
	for _, f := range d.r.Lacked(n) {
		rec.Lacked = append(rec.Lacked, d.field(n, f))
	}
	rec.Media = d.media(match.HeardOf(d.r.Evidence, n))
}

// media says what was found in audio; nil when nobody looked.
func (d *deepening) media(h *evidence.Heard) *Media {
	if h == nil {
		return nil
	}
	m := &Media{
		Format: d.r.Texts.String(h.Format), Codec: d.r.Texts.String(h.Codec), Rate: h.Rate, Channels: h.Channels,
		Unreadable: d.r.Texts.String(h.Code), KMSKey: d.text(h.KMSKey), Reason: d.r.Texts.String(h.Reason),
	}
	if h.Duration != profile.NoInt {
		ms := h.Duration / 1000
		m.DurationMS = &ms
	}
	if h.Cut || h.NotAudio() {
		m.Byte = &h.At
	}
	if t := &h.Decoded; t.Tried {
		m.Decoded, m.Decoding, m.Silent = &t.Heard, d.r.Texts.String(t.Failed), t.SilentChannels()
		if ms := t.Quiet / 1000; t.Heard {
			m.SilenceMS = &ms
		}
	}
	return m
}

// matchedBy says how a recording and its legs belong together.
var matchedBy = map[match.Proof]string{
	match.NoProof: "nothing", match.ProofByID: "recording id", match.ProofByLeg: "leg id", match.ProofByConversation: "conversation",
}

// field says what the rules said: the first one that names a value ends the
// search.
func (d *deepening) field(n uint32, f record.Field) Field {
	out := Field{Field: f.String(), Attempts: []Attempt{}, Outcome: Missing}
	ended := false
	for _, a := range d.r.Attempts(n, f) {
		attempt := Attempt{Rule: a.Rule.String(), Applied: "no", Values: d.values(a.Values), Rows: []Row{}}
		for i, ref := range a.Refs { // a conversation may have thousands
			if i == maxEvidence {
				attempt.More = len(a.Refs) - i
				break
			}
			attempt.Rows = append(attempt.Rows, d.rowAt(ref))
		}

		switch {
		case ended:
			// What this rule would have named played no part, and is not shown.
			attempt.Applied, attempt.Why = NotNeeded, "an earlier one had decided"
			attempt.Values, attempt.Rows, attempt.More = []string{}, []Row{}, 0
		case a.Silent != match.Spoke:
			attempt.Why = silences[a.Silent]
			if len(a.Values) > 0 { // it named candidates and must not choose
				attempt.Applied, out.Outcome, ended = Ambiguous, Ambiguous, true
			}
		case len(a.Values) == 1:
			attempt.Applied, attempt.Why = "yes", spoke[a.Rule]
			out.Outcome, ended = Repaired, true
		case len(a.Values) > 1:
			attempt.Applied, attempt.Why = Ambiguous, fmt.Sprintf("%s; there are %d", several[a.Rule], len(a.Values))
			out.Outcome, ended = Ambiguous, true
		default:
			attempt.Why = nothing[a.Rule]
		}
		out.Attempts = append(out.Attempts, attempt)
	}
	return out
}

func (d *deepening) values(list []string) []string {
	out := []string{}
	for _, v := range list {
		out = append(out, d.show.Key(v))
	}
	return out
}

// rowAt returns a row that is cited: a leg or a registration attempt.
func (d *deepening) rowAt(ref record.Ref) Row {
	if n, ok := d.r.LegAt(ref); ok {
		return d.leg(n)
	}
	out := d.at(ref.Object, ref.Row)
	if e := d.r.EventAt(ref); e != nil {
		d.event(&out, e)
	}
	return out
}

func (d *deepening) at(object, row uint32) Row {
	o := &d.r.Objects[object]
	return Row{Source: d.r.Sources[o.Source].Name, Key: d.show.Key(o.Key), Row: int64(row)}
}

func (d *deepening) leg(n uint32) Row {
	l := &d.r.Legs[n]
	out := d.at(l.Ref.Object, l.Ref.Row)
	out.Conversation, out.Leg = d.text(l.Conversation), d.text(l.ID)
	out.Trunk, out.Line, out.Start, out.End = d.text(l.Trunk), d.text(l.Line), l.Start.String(), l.End.String()
	for _, id := range record.SectionOf(d.r.Particulars[n].Recordings, d.r.Evidence.Recordings) {
		out.Recordings = append(out.Recordings, d.text(id))
	}
	return out
}

func (d *deepening) event(out *Row, e *registration.Event) {
	status := int32(e.Status) // a copy: a pointer into the events would keep them all
	out.Trunk, out.Line, out.Start, out.Status = d.text(e.Trunk), d.text(e.Line), e.Time.String(), &status
}

func (d *deepening) text(t intern.Text) string { return d.r.Texts.String(t) }

func (d *deepening) entry(n uint32) Row {
	e := &d.r.Entries[n]
	out := d.at(d.r.Documents[e.Doc].Object, e.Index)
	out.Conversation, out.Trunk, out.Line = d.text(e.Conversation), d.text(e.Trunk), d.text(e.Line)
	out.Start, out.End = e.Start.String(), e.End.String()
	if e.Recording != intern.None {
		out.Recordings = []string{d.text(e.Recording)}
	}
	return out
}

func (d *deepening) outage(o *Outage) {
	i := slices.IndexFunc(d.r.Outages, func(x registration.Outage) bool { return x.ID == o.Row.Get("outage_id") })
	if i < 0 { // agrees does not compare outages
		return
	}

	failures := d.r.Failures(&d.r.Outages[i])
	for n, f := range failures {
		if n == maxEvidence {
			o.More = len(failures) - n
			break
		}
		row := d.at(f.Ref.Object, f.Ref.Row)
		d.event(&row, f.Event)
		row.Cause = f.Cause.String()
		o.Failures = append(o.Failures, row)
	}
}

func (d *deepening) call(c *Call, n uint32) {
	w := d.r.Weigh(n)
	l := &d.r.Legs[n]
	if ref, ok := d.r.StopOf(l.Ref); ok {
		stop := d.at(ref.Object, ref.Row)
		stop.End = l.End.String()
		c.Stop = &stop
	}
	c.Weighing = &Weighing{
		ToBeRecorded: w.ToRecord, Lists: []string{}, Entries: []Row{}, Hiding: []string{},
		Lost: append([]string{}, w.Lost...), Possible: append([]string{}, w.Possible...),
		Shared: d.held(w.Shared), Contested: d.held(w.Held), Rivals: []Row{},
	}
	for _, leg := range w.Rivals[:min(len(w.Rivals), maxEvidence)] {
		c.Weighing.Rivals = append(c.Weighing.Rivals, d.leg(leg))
	}

	for _, id := range record.SectionOf(d.r.Particulars[n].Recordings, d.r.Evidence.Recordings) {
		c.Weighing.Lists = append(c.Weighing.Lists, d.text(id))
	}
	for _, e := range w.Entries[:min(len(w.Entries), maxEvidence)] {
		c.Weighing.Entries = append(c.Weighing.Entries, d.entry(e))
	}

	// Complete inputs hide nothing.
	if w.Incomplete {
		c.Weighing.Hiding = d.hiding(policy.Manifests, l.Org, w.First, w.Last)
		if w.BeginsBefore {
			c.Weighing.Hiding = append(c.Weighing.Hiding, "the conversation began before the earliest manifests that were read")
		}
		if w.BeginsUnread {
			c.Weighing.Hiding = append(c.Weighing.Hiding, "the row of its start was not read, so that it may have begun before the earliest manifests that were read; a longer lookback of its source and of the manifests may show it")
		}
	}
	c.Weighing.Because, c.Weighing.NotBetter = d.because(c, &w, &cdr.Leg{Shown: *l, Particulars: d.r.Particulars[n]})
}

// held describes recordings and the legs that have them.
func (d *deepening) held(list []reconcile.Held) []Held {
	out := []Held{}
	for _, h := range list {
		held := Held{Entry: d.entry(h.Entry), Legs: []Row{}}
		for _, leg := range h.Legs {
			held.Legs = append(held.Legs, d.leg(leg))
		}
		out = append(out, held)
	}
	return out
}

// hiding describes the incomplete inputs that may hide something.
func (d *deepening) hiding(kind policy.Kind, org intern.Text, from, to record.Time) []string {
	list := []string{}
	for _, in := range d.r.Hiding(kind, org, from, to) {
		name := d.r.Sources[in.Source].Name
		switch {
		case in.Unsettled:
			list = append(list, fmt.Sprintf("source %s could still deliver", name))
		case in.Partition < 0:
			list = append(list, fmt.Sprintf("source %s delivered nothing usable", name))
		default:
			list = append(list, fmt.Sprintf("%s of source %s is damaged", d.r.Partitions[in.Partition].URL, name))
		}
	}
	return list
}
