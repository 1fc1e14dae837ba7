package reconcile

import (
	"strconv"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/match"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/table"
)

// rowWriter writes rows of the tables, one at a time.
type rowWriter struct {
	*Decision
	row  *table.Row
	text []byte // of the cell at hand
}

func newRowWriter(d *Decision) *rowWriter { return &rowWriter{Decision: d, row: table.NewRow(d.Texts)} }

func (w *rowWriter) symbols(texts ...intern.Text) {
	for _, t := range texts {
		w.row.AddSymbol(t)
	}
}

func (w *rowWriter) times(times ...record.Time) {
	for _, t := range times {
		w.row.AddTime(t)
	}
}

// finding writes a finding, with the entry if it is about one.
func (w *rowWriter) finding(f *Finding, e *manifest.Entry) {
	w.row.Reset(table.Findings)
	var id [len("fnd-") + 16]byte
	w.row.AddBytes(f.AppendID(id[:0]))
	w.symbols(w.words.classes[f.Class], w.words.severities[f.Severity], w.words.statuses[f.Status])

	switch f.About {
	case AboutEntry:
		w.subject(f, e.Org, e.Conversation, e.Leg, e.Trunk, e.Line)
		w.parties(e.Direction, e.ANI, e.DNIS, e.Users, intern.None)
		w.about(f)
		w.place(w.Documents[e.Doc].Object, int64(e.Index))
		w.times(e.Start, e.End)
	case AboutLeg:
		l := &w.Legs[f.Subject]
		w.subject(f, l.Org, l.Conversation, l.ID, l.Trunk, l.Line)
		w.parties(l.Direction, l.ANI, l.DNIS, l.Users, l.Queues)
		w.about(f)
		w.place(l.Ref.Object, int64(l.Ref.Row))
		w.times(l.Start, l.End)
	case AboutDocument:
		w.subject(f, w.documentOrg(f.Subject), intern.None, intern.None, intern.None, intern.None)
		w.noParties()
		w.about(f)
		w.place(w.Documents[f.Subject].Object, profile.NoInt)
		w.times(record.NoTime, record.NoTime)
	default:
		source, url, span := w.input(f)
		w.subject(f, w.Sources[source].Org, intern.None, intern.None, intern.None, intern.None)
		w.noParties()
		w.about(f)
		w.row.AddSymbol(w.words.sources[source])
		w.row.AddText(url)
		w.row.AddNull()
		w.times(bounded(span.Start), bounded(span.End))
	}

	w.coincidence(f.Outage)
}

// bounded returns NoTime for the ends of [record.Forever], so that tables show no
// time for them.
func bounded(t record.Time) record.Time {
	if t == record.Forever.End {
		return record.NoTime
	}
	return t
}

func (w *rowWriter) subject(f *Finding, org, conversation, leg, trunk, line intern.Text) {
	for _, t := range []intern.Text{org, conversation, f.Recording, leg, trunk, line} {
		w.row.AddSymbol(t)
	}
}

// parties writes who took part.
func (w *rowWriter) parties(direction intern.Text, ani, dnis intern.Number, users, queues intern.Text) {
	w.row.AddSymbol(direction)
	w.number(ani)
	w.number(dnis)
	w.list(users)
	w.list(queues)
}

// noParties writes the parties of what has none.
func (w *rowWriter) noParties() {
	w.parties(intern.None, intern.NoNumber, intern.NoNumber, intern.None, intern.None)
}

func (w *rowWriter) number(n intern.Number) {
	w.text = w.Texts.AppendNumber(w.text[:0], n)
	w.row.AddBytes(w.text)
}

// list writes a list of ids, joined by semicolons.
func (w *rowWriter) list(t intern.Text) {
	if t == intern.None {
		w.row.AddNull()
		return
	}
	w.text = w.Texts.AppendTo(w.text[:0], t)
	for i, c := range w.text {
		if c == intern.ListSeparator {
			w.text[i] = ';'
		}
	}
	w.row.AddBytes(w.text)
}

func (w *rowWriter) about(f *Finding) {
	w.row.AddSymbol(w.words.field(f.Field))
	w.row.AddSymbol(f.Detail)
}

func (w *rowWriter) place(object uint32, row int64) {
	w.row.AddSymbol(w.words.sources[w.Objects[object].Source])
	w.row.AddText(w.Objects[object].Key)
	w.row.AddCount(row)
}

func (w *rowWriter) coincidence(c registration.Coincidence) {
	if c.Outage >= 0 {
		w.row.AddText(w.Outages[c.Outage].ID)
		w.row.AddSymbol(w.words.causes[w.Outages[c.Outage].Cause])
	} else {
		w.row.AddNull()
		w.row.AddNull()
	}

	w.row.AddSymbol(w.words.relations[c.Relation])
	w.row.AddCount(c.OverlapMS)
}

