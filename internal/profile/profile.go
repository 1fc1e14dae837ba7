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
	"slices"
	"strings"
	"sync"
	"time"

	"cdrmend/internal/record"
	"cdrmend/internal/steps"
	"cdrmend/manifests"
)

// Profile is one section of a vendor's profile: the layout of one kind of source.
type Profile struct {
	Name    string
	Kind    string // manifests, cdrs or registrations
	Text    string // the YAML, which is part of the run's identity
	Formats []Format
	Shape   string // a layout too deep for pointers: conversation-detail, http-client-log; else empty

	Decoder string // start-stop when a leg is made of several rows; else empty

	// Document level (manifests).
	List       string // pointer to the list of entries in a batch, empty when a document is an entry or an array
	Format     string // pointer whose presence marks a batch even without its list
	DocOrg     string // pointers to members of a batch
	DocTotal   string
	DocFailed  string
	DocSkipped string

	Pages Pages // where a document tells that its list goes on

	// Object keys (manifests).
	KeyPattern    *regexp.Regexp // groups org_id conversation_id recording_id media_key
	Exclude       *regexp.Regexp // keys that match are not documents
	MediaPattern  *regexp.Regexp // keys of media objects, group recording_id
	MediaExclude  *regexp.Regexp // keys that match are not media objects
	ScreenPattern *regexp.Regexp // keys of media objects that are recordings of a screen
	Suffix        string         // appended to a media key to make its document's key
	IDPattern     *regexp.Regexp // recording ids in media keys that are not UUIDs
	NoDocuments   bool           // media objects are the entries; see Media
	Media         LinePattern    // of their keys: the columns of such entries

	CSV             CSVLayout
	Lines           []LinePattern  // of text lines: the first that matches counts
	Begins          *regexp.Regexp // of text logs with records of several lines: the first line of each; nil: lines are records
	RejectUnmatched bool           // lines that none of them matches are rejects rather than skipped

	Fields       map[record.Field][]Place // the first that is present counts
	Concatenated bool                     // JSON Lines whose values need no newline between them

	Each     []string // pointers of lists that lead from an element to its records; nil: elements are records
	Inputs   []string // places that computed values and filters read, by their numbers
	Filters  []Filter
	Layouts  []string       // of times; the first is the one written
	Zone     *time.Location // of times without a zone; nil: such times do not parse
	OwnZone  string         // the zone that the profile itself names; a source may name another
	Missing  Words          // texts that mean missing
	Prefixes []string       // of phone numbers, lower case
	Settle   time.Duration  // default settle time

	// ClockOffset is added to every time that is read from records, and subtracted
	// from those that are written. It is of one source, whose profile is a copy.
	ClockOffset time.Duration
}

// Tokens returns the names of a JSON pointer. Within a name RFC 6901 escapes a slash
// and a tilde.
func Tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	names := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, name := range names {
		names[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
	}
	return names
}

// IsOwn reports whether somebody wrote the profile for their own files: it is not
// built in.
func (p *Profile) IsOwn() bool { return !slices.Contains(builtIn(), p.Name) }

// builtIn returns the names of the profiles that are built in. They are asked for with
// each document, so they are not looked up each time: that took a fourteenth of the time
// of a re-check of sidecars.
var builtIn = sync.OnceValue(manifests.Profiles)

// input returns the number of a place among the inputs, which it joins if it is new.
func (p *Profile) input(place string) int {
	n := slices.Index(p.Inputs, place)
	if n < 0 {
		n, p.Inputs = len(p.Inputs), append(p.Inputs, place)
	}
	return n
}

// LinePattern is one kind of line of a text log. Its columns are the named groups
// of the pattern, and constants.
type LinePattern struct {
	Pattern   *regexp.Regexp
	Columns   []string // names of the groups, empty for those without one, then of the constants
	Constants []string // values of the last columns

	literal []byte // see MayMatch
}

// CSVLayout is what is special about a CSV file. The zero value is a file with a
// header and commas.
type CSVLayout struct {
	Delimiter byte     // 0: a comma
	Header    []string // the names of the columns of a file without a header
	Before    int      // lines before the header, or before the first row
	Skip      int      // rows after the header that are no data
	Comment   string   // what lines begin with that are no rows; empty: there are none
}

// Separator returns the delimiter of cells.
func (c *CSVLayout) Separator() byte {
	if c.Delimiter == 0 {
		return ','
	}
	return c.Delimiter
}

// Place is one way to get the value of a field.
type Place struct {
	Name string      // a JSON pointer or the name of a column; empty for a value that is computed
	Expr *steps.Expr // computes the value, nil when it stands at the place
}

// At returns the places with some names.
func At(names ...string) []Place {
	var list []Place
	for _, name := range names {
		list = append(list, Place{Name: name})
	}
	return list
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
	XML
)

var formatNames = []string{"json", "jsonl", "csv", "parquet", "text", "xml"}

// String returns the name that profiles use.
func (f Format) String() string { return formatNames[f] }

// InLines reports whether the objects of a format are in lines.
func (f Format) InLines() bool { return f == JSONLines || f == CSV || f == TextLines }

// Splits reports whether objects of a format can be read in parts: no row depends on
// those before it, and its number is that of a line.
func (p *Profile) Splits(f Format) bool {
	switch {
	case p.Each != nil, !f.InLines(), f == TextLines && p.Begins != nil, f == JSONLines && p.Concatenated:
		return false
	case f == CSV && p.Kind == "manifests": // the places of all rows are needed: a repair may add a column
		return false
	}
	return true
}

// ConversationDetail is the shape of Genesys conversation details: conversations
// with participants, whose sessions are the legs.
const ConversationDetail = "conversation-detail"

// StartStop is the decoder of CDRs that have a row for the start of a leg and another
// one for its end.
const StartStop = "start-stop"

// WithoutPrefix returns a phone number as it is written without one of the
// prefixes of the profile.
func (p *Profile) WithoutPrefix(number string) string {
	rest, _ := p.cutPrefix([]byte(number))
	return string(bytes.TrimSpace(rest))
}
