package intake

import (
	"sync"

	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
	"cdrmend/internal/rows"
	"cdrmend/internal/scratch"
)

// Account says how the inputs were read. The summary, the list of inputs and
// the rejects are made from it. Objects have their numbers in [Inputs].
type Account struct {
	Objects    []ObjectRead
	Rejects    map[uint32]*scratch.Spool // by object, none without rejects
	Broken     map[uint32]error          // by object: why it is damaged as a whole
	Rows       map[uint32]*RowCount      // by partition
	Unfinished map[uint32]string         // by partition: what is missing of its list or cannot be read of it, in words
	Filtered   map[uint32]OrgCount       // by source: rows of margins that are not in the evidence
	Skipped    map[uint32][]int64        // by source: rows that each filter of its profile skips
	Places     map[uint32]record.Fields  // by source: the fields that a row or a header had a place for
	Unmatched  map[uint32]UnmatchedLines // by source with text logs
	Times      map[uint32]TimeTrouble    // by source with such times
	Joined     map[uint32]rows.Joined    // by source with records of several lines
	Torn       map[uint32]bool           // objects with times without a year, where partition and last modification name different years
	Balance    [policy.NumKinds]record.Balance
	Log        registration.Log // of all sources of registrations

	unused map[uint32]int64 // by object, of damaged ones other than manifests: the first byte that was not used
	mu     sync.Mutex       // guards Rejects
	pool   *scratch.Pool    // of the rejects
	spill  *spill           // that the evidence reads from
}

// ObjectRead is what inputs.jsonl says about one object that was read.
type ObjectRead struct {
	SHA256  [32]byte
	Rows    int64
	Rejects int64
	Read    bool
}

// RowCount is how many rows a partition has.
type RowCount struct {
	Rows    int64 // all that were read
	Rejects int64
	Blank   int64 // rows of CDRs without any value
}

// TooMany reports whether the share of rejects is above a limit.
func (c *RowCount) TooMany(share float64) bool { return float64(c.Rejects) > share*float64(c.Rows) }

// None reports whether there is no row that says anything and could be used. A row
// without any value is as good as no row.
func (c *RowCount) None() bool { return c.Rows == c.Rejects+c.Blank }

// UnmatchedLines is how many lines, or records of several lines, the text logs of a
// source have, and how many of them were not skipped.
type UnmatchedLines struct {
	Objects        int
	Lines, Matched int64
}

// TimeTrouble counts the times of a source that stand for no certain instant.
type TimeTrouble struct {
	Unread   int64 // attempts to register that are rejects because their time cannot be read
	Doubtful int64 // attempts to register whose local time occurs twice
}

// OrgCount is how many records lack an organisation, and how many have one.
type OrgCount struct{ Lacking, Having int64 }

func newAccount(objects int, dir string) *Account {
	return &Account{
		Objects: make([]ObjectRead, objects), Rejects: map[uint32]*scratch.Spool{}, Broken: map[uint32]error{},
		Rows: map[uint32]*RowCount{}, Unfinished: map[uint32]string{}, Unmatched: map[uint32]UnmatchedLines{}, Times: map[uint32]TimeTrouble{}, Torn: map[uint32]bool{}, Joined: map[uint32]rows.Joined{}, Filtered: map[uint32]OrgCount{}, Skipped: map[uint32][]int64{}, Places: map[uint32]record.Fields{}, unused: map[uint32]int64{},
		pool: scratch.NewPool(dir), spill: &spill{dir: dir},
	}
}

// Close deletes the temporary files of the account and of the evidence.
func (a *Account) Close() {
	for _, spool := range a.Rejects {
		spool.Close()
	}
	a.pool.Close()
	a.spill.close()
}

// addRows counts the rows of an object. It marks the object as read, so that
// nothing is counted again when the object is read again.
func (a *Account) addRows(n, partition uint32, kind policy.Kind, rows, rejects int64) {
	o := &a.Objects[n]
	o.Rows, o.Rejects, o.Read = rows, rejects, true
	a.Balance[kind].Read += rows
	a.Balance[kind].Rejected += rejects

	count := a.Rows[partition]
	if count == nil {
		count = &RowCount{}
		a.Rows[partition] = count
	}
	count.Rows += rows
	count.Rejects += rejects
}

// addSkipped adds the rows of a source that each filter of its profile skips.
func (a *Account) addSkipped(source uint32, filtered []int64) {
	if filtered == nil {
		return
	}
	if a.Skipped[source] == nil {
		a.Skipped[source] = make([]int64, len(filtered))
	}
	for n, rows := range filtered {
		a.Skipped[source][n] += rows
	}
}

// addTimes adds the times of an object in a source that are not certain.
func (a *Account) addTimes(source uint32, t TimeTrouble) {
	if t == (TimeTrouble{}) {
		return
	}
	sum := a.Times[source]
	a.Times[source] = TimeTrouble{sum.Unread + t.Unread, sum.Doubtful + t.Doubtful}
}

// addJoined adds the records of several lines of an object in a source. Which object
// has the first odd line is not kept: objects come in any order.
func (a *Account) addJoined(source uint32, j rows.Joined) {
	if j.Records == 0 {
		return
	}
	sum := a.Joined[source]
	a.Joined[source] = rows.Joined{Records: sum.Records + j.Records, Longest: max(sum.Longest, j.Longest), Odd: sum.Odd + j.Odd}
}

// addPlaces adds the fields that have a place in an object of a source.
func (a *Account) addPlaces(source uint32, places record.Fields) { a.Places[source] |= places }

// addFiltered counts records of a source that are not in the evidence.
func (a *Account) addFiltered(source uint32, lacking, having int64) {
	c := a.Filtered[source]
	a.Filtered[source] = OrgCount{c.Lacking + lacking, c.Having + having}
}
