package replay

import (
	"context"

	"cdrmend/internal/intake"
	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/mediacheck"
)

// Heard returns what a record says of media objects, for a job that computes its run
// again; nil when it says nothing. With all the job asks for none of them. Otherwise it
// asks for those that could be read, and only knows which ones the run was denied: whoever
// checks may have other rights than the run had.
func Heard(ctx context.Context, out *ledger.Output, r *ledger.Record, scratch string, all bool) job.Heard {
	if r.Media == nil {
		return nil
	}
	return func(in *intake.Inputs) (*mediacheck.Findings, bool, error) {
		known, err := mediacheck.Open(ctx, out, r.Media, in, scratch)
		if err != nil || all {
			return known, all, err
		}
		return known.Denied(), false, nil
	}
}
