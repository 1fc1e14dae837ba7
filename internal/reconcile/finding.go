package reconcile

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"maps"
	"strconv"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/policy"
	"cdrmend/internal/profile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

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
	MediaChannels
	MediaCut
	MediaMismatch
	MediaMissing
	MediaNotAudio
	MediaSilent
	MediaUnreadable
	MetadataMissing
	MissingField
	MissingRecording
	NoCDR
	RecordedInError
	RepairedField
	ShortRecording
	StrayRecord
	TruncatedDocument
	UnfitSource
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
	{"input_missing", policy.Minor}, // of registrations; others are graver
	{"invalid_field", policy.Minor},
	{"malformed_document", policy.Major},
	{"media_channels", policy.Minor},
	{"media_cut", policy.Minor}, // major without a leg
	{"media_mismatch", policy.Critical},
	{"media_missing", policy.Critical}, // minor when the entry itself says so
	{"media_not_audio", policy.Critical},
	{"media_silent", policy.Major},
	{"media_unreadable", policy.Critical},
	{"metadata_missing", policy.Major},
	{"missing_field", policy.Major},
	{"missing_recording", policy.Critical},
	{"no_cdr", policy.Minor},
	{"recorded_in_error", policy.Major},
	{"repaired_field", policy.Minor},
	{"short_recording", policy.Major},
	{"stray_record", policy.Major}, // minor when all of its rows are late versions
	{"truncated_document", policy.Major},
	{"unfit_source", policy.Major},
}

// String returns the class's name in the tables.
func (c Class) String() string { return classes[c].name }

// Status is the state of a finding in this run.
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

// statusUnless returns the status of a finding that only holds if nothing is
// hidden.
func statusUnless(hidden bool) Status {
	if hidden {
		return Indeterminate
	}
	return Open
}

// About is the kind of a finding's subject.
type About uint8

// The subjects.
const (
	AboutEntry About = iota
	AboutLeg
	AboutDocument
	AboutPartition
	AboutSource
	AboutStray
)

// NoField is the field of a finding that is not about a field.
const NoField = record.Field(0xff)

// Finding is one defect. Millions fit into memory; the table's row is made
// from it and the evidence.
type Finding struct {
	ID        uint64 // the 16 hexadecimal digits
	Subject   uint32 // number of the entry, leg, document, partition or source
	Recording intern.Text
	Detail    intern.Text
	Outage    registration.Coincidence
	Class     Class
	Severity  policy.Severity
	Status    Status
	About     About
	Field     record.Field
}

// IDText returns the finding's id as it is written.
func (f *Finding) IDText() string { return string(f.AppendID(nil)) }

// AppendID appends the finding's id as it is written.
func (f *Finding) AppendID(b []byte) []byte {
	var digits [8]byte
	binary.BigEndian.PutUint64(digits[:], f.ID)
	return hex.AppendEncode(append(b, "fnd-"...), digits[:])
}

// foundDefects are the findings of all stages so far.
type foundDefects struct {
	lists  [][]Finding     // in the order in which they were made
	needed map[uint32]bool // empty partitions in which something starts
}

func (d *foundDefects) add(reports ...report) {
	for i := range reports {
		r := &reports[i]
		d.lists = append(d.lists, r.findings)
		maps.Copy(d.needed, r.needed)
	}
}

// report collects the findings of one part of a stage.
type report struct {
	*evidence.Evidence
	accepts  *policy.Subjects[intern.Text]
	findings []Finding
	needed   map[uint32]bool
	subject  []byte // of the last finding, reused
	part     []byte // of a subject, likewise
}

// add adds a finding. An accepted one keeps its place in the tables but needs
// nobody's attention.
func (r *report) add(f Finding, appendSubject func([]byte) []byte) *Finding {
	f.ID = r.identity(f.Class, f.Field, appendSubject)
	if r.accepted(&f) {
		f.Status = Accepted
	}

	r.findings = append(r.findings, f)
	return &r.findings[len(r.findings)-1]
}

// accepted reports whether somebody accepted a finding: by its id, or by what it is
// about.
func (r *report) accepted(f *Finding) bool {
	if len(r.Policy.Accepted) == 0 && r.accepts.Empty() {
		return false
	}
	if r.Policy.Accepted[f.IDText()] {
		return true
	}
	var org, conversation intern.Text
	switch f.About {
	case AboutEntry:
		org, conversation = r.Entries[f.Subject].Org, r.Entries[f.Subject].Conversation
	case AboutLeg:
		org, conversation = r.Legs[f.Subject].Org, r.Legs[f.Subject].Conversation
	default:
		return false // rows name a conversation or a recording
	}
	return r.accepts.Accept(policy.Subject[intern.Text]{Class: f.Class.String(), Org: org, Conversation: conversation, Recording: f.Recording})
}

// identity returns the digits of a finding's id: the same defect of the same
// subject, which appendSubject appends, has the same id in every run.
func (r *report) identity(class Class, f record.Field, appendSubject func([]byte) []byte) uint64 {
	b := append(append(r.subject[:0], class.String()...), '|')
	b = append(append(b, fieldName(f)...), '|')
	r.subject = appendSubject(b)

	sum := sha256.Sum256(r.subject)
	return binary.BigEndian.Uint64(sum[:8])
}

// appendObject appends the source and the key of an object after a word.
func (r *report) appendObject(b []byte, word string, object uint32) []byte {
	b = append(append(b, word...), r.SourceOf(object).Name...)
	return appendEscaped(append(b, '|'), r.Objects[object].Key)
}

// appendEscaped appends a part of a subject, so that parts cannot run together.
func appendEscaped[T string | []byte](b []byte, part T) []byte {
	for i := range len(part) {
		if part[i] == '\\' || part[i] == '|' {
			b = append(b, '\\')
		}
		b = append(b, part[i])
	}
	return b
}

// appendText appends a text of the evidence as a part of a subject.
func (r *report) appendText(b []byte, t intern.Text) []byte {
	r.part = r.Texts.AppendTo(r.part[:0], t)
	return appendEscaped(append(b, '|'), r.part)
}

func (r *report) appendLocation(b []byte, object, row uint32) []byte {
	return strconv.AppendUint(append(r.appendObject(b, "loc|", object), '|'), uint64(row), 10)
}

// need marks empty partitions in which an entry or a leg starts.
func (r *report) need(partitions iter.Seq[uint32]) {
	for n := range partitions {
		if r.needed == nil {
			r.needed = map[uint32]bool{}
		}
		r.needed[n] = true
	}
}

// firstOf drops the elements of a list that come before a record, and returns those
// that belong to it. compare returns 0 for these.
func firstOf[T any](list *[]T, compare func(v *T) int) []T {
	for len(*list) > 0 && compare(&(*list)[0]) < 0 {
		*list = (*list)[1:]
	}

	n := 0
	for n < len(*list) && compare(&(*list)[n]) == 0 {
		n++
	}

	return (*list)[:n]
}

var noOutage = registration.Coincidence{Outage: -1, OverlapMS: profile.NoInt}

// floorMS returns whole milliseconds, rounded down also below zero.
func floorMS(micros int64) int64 {
	if micros < 0 {
		return -((-micros + 999) / 1000)
	}
	return micros / 1000
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func fieldName(f record.Field) string {
	if f == NoField {
		return ""
	}
	return f.String()
}
