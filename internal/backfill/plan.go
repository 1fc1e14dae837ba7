// Package backfill divides a span of intervals among many machines, and tells from an
// output what of it is done.
//
// Intervals are independent: each is computed from inputs alone, and committed exactly
// once. So machines need no coordinator, no lock and no lease. A [Plan] says who does what.
// It stands in the output, below a name that is the hash of its bytes, and never changes.
// It pins what results depend on besides the inputs: the configuration, the build, and the
// time at which sources count as settled. So any machine, at any time, computes the bytes
// that one machine alone would.
//
// An interval is done when its newest commit is of this configuration and this build, with
// the sources settled as at the plan's time. Nothing else is remembered of a backfill, but
// notes about intervals that failed: see [Failure]. Two workers with one shard compute the
// same, and one of them finds that the commit is made.
package backfill

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"cdrmend/internal/intake"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/record"
)

// PlanFormat is the format of plan.json.
const PlanFormat = "cdrmend.plan/1"

const (
	folder   = "plans/" // below the root of an output
	planFile = "plan.json"
	maxPlan  = 1 << 20 // bytes; one of a thousand shards has a tenth of it
)

// Plan is plan.json: which intervals are done by whom, and with what.
type Plan struct {
	Format        string            `json:"format"`
	Name          string            `json:"name"`                 // of the configuration
	Configuration string            `json:"configuration_sha256"` // of all in it that results depend on
	Settle        map[string]string `json:"settle"`               // by source: how long after an interval it may deliver
	Tool          string            `json:"tool"`                 // the build that computes it
	AsOf          time.Time         `json:"as_of"`                // the time at which sources count as settled
	Length        string            `json:"interval"`             // how long an interval is
	From          string            `json:"from"`                 // the first interval
	To            string            `json:"to"`                   // the interval after the last
	Shards        []Shard           `json:"shards"`
}

// Shard is a row of intervals that one worker does, the oldest first.
type Shard struct {
	From      string `json:"from"` // the first interval
	To        string `json:"to"`   // the interval after the last
	Intervals int    `json:"intervals"`
	Objects   int64  `json:"objects"` // that were listed for these intervals, margins included
	Bytes     int64  `json:"bytes"`   // of these objects
}

// NewPlan divides intervals, which follow one another, into shards of about equal size.
// The sizes are those of the intervals.
func NewPlan(cfg *policy.Config, tool string, asOf record.Time, intervals []policy.Interval, sizes []intake.Size, shards int) (*Plan, error) {
	pinned, err := fingerprint(cfg.Identity())
	if err != nil {
		return nil, err
	}
	p := &Plan{
		Format: PlanFormat, Name: cfg.Name, Configuration: pinned, Settle: settle(cfg), Tool: tool,
		AsOf: asOf.Std().UTC(), Length: cfg.Interval.String(),
		From: intervals[0].Label, To: policy.IntervalAt(intervals[len(intervals)-1].End, cfg.Interval).Label,
	}

	begin := 0
	for _, end := range divide(sizes, shards) {
		s := Shard{From: intervals[begin].Label, To: p.To, Intervals: end - begin}
		if end < len(intervals) {
			s.To = intervals[end].Label
		}
		for _, size := range sizes[begin:end] {
			s.Objects, s.Bytes = s.Objects+size.Objects, s.Bytes+size.Bytes
		}
		p.Shards = append(p.Shards, s)
		begin = end
	}
	return p, nil
}

