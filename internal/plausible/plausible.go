// Package plausible says whether what a trial computed can be meant: whether the
// sources of a configuration fit together.
//
// It works in two steps. [Observation.Observe] counts while the decision and what it
// rests on are in memory; it keeps numbers and few names, whatever the size of the
// night. [Observation.Report] judges the numbers, and needs nothing else.
//
// Every number is a part of a whole, and stands as "n of m". Where m is too small to
// show anything, the judgement says so.
//
// # One trial
//
// Say that 200 calls are to be recorded, that the manifests have 190 recordings, and
// that the log of the recorder is in local time, two hours ahead.
//
//   - Joins: 190 of 190 recordings have an id that a call lists. That is fine.
//   - Clocks: in 188 of 190 pairs of a call and its one recording, the recording ends
//     7200 s later. That is to be looked at, with the clock_offset to set.
//   - Days: 40 of 190 recordings start outside of the day of their partition. That
//     follows from the clocks, so it stands below them.
package plausible

import (
	"cmp"
	"slices"
)

// Format is the format of a [Report] as JSON.
const Format = "cdrmend.trial/1"

// Report says of each subject whether it is plausible, what is to be looked at first.
type Report struct {
	Format   string `json:"format"`
	Interval string `json:"interval"`
	RunID    string `json:"run_id"`
	URL      string `json:"url"`     // of the run's folder
	Verdict  string `json:"verdict"` // fine or look
	Lines    []Line `json:"lines"`
}

// Line is what is known of one subject.
type Line struct {
	About     Subject   `json:"about"`
	Source    string    `json:"source,omitempty"` // empty when it is about the night as a whole
	Judgement Judgement `json:"judgement"`
	N         int64     `json:"n"`
	Of        int64     `json:"of"`
	Percent   *string   `json:"percent"`           // null when Of is 0; rounded down
	Text      string    `json:"text"`              // what n of m are, or what is known instead
	Remark    string    `json:"remark,omitempty"`  // what else is known
	Details   []Count   `json:"details,omitempty"` // the most frequent first
	Next      string    `json:"next,omitempty"`    // what to do; empty when nothing is to be done
}

// Count is how often something occurs.
type Count struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

// Judgement is the result of a line.
type Judgement string

// The judgements.
const (
	Fine    Judgement = "fine"
	Look    Judgement = "look"
	Unknown Judgement = "unknown" // there is too little to tell
)

// Subject is what a line is about.
type Subject string

// The subjects. One that may be the cause of others stands before them.
const (
	Calls         Subject = "calls"         // whether there is anything to judge
	Organisations Subject = "organisations" // whether records of different sources are of the same one
	Fields        Subject = "fields"        // which fields are filled
	Rows          Subject = "rows"          // what was not read as a record
	Days          Subject = "days"          // whether records lie in the partition of their time
	Clocks        Subject = "clocks"        // whether clocks of sources agree
	Joins         Subject = "joins"         // whether calls and recordings name each other
	Registrations Subject = "registrations" // whether the log speaks of the trunks of calls
	Media         Subject = "media"         // which media types count as voice
	Audio         Subject = "audio"         // whether the store lets media objects be read
)

var subjects = []Subject{Calls, Organisations, Fields, Rows, Days, Clocks, Joins, Registrations, Media, Audio}

// sortLines brings lines into their order: what is to be looked at first, then what
// nobody can tell, then what is fine; within these by subject and source.
func sortLines(lines []Line) {
	rank := map[Judgement]int{Look: 0, Unknown: 1, Fine: 2}
	slices.SortStableFunc(lines, func(a, b Line) int {
		return cmp.Or(
			cmp.Compare(rank[a.Judgement], rank[b.Judgement]),
			cmp.Compare(slices.Index(subjects, a.About), slices.Index(subjects, b.About)),
			cmp.Compare(a.Source, b.Source),
		)
	})
}
