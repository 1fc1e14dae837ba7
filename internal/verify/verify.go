// Package verify checks what was committed, from the output alone: the chain of
// commit records and who signed them, every file by its hash, and on demand the
// inputs by theirs and the whole computation. It names every broken link
// instead of stopping at the first.
//
// The journal names every record, so a record that was removed shows. Only those
// after the last journal entry can be lost unseen; who keeps the hash of an entry in
// another place can check even that.
package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/timestamp"
	"cdrmend/internal/token"
)

// Output says what to verify, and against what.
type Output struct {
	Store       object.Store
	Root        string           // prefix, empty or ending in a slash
	Labels      []string         // of the intervals that are verified; the records of all others are witnesses
	Keys        *token.Keys      // that may have signed; nil: signatures are not checked
	All         bool             // Labels are all intervals: one whose folder is gone is named, too
	From, To    string           // labels of a span that Labels are all of, To not included; empty: no such span
	Roots       *timestamp.Roots // of authorities whose timestamps count; nil: timestamps are not checked
	Head        string           // SHA-256 of an entry that the journal has to have; empty: of none
	RetainUntil time.Time        // of every object at least, even if its record asks for less; zero: as records ask
	Concurrency int
	Watch       func(stage string, done, total int64)
}

// asks reports whether an interval is to be verified, though its folder may be gone.
func (o *Output) asks(label string) bool {
	inSpan := label >= o.From && (o.To == "" || label < o.To)
	return slices.Contains(o.Labels, label) || o.found() && inSpan
}

// found reports whether Labels are the folders that there are. Otherwise somebody named
// an interval.
func (o *Output) found() bool { return o.All || o.From != "" || o.To != "" }

// Link is a kind of link that can be broken.
type Link string

// The links.
const (
	RecordLink    Link = "record"    // a commit record is missing, or is not what its name says
	SignatureLink Link = "signature" // it is not signed by a known key, as it should be
	NameLink      Link = "name"      // it belongs to another configuration
	PreviousLink  Link = "previous"  // it does not follow the record before
	NeighbourLink Link = "neighbour" // it is not the one that another interval's record saw
	RunLink       Link = "run"       // run.json, or what it says of itself
	HistoryLink   Link = "history"   // a history file
	EvidenceLink  Link = "evidence"  // a pack of inputs, its index, or another file of the folder evidence
	FileLink      Link = "file"      // a file of a run
	UnlistedLink  Link = "unlisted"  // a file in a committed run that its run.json does not name
	VersionLink   Link = "version"   // something below log/ was replaced or removed
	RetentionLink Link = "retention" // an object is kept for less long than asked
	InputLink     Link = "input"     // an input changed or is gone
	TableLink     Link = "table"     // a table is different when it is computed again
	ResultLink    Link = "result"    // so is another file of the run
	OutputLink    Link = "output"    // output.json, or a record of another output
	JournalLink   Link = "journal"   // a journal entry is missing, or does not follow the one before
	TimestampLink Link = "timestamp" // the token of a journal entry
	HoldLink      Link = "hold"      // a record of legal holds, or its list
)

// Problem is one broken link.
type Problem struct {
	Link     Link   `json:"link"`
	Interval string `json:"interval"`
	Object   string `json:"object"` // key in the output, or URL of an input
	Detail   string `json:"detail"`
}

// Report is the result of a verification.
type Report struct {
	Format     string      `json:"format"`
	Output     string      `json:"output"`
	Verified   bool        `json:"verified"` // nothing is broken, and nothing remained unchecked
	Intervals  int64       `json:"intervals"`
	Records    Records     `json:"records"`
	Runs       int64       `json:"runs"`
	Files      int64       `json:"files"`    // of runs, histories and packs
	Bytes      int64       `json:"bytes"`    // of these files
	Packs      int64       `json:"packs"`    // of inputs, each with its index
	Retained   int64       `json:"retained"` // objects whose retention is as asked
	Journal    *Journal    `json:"journal,omitempty"`
	Holds      *Holds      `json:"holds,omitempty"`
	Timestamps *Timestamps `json:"timestamps,omitempty"`
	Keys       []Key       `json:"keys,omitempty"` // that were given
	Adopted    []Decision  `json:"adopted"`
	Disowned   []Decision  `json:"disowned"`
	Inputs     *Inputs     `json:"inputs,omitempty"`
	Recomputed *Recomputed `json:"recomputed,omitempty"`
	Problems   []Problem   `json:"problems"`
	Unchecked  []string    `json:"unchecked"` // what could not be checked, and why
	Leftovers  []string    `json:"leftovers"` // objects that no record names
	Notes      []string    `json:"notes"`
}

// ReportFormat is the format of a report as JSON.
const ReportFormat = "cdrmend.verify/1"

// Records counts the commit records of the intervals that were verified.
type Records struct {
	Count    int64    `json:"count"`
	Signed   int64    `json:"signed"`
	Verified int64    `json:"verified"` // of the signed ones: by a known key
	Vouched  int64    `json:"vouched"`  // unsigned ones that a verified record vouches for
	Keys     []string `json:"keys"`     // that signed
}

// Journal is the journal over the whole output.
type Journal struct {
	Entries  int64  `json:"entries"`
	Signed   int64  `json:"signed"`
	Verified int64  `json:"verified"` // of the signed ones: by a known key
	Number   int64  `json:"number"`   // of the newest entry
	SHA256   string `json:"sha256"`   // of the newest entry
}

