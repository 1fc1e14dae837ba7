package job

import (
	"context"

	"cdrmend/internal/budget"
	"cdrmend/internal/intake"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/report"
)

// Witness looks at a decision with what it rests on, before the files are written. It
// keeps nothing of it.
type Witness func(*intake.Inputs, *intake.Account, *reconcile.Trace)

// Trial computes an interval and writes the run, and shows the decision to a witness. It
// neither looks at commits nor makes one, so the output should be one of its own: nothing
// else may be there.
func (j *Job) Trial(ctx context.Context, interval policy.Interval, seen Witness) (*report.Run, error) {
	defer j.Watch("", 0, 0)

	inputs, err := j.list(ctx, interval, nil)
	if err != nil {
		return nil, err
	}
	defer budget.New(inputs.Memory(), j.OwnGC).Begin()()

	to := j.output().Interval(interval.Label)
	done, err := j.computeSeen(ctx, to, nil, inputs, nil, seen)
	if err != nil {
		return nil, err
	}

	r := resultOf(to, inputs)
	r.Outcome, r.Summary, r.Todo = done.summary.Outcome, done.summary, done.todo
	return r, nil
}
