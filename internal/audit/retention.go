package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/parallel"
	"cdrmend/internal/redact"
)

// Retention says how Object Lock keeps objects. It takes a request for each object, so
// it is about those that were asked.
type Retention struct {
	Objects     int64            `json:"objects"`     // that there should be
	Asked       int64            `json:"asked"`       // of them
	Unsupported bool             `json:"unsupported"` // they lie in a directory, which retains nothing
	Minimum     Minimum          `json:"minimum"`
	Kept        int64            `json:"kept"`      // at least in the mode and for the time of the minimum
	Short       int64            `json:"too_short"` // retained, and less than that
	Unretained  int64            `json:"unretained"`
	Gone        int64            `json:"gone"` // not there
	Modes       map[string]int64 `json:"modes"`
	Earliest    string           `json:"earliest_until"`       // when the first retention ends; empty without one
	LegalHold   *int64           `json:"legal_hold,omitempty"` // objects with a hold; nil: that was not asked
	First       []Unkept         `json:"first"`                // of those that are not kept, in the order of their keys

	earliest time.Time
}

// Unkept is an object that is not kept as the minimum wants.
type Unkept struct {
	Key   string `json:"key"`
	Mode  string `json:"mode"`
	Until string `json:"until"`
	Want  string `json:"want"` // until when, empty without a date
	Gone  bool   `json:"gone"`
}

// mostUnkept is how many of them a report names.
const mostUnkept = 50

// Minimum is how objects have to be retained. The zero value asks for any retention.
type Minimum struct {
	Mode  string     `json:"mode"`            // compliance; governance or empty: either
	Until *time.Time `json:"until,omitempty"` // nil: by Days
	Days  int        `json:"days,omitempty"`  // from the object's own time
}

// grace is how much of the days may lack: a run takes the time from which it counts
// before it writes.
const grace = 24 * time.Hour

// until returns until when an object of a time has to be retained, the zero value when
// any time will do.
func (m *Minimum) until(at time.Time) time.Time {
	switch {
	case m.Until != nil:
		return *m.Until
	case m.Days > 0:
		return at.AddDate(0, 0, m.Days).Add(-grace).Truncate(time.Second) // S3 keeps whole seconds
	}
	return time.Time{}
}

// Object is an object that may be asked for.
type Object struct {
	Source string // of a media object; empty for one of the output
	Key    string
	At     time.Time // from which days of retention count
}

// Question says which objects are asked for what.
type Question struct {
	Of          string                   // output or media
	Objects     iter.Seq2[Object, error] // ranged over twice
	Sample      int                      // about how many to ask; 0: all
	Minimum     Minimum
	Retention   func(context.Context, Object) (object.Retention, error)
	Held        func(context.Context, Object) (bool, error) // by a legal hold; nil: that is not asked
	Answers     *Answers                                    // that were given before; nil: none are kept
	Concurrency int
	Show        *redact.Redactor
}

// batch is how many objects are asked before their answers are kept.
const batch = 1024

// Ask asks for the retention of objects. That one is not there is an answer; any other
// failure of a store ends it, and what was answered until then is kept.
func Ask(ctx context.Context, q *Question) (*Retention, error) {
	r := &Retention{Minimum: q.Minimum, Modes: map[string]int64{}, First: []Unkept{}}
	for _, err := range q.Objects {
		if err != nil {
			return nil, err
		}
		r.Objects++
	}

	share := 1.0
	if q.Sample > 0 && int64(q.Sample) < r.Objects {
		share = float64(q.Sample) / float64(r.Objects)
	}
	var some []Object
	for o, err := range q.Objects {
		if err != nil {
			return nil, err
		}
		if !object.InSample(o.Source, o.Key, share) {
			continue
		}
		if some = append(some, o); len(some) == batch {
			if err := r.ask(ctx, q, some); err != nil {
				return r.unless(err)
			}
			some = some[:0]
		}
	}
	if err := r.ask(ctx, q, some); err != nil {
		return r.unless(err)
	}
	if !r.earliest.IsZero() {
		r.Earliest = r.earliest.UTC().Format(time.RFC3339)
	}
	slices.SortFunc(r.First, func(a, b Unkept) int { return strings.Compare(a.Key, b.Key) })
	return r, nil
}

// unless returns what is said of objects in a directory, for any other error the error.
func (r *Retention) unless(err error) (*Retention, error) {
	if errors.Is(err, errors.ErrUnsupported) {
		return &Retention{Objects: r.Objects, Unsupported: true, Minimum: r.Minimum, Modes: map[string]int64{}, First: []Unkept{}}, nil
	}
	return nil, err
}

// ask asks for some objects and counts the answers in their order.
func (r *Retention) ask(ctx context.Context, q *Question, some []Object) error {
	answers := make([]answer, len(some))
	done := make([]bool, len(some))
	asking := parallel.Each(ctx, q.Concurrency, len(some), func(ctx context.Context, i int) error {
		if known, ok := q.Answers.of(q.Of, &some[i]); ok && (q.Held == nil || known.Gone || known.Held != nil) {
			answers[i] = known
			return nil
		}
		var err error
		if answers[i], err = q.one(ctx, &some[i]); err == nil {
			done[i] = true
		}
		return err
	})

	// What was answered is kept, also when a later request failed.
	var given []answer
	for i := range answers {
		if done[i] {
			given = append(given, answers[i])
		}
	}
	if err := cmp.Or(q.Answers.add(given), asking); err != nil {
		return err
	}
	for i := range some {
		r.count(&some[i], &answers[i], q.Show)
	}
	return nil
}

// one asks for one object.
func (q *Question) one(ctx context.Context, o *Object) (answer, error) {
	kept, err := q.Retention(ctx, *o)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return answer{}, fmt.Errorf("asking how %s is retained: %w", q.Of, err)
	}
	a := answer{Of: q.Of, Source: o.Source, Key: o.Key, Mode: kept.Mode, Until: kept.Until, Gone: err != nil}
	if q.Held == nil || a.Gone {
		return a, nil
	}
	held, err := q.Held(ctx, *o)
	switch {
	case errors.Is(err, object.ErrChanged): // it went since
	case err != nil && !errors.Is(err, errors.ErrUnsupported):
		return answer{}, fmt.Errorf("asking which %s is held: %w", q.Of, err)
	}
	a.Held = heldOf(&held)
	return a, nil
}

func (r *Retention) count(o *Object, a *answer, show *redact.Redactor) {
	want := r.Minimum.until(o.At)
	r.Asked++
	if a.Held != nil {
		if r.LegalHold == nil {
			r.LegalHold = new(int64)
		}
		if *a.Held {
			*r.LegalHold++
		}
	}
	if a.Mode != "" {
		r.Modes[a.Mode]++
		if r.earliest.IsZero() || a.Until.Before(r.earliest) {
			r.earliest = a.Until
		}
	}

	switch {
	case a.Gone:
		r.Gone++
	case a.Mode == "":
		r.Unretained++
	case a.Until.Before(want.Truncate(time.Second)) || r.Minimum.Mode == "compliance" && a.Mode != "compliance":
		r.Short++
	default:
		r.Kept++
		return
	}
	if len(r.First) < mostUnkept {
		r.First = append(r.First, Unkept{Key: show.Key(o.Key), Mode: a.Mode, Until: stampOf(a.Until), Want: stampOf(want), Gone: a.Gone})
	}
}

func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