func (w *rowWriter) repair(interval string, repair match.Repair) {
	e := &w.Entries[repair.Entry]
	shown, _ := repair.Value(w.Evidence)
	w.row.Reset(table.Repairs)
	w.row.AddText(interval)
	w.place(w.Documents[e.Doc].Object, int64(e.Index))
	w.symbols(e.Org, e.Conversation, e.Recording, w.words.fields[repair.Field], repair.Old)
	w.row.AddText(shown)
	w.row.AddSymbol(w.words.rules[repair.Rule])
	w.row.AddText(w.cited(repair.Evidence))
}

// cited names the rows that a repair rests on.
func (w *rowWriter) cited(run record.Section) string {
	refs := record.SectionOf(run, w.Refs)
	if len(refs) == 0 {
		return "key" // the object itself has the value
	}

	return match.NameRows(w.Evidence, refs)
}

func (w *rowWriter) call(c *Call) {
	l := &w.Legs[c.Leg]
	w.row.Reset(table.Calls)
	for _, t := range []intern.Text{l.Org, l.Conversation, l.ID, l.Trunk, l.Line} {
		w.row.AddSymbol(t)
	}
	w.parties(l.Direction, l.ANI, l.DNIS, l.Users, l.Queues)
	w.row.AddTime(l.Start)
	w.row.AddTime(l.Answer)
	w.row.AddTime(l.End)
	w.row.AddSymbol(w.words.verdicts[c.Verdict])
	w.row.AddSymbol(c.Reason)
	by := c.Proof
	if by == match.ProofShared {
		by = match.ProofByConversation
	}
	w.row.AddSymbol(w.words.proofs[by])
	w.row.AddSymbol(w.words.proofs[c.Proof])
	w.row.AddInt(int64(c.Entries))
	if c.Covered == profile.NoInt {
		w.row.AddNull()
		w.row.AddNull()
	} else {
		w.row.AddInt(floorMS(c.Covered))
		w.row.AddInt(floorMS(c.Uncovered))
	}

	w.coincidence(c.Outage)
	w.place(l.Ref.Object, int64(l.Ref.Row))
}

func (w *rowWriter) outage(o *registration.Outage) {
	w.row.Reset(table.Outages)
	w.row.AddText(o.ID)
	w.symbols(o.Org, o.Trunk, o.Line, o.User)
	w.times(o.Span.Start, o.Span.End)
	w.row.AddText(o.EndedBy)
	w.row.AddText(o.Cause.String())
	w.row.AddText(o.Causes)
	w.row.AddInt(int64(o.Failures))
	w.row.AddTime(o.BindingUntil)
	w.row.AddTime(o.UnregisteredFrom)
	w.row.AddText(strconv.FormatBool(o.Harmless))
	w.row.AddTime(o.LastAttempt)
	w.row.AddText(o.Began)
	w.place(o.First.Object, int64(o.First.Row))
	w.place(o.Last.Object, int64(o.Last.Row))
}

func (w *rowWriter) recording(rec Recording, rest *manifest.Details) {
	e := &w.Entries[rec.Entry]
	w.row.Reset(w.RecordingTable())
	for _, t := range []intern.Text{e.Org, e.Conversation, e.Recording, e.Leg, e.Trunk, e.Line} {
		w.row.AddSymbol(t)
	}
	w.row.AddTime(e.Start)
	w.row.AddTime(e.End)
	w.row.AddCount(e.Duration)
	w.row.AddSymbol(e.Direction)
	w.number(e.ANI)
	w.number(e.DNIS)
	w.row.AddSymbol(e.MediaType)
	w.row.AddSymbol(e.MediaSubtype)
	w.list(e.Users)
	if len(rest.MediaKey) > 0 {
		w.row.AddBytes(rest.MediaKey)
	} else {
		w.row.AddSymbol(e.MediaKey)
	}

	w.row.AddCount(rest.MediaBytes)
	w.row.AddBytes(rest.MediaSHA256)
	w.row.AddSymbol(e.State)
	w.row.AddSymbol(w.words.recordings[rec.Status])
	w.place(w.Documents[e.Doc].Object, int64(e.Index))
	if w.Media != nil && w.Media.Headers {
		w.heard(match.HeardOf(w.Evidence, rec.Entry))
	}
}

// heard writes what is in the media of an entry; nil when nobody looked.
func (w *rowWriter) heard(h *evidence.Heard) {
	if h == nil {
		h = &evidence.Heard{Duration: profile.NoInt}
	}
	w.row.AddSymbol(h.Format)
	if h.Channels > 0 {
		w.row.AddInt(int64(h.Channels))
	} else {
		w.row.AddNull()
	}
	if h.Duration != profile.NoInt {
		w.row.AddInt(floorMS(h.Duration))
	} else {
		w.row.AddNull()
	}
}

// RecordingTable returns the table of recordings: media that were looked into have more
// columns.
func (d *Decision) RecordingTable() *table.Schema {
	if d.Media != nil && d.Media.Headers {
		return table.Heard
	}
	return table.Recordings
}