// Timestamps are the tokens of the journal that are sound.
type Timestamps struct {
	Tokens int64     `json:"tokens"`
	Number int64     `json:"number"`        // of the newest entry that has one, 0 for none
	Time   time.Time `json:"time,omitzero"` // at which that entry, and all before it, existed
}

// Decision is one of a person about a file that was not trusted.
type Decision struct {
	Object string `json:"object"` // key in the output; empty when nothing there has this hash
	SHA256 string `json:"sha256"`
	By     string `json:"by"` // key of the record or entry that says so
}

// Inputs counts the inputs that are as the runs read them.
type Inputs struct {
	Objects int64 `json:"objects"`
	Read    int64 `json:"read"`  // documents, which were compared by their hashes
	Bytes   int64 `json:"bytes"` // of those
}

// Recomputed counts the results that were the same when they were computed again.
type Recomputed struct {
	Runs      int64 `json:"runs"`
	Tables    int64 `json:"tables"`
	Rows      int64 `json:"rows"`
	Documents int64 `json:"documents"`
	Files     int64 `json:"other_files"`
}

// Check is a verification under way.
type Check struct {
	*results
	out    *Output
	chains []*chain // that are to be verified, in the order of Output.Labels
	gone   map[string]forgotten
}

// Ledger verifies records and files. It fails only if nothing can be said; anything
// else that could not be checked is in the report.
func Ledger(ctx context.Context, given *Output) (*Check, error) {
	// Nothing that was committed is a link, and one that leads elsewhere must not end
	// the listing.
	mine := *given
	mine.Store = object.WithoutLinks(given.Store)
	out := &mine

	found := &results{report: Report{
		Format: ReportFormat, Output: out.Store.String() + out.Root,
		Adopted: []Decision{}, Disowned: []Decision{},
		Problems: []Problem{}, Unchecked: []string{}, Leftovers: []string{}, Notes: []string{},
	}}
	all, err := chainReader{found, out}.read(ctx)
	if err != nil {
		return nil, err
	}

	var chosen []*chain
	for _, label := range out.Labels {
		chosen = append(chosen, all[label])
	}

	entries, err := journalReader{found, out}.read(ctx)
	if err != nil {
		return nil, err
	}

	// Neighbours, signatures and the journal cross intervals, so all chains have
	// been read by now. What is disowned counts for no other check.
	journals := journalCheck{found, out, all, entries}
	journals.decide()
	journals.check()
	if err := journals.checkTimestamps(ctx); err != nil {
		return nil, err
	}

	records := recordCheck{found, out, all, chosen, entries}
	records.checkRecords()
	records.checkNeighbours()
	records.checkSignatures()

	// Each of these fails only if the whole verification has to end. Broken links
	// and unreadable objects are in found.
	files := fileCheck{found, out, all, chosen, entries}
	for _, check := range []func(context.Context) error{files.checkFiles, files.checkVersions, files.checkRetention, files.checkOutside, files.checkOdd} {
		if err := check(ctx); err != nil {
			return nil, err
		}
	}
	return &Check{found, out, chosen, entries.forgotten(out.Keys)}, nil
}

// results collects what the checks find. It is safe for concurrent use.
type results struct {
	mu     sync.Mutex
	report Report
}

// Finish sorts the report, sets Verified and returns the report.
func (v *Check) Finish() *Report {
	r := &v.report
	slices.SortFunc(r.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Interval, b.Interval), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Link, b.Link), cmp.Compare(a.Detail, b.Detail))
	})
	// Several records may name the same broken object.
	r.Problems = slices.Compact(r.Problems)

	for _, list := range []*[]string{&r.Unchecked, &r.Leftovers, &r.Notes} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}

	// An output in which nothing was checked is not verified. When its intervals were
	// removed, the journal has named them as broken.
	if r.Records.Count == 0 && len(r.Problems)+len(r.Unchecked) == 0 {
		r.Unchecked = append(r.Unchecked, "no interval that was asked for is committed in it")
	}

	r.Verified = len(r.Problems) == 0 && len(r.Unchecked) == 0
	return r
}

// broken reports a broken link, if its interval is one that is to be verified.
func (r *results) broken(c *chain, link Link, object, format string, args ...any) {
	if !c.chosen {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Problems = append(r.report.Problems, Problem{Link: link, Interval: c.label, Object: object, Detail: fmt.Sprintf(format, args...)})
}

// unchecked notes what could not be checked. It returns an error only if the
// whole verification is to end.
func (r *results) unchecked(ctx context.Context, err error) error {
	// A canceled request says nothing about its object.
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Unchecked = append(r.report.Unchecked, err.Error())
	return nil
}

// unreadable judges an object of a chain that could not be read: either its
// bytes do not match their checksum in the store, or nothing can be said about
// it.
func (r *results) unreadable(ctx context.Context, c *chain, link Link, key string, err error) error {
	if errors.Is(err, object.ErrCorrupt) {
		r.broken(c, link, key, "%v", object.ErrCorrupt)
		return nil
	}
	return r.unchecked(ctx, err)
}

func (r *results) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Notes = append(r.report.Notes, fmt.Sprintf(format, args...))
}

// count changes the counts of the report.
func (r *results) count(change func(*Report)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.report)
}
