package job

import "cdrmend/internal/intake"

// Tune overrides what otherwise follows from the size of the inputs.
func (j *Job) Tune(t intake.Tuning) { j.tuning = t }
