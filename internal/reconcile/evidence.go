package reconcile

import (
	"cmp"
	"io"

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
	NoUse    bool // nothing was read that could be evidence
}

// concerns reports whether a source can hold records of an organisation.
func (s *Source) concerns(org intern.Text) bool { return s.Org == intern.None || s.Org == org }

// Object is one object that was listed.
type Object struct {
	Source    uint32
	Partition uint32
	Key       string
	Modified  record.Time
}

// Partition is one partition that was read.
type Partition struct {
	Source  uint32
	Span    record.Span
	URL     string // with its placeholders filled
	Damaged bool
	Empty   bool
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
	Rests     io.ReaderAt // fields of entries that only the table of recordings shows

	Legs        []cdr.Shown
	Particulars []cdr.Particulars // of the same legs; released when they are decided
	Recordings  []intern.Text     // that legs list
	Talk        []record.Span
	LegInvalid  []LegInvalid // sorted by leg's Ref

	Outages []registration.Outage
	Index   *registration.Index
	Silent  []uint32 // sources of registrations that show no successes
	Lines   *registration.Lines

	Media *Media // nil when media is not checked
}

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

// Media is which media objects are there.
type Media struct {
	CheckSize bool
	Size      func(source uint32, key intern.Text) (size int64, ok bool)
}

func (ev *Evidence) sourceOf(object uint32) *Source { return &ev.Sources[ev.Objects[object].Source] }

func (ev *Evidence) sourceOfEntry(e *manifest.Entry) *Source {
	return ev.sourceOf(ev.Documents[e.Doc].Object)
}

func (ev *Evidence) orgOfLeg(n uint32) intern.Text { return ev.Legs[n].Org }

func (ev *Evidence) orgOfEntry(n uint32) intern.Text { return ev.Entries[n].Org }

// listed returns the recordings that a leg lists.
func (ev *Evidence) listed(leg uint32) []intern.Text {
	return record.SectionOf(ev.Particulars[leg].Recordings, ev.Recordings)
}

// eachListed calls add for every recording that a leg lists.
func (ev *Evidence) eachListed(leg uint32, add func(id intern.Text)) {
	for _, id := range ev.listed(leg) {
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

// releaseParticulars frees what only decisions about legs need.
func (ev *Evidence) releaseParticulars(trace *Trace) {
	if trace == nil {
		ev.Particulars, ev.Recordings, ev.Talk = nil, nil, nil
	}
}
