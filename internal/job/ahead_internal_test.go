package job

import (
	"context"
	"testing"
	"time"

	"cdrmend/internal/intake"
	"cdrmend/internal/ledger"
)

func TestOnlyAnIntervalWithoutACommitIsReadAhead(t *testing.T) {
	t.Parallel()
	early, late := time.Unix(100, 0), time.Unix(200, 0)
	packed := func(at time.Time) ledger.Head { return ledger.Head{Record: &ledger.Record{Time: at}} }
	for name, test := range map[string]struct {
		attempt attempt
		base    base
		want    *intake.Ahead
	}{
		"no commit":         {attempt{Job: &Job{}}, base{packed: []ledger.Head{}}, &intake.Ahead{}},
		"neighbours":        {attempt{Job: &Job{}}, base{packed: []ledger.Head{packed(early), packed(late), packed(early)}}, &intake.Ahead{Packed: late}},
		"a commit":          {attempt{Job: &Job{}}, base{head: packed(early)}, nil},
		"a dry run":         {attempt{Job: &Job{Dry: func(context.Context, *intake.Inputs) error { return nil }}}, base{}, nil},
		"computed before":   {attempt{Job: &Job{}, done: &computed{}}, base{}, nil},
		"commit, dry, done": {attempt{Job: &Job{Dry: func(context.Context, *intake.Inputs) error { return nil }}, done: &computed{}}, base{head: packed(late)}, nil},
	} {
		got := test.attempt.ahead(t.Context(), &test.base)
		if (got == nil) != (test.want == nil) || got != nil && *got != *test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}
