package explain

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/profile"
	"cdrmend/internal/table"
	"cdrmend/internal/wording"
)

// recording writes about a recording.
func (t *teller) recording(r *Recording) {
	t.section("Recording %s%s", cmp.Or(r.Row.Get("recording_id"), "without an id"), t.story.ofConversation(r.Asked))
	t.object("Its manifest is", &r.Object, r.place.row, "element")
	t.line("It belongs to conversation %s and lasted %s", cmp.Or(r.Row.Get("conversation_id"), "(unknown)"), times(r.Row))
	t.line("on %s.", trunkAndLine(r.Row.Get("trunk_id"), r.Row.Get("line_id")))

	if from, to := r.Row.Get("ani"), r.Row.Get("dnis"); from != "" || to != "" {
		t.line("It was called from %s to %s.", cmp.Or(from, "(unknown)"), cmp.Or(to, "(unknown)"))
	}
	t.line("Its metadata is %s.", statuses[r.Row.Get("status")])
	if state := r.Row.Get("state"); state != "" {
		t.line("It says of its audio: %s.", state)
	}

	t.media(r)
	t.lacked(r)
	t.matched(r.Matched)
	for _, f := range r.findings {
		t.defect(f)
	}
	t.coincides(r.findings)
}

// media writes what was found in the audio. The table shows less than inputs that were
// read again.
func (t *teller) media(r *Recording) {
	m := r.Media
	if m == nil {
		m = &Media{Format: r.Row.Find("media_format")} // only some runs have these columns
		if m.Format == "" {
			return
		}
		if n, err := strconv.ParseUint(r.Row.Find("media_channels"), 10, 16); err == nil {
			m.Channels = uint16(n)
		}
		if ms, err := strconv.ParseInt(r.Row.Find("media_duration_ms"), 10, 64); err == nil {
			m.DurationMS = &ms
		}
	}
	t.line("%s", m.sentence())
}

func (m *Media) sentence() string {
	switch {
	case m.Unreadable != "" && m.KMSKey != "":
		return fmt.Sprintf("Its audio could not be read: %s, key %s.", m.Unreadable, m.KMSKey)
	case m.Unreadable != "":
		return fmt.Sprintf("Its audio could not be read: %s.", m.Unreadable)
	case m.Format == "":
		return fmt.Sprintf("What is stored as its audio holds nothing to hear: %s, at byte %d.", m.Reason, *m.Byte)
	}

	kind := m.Format
	if m.Codec != "" && m.Codec != m.Format {
		kind += " with " + m.Codec
	}
	said := []string{kind}
	if m.Channels > 0 {
		said = append(said, wording.Count(int64(m.Channels), "channel"))
	}
	if m.Rate > 0 {
		said = append(said, fmt.Sprintf("%d samples a second", m.Rate))
	}
	text := "Its audio was looked into: " + strings.Join(said, ", ")
	if m.DurationMS != nil {
		text += "; it lasts " + milliseconds(strconv.FormatInt(*m.DurationMS, 10))
	} else {
		text += "; nothing in it tells how long it lasts"
	}
	if m.Byte != nil {
		text += fmt.Sprintf("; it is cut at byte %d: %s", *m.Byte, m.Reason)
	}
	switch {
	case m.Decoded == nil:
	case !*m.Decoded:
		text += "; it was not decoded: " + m.Decoding
	case m.Silent != "":
		text += "; nothing is heard in channel " + m.Silent
	default:
		text += "; its longest silence lasts " + milliseconds(strconv.FormatInt(*m.SilenceMS, 10))
	}
	if m.Decoded != nil && *m.Decoded && m.Decoding != "" {
		text += "; not all of it was decoded: " + m.Decoding
	}
	return text + "."
}

// statuses say what a status of the table recordings means.
var statuses = map[string]string{
	"intact":   "intact: nothing that is required was missing, and nothing was changed",
	"repaired": "repaired: what was missing was filled in",
	"open":     "defective: a defect is open",
}

// object writes where a row is, and which bytes the run read there.
func (t *teller) object(what string, o *Object, row int64, unit string) {
	at := fmt.Sprintf("%s:%s", o.Source, o.Key)
	if row >= 0 {
		at += fmt.Sprintf(", %s %d", unit, row)
	}
	t.line("%s %s", what, at)

	if !o.Listed && path.Base(o.Key) == profile.MadeDocument {
		t.detail("There is no such object: the source has recordings without metadata files, and this document is made of their names.")
		return
	}
	if !o.Listed {
		t.detail("There is no such object: the audio was delivered without it, and a document was written in its place.")
		return
	}

	// Only a store with versions has a version id; a directory has neither.
	version := ""
	if o.VersionID != "" {
		version = ", version " + o.VersionID
	} else if o.ETag != "" {
		version = ", ETag " + o.ETag
	}
	t.detail("%s%s, SHA-256 %s", wording.Count(o.Size, "byte"), version, o.SHA256)
}

// lacked writes how each missing value was looked for, and which repairs were
// made.
func (t *teller) lacked(r *Recording) {
	for _, f := range r.Lacked {
		t.line("It lacked its %s.", f.Field)
		for _, a := range f.Attempts {
			t.attempt(&a)
		}
		if f.Outcome == Missing {
			t.detail("So it stays missing.")
		}
	}

	for _, row := range r.Repairs {
		old := ", which it did not have,"
		if text := row.Get("old_value"); text != "" {
			old = ", which was " + text + ","
		}
		t.line("Its %s%s is now %s, by rule %s.", row.Get("field"), old, row.Get("new_value"), row.Get("rule"))
		// Without the inputs, the table is the only evidence.
		if !t.story.Reread {
			t.detail("evidence: %s", row.Get("evidence"))
		}
	}

	if r.Copy != nil {
		t.line("%s, %s", r.copied(), r.Copy.Path)
		t.detail("SHA-256 %s; no input was touched", r.Copy.SHA256)
	}
}

