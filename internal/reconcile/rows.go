package reconcile

import (
	"slices"
	"strconv"
	"strings"

	"cdrmend/internal/manifest"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/table"
)

// OwnedDocument reports whether a document belongs to this interval.
func (d *Decision) OwnedDocument(n uint32) bool { return d.ownedDoc[n] }

// documentOrg returns the organisation of a document as a whole.
func (d *Decision) documentOrg(n uint32) record.Text {
	doc := &d.Documents[n]
	switch {
	case doc.Org != record.None:
		return doc.Org
	case doc.Key.Org != record.None:
		return doc.Key.Org
	}
	return d.Sources[d.Objects[doc.Object].Source].Org
}

// input returns the source, URL and span that an input_missing finding is
// about.
func (d *Decision) input(f *Finding) (source uint32, url string, span record.Span) {
	if f.About == AboutSource {
		return f.Subject, d.Sources[f.Subject].URL, d.Interval
	}
	p := &d.Partitions[f.Subject]
	return p.Source, p.URL, p.Span
}

// FindingRows yields the findings table. In its order the findings and their
// entries lie far apart in memory, so they are fetched together.
func (d *Decision) FindingRows(yield func(*table.Row, error) bool) {
	r := table.NewRow(d.Texts)
	var found [together]Finding
	var entries [together]manifest.Entry
	for refs := range slices.Chunk(d.order, together) {
		for i, ref := range refs {
			found[i] = d.found[ref.list][ref.n]
		}
		for i := range refs {
			if found[i].About == AboutEntry {
				entries[i] = d.Entries[found[i].Subject]
			}
		}
		for i := range refs {
			d.findingRow(r, &found[i], &entries[i])
			if !yield(r, nil) {
				return
			}
		}
	}
}

// findingRow makes a row of a finding, which is about the entry if it is about
// one.
func (d *Decision) findingRow(r *table.Row, f *Finding, e *manifest.Entry) {
	r.Reset(table.Findings)
	var id [len("fnd-") + 16]byte
	r.AddBytes(f.AppendID(id[:0]))
	r.AddSymbol(d.words.classes[f.Class])
	r.AddSymbol(d.words.severities[f.Severity])
	r.AddSymbol(d.words.statuses[f.Status])
	switch f.About {
	case AboutEntry:
		d.subject(r, f, e.Org, e.Conversation, record.None, e.Trunk, e.Line)
		d.where(r, d.Documents[e.Doc].Object, int64(e.Index))
		r.AddTime(e.Start)
		r.AddTime(e.End)
	case AboutLeg:
		l := &d.Legs[f.Subject]
		d.subject(r, f, l.Org, l.Conversation, l.ID, l.Trunk, l.Line)
		d.where(r, l.Ref.Object, int64(l.Ref.Row))
		r.AddTime(l.Start)
		r.AddTime(l.End)
	case AboutDocument:
		d.subject(r, f, d.documentOrg(f.Subject), record.None, record.None, record.None, record.None)
		d.where(r, d.Documents[f.Subject].Object, record.NoInt)
		r.AddTime(record.NoTime)
		r.AddTime(record.NoTime)
	default:
		source, url, span := d.input(f)
		d.subject(r, f, d.Sources[source].Org, record.None, record.None, record.None, record.None)
		r.AddSymbol(d.words.sources[source])
		r.AddText(url)
		r.AddNull()
		r.AddTime(bounded(span.Start))
		r.AddTime(bounded(span.End))
	}
	d.outage(r, f.Outage)
}

// bounded makes the ends of all time missing.
func bounded(t record.Time) record.Time {
	if t == record.Forever.End {
		return record.NoTime
	}
	return t
}

func (d *Decision) subject(r *table.Row, f *Finding, org, conversation, leg, trunk, line record.Text) {
	for _, t := range []record.Text{org, conversation, f.Recording, leg, trunk, line} {
		r.AddSymbol(t)
	}
	r.AddSymbol(d.words.field(f.Field))
	r.AddSymbol(f.Detail)
}

func (d *Decision) where(r *table.Row, object uint32, row int64) {
	r.AddSymbol(d.words.sources[d.Objects[object].Source])
	r.AddText(d.Objects[object].Key)
	r.AddCount(row)
}

func (d *Decision) outage(r *table.Row, c registration.Coincidence) {
	if c.Outage >= 0 {
		r.AddText(d.Outages[c.Outage].ID)
		r.AddSymbol(d.words.causes[d.Outages[c.Outage].Cause])
	} else {
		r.AddNull()
		r.AddNull()
	}
	r.AddSymbol(d.words.relations[c.Relation])
	r.AddCount(c.OverlapMS)
}

