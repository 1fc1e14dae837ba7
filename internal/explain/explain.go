// Package explain turns one id into the story of what was found about it.
//
// A story is gathered from the tables of one commit (find.go, gather.go).
// Reading and deciding its inputs again adds the reasons: each rule that was
// tried, and what a verdict rests on (reading.go). The text is in plain words
// (text.go), in which an outage is something that a finding coincides with,
// never a cause.
package explain

import (
	"fmt"
	"time"

	"cdrmend/internal/history"
	"cdrmend/internal/policy"
	"cdrmend/internal/table"
)

// Format is the version of a story as JSON.
const Format = "cdrmend.story/1"

// What an id may name.
const (
	FindingID      = "finding"
	OutageID       = "outage"
	RecordingID    = "recording"
	ConversationID = "conversation"
	LegID          = "leg"
)

// Story is everything that was found about one id in one interval.
type Story struct {
	Format   string   `json:"format"`
	ID       string   `json:"id"`
	Names    []string `json:"names"` // what kinds of things the id names; usually one
	Interval string   `json:"interval"`
	Commit   Commit   `json:"commit"`
	Masked   bool     `json:"masked"`          // telephone numbers and users are masked
	Reread   bool     `json:"inputs_reread"`   // the inputs were read and decided again, with the same result
	Unread   string   `json:"inputs_problem"`  // why the inputs were not read again
	Part     *Part    `json:"part,omitempty"`  // the inputs that were read again, when not all were needed
	Whole    string   `json:"whole,omitempty"` // why all inputs were read again although a part should have done

	Recordings []*Recording     `json:"recordings"`
	Calls      []*Call          `json:"calls"` // legs
	Outages    []*Outage        `json:"outages"`
	Findings   []*Finding       `json:"findings"`
	More       int64            `json:"not_shown"` // rows of the tables beyond those shown
	History    *history.History `json:"history"`
}

// Part says how many inputs were read again.
type Part struct {
	Read int `json:"read"`
	Of   int `json:"of"`
}

// Commit is the commit that the story is taken from.
type Commit struct {
	Number    int64     `json:"number"`
	Time      time.Time `json:"time"`
	RunID     string    `json:"run_id"`
	URL       string    `json:"url"`
	Tool      string    `json:"tool"`
	RecordSum string    `json:"record_sha256"`
	Signed    bool      `json:"signed"`
	KeyID     string    `json:"key_id"`
	Verified  bool      `json:"verified"` // by a key that was given
}

// Object is an input as the run read it.
type Object struct {
	Source    string `json:"source"`
	Key       string `json:"object_key"`
	VersionID string `json:"version_id,omitempty"`
	ETag      string `json:"etag,omitempty"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256,omitempty"`
	Listed    bool   `json:"listed"` // false: a document that is not stored: it should have been there, or is made of names
}

// Recording is an entry of a manifest.
type Recording struct {
	Row      table.Cells   `json:"row"`    // of the table recordings
	Asked    bool          `json:"asked"`  // whether the id names it
	Object   Object        `json:"object"` // the manifest
	Copy     *Copy         `json:"repaired_copy,omitempty"`
	Repairs  []table.Cells `json:"repairs"`
	Lacked   []Field       `json:"lacked,omitempty"` // required fields; known when the inputs were read again
	Matched  *Matched      `json:"matched,omitempty"`
	Media    *Media        `json:"media,omitempty"` // what was found in its audio; nil when nobody looked, or when the inputs were not read again
	place    place
	cells    table.Cells // the row as it is in the table
	findings []*Finding
}

// Copy is the repaired copy of a document.
type Copy struct {
	Path   string `json:"path"` // below the run's folder
	SHA256 string `json:"sha256"`
}

// Media is what was found in the audio of a recording.
type Media struct {
	Format     string `json:"format,omitempty"` // container; empty when it could not be read, or is no audio
	Codec      string `json:"codec,omitempty"`
	Rate       uint32 `json:"sample_rate,omitempty"` // samples a second
	Channels   uint16 `json:"channels,omitempty"`
	DurationMS *int64 `json:"duration_ms"`          // nil when nothing in it tells how long it lasts
	Unreadable string `json:"unreadable,omitempty"` // the store's code
	KMSKey     string `json:"kms_key,omitempty"`    // that the store named then
	Reason     string `json:"reason,omitempty"`     // why it is no audio, or how it is cut
	Byte       *int64 `json:"byte,omitempty"`       // where that shows

	Decoded   *bool  `json:"decoded,omitempty"`    // whether something of it was decoded; nil when nobody tried
	Decoding  string `json:"decoding,omitempty"`   // why nothing, or not all of it, was
	Silent    string `json:"silent,omitempty"`     // numbers of the channels without a sound
	SilenceMS *int64 `json:"silence_ms,omitempty"` // the longest stretch without one
}

