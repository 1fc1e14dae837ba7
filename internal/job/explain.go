package job

import (
	"context"

	"cdrmend/internal/budget"
	"cdrmend/internal/evidence"
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

	log    *registration.Log
	policy *policy.Policy
}

// Explain reads an interval as its sources show it, and decides it.
func (j *Job) Explain(ctx context.Context, interval policy.Interval) (*Reading, error) {
	inputs, err := j.list(ctx, interval)
	if err != nil {
		return nil, err
	}

	memory := budget.New(inputs.Memory(), j.OwnGC)
	ev, account, err := j.read(ctx, inputs, true, memory, nil)
	if err != nil {
		return nil, err
	}
	defer account.Close()

	trace, err := interruptible(ctx, memory, func(s evidence.Spread) *reconcile.Trace { return reconcile.Explain(ev, s) })
	if err != nil {
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