// copied says which document was written for the recording.
func (r *Recording) copied() string {
	broken := func(f *Finding) bool {
		return f.row.Class == "truncated_document" || f.row.Class == "malformed_document"
	}

	switch {
	case !r.Object.Listed && path.Base(r.Object.Key) == profile.MadeDocument:
		return "A document was made that describes the recordings of the partition"
	case !r.Object.Listed:
		return "The document that should have been there was written"
	case strings.HasSuffix(r.Copy.Path, profile.MadeSuffix):
		return "The entries of the document, which is in XML, were written as a document in JSON"
	case slices.ContainsFunc(r.findings, broken):
		return "A copy of the document was written, with what could be recovered of it and with repaired values"
	case len(r.Repairs) == 0:
		return "A copy of the document was written, as other recordings in it were repaired"
	}
	return "A copy of the document was written, byte for byte the original except for repaired values"
}

func (t *teller) attempt(a *Attempt) {
	verb := map[string]string{"yes": "applied", "no": "did not apply", Ambiguous: "must not choose", NotNeeded: "was not needed"}[a.Applied]
	values := ""
	if len(a.Values) > 0 {
		values = ": " + strings.Join(a.Values, ", ")
	}
	t.detail("Rule %s %s, as %s%s.", a.Rule, verb, a.Why, values)
	for i := range a.Rows {
		t.detail("  %s", t.row(&a.Rows[i]))
	}
	if a.More > 0 {
		t.detail("  and %s", wording.Count(a.More, "more row"))
	}
}

// row formats a row with the values that matter.
func (t *teller) row(r *Row) string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+" "+value)
		}
	}

	switch {
	case r.Status != nil:
		parts = append(parts, fmt.Sprintf("%s answered with %d", when(r.Start), *r.Status))
	case r.Start != "":
		parts = append(parts, when(r.Start)+" to "+when(r.End))
	}

	add("leg", r.Leg)
	if !t.story.isAbout(r.Conversation) {
		add("conversation", r.Conversation)
	}
	add("recordings", strings.Join(r.Recordings, ", "))
	add("trunk", r.Trunk)
	add("line", r.Line)
	add("cause", r.Cause)
	return r.Name() + ": " + strings.Join(parts, ", ")
}

// isAbout reports whether the whole story is about this conversation.
func (s *Story) isAbout(conversation string) bool {
	other := func(row table.Cells) bool { return row.Get("conversation_id") != conversation }
	return !slices.ContainsFunc(s.Recordings, func(r *Recording) bool { return other(r.Row) }) &&
		!slices.ContainsFunc(s.Calls, func(c *Call) bool { return other(c.Row) })
}

// matched writes which legs a recording was matched with, if that is known.
func (t *teller) matched(m *Matched) {
	switch {
	case m == nil:
		return
	case len(m.Legs) == 0:
		t.line("No call detail record belongs to it.")
		return
	case m.By == "leg id":
		t.line("It bears the id of the leg:")
	case m.By == "conversation":
		t.line("No call detail record lists it; those of its conversation are taken for its own:")
	default:
		t.line("The call detail records that list it:")
	}
	for i := range m.Legs {
		t.detail("%s", t.row(&m.Legs[i]))
	}
}

// detailed are the classes whose meaning includes the detail already.
var detailed = []string{"repaired_field", "short_recording", "duplicate"}

// next says what to do about a finding, empty when there is nothing to do, or when
// the reason of the leg's verdict says it: as long as nobody can tell whether a
// recording is missing, nobody needs to look for it.
func (f *Finding) next() string {
	w, detailed := wording.Detail(f.row.Class, f.row.Detail)
	undecided := f.row.State == "indeterminate" && (f.row.Class == "missing_recording" || f.row.Class == "short_recording")
	switch {
	case f.row.Class == "repaired_field" || f.accepted():
		return ""
	case f.row.Class == "stray_record":
		return wording.StrayRemedy(f.row.Source, f.row.Detail)
	case undecided && (f.row.Detail == "" || !detailed || w.Remedy == ""):
		return ""
	}
	return wording.Remedy(f.row.Class, f.row.Detail)
}

// defect writes about one finding of a recording or leg.
func (t *teller) defect(f *Finding) {
	text := meaning(&f.row.Finding)
	if detail := f.Row.Get("detail"); detail != "" && !slices.Contains(detailed, f.row.Class) && !wording.Told(f.row.Class, f.row.Detail) {
		text += " (" + detail + ")"
	}

	t.line("Finding %s, %s (%s, %s):", f.row.ID, f.row.Class, f.row.Severity, f.state())
	t.detail("%s.", text)
	if f.Accepted != nil {
		t.detail("It is %s.", f.grounds())
	}
	if next := f.next(); next != "" {
		t.detail("What to do: %s.", next)
	}
}

// coincides writes which outage a recording coincides with. Only its findings
// name that: the table recordings has no outages.
func (t *teller) coincides(findings []*Finding) {
	i := slices.IndexFunc(findings, func(f *Finding) bool { return f.row.OutageRelation != "" })
	if i >= 0 {
		t.relation(findings[i].Row)
	}
}
