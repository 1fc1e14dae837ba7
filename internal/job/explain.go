package job

import (
	"cmp"
	"context"
	"fmt"
	"maps"

	"cdrmend/internal/budget"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intake"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/record"
	"cdrmend/internal/registration"
)

// Reading is an interval that was read and decided again, to explain the decision.
// Nothing was written.
type Reading struct {
	*reconcile.Trace
	RunID string
	Read  int // how many objects were read; 0: all of them
	Of    int // how many objects the run has, when some were not read

	log    *registration.Log
	policy *policy.Policy
}

// Explain reads an interval as its sources show it, and decides it.
func (j *Job) Explain(ctx context.Context, interval policy.Interval) (*Reading, error) {
	inputs, err := j.list(ctx, interval, nil)
	if err != nil {
		return nil, err
	}
	memory := func() budget.Budget { return budget.New(inputs.Memory(), j.OwnGC) }
	return j.explain(ctx, inputs, nil, memory, func(ev *evidence.Evidence, s evidence.Spread) (*reconcile.Trace, error) {
		return reconcile.Explain(ev, s), nil
	})
}

// Part names rows of a night.
type Part struct {
	Places []Place
	IDs    []string // of conversations and recordings that these rows have

	// Find returns the rows of the tables that have one of some ids.
	Find func(ctx context.Context, ids []string) ([]Place, error)
}

// Place is a row or entry of an input.
type Place struct {
	Source, Key string
	Row         int64
}

// ExplainPart is Explain for some rows: it reads the objects that hold them or what is
// linked with them, and all registrations. The rest of the night is known. It fails if
// the sources show another run than that of the night. The rows may be found while
// registrations are read.
func (j *Job) ExplainPart(ctx context.Context, interval policy.Interval, known []byte, rows func(context.Context) (*Part, error)) (*Reading, error) {
	night, err := reconcile.ParseNight(known)
	if err != nil {
		return nil, err
	}
	inputs, err := j.list(ctx, interval, nil)
	if err != nil {
		return nil, err
	}
	if inputs.RunID != night.RunID {
		return nil, fmt.Errorf("they make another run, %s", inputs.RunID)
	}

	all := map[uint32]bool{} // objects that are read
	only := &intake.Only{First: registrations(inputs.Inputs)}
	only.Rest = func(ctx context.Context) (map[uint32]bool, error) {
		part, err := rows(ctx)
		if err != nil {
			return nil, err
		}
		found, err := part.objects(ctx, inputs.Inputs, night)
		maps.Copy(all, only.First)
		maps.Copy(all, found)
		return found, err
	}
	memory := func() budget.Budget { return budget.New(inputs.MemoryOf(all), j.OwnGC) }
	r, err := j.explain(ctx, inputs, only, memory, func(ev *evidence.Evidence, s evidence.Spread) (*reconcile.Trace, error) {
		return reconcile.ExplainPart(ev, s, night)
	})
	if err == nil {
		r.Read, r.Of = len(all), len(inputs.Objects)
	}
	return r, err
}

// registrations returns the numbers of all registration logs.
func registrations(in *intake.Inputs) map[uint32]bool {
	logs := map[uint32]bool{}
	for i := range in.Objects {
		if o := &in.Objects[i]; o.Document && in.Sources[o.Source].Kind == policy.Registrations {
			logs[uint32(i)] = true
		}
	}
	return logs
}

// mostRounds is how often more rows are looked for that have to do with those of a part.
const mostRounds = 8

// objects returns the numbers of the objects with the rows of a part, and with what is
// linked with them.
func (p *Part) objects(ctx context.Context, in *intake.Inputs, night *reconcile.Night) (map[uint32]bool, error) {
	ids, rows := map[string]bool{}, map[record.Ref]bool{}
	for _, id := range p.IDs {
		ids[id] = true
	}
	places, more := p.Places, p.IDs
	for range mostRounds {
		found, err := p.Find(ctx, more)
		if err != nil {
			return nil, err
		}
		for _, at := range append(places, found...) {
			if n, ok := in.Find(at.Source, at.Key); ok {
				rows[record.Ref{Object: n, Row: uint32(at.Row)}] = true //nolint:gosec // a row that is not one finds nothing
			}
		}
		if places, more = nil, night.Reach(ids, rows); len(more) == 0 {
			break
		}
	}

	only := map[uint32]bool{}
	for row := range rows {
		if int(row.Object) < len(in.Objects) && in.Objects[row.Object].Document {
			only[row.Object] = true
		}
	}
	return only, nil
}

// explain reads all inputs, or those that only names, and decides about their rows. The
// budget is known when all were read.
func (j *Job) explain(ctx context.Context, inputs *listed, only *intake.Only, memory func() budget.Budget, decide func(*evidence.Evidence, evidence.Spread) (*reconcile.Trace, error)) (*Reading, error) {
	ev, account, err := intake.Read(ctx, inputs.Inputs, intake.Options{
		Everything: true, Only: only, Log: j.Log, Progress: j.Watch, Release: func() { memory().Release() }, Tuning: j.tuning,
	})
	if err != nil {
		return nil, err
	}
	defer account.Close()
	hear := j.hear
	if only != nil {
		hear = j.hearPart
	}
	if err := hear(ctx, inputs, ev); err != nil {
		return nil, err
	}

	var failed error
	trace, err := interruptible(ctx, memory(), func(s evidence.Spread) *reconcile.Trace {
		var t *reconcile.Trace
		t, failed = decide(ev, s)
		return t
	})
	if err := cmp.Or(err, failed); err != nil {
		return nil, err
	}
	return &Reading{Trace: trace, RunID: inputs.RunID, log: &account.Log, policy: &j.Config.Policy}, nil
}

// Failures returns the failed attempts that an outage consists of, in order.
func (r *Reading) Failures(o *registration.Outage) []registration.Failure {
	return registration.Failures(r.log, r.Texts, r.policy, o)
}

// EventAt returns the attempt to register in a row, nil if the row has no usable
// one.
func (r *Reading) EventAt(ref record.Ref) *registration.Event {
	for i := range r.log.Events {
		if e := &r.log.Events[i]; e.Ref == ref {
			return e
		}
	}
	return nil
}
