// Package check opens every place that a configuration names, and says what works,
// before anybody relies on a run.
//
// Of each source it lists one partition and tries the profile on one object. Of the
// output it says whether it can be listed, read and written. It changes nothing, unless
// the caller allows one probe object.
//
// # One source
//
// Say that a source has the URL s3://acme-cdr/date={date}/ and the profile cdrmend, and
// that it is noon of 21 November.
//
//   - The newest partition that has objects is date=2026-11-20/. It holds 24 objects
//     of 12 MB. The account may list the bucket, so far nothing is wrong.
//   - The newest of them is read. The profile maps 14 fields, and 12 have a value.
//   - No row has an end or a duration, which judging needs: that is a problem, with
//     what to do about it.
package check

import (
	"context"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// Format is the format of a [Report] as JSON.
const Format = "cdrmend.check/1"

// Report says of each place of a configuration what works.
type Report struct {
	Format  string   `json:"format"`
	Name    string   `json:"name"` // of the configuration
	Verdict string   `json:"verdict"`
	Sources []Source `json:"sources"`
	Media   *Place   `json:"media,omitempty"` // nil without a place of its own
	Output  Output   `json:"output"`
}

// Place is where objects are listed.
type Place struct {
	URL       string `json:"url"`                      // as configured
	Partition string `json:"partition,omitempty"`      // URL of the one that was listed; of a night, the first
	Last      string `json:"last_partition,omitempty"` // of a night: the last, when there are several
	Objects   int64  `json:"objects"`                  // that are read as input
	Others    int64  `json:"others"`                   // that are not
	Bytes     int64  `json:"bytes"`                    // of the objects
	AtLeast   bool   `json:"at_least,omitempty"`       // the listing was stopped: there are more
	Newest    string `json:"newest,omitempty"`         // when the newest object was written

	Problems []Problem `json:"problems"`
}

// Source is a source, and what its profile reads from one object.
type Source struct {
	Name    string `json:"source"`
	Kind    string `json:"kind"`
	Profile string `json:"profile"`
	Place
	Tried *Tried `json:"tried,omitempty"` // nil when no object was read
}

// Tried is what a profile reads from one object.
type Tried struct {
	Object    string   `json:"object"`              // its URL
	Beginning bool     `json:"beginning,omitempty"` // only its first bytes were read, as it is large
	Rows      int64    `json:"rows"`
	Records   int64    `json:"records"`
	Mapped    int      `json:"mapped"` // fields that the profile has a place for
	Filled    int      `json:"filled"` // those of them that some row fills
	Empty     []string `json:"empty"`  // the others
	Remarks   []string `json:"remarks"`
}

// Output is where results go.
type Output struct {
	URL     string  `json:"url"`
	Used    bool    `json:"used"`              // a configuration of this name commits to it already
	Write   Writing `json:"writing"`           // whether an object can be created that must not exist yet
	Written string  `json:"written,omitempty"` // URL of the probe

	Problems []Problem `json:"problems"`
}

// Writing says whether objects can be created in the output.
type Writing string

// What was found out about writing.
const (
	Works    Writing = "works"
	NotTried Writing = "not_tried"
	Fails    Writing = "fails"
)

// Problem is one thing that keeps a run from working.
type Problem struct {
	Kind       ProblemKind `json:"kind"`
	Permission string      `json:"permission,omitempty"` // action and bucket
	Text       string      `json:"text"`
	Next       string      `json:"next"`
}

// ProblemKind says who can solve a problem.
type ProblemKind string

// The kinds of problem.
const (
	Permission  ProblemKind = "permission"  // access is missing
	Setting     ProblemKind = "setting"     // a URL, region, endpoint or key is wrong
	Unreachable ProblemKind = "unreachable" // the place did not answer: trying again may help
	Nothing     ProblemKind = "nothing"     // there is nothing to read
	Mapping     ProblemKind = "mapping"     // the profile does not fit the objects
	Archived    ProblemKind = "archived"    // the object has to be restored first
)

// The verdicts.
const (
	Fine       = "fine"       // nothing that was tried is wrong
	Wrong      = "wrong"      // somebody has to correct something
	Unanswered = "unanswered" // something could not be reached, and nothing else is wrong
)

// Request says what to check.
type Request struct {
	Config   *policy.Config
	Open     Opener
	AsOf     record.Time
	Interval *policy.Interval // whose partitions to look at; nil: the newest that have objects
	Write    bool             // try writing with a probe object where nothing else shows that it works
}

// Opener opens the bucket or directory of a URL.
type Opener func(context.Context, policy.Template, policy.S3, object.Options) (object.Store, error)

// patience is less than that of a run: somebody waits for the answer.
var patience = object.Patience{Attempts: 3, Backoff: time.Second, Idle: 20 * time.Second}

// Run checks everything that a configuration names. What is wrong is in the report; the
// error says that checking itself failed, as when the context ended.
func Run(ctx context.Context, r Request) (*Report, error) {
	c := checker{Request: r, limiter: object.NewLimiter(r.Config.Concurrency)}
	report := &Report{Format: Format, Name: r.Config.Name, Sources: []Source{}}
	for i := range r.Config.Sources {
		s, err := c.source(ctx, &r.Config.Sources[i])
		if err != nil {
			return nil, err
		}
		report.Sources = append(report.Sources, *s)
	}

	report.Media = c.media(ctx)
	report.Output = c.output(ctx)
	report.Verdict = report.verdict()
	return report, ctx.Err()
}

// checker checks one configuration. All stores share its limiter.
type checker struct {
	Request
	limiter *object.Limiter
}

// open opens a place; a place that cannot be opened is a problem.
func (c *checker) open(ctx context.Context, t policy.Template, s policy.S3, o object.Options) (object.Store, *Problem) {
	o.Limiter, o.Patience = c.limiter, patience
	store, err := c.Open(ctx, t, s, o)
	if err != nil {
		p := problemOf(err, t.Bucket())
		return nil, &p
	}
	return store, nil
}

// verdict sums up all problems. One that somebody has to solve counts most.
func (r *Report) verdict() string {
	verdict := Fine
	for _, p := range r.problems() {
		if p.Kind != Unreachable {
			return Wrong
		}
		verdict = Unanswered
	}
	return verdict
}

// problems returns the problems of all places.
func (r *Report) problems() []Problem {
	var all []Problem
	for i := range r.Sources {
		all = append(all, r.Sources[i].Problems...)
	}
	if r.Media != nil {
		all = append(all, r.Media.Problems...)
	}
	return append(all, r.Output.Problems...)
}
