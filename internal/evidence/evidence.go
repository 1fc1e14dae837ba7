// Package evidence holds what was read of one interval, down to the rows that
// count.
//
// [Evidence] is filled by who reads the inputs: sources, partitions, objects,
// documents, entries and legs in lists of compact rows, which refer to each other by
// number, and outages. This package takes it over and removes what does not count.
// It returns what holds for the night as a whole as [Facts], a value of its own: a
// decision on a subset of the rows is right as long as its facts are those of all
// rows. An [Index] finds rows by the ids that they carry, and an [ObjectOrder]
// compares their places.
//
// It is pure, as all that makes the decision: equal values give equal values. What
// can be computed in parts asks a [Spread] to run them.
//
// # One interval
//
// Say that a CDR has two rows of leg 1 in conversation c1, and one row of leg 2, in
// the conversation "none", which 1,200 other legs have as well. A manifest lies
// below the key acme/c1/r1.json and has one entry without an organisation. One
// partition of manifests is damaged.
//
//   - [AssignOrganisations]: the entry is one of acme, as its object key says
//     (organisation.go).
//   - [DropSuperseded]: of leg 1 only the row that was updated last is left. Its
//     [Versions] say that one row is superseded (supersede.go).
//   - [FactsOf]: recordings that started within the damaged partition may be hidden
//     (facts.go), and "none" is an id that means nothing (overuse.go).
//   - [ForgetOverused]: leg 2 has no conversation from here on.
//   - Once nobody asks for them any more, [Evidence.ReleaseLookup] and
//     [CDRs.ReleaseParticulars] free what only the decision needed.
//
// # Where the rules are tested
//
// Each rule is tested in the file of its name, by nights that are decided as a
// whole: what a dropped row or a damaged partition means shows in verdicts and
// findings. The index has tests of its own.
package evidence

