package job

import (
	"context"

	"cdrmend/internal/intake"
)

// Ignore is a dry run that does nothing with what was listed.
func Ignore(context.Context, *intake.Inputs) error { return nil }

// Tune overrides what otherwise follows from the size of the inputs.
func (j *Job) Tune(t intake.Tuning) { j.tuning = t }