// Matched says which legs an entry was matched with.
type Matched struct {
	By   string `json:"by"` // recording id, leg id, conversation, or nothing
	Legs []Row  `json:"legs"`
}

// Field is one value that a recording lacked, and what the rules said about it.
type Field struct {
	Field    string    `json:"field"`
	Attempts []Attempt `json:"attempts"` // in the order of the rules
	Outcome  string    `json:"outcome"`  // repaired, ambiguous or missing
}

// The outcomes of a search.
const (
	Repaired  = "repaired"
	Ambiguous = "ambiguous"
	Missing   = "missing"
	NotNeeded = "not needed" // of a rule
)

// Attempt is the result of one rule for a field.
type Attempt struct {
	Rule    string   `json:"rule"`
	Applied string   `json:"applied"` // yes, no, ambiguous, or not needed
	Why     string   `json:"why"`
	Values  []string `json:"values"`
	Rows    []Row    `json:"rows"` // that name the values
	More    int      `json:"more_rows,omitempty"`
}

// Row is a row of a call detail record or of a registration log, with the
// values that matter.
type Row struct {
	Source       string   `json:"source"`
	Key          string   `json:"object_key"`
	Row          int64    `json:"row"`
	Conversation string   `json:"conversation_id,omitempty"`
	Leg          string   `json:"leg_id,omitempty"`
	Recordings   []string `json:"recording_ids,omitempty"`
	Trunk        string   `json:"trunk_id,omitempty"`
	Line         string   `json:"line_id,omitempty"`
	Start        string   `json:"start_time,omitempty"` // of a registration attempt, its time
	End          string   `json:"end_time,omitempty"`
	Status       *int32   `json:"status,omitempty"` // of a registration attempt
	Cause        string   `json:"cause,omitempty"`  // of a failed registration attempt
}

// Call is a leg.
type Call struct {
	Row      table.Cells `json:"row"` // of the table calls
	Asked    bool        `json:"asked"`
	Object   Object      `json:"object"`         // the call detail record
	Stop     *Row        `json:"stop,omitempty"` // the row of its end, of a leg that comes in halves
	Weighing *Weighing   `json:"weighing,omitempty"`
	place    place
	cells    table.Cells // the row as it is in the table
	findings []*Finding
}

// Weighing holds the reasons for the verdict on a leg.
type Weighing struct {
	ToBeRecorded bool     `json:"to_be_recorded"`
	Lists        []string `json:"recording_ids"`
	Entries      []Row    `json:"entries"`  // that it was matched with
	Lost         []string `json:"lost"`     // recordings it lists that no manifest has
	Possible     []string `json:"possible"` // those that an entry without an id may have
	Because      []string `json:"because"`  // in plain words
	NotBetter    []string `json:"not_better"`
	Hiding       []string `json:"hiding"`         // incomplete inputs that may hide its recording
	Shared       []Held   `json:"shared"`         // its recordings that other legs have, too
	Contested    []Held   `json:"contested"`      // of a contested leg: the recordings in its time, with the legs that have them
	Rivals       []Row    `json:"contested_with"` // legs that are contested, too
}

// Held is a recording with legs that have it.
type Held struct {
	Entry Row   `json:"recording"`
	Legs  []Row `json:"legs"`
}

// Outage is a registration outage that something of the story coincides with.
type Outage struct {
	Row      table.Cells `json:"row"` // of the table outages
	Asked    bool        `json:"asked"`
	Failures []Row       `json:"failures"`
	More     int         `json:"more_failures,omitempty"`
}

// Finding is a finding, open or closed, as the history has it.
type Finding struct {
	Row      table.Cells     `json:"row"` // of the table history
	Asked    bool            `json:"asked"`
	Accepted *policy.Grounds `json:"accepted,omitempty"` // of one that the commit's run accepts: by which row, by whom and why
	row      table.HistoryRow
}

// place identifies a row of an input.
type place struct {
	source, key string
	row         int64
}

func (p place) String() string { return fmt.Sprintf("%s:%s#%d", p.source, p.key, p.row) }
