// Package profile describes how the records of one vendor are laid out, and
// brings their values into normal form.
//
// A [Profile] is loaded from YAML. It says where fields are found, which formats
// objects have, and how times are written. A [Normalizer] applies it to raw
// values: ids, phone numbers, times, integers, lists. The sections of a profile
// are published with a JSON Schema; see the folder manifests.
package profile

import (
	"bytes"
	"regexp"
	"time"

	"cdrmend/internal/record"
)

// Profile is one section of a vendor's profile: the layout of one kind of source.
type Profile struct {
	Name    string
	Kind    string // manifests, cdrs or registrations
	Text    string // the YAML, which is part of the run's identity
	Formats []Format
	Shape   string // a layout too deep for pointers: conversation-detail, http-client-log; else empty

	// Document level (manifests).
	List       string // pointer to the list of entries in a batch, empty when a document is an entry or an array
	Format     string // pointer whose presence marks a batch even without its list
	DocOrg     string // pointers to members of a batch
	DocTotal   string
	DocFailed  string
	DocSkipped string

	// Object keys (manifests).
	KeyPattern    *regexp.Regexp // groups org_id conversation_id recording_id media_key
	Exclude       *regexp.Regexp // keys that match are not documents
	MediaPattern  *regexp.Regexp // keys of media objects, group recording_id
	MediaExclude  *regexp.Regexp // keys that match are not media objects
	ScreenPattern *regexp.Regexp // keys of media objects that are recordings of a screen
	Suffix        string         // appended to a media key to make its document's key
	IDPattern     *regexp.Regexp // recording ids in media keys that are not UUIDs

	Line            *regexp.Regexp // text lines, named groups
	RejectUnmatched bool           // lines that it does not match are rejects rather than skipped

	Fields   map[record.Field][]string // JSON pointers, or column names; the first that is present counts
	Layouts  []string                  // of times; the first is the one written
	Zone     *time.Location            // of times without a zone; nil: such times do not parse
	Missing  map[string]bool           // texts that mean missing
	Prefixes []string                  // of phone numbers, lower case
	Settle   time.Duration             // default settle time

	// ClockOffset is added to every time that is read from records, and subtracted
	// from those that are written. It is of one source, whose profile is a copy.
	ClockOffset time.Duration
}

// Format is a serialisation of records.
type Format uint8

// The formats.
const (
	JSON Format = iota
	JSONLines
	CSV
	Parquet
	TextLines
)

var formatNames = []string{"json", "jsonl", "csv", "parquet", "text"}

// String returns the name that profiles use.
func (f Format) String() string { return formatNames[f] }

// InLines reports whether the objects of a format are in lines.
func (f Format) InLines() bool { return f == JSONLines || f == CSV || f == TextLines }

// ConversationDetail is the shape of Genesys conversation details: conversations
// with participants, whose sessions are the legs.
const ConversationDetail = "conversation-detail"

// WithoutPrefix returns a phone number as it is written without one of the
// prefixes of the profile.
func (p *Profile) WithoutPrefix(number string) string {
	rest, _ := p.cutPrefix([]byte(number))
	return string(bytes.TrimSpace(rest))
}
