// Package reconcile is the decision: which recording belongs to which leg,
// what a lost value must have been, what is missing, and what nobody can tell.
//
// It is pure. Everything it knows is in [Evidence], and everything it says is
// in [Decision]; the same evidence in any order gives the same decision. What
// can be decided of one row beside the others is left to a [Spread].
//
// One entry passes through it like this. Its organisation is settled, ids are
// taken from the names of its objects, its third time is computed from the
// other two (claim.go). An id still missing may be the one recording that its
// conversation's legs list and nobody has (claim.go). Then the legs with its
// id or of its conversation are found, and what they and the registrations
// agree on fills the required fields it lacks (repair.go). Only when all
// entries are final are findings made: of entries (entry.go), of legs with
// their coverage and verdict (leg.go), of documents and partitions
// (document.go).
package reconcile

import (
	"cmp"
	"io"

	"cdrmend/internal/cdr"
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// Source is one source as the decision sees it.
type Source struct {
	Kind     policy.Kind
	Name     string
	Org      record.Text // the org of records that carry none
	Profile  *record.Profile
	URL      string // as configured
	Required record.Fields
	Settled  bool
	NoUse    bool // nothing was read that could be evidence
}

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
	Org      record.Text // of records that have none and whose source has none
	Texts    *record.Texts
	Policy   *policy.Policy

	Sources    []Source
	Partitions []Partition
	Objects    []Object

	Documents []manifest.Document
	Entries   []manifest.Entry
	Rests     io.ReaderAt // what entries say beside; for the table of recordings only

	Legs        []cdr.Shown
	Particulars []cdr.Particulars // of the same legs; given up when they are decided
	Recordings  []record.Text     // that legs list
	Talk        []record.Span
	LegInvalid  []LegInvalid // sorted by leg's Ref

	Outages []registration.Outage
	Index   *registration.Index
	Lines   *registration.Lines

	Media *Media // nil when media is not checked
}

// OrgOf returns the organisation of a record: its own or its document's, that
// of its object's key, its source's, the configuration's.
func (ev *Evidence) OrgOf(source uint32, own, ofKey record.Text) record.Text {
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
	Size      func(source uint32, key record.Text) (size int64, ok bool)
}

// decider holds the indexes while a decision is made.
type decider struct {
	*Evidence
	decision *Decision
	spread   Spread
	byKey    []uint32 // rank of each object in (key, source) order
	voices   map[record.Text]bool
	screens  map[record.Text]bool
	rules    []exclusion

	badConversations, badRecordings map[uint64]bool // ids that too many records carry

	state     []entryState
	ownedDoc  []bool
	ownedLeg  []bool
	legsOf    *index                    // legs by conversation
	claims    *index                    // legs by recording id that they list
	entriesOf *index                    // voice entries by final conversation
	withID    *index                    // entries by final recording id
	possible  map[uint64]bool           // ids that an entry without one may have
	candidate map[candidacy]record.Text // the values, joined
	claimed   map[uint32]record.Run     // of decision.Refs: the legs that list a claimed id
	contests  map[uint64]contest        // by conversation; nil unless the decision is traced

	openLeg  []bool                    // has an open or indeterminate finding
	lost     map[uint64]bool           // recordings that are missing
	damaged  [policy.NumKinds][]uint32 // damaged partitions of settled sources
	empty    [policy.NumKinds][]uint32 // empty partitions of the interval
	needed   map[uint32]bool           // empty partitions that something starts in
	earliest map[uint32]record.Time    // of the partitions of each manifest source
}

// entryState is what was found out about an entry beside its values.
type entryState struct {
	rules     uint32 // that filled the fields, ruleBits of each by place in manifest.Repairable
	repaired  uint8  // fields that a repair filled, likewise a bit of each
	ambiguous uint8
	owned     bool
	voice     bool
	open      bool // has an open or indeterminate finding
	serious   bool // has one of severity major or critical
	flawed    bool // has a finding that makes its legs incomplete
}

// Decide makes the decision, spread over processors. It fills in the final
// values of the entries in the evidence.
func Decide(ev *Evidence, spread Spread) *Decision { return newDecider(ev, spread).decide() }

func (d *decider) decide() *Decision {
	d.findDamage()
	d.findEmpty()
	d.findEarliest()
	d.settleOrgs()
	d.dropSuperseded()
	d.dropOverused()
	d.indexLegs()
	d.takeFromNames()
	d.own()
	d.claimUnclaimed()
	d.repairEntries()
	d.spread.Pause()
	d.settleIDs()
	d.spread.Pause()
	d.judgeEntries()
	d.spread.Pause()
	d.judgeLegs()
	d.judgeDocuments()
	d.judgePartitions()
	return d.finish()
}