import (
	"cmp"
	"io"
	"time"

	"cdrmend/internal/cdr"
	"cdrmend/internal/intern"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// Source is one source as the decision sees it.
type Source struct {
	Kind     policy.Kind
	Name     string
	Org      intern.Text // the org of records that carry none
	Profile  *profile.Profile
	URL      string // as configured
	Required record.Fields
	Settled  bool
	NoUse    bool // of registrations: no usable event; of others: no document in what was read

	OneForEachLeg       bool // of CDRs, see policy.Source
	Lookback, Lookahead time.Duration
}

// HasConversationDetails reports whether a source delivers conversation details of
// Genesys Cloud.
func (s *Source) HasConversationDetails() bool { return s.Profile.Shape == profile.ConversationDetail }

// Concerns reports whether a source can hold records of an organisation.
func (s *Source) Concerns(org intern.Text) bool { return s.Org == intern.None || s.Org == org }

// Object is one object that was listed.
type Object struct {
	Source    uint32
	Partition uint32
	Key       string
	Modified  record.Time
	Tabular   bool  // CSV or Parquet
	Lacks     Needs // of those: needs for which the header has no column
}

// Needs is a set of what a verdict needs from a source. Each need is met when the
// source's records have a place for one of its fields.
type Needs uint8

// The needs.
const (
	NeedStart        Needs = 1 << iota // start_time of CDRs
	NeedEnd                            // end_time or duration_ms of CDRs
	NeedAnswer                         // answer_time, talk, talk_ms or recorded of CDRs, when calls are expected to be answered
	NeedConversation                   // conversation_id or recording_ids of CDRs; recording_id or conversation_id of manifests
	JoinConversation                   // conversation_id of manifests, by which legs find their entries
	JoinRecording                      // recording_id of manifests, likewise
)

// String returns the fields of the needs as findings name them, in order.
func (n Needs) String() string {
	var text string
	for _, need := range []struct {
		bits  Needs
		field record.Field
	}{
		{NeedAnswer, record.AnswerTime},
		{NeedConversation | JoinConversation, record.ConversationID},
		{NeedEnd, record.EndTime},
		{JoinRecording, record.RecordingID},
		{NeedStart, record.StartTime},
	} {
		if n&need.bits == 0 {
			continue
		}
		if text != "" {
			text += ";"
		}
		text += need.field.String()
	}
	return text
}

// Partition is one partition that was read.
type Partition struct {
	Source  uint32
	Span    record.Span
	URL     string // with its placeholders filled
	Damaged bool
	Empty   bool // no document and no media object without metadata; of CDRs: no row that is no reject
	Blank   bool // its only damage is a manifest in JSON Lines without any byte but white space

	Elements int64 // conversations of conversation details that were read
	Speaking int64 // those of them that have a participant with a session
}

// Evidence is everything a decision is made from. Objects are sorted by
// (source, key); documents and legs refer to them by number.
type Evidence struct {
	Interval record.Span
	Org      intern.Text // of records that have none and whose source has none
	Texts    *intern.Table
	Policy   *policy.Policy

	Sources    []Source
	Partitions []Partition
	Objects    []Object

	Documents []manifest.Document
	Entries   []manifest.Entry
	OfEntries []manifest.Particulars // of the same entries; released once all entries are decided
	Rests     io.ReaderAt            // fields of entries that only the table of recordings shows

	CDRs
	Registrations
	Media *Media // nil when media is not checked
}

// CDRs are the legs, with the lists that their particulars refer to.
type CDRs struct {
	Legs        []cdr.Shown
	Particulars []cdr.Particulars // of the same legs; released once all legs are decided
	Updated     []record.Time     // of the same legs; released with the particulars of entries
	Recordings  []intern.Text     // that legs list
	Talk        []record.Span     // talk and pauses
	Extras      []cdr.Extra
	LegInvalid  []LegInvalid // sorted by leg's Ref

	// Begun are the starts of conversations that lie before the starts of their
	// legs.
	Begun map[ConversationKey]record.Time

	Stops []Stop // of the legs that come in halves, in the order of their starts
}

// Stop names the row that ends a leg which comes as a row for its start and another
// one for its end.
type Stop struct {
	Leg record.Ref // the row of its start, which stands for the leg
	Row record.Ref
}

// Registrations are what registration logs say about outages and about the
// trunks of lines.
type Registrations struct {
	Outages []registration.Outage
	Index   *registration.Index // of Outages
	Silent  []uint32            // sources of registrations that show no successes
	Lines   *registration.Lines
}

// ConversationKey names a conversation of an organisation.
type ConversationKey struct{ Org, Conversation intern.Text }

// OrgOf returns the organisation of a record: its own or its document's, that
// of its object's key, its source's, the configuration's.
func (ev *Evidence) OrgOf(source uint32, own, ofKey intern.Text) intern.Text {
	return cmp.Or(own, ofKey, ev.Sources[source].Org, ev.Org)
}

// LegInvalid is a value of a leg that did not parse.
type LegInvalid struct {
	Ref   record.Ref
	Field record.Field
	Raw   string
}

// SourceOf returns the source of an object.
func (ev *Evidence) SourceOf(object uint32) *Source { return &ev.Sources[ev.Objects[object].Source] }

// SourceOfEntry returns the source that delivered an entry.
func (ev *Evidence) SourceOfEntry(e *manifest.Entry) *Source {
	return ev.SourceOf(ev.Documents[e.Doc].Object)
}

// IndexLegs indexes the legs by the ids that ids adds for each.
func (ev *Evidence) IndexLegs(ids func(leg uint32, add func(id intern.Text))) *Index {
	return newIndex(ev.Texts, len(ev.Legs), ev.orgOfLeg, ids)
}

// IndexEntries indexes the entries by an id. Those without one are left out.
func (ev *Evidence) IndexEntries(idOf func(entry uint32) intern.Text) *Index {
	return newIndex(ev.Texts, len(ev.Entries), ev.orgOfEntry, func(n uint32, add func(intern.Text)) { add(idOf(n)) })
}

func (ev *Evidence) orgOfEntry(n uint32) intern.Text { return ev.Entries[n].Org }

func (c *CDRs) orgOfLeg(n uint32) intern.Text { return c.Legs[n].Org }

// Listed returns the recordings that a leg lists.
func (c *CDRs) Listed(leg uint32) []intern.Text {
	return record.SectionOf(c.Particulars[leg].Recordings, c.Recordings)
}

// TalkOf returns the spans in which a leg says that somebody could be heard.
func (c *CDRs) TalkOf(leg uint32) []record.Span {
	return record.SectionOf(c.Particulars[leg].Talk, c.Talk)
}

// PausesOf returns the spans of a leg in which nothing was to be recorded.
func (c *CDRs) PausesOf(leg uint32) []record.Span {
	return record.SectionOf(c.ExtraOf(leg).Pauses, c.Talk)
}

// ExtraOf returns what most legs do not have.
func (c *CDRs) ExtraOf(leg uint32) cdr.Extra { return cdr.ExtraOf(&c.Particulars[leg], c.Extras) }

// SourceOfLeg returns the number of the source that delivered a leg, as many lists
// are by source.
func (ev *Evidence) SourceOfLeg(leg uint32) uint32 { return ev.Objects[ev.Legs[leg].Ref.Object].Source }

// EachListed calls add for every recording that a leg lists.
func (c *CDRs) EachListed(leg uint32, add func(id intern.Text)) {
	for _, id := range c.Listed(leg) {
		add(id)
	}
}

// OwnsLeg reports whether a leg belongs to the interval: by its start, else by its
// end, else by its partition, or, in a source without partitions, by its object's
// last modification.
func (ev *Evidence) OwnsLeg(n uint32) bool {
	l := &ev.Legs[n]
	switch {
	case l.Start.Known():
		return ev.Interval.Contains(l.Start)
	case l.End.Known():
		return ev.Interval.Contains(l.End)
	}
	o := &ev.Objects[l.Ref.Object]
	if span := ev.Partitions[o.Partition].Span; span != record.Forever {
		return ev.Interval.Contains(span.Start)
	}
	return ev.Interval.Contains(o.Modified)
}

// OwnsPartition reports whether a partition is one of the interval's own.
func (ev *Evidence) OwnsPartition(n uint32) bool {
	span := ev.Partitions[n].Span
	return span == record.Forever || ev.Interval.Overlaps(span)
}

// Requires reports whether the entry's source requires a field. Only voice
// needs a trunk.
func (ev *Evidence) Requires(e *manifest.Entry, voice bool, f record.Field) bool {
	return (voice || f != record.TrunkID) && ev.SourceOfEntry(e).Required.Has(f)
}

// ReleaseLookup frees what finds texts by their bytes. No id changes from here
// on, and texts of the evidence are only compared by number.
func (ev *Evidence) ReleaseLookup() { ev.Texts.Freeze() }

// ReleaseOfEntries frees what no decision about a leg needs.
func (ev *Evidence) ReleaseOfEntries() { ev.OfEntries, ev.Updated = nil, nil }

// ReleaseParticulars frees what only decisions about legs need.
func (c *CDRs) ReleaseParticulars() {
	c.Particulars, c.Recordings, c.Talk, c.Extras = nil, nil, nil, nil
}
