package backfill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/parallel"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
	"cdrmend/internal/report"
)

// StatusFormat is the format of a [Status].
const StatusFormat = "cdrmend.backfill/1"

// Status is what of a plan, or of one of its shards, is done.
type Status struct {
	Format   string `json:"format"`
	Plan     string `json:"plan"`  // its URL
	Shard    *int   `json:"shard"` // nil: all of them
	Of       int    `json:"shards"`
	Tool     string `json:"tool"`
	AsOf     string `json:"as_of"`
	Done     int    `json:"done"`
	Missing  int    `json:"missing"` // not done, and no worker said why
	Failed   int    `json:"failed"`  // not done, and a worker said why
	Unsure   int    `json:"indeterminate_input"`
	Critical int64  `json:"open_critical"`
	Major    int64  `json:"open_major"`
	Minor    int64  `json:"open_minor"`

	Coverage  report.Coverage `json:"coverage"` // of what is done
	Intervals []State         `json:"intervals"`
}

// State is what became of one interval.
type State struct {
	Interval string   `json:"interval"`
	Shard    int      `json:"shard"`
	State    string   `json:"state"` // done, missing or failed
	Commit   int64    `json:"commit,omitempty"`
	RunID    string   `json:"run_id,omitempty"`
	Failure  *Failure `json:"failure,omitempty"` // of one that failed

	coverage report.Coverage // of one that is done
	outcome  policy.Outcome  // likewise
}

// The states of an interval.
const (
	Done    = "done"
	Missing = "missing"
	Failed  = "failed"
)

// FailureFormat is the format of a [Failure].
const FailureFormat = "cdrmend.failed/1"

// Failure is a note of a worker: why it did not commit an interval. The first one of a
// reason stays, and counts until the interval is done. It helps people, and proves nothing:
// whoever may create objects can write it.
type Failure struct {
	Format   string `json:"format"`
	Interval string `json:"interval"`
	Code     int    `json:"code"`   // the exit code that it asks for
	Reason   string `json:"reason"` // the class of the error
	Error    string `json:"error"`
	Next     string `json:"next"` // what to do
}

// Output is an output with a plan.
type Output struct {
	*ledger.Output // judges records as a run does
	Plan           *Plan
	ID             string
	Scratch        string // for temporary files; empty: the system's
	Concurrency    int    // how many intervals are looked at at once

	// Describe says what an error means to people.
	Describe func(interval string, err error) *Failure
}

// Status tells what of a shard is done, or of all shards for -1. Nothing but the output is
// read.
func (o *Output) Status(ctx context.Context, shard int) (*Status, error) {
	s := &Status{
		Format: StatusFormat, Plan: urlOf(o.Output, o.ID), Of: len(o.Plan.Shards),
		Tool: o.Plan.Tool, AsOf: record.TimeOf(o.Plan.AsOf).String(),
	}
	if shard >= 0 {
		s.Shard = &shard
	}
	for i := range o.Plan.Shards {
		if shard >= 0 && shard != i {
			continue
		}
		for _, interval := range o.Plan.Intervals(i) {
			s.Intervals = append(s.Intervals, State{Interval: interval.Label, Shard: i, State: Missing})
		}
	}

	known, err := o.Identity(ctx)
	if err != nil {
		return nil, err
	}
	err = parallel.Each(ctx, o.Concurrency, len(s.Intervals), func(ctx context.Context, i int) error {
		return o.look(ctx, &known, &s.Intervals[i])
	})
	if err == nil {
		err = o.addFailures(ctx, s)
	}
	s.count()
	return s, err
}

// look looks for the commit of an interval.
func (o *Output) look(ctx context.Context, known *ledger.Known, s *State) error {
	interval := o.Interval(s.Interval)
	interval.Known = known
	head, err := interval.Latest(ctx)
	if err == nil {
		err = o.refused(interval, head)
	}
	var made *report.Summary
	if err == nil {
		made, err = o.Made(ctx, interval, head)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil: // others can be told all the same
		s.State, s.Failure = Failed, o.Describe(s.Interval, err)
	case made != nil: // a summary may be large, and intervals many
		s.State, s.Commit, s.RunID = Done, head.Number(), head.Record.RunID
		s.coverage, s.outcome = made.Coverage, made.Outcome
	}
	return nil
}

// refused says that a reader with keys got an unsigned record, which anyone can have written.
// A worker that signs has asked about it before.
func (o *Output) refused(interval *ledger.Interval, head ledger.Head) error {
	if o.Keys == nil || o.Signer != nil || head.Record == nil || head.Seal.Signed {
		return nil
	}
	return &ledger.BrokenError{
		Key:    o.Store.String() + interval.Prefix() + "log/" + ledger.RecordName(head.Number()),
		Detail: "the commit record is unsigned, and keys are given that have to have signed it",
	}
}

