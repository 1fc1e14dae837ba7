package reconcile

import (
	"cdrmend/internal/manifest"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// Rule is how a value was found.
type Rule uint8

// The rules, in no particular order.
const (
	NoRule Rule = iota
	ObjectKey
	MediaKey
	SoleUnclaimed
	CDRRecording
	CDRConversation
	RegistrationLine
	Arithmetic
	NumRules
)

var ruleNames = [NumRules]string{
	"", "object-key", "media-key", "sole-unclaimed", "cdr-recording", "cdr-conversation", "registration-line", "arithmetic",
}

// String returns the rule's name in the tables.
func (r Rule) String() string { return ruleNames[r] }

// Class is a kind of defect, in the order of the findings table.
type Class uint8

// The classes.
const (
	AmbiguousField Class = iota
	Conflict
	CountMismatch
	Duplicate
	ExportFailed
	InputMissing
	InvalidField
	MalformedDocument
	MediaMismatch
	MediaMissing
	MetadataMissing
	MissingField
	MissingRecording
	NoCDR
	RecordedInError
	RepairedField
	ShortRecording
	TruncatedDocument
	NumClasses
)

var classes = [NumClasses]struct {
	name     string
	severity policy.Severity
}{
	{"ambiguous_field", policy.Major},
	{"conflict", policy.Major},
	{"count_mismatch", policy.Major},
	{"duplicate", policy.Minor},
	{"export_failed", policy.Major},
	{"input_missing", policy.Minor}, // major for manifests and cdrs
	{"invalid_field", policy.Minor},
	{"malformed_document", policy.Major},
	{"media_mismatch", policy.Critical},
	{"media_missing", policy.Critical},
	{"metadata_missing", policy.Major},
	{"missing_field", policy.Major},
	{"missing_recording", policy.Critical},
	{"no_cdr", policy.Minor},
	{"recorded_in_error", policy.Major},
	{"repaired_field", policy.Minor},
	{"short_recording", policy.Major},
	{"truncated_document", policy.Major},
}

// String returns the class's name in the tables.
func (c Class) String() string { return classes[c].name }

// Status is what a finding's state is in this run.
type Status uint8

// The statuses.
const (
	Open Status = iota
	Indeterminate
	Repaired
	Accepted
	NumStatuses
)

var statusNames = [NumStatuses]string{"open", "indeterminate", "repaired", "accepted"}

// String returns the status's name in the tables.
func (s Status) String() string { return statusNames[s] }

// Counts reports whether a finding of this status needs somebody's attention.
func (s Status) Counts() bool { return s == Open || s == Indeterminate }

// About is what a finding is about.
type About uint8

// The subjects.
const (
	AboutEntry About = iota
	AboutLeg
	AboutDocument
	AboutPartition
	AboutSource
)

// NoField stands for a finding that is about no field in particular.
const NoField = record.Field(0xff)

// Finding is one defect. Millions fit into memory; the table's row is made
// from it and the evidence.
type Finding struct {
	ID        uint64 // the 16 hexadecimal digits
	Subject   uint32 // number of the entry, leg, document, partition or source
	Recording record.Text
	Detail    record.Text
	Outage    registration.Coincidence
	Class     Class
	Severity  policy.Severity
	Status    Status
	About     About
	Field     record.Field
}

// Repair is one value that was filled in.
type Repair struct {
	Entry    uint32
	Old      record.Text // the value that is replaced; set by Complete
	Field    record.Field
	Rule     Rule
	Evidence record.Run // of Decision.Refs; empty for what the object itself says
}

// Verdict is the one-word answer for one leg.
type Verdict uint8

// The verdicts.
const (
	VerdictRecordedInError Verdict = iota
	VerdictIndeterminate
	VerdictExcluded
	VerdictMissing
	VerdictPartial
	VerdictIncomplete
	VerdictRepaired
	VerdictComplete
	NumVerdicts
)

var verdictNames = [NumVerdicts]string{
	"recorded_in_error", "indeterminate", "excluded", "missing", "partial", "incomplete", "repaired", "complete",
}

// String returns the verdict's name in the tables.
func (v Verdict) String() string { return verdictNames[v] }

// Call is what was decided about one owned leg.
type Call struct {
	Covered   int64 // microseconds, NoInt when unknown
	Uncovered int64
	Outage    registration.Coincidence
	Leg       uint32
	Entries   int32
	Reason    record.Text
	Verdict   Verdict
	ByID      bool // entries were matched by recording id
}

// Recording is what was decided about one owned entry.
type Recording struct {
	Entry  uint32
	Status RecordingStatus
}

// RecordingStatus is the state of one owned entry.
type RecordingStatus uint8

// The states of an entry.
const (
	RecordingIntact RecordingStatus = iota
	RecordingRepaired
	RecordingOpen
	NumRecordingStatuses
)

var recordingNames = [NumRecordingStatuses]string{"intact", "repaired", "open"}

// String returns the status's name in the tables.
func (s RecordingStatus) String() string { return recordingNames[s] }

// Decision is what a run says. Repairs, calls and outages are in the order of
// their tables.
type Decision struct {
	*Evidence
	found      [][]Finding  // in the order in which they were made
	order      []findingRef // of their table
	Repairs    []Repair
	Refs       []record.Ref // that repairs name as evidence
	Calls      []Call
	Recordings []Recording
	Shown      []uint32 // outages of the table, in its order
	Balance    [policy.NumKinds]record.Balance

	OverusedIDs int // ids that too many records carry
	Lost        int // distinct recordings that are missing
	Incomplete  []IncompleteInput
	Blamed      bool // missing or damaged input of a settled source leaves a result indeterminate
	ownedDoc    []bool
	words       *words
}

// IncompleteInput is a partition or a source that makes results
// indeterminate.
type IncompleteInput struct {
	Source    uint32
	Partition int32 // -1 for the whole source
	Unsettled bool
}

// findingRef names one of the findings. To move a million of them into their
// order would take as much memory again as they do.
type findingRef struct{ list, n uint32 }

// Findings yields the findings in the order in which they were made, another
// one than that of their table.
func (d *Decision) Findings(yield func(*Finding) bool) {
	for _, list := range d.found {
		for i := range list {
			if !yield(&list[i]) {
				return
			}
		}
	}
}

// Written returns the numbers of the documents to write: those of the
// interval's own partitions in which a repair was applied, that had to be
// recovered and have an entry, or that never were.
func (d *Decision) Written() []uint32 {
	repaired := map[uint32]bool{}
	for _, r := range d.Repairs {
		repaired[d.Entries[r.Entry].Doc] = true
	}
	var written []uint32
	for i := range d.Documents {
		doc := &d.Documents[i]
		recovered := doc.Rare != nil && doc.Rare.Recovery != nil && doc.N > 0
		if repaired[uint32(i)] || d.OwnedDocument(uint32(i)) && (recovered || doc.Virtual) {
			written = append(written, uint32(i))
		}
	}
	return written
}

// Value returns the final text of a repaired field, and the same as it is
// written into a document by the profile.
func (d *Decision) Value(r Repair) (shown, written string) {
	e := &d.Entries[r.Entry]
	switch r.Field {
	case record.RecordingID:
		shown = d.Texts.String(e.Recording)
	case record.ConversationID:
		shown = d.Texts.String(e.Conversation)
	case record.TrunkID:
		shown = d.Texts.String(e.Trunk)
	case record.StartTime, record.EndTime:
		t := e.Start
		if r.Field == record.EndTime {
			t = e.End
		}
		written, _ = d.sourceOfEntry(e).Profile.FormatTime(t)
		return t.String(), written
	case record.DurationMS:
		shown = decimal(e.Duration)
	}
	return shown, shown
}

func (ev *Evidence) sourceOfEntry(e *manifest.Entry) *Source {
	return &ev.Sources[ev.Objects[ev.Documents[e.Doc].Object].Source]
}