// fingerprint returns the hash of what a configuration says about results.
func fingerprint(id policy.Identity) (string, error) {
	raw, err := json.Marshal(id)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

func settle(cfg *policy.Config) map[string]string {
	all := map[string]string{}
	for i := range cfg.Sources {
		all[cfg.Sources[i].Name] = cfg.Sources[i].Settle.String()
	}
	return all
}

// RefusedError says that a plan was made for another configuration or build. No
// repetition changes that, of this shard or of another.
type RefusedError struct{ Detail string }

func (e *RefusedError) Error() string { return e.Detail }

// Fits returns a [RefusedError] unless the plan was made for a configuration and a build.
func (p *Plan) Fits(cfg *policy.Config, tool string) error {
	now, err := fingerprint(cfg.Identity())
	if err != nil {
		return err
	}
	switch {
	case p.Tool != tool:
		return &RefusedError{fmt.Sprintf("the plan was made by version %s, and this is %s: run that version, or make another plan", p.Tool, tool)}
	case p.Name != cfg.Name:
		return &RefusedError{fmt.Sprintf("the plan was made for the configuration named %q, and this is %q: give the workers the configuration of the plan, or make another plan", p.Name, cfg.Name)}
	case p.Configuration != now || p.Length != cfg.Interval.String():
		return &RefusedError{fmt.Sprintf("the plan was made for another configuration: its SHA-256 is %s, and that of %s is %s; give the workers the configuration of the plan, or make another plan", p.Configuration, cfg.Path, now)}
	}
	for i := range cfg.Sources {
		s := &cfg.Sources[i]
		if planned := p.Settle[s.Name]; planned != s.Settle.String() {
			return &RefusedError{fmt.Sprintf("the plan was made for another configuration: settle of source %s was %s, and is %s in %s; give the workers the configuration of the plan, or make another plan", s.Name, planned, s.Settle, cfg.Path)}
		}
	}
	return nil
}

// Intervals returns the intervals of a shard, or of all shards for -1.
func (p *Plan) Intervals(shard int) []policy.Interval {
	from, to := p.From, p.To
	if shard >= 0 {
		from, to = p.Shards[shard].From, p.Shards[shard].To
	}
	var list []policy.Interval
	length := span(p.Length)
	last, _ := policy.ParseLabel(to)
	for at, _ := policy.ParseLabel(from); at < last; at = at.Add(length) {
		list = append(list, policy.IntervalAt(at, length))
	}
	return list
}

// span returns a span of time of a plan that was checked.
func span(text string) time.Duration {
	d, _ := time.ParseDuration(text)
	return d
}

// check returns what is wrong with a plan that was read, empty when nothing is.
func (p *Plan) check() string {
	length, err := time.ParseDuration(p.Length)
	switch {
	case p.Format != PlanFormat:
		return fmt.Sprintf("its format is %q, want %q", p.Format, PlanFormat)
	case err != nil || length <= 0:
		return fmt.Sprintf("its interval is %q", p.Length)
	case len(p.Shards) == 0:
		return "it has no shards"
	}
	for source, text := range p.Settle {
		if d, err := time.ParseDuration(text); err != nil || d < 0 {
			return fmt.Sprintf("settle of source %q is %q", source, text)
		}
	}

	next := p.From
	for i, s := range p.Shards {
		from, ok := policy.ParseLabel(s.From)
		to, also := policy.ParseLabel(s.To)
		if !ok || !also || s.From != next || to != from.Add(time.Duration(s.Intervals)*length) || s.Intervals < 1 || s.Intervals > maxIntervals {
			return fmt.Sprintf("its shard %d is no row of intervals after those before it", i)
		}
		next = s.To
	}
	if next != p.To {
		return "its shards end before it does"
	}
	return ""
}

// maxIntervals bounds a shard that is read: a century of hours.
const maxIntervals = 100 * 366 * 24

// key returns the key of a plan of an output.
func key(out *ledger.Output, id string) string { return out.Root + folder + id + "/" + planFile }

// urlOf returns where a plan is, as people and Jobs name it.
func urlOf(out *ledger.Output, id string) string { return out.Store.String() + key(out, id) }

// Put writes a plan to an output, unless it is there, and returns its id.
func Put(ctx context.Context, out *ledger.Output, plan *Plan) (id string, err error) {
	raw, err := ledger.Encode(plan)
	if err != nil {
		return "", err
	}
	if len(raw) > maxPlan {
		return "", fmt.Errorf("a plan of %d shards is too large: choose fewer", len(plan.Shards))
	}
	id = idOf(raw)
	if err := out.Store.Create(ctx, key(out, id), object.ContentOf(raw)); err != nil {
		return "", fmt.Errorf("writing the plan %q: %w", urlOf(out, id), err)
	}
	return id, nil
}

// idOf returns the id of a plan, which is the beginning of its SHA-256.
func idOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}

// ErrNoPlan says that an output has no such plan.
var ErrNoPlan = errors.New("there is no such plan: cdrmend backfill plan makes one, and prints its URL")

// Get reads a plan. Its id says what its bytes are, so whoever changes it makes it
// unusable, and nothing else.
func Get(ctx context.Context, out *ledger.Output, id string) (*Plan, error) {
	_, body, err := out.Store.Get(ctx, key(out, id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%q: %w", urlOf(out, id), ErrNoPlan)
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, maxPlan+1))
	if err != nil {
		return nil, fmt.Errorf("reading the plan %q: %w", urlOf(out, id), err)
	}

	if idOf(raw) != id {
		return nil, &ledger.BrokenError{Key: urlOf(out, id), Detail: "it was changed since it was made, as its SHA-256 does not begin with its name"}
	}
	plan := new(Plan)
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(plan); err != nil {
		return nil, fmt.Errorf("%q is no plan that this version knows: %w", urlOf(out, id), err)
	}
	if wrong := plan.check(); wrong != "" {
		return nil, fmt.Errorf("%q is no plan: %s", urlOf(out, id), wrong)
	}
	return plan, nil
}

var planName = regexp.MustCompile(`^(?:(.*/)?` + folder + `)?([0-9a-f]{32})(?:/(?:` + regexp.QuoteMeta(planFile) + `)?)?$`)

// ParseName takes a plan's URL, or its id alone, apart: where the output is, empty for an
// id alone, and the id.
func ParseName(name string) (output, id string, ok bool) {
	m := planName.FindStringSubmatch(name)
	if m == nil {
		return "", "", false
	}
	if strings.Contains(name, folder) && m[1] == "" {
		return "./", m[2], true // the output is the current directory
	}
	return m[1], m[2], true
}