// Made returns the summary of a commit if it is what the plan asks for, else nil.
func (o *Output) Made(ctx context.Context, interval *ledger.Interval, head ledger.Head) (*report.Summary, error) {
	// A decision takes a commit that names it.
	if head.Record == nil || head.Record.Tool != o.Plan.Tool || len(head.Adopted)+len(head.Disowned) > 0 {
		return nil, nil //nolint:nilnil // it is not done
	}
	files, err := interval.Files(ctx, head)
	if err != nil {
		return nil, err
	}
	spool, err := files.Fetch(ctx, report.SummaryFile, o.Scratch)
	if err != nil {
		return nil, err
	}
	defer spool.Close()
	r, err := spool.ReaderAt()
	if err != nil {
		return nil, err
	}
	s := new(report.Summary)
	if err := json.NewDecoder(io.NewSectionReader(r, 0, spool.Size())).Decode(s); err != nil {
		return nil, fmt.Errorf("reading %s of run %s: %w", report.SummaryFile, head.Record.RunID, err)
	}

	id, err := fingerprint(s.Config)
	if err != nil || id != o.Plan.Configuration {
		return nil, err
	}
	// A nightly run may have come later, when more sources had settled. Its result is not
	// replaced by that of the plan's time.
	for source, settled := range o.Plan.settled(s.Interval) {
		if settled && !s.Settled[source] {
			return nil, nil //nolint:nilnil // it is not done
		}
	}
	return s, nil
}

// settled returns which sources have delivered all of an interval at the plan's time.
func (p *Plan) settled(label string) map[string]bool {
	start, _ := policy.ParseLabel(label)
	end := start.Add(span(p.Length))
	all := map[string]bool{}
	for source, text := range p.Settle {
		all[source] = record.TimeOf(p.AsOf) >= end.Add(span(text))
	}
	return all
}

// settlesAt returns when a source has delivered all of the plan's intervals.
func (p *Plan) settlesAt(source string) record.Time {
	end, _ := policy.ParseLabel(p.To)
	return end.Add(span(p.Settle[source]))
}

// count counts the intervals.
func (s *Status) count() {
	s.Coverage = report.Coverage{Total: report.Known, Excluded: map[string]int64{}}
	for i := range s.Intervals {
		switch state := &s.Intervals[i]; state.State {
		case Missing:
			s.Missing++
		case Failed:
			s.Failed++
		default:
			s.Done++
			o := state.outcome
			s.Critical, s.Major, s.Minor = s.Critical+o.OpenCritical, s.Major+o.OpenMajor, s.Minor+o.OpenMinor
			if o.Indeterminate {
				s.Unsure++
			}
			s.Coverage.Add(&state.coverage)
		}
	}
}

// failures returns the folder of the notes about what failed.
func (o *Output) failures() string { return o.Root + folder + o.ID + "/failed/" }

// Note leaves a note about an interval that failed, unless there is one of that reason.
func (o *Output) Note(ctx context.Context, f *Failure) error {
	f.Format = FailureFormat
	if len(f.Error) > maxError {
		f.Error = strings.ToValidUTF8(f.Error[:maxError], "") + cut
	}
	raw, err := ledger.Encode(f)
	if err != nil {
		return err
	}
	err = o.Store.Create(ctx, o.failures()+f.name(), object.ContentOf(raw))
	if errors.Is(err, object.ErrTaken) {
		return nil
	}
	return err
}

// name is that of the note below failed/.
func (f *Failure) name() string { return f.Interval + "." + f.Reason + ".json" }

// Bounds of notes, as whoever may create objects can leave any number of any size.
const (
	maxError = 8 << 10  // bytes of an error
	maxNote  = 64 << 10 // bytes of a note, whose error has six for each of its own at most
	maxNotes = 32       // that are read about one interval; there are fewer reasons
)

const cut = " … (cut)" // ends an error that was too long

var reasonPattern = regexp.MustCompile(`^[a-z_]{1,40}$`)

// fits reports whether a note of a name is one that [Output.Note] can have left.
func (f *Failure) fits(name string) bool {
	return f.Format == FailureFormat && f.name() == name && !strings.Contains(f.Interval, ".") && reasonPattern.MatchString(f.Reason) &&
		2 <= f.Code && f.Code <= 6 && len(f.Error) <= maxError+len(cut) && len(f.Next) <= maxError
}

// addFailures adds the notes about intervals that are not done.
func (o *Output) addFailures(ctx context.Context, s *Status) error {
	missing := map[string]*State{}
	for i := range s.Intervals {
		if s.Intervals[i].State == Missing {
			missing[s.Intervals[i].Interval] = &s.Intervals[i]
		}
	}
	if len(missing) == 0 {
		return nil
	}
	read := map[string]int{}
	for info, err := range o.Store.List(ctx, o.failures()) {
		if err != nil {
			return fmt.Errorf("listing the notes about what failed: %w", err)
		}
		name := strings.TrimPrefix(info.Key, o.failures())
		label, _, _ := strings.Cut(name, ".")
		state := missing[label]
		if read[label]++; state == nil || read[label] > maxNotes {
			continue
		}
		f, err := o.note(ctx, name)
		if err != nil {
			return err
		}
		// Of several, what no repetition mends is told.
		if f != nil && (state.Failure == nil || f.Code > state.Failure.Code) {
			state.State, state.Failure = Failed, f
		}
	}
	return nil
}

// note reads the note with a name. It returns nil when that file is not a note of a worker.
func (o *Output) note(ctx context.Context, name string) (*Failure, error) {
	key := o.failures() + name
	_, body, err := o.Store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, maxNote))
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", o.Store.String()+key, err)
	}
	f := new(Failure)
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if d.Decode(f) != nil || !f.fits(name) {
		return nil, nil //nolint:nilnil // whoever may create objects can leave anything there
	}
	return f, nil
}