// RepairRows yields the repairs table. The interval's name stands in every
// row.
func (d *Decision) RepairRows(interval string) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		r := table.NewRow(d.Texts)
		for _, repair := range d.Repairs {
			d.repairRow(r, interval, repair)
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (d *Decision) repairRow(r *table.Row, interval string, repair Repair) {
	e := &d.Entries[repair.Entry]
	shown, _ := d.Value(repair)
	r.Reset(table.Repairs)
	r.AddText(interval)
	d.where(r, d.Documents[e.Doc].Object, int64(e.Index))
	r.AddSymbol(e.Org)
	r.AddSymbol(e.Conversation)
	r.AddSymbol(e.Recording)
	r.AddSymbol(d.words.fields[repair.Field])
	r.AddSymbol(repair.Old)
	r.AddText(shown)
	r.AddSymbol(d.words.rules[repair.Rule])
	r.AddText(d.cited(repair.Evidence))
}

// maxCited is how many rows a repair names before it only counts them.
const maxCited = 8

func (d *Decision) cited(run record.Run) string {
	refs := record.RunOf(run, d.Refs)
	if len(refs) == 0 {
		return "key"
	}
	names := make([]string, len(refs))
	for i, ref := range refs {
		o := &d.Objects[ref.Object]
		names[i] = d.Sources[o.Source].Name + ":" + o.Key + "#" + strconv.FormatUint(uint64(ref.Row), 10)
	}
	slices.Sort(names)
	if more := len(names) - maxCited; more > 0 {
		names = append(names[:maxCited], "+"+strconv.Itoa(more))
	}
	return strings.Join(names, ";")
}

// CallRows yields the calls table.
func (d *Decision) CallRows(yield func(*table.Row, error) bool) {
	r := table.NewRow(d.Texts)
	for i := range d.Calls {
		d.callRow(r, &d.Calls[i])
		if !yield(r, nil) {
			return
		}
	}
}

// CallRowsOf yields the rows of the calls with one of some verdicts.
func (d *Decision) CallRowsOf(verdicts ...Verdict) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		r := table.NewRow(d.Texts)
		for i := range d.Calls {
			if !slices.Contains(verdicts, d.Calls[i].Verdict) {
				continue
			}
			d.callRow(r, &d.Calls[i])
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (d *Decision) callRow(r *table.Row, c *Call) {
	l := &d.Legs[c.Leg]
	r.Reset(table.Calls)
	for _, t := range []record.Text{l.Org, l.Conversation, l.ID, l.Trunk, l.Line, l.Direction} {
		r.AddSymbol(t)
	}
	r.AddTime(l.Start)
	r.AddTime(l.Answer)
	r.AddTime(l.End)
	r.AddSymbol(d.words.verdicts[c.Verdict])
	r.AddSymbol(c.Reason)
	switch {
	case c.Entries == 0:
		r.AddNull()
	case c.ByID:
		r.AddSymbol(d.words.byID)
	default:
		r.AddSymbol(d.words.byConversation)
	}
	r.AddInt(int64(c.Entries))
	if c.Covered == record.NoInt {
		r.AddNull()
		r.AddNull()
	} else {
		r.AddInt(floorMS(c.Covered))
		r.AddInt(floorMS(c.Uncovered))
	}
	d.outage(r, c.Outage)
	d.where(r, l.Ref.Object, int64(l.Ref.Row))
}

// OutageRows yields the outages table.
func (d *Decision) OutageRows(yield func(*table.Row, error) bool) {
	r := table.NewRow(d.Texts)
	for _, n := range d.Shown {
		d.outageRow(r, &d.Outages[n])
		if !yield(r, nil) {
			return
		}
	}
}

func (d *Decision) outageRow(r *table.Row, o *registration.Outage) {
	r.Reset(table.Outages)
	r.AddText(o.ID)
	r.AddSymbol(o.Org)
	r.AddSymbol(o.Trunk)
	r.AddSymbol(o.Line)
	r.AddTime(o.Span.Start)
	r.AddTime(o.Span.End)
	r.AddText(o.EndedBy)
	r.AddText(o.Cause.String())
	r.AddText(o.Causes)
	r.AddInt(int64(o.Failures))
	r.AddTime(o.BindingUntil)
	d.where(r, o.First.Object, int64(o.First.Row))
	d.where(r, o.Last.Object, int64(o.Last.Row))
}

// RecordingRows yields the recordings table. What entries say beside is kept
// in the order of the table.
func (d *Decision) RecordingRows(yield func(*table.Row, error) bool) {
	r := table.NewRow(d.Texts)
	var rest manifest.Rest
	rests := manifest.NewRestReader(d.Rests)
	next := uint32(0) // entry whose rest comes next, and its document
	var at *manifest.Document
	for _, rec := range d.Recordings {
		if doc := &d.Documents[d.Entries[rec.Entry].Doc]; doc != at {
			rests.Open(doc.Rest)
			at, next = doc, doc.First
		}
		err := rests.Skip(int(rec.Entry - next))
		if err == nil {
			err = rests.Next(&rest)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		next = rec.Entry + 1
		d.recordingRow(r, rec, &rest)
		if !yield(r, nil) {
			return
		}
	}
}

func (d *Decision) recordingRow(r *table.Row, rec Recording, rest *manifest.Rest) {
	e := &d.Entries[rec.Entry]
	r.Reset(table.Recordings)
	for _, t := range []record.Text{e.Org, e.Conversation, e.Recording, e.Trunk, e.Line} {
		r.AddSymbol(t)
	}
	r.AddTime(e.Start)
	r.AddTime(e.End)
	r.AddCount(e.Duration)
	r.AddBytes(rest.Direction)
	r.AddBytes(rest.ANI)
	r.AddBytes(rest.DNIS)
	r.AddSymbol(e.MediaType)
	r.AddSymbol(e.MediaSubtype)
	r.AddJoined(rest.Users)
	if len(rest.MediaKey) > 0 {
		r.AddBytes(rest.MediaKey)
	} else {
		r.AddSymbol(e.MediaKey)
	}
	r.AddCount(rest.MediaBytes)
	r.AddBytes(rest.MediaSHA256)
	r.AddSymbol(d.words.recordings[rec.Status])
	d.where(r, d.Documents[e.Doc].Object, int64(e.Index))
}
