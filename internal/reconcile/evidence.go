package reconcile

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

// conversationDetails reports whether a source delivers conversation details of
// Genesys Cloud.
func (s *Source) conversationDetails() bool { return s.Profile.Shape == profile.ConversationDetail }

// concerns reports whether a source can hold records of an organisation.
func (s *Source) concerns(org intern.Text) bool { return s.Org == intern.None || s.Org == org }

// Object is one object that was listed.
type Object struct {
	Source    uint32
	Partition uint32
	Key       string
	Modified  record.Time
	Tabular   bool  // CSV or Parquet
	Lacks     Needs // of those: needs for which the header has no column
}

// Needs is a set of what judging needs of a source: fields of which one has to
// have a place in the source's records.
type Needs uint8

// The needs.
const (
	NeedStart        Needs = 1 << iota // start_time of CDRs
	NeedEnd                            // end_time or duration_ms of CDRs
	NeedAnswer                         // answer_time, talk, talk_ms or recorded of CDRs, when calls are expected to be answered
	NeedConversation                   // conversation_id or recording_ids of CDRs; recording_id or conversation_id of manifests
)

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

	acceptedSubjects []acceptedSubject
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

// Media says which media objects exist.
type Media struct {
	CheckSize bool
	Size      func(source uint32, key intern.Text) (size int64, ok bool)
}

func (ev *Evidence) sourceOf(object uint32) *Source { return &ev.Sources[ev.Objects[object].Source] }

func (ev *Evidence) sourceOfEntry(e *manifest.Entry) *Source {
	return ev.sourceOf(ev.Documents[e.Doc].Object)
}

// indexLegs indexes the legs by the ids that ids adds for each.
func (ev *Evidence) indexLegs(ids func(leg uint32, add func(id intern.Text))) *index {
	return newIndex(ev.Texts, len(ev.Legs), ev.orgOfLeg, ids)
}

// indexEntries indexes the entries by an id. Those without one are left out.
func (ev *Evidence) indexEntries(idOf func(entry uint32) intern.Text) *index {
	return newIndex(ev.Texts, len(ev.Entries), ev.orgOfEntry, func(n uint32, add func(intern.Text)) { add(idOf(n)) })
}

func (ev *Evidence) orgOfEntry(n uint32) intern.Text { return ev.Entries[n].Org }

func (ev *Evidence) recordingOf(entry uint32) intern.Text { return ev.Entries[entry].Recording }

func (c *CDRs) orgOfLeg(n uint32) intern.Text { return c.Legs[n].Org }

// listed returns the recordings that a leg lists.
func (c *CDRs) listed(leg uint32) []intern.Text {
	return record.SectionOf(c.Particulars[leg].Recordings, c.Recordings)
}

// talk returns the spans in which a leg says that somebody could be heard.
func (c *CDRs) talk(leg uint32) []record.Span {
	return record.SectionOf(c.Particulars[leg].Talk, c.Talk)
}

// pauses returns the spans of a leg in which nothing was to be recorded.
func (c *CDRs) pauses(leg uint32) []record.Span {
	return record.SectionOf(c.extra(leg).Pauses, c.Talk)
}

// extra returns what most legs do not have.
func (c *CDRs) extra(leg uint32) cdr.Extra { return cdr.ExtraOf(&c.Particulars[leg], c.Extras) }

// sourceOfLeg returns the number of the source that delivered a leg.
func (ev *Evidence) sourceOfLeg(leg uint32) uint32 { return ev.Objects[ev.Legs[leg].Ref.Object].Source }

// eachListed calls add for every recording that a leg lists.
func (c *CDRs) eachListed(leg uint32, add func(id intern.Text)) {
	for _, id := range c.listed(leg) {
		add(id)
	}
}

// requires reports whether the entry's source requires a field. Only voice
// needs a trunk.
func (ev *Evidence) requires(e *manifest.Entry, voice bool, f record.Field) bool {
	return (voice || f != record.TrunkID) && ev.sourceOfEntry(e).Required.Has(f)
}

// releaseLookup frees what finds texts by their bytes. No id changes from here
// on, and texts of the evidence are only compared by number.
func (ev *Evidence) releaseLookup(trace *Trace) {
	if trace == nil {
		ev.Texts.Freeze()
	}
}

// releaseOfEntries frees what no decision about a leg needs.
func (ev *Evidence) releaseOfEntries(trace *Trace) {
	if trace == nil {
		ev.OfEntries, ev.Updated = nil, nil
	}
}

// releaseParticulars frees what only decisions about legs need.
func (c *CDRs) releaseParticulars(trace *Trace) {
	if trace == nil {
		c.Particulars, c.Recordings, c.Talk, c.Extras = nil, nil, nil, nil
	}
}
