package main

import (
	"context"
	"fmt"
	"strconv"

	"cdrmend/internal/check"
	"cdrmend/internal/intake"
	"cdrmend/internal/job"
	"cdrmend/internal/policy"
	"cdrmend/internal/report"
)

// dryRuns holds what a dry run found in the sources of each interval, by label. It is
// nil for a run that is not dry.
type dryRuns map[string][]check.Source

// of returns what a job does with the inputs that it listed.
func (d dryRuns) of(j *job.Job) job.Listed {
	return func(ctx context.Context, in *intake.Inputs) (err error) {
		d[in.Interval.Label], err = check.Night(ctx, j.Config, j.Stores.Sources, in)
		return err
	}
}

// text returns the table of an interval, and what is asked of media, empty for a run
// that is not dry.
func (d dryRuns) text(r *report.Run, m *policy.Media, paint report.Paint) string {
	if d == nil {
		return ""
	}
	return check.Table(d[r.Interval], paint) + askedOf(m) + "\n"
}

// askedOf says which media objects a run asks for, empty for none.
func askedOf(m *policy.Media) string {
	var part string
	switch {
	case m.Check >= policy.MediaDecode:
		part = "decodes"
	case m.Check >= policy.MediaHeader:
		part = "reads the beginning of"
	default:
		return ""
	}
	of := "each recording of voice"
	if m.Sample < 1 {
		of = fmt.Sprintf("%s %% of the recordings\n  of voice, and of each call with a finding", strconv.FormatFloat(100*m.Sample, 'g', 4, 64))
	}
	return fmt.Sprintf("media: a run also %s the audio of %s\n", part, of)
}

// drySources is a result of a dry run as JSON.
type drySources struct {
	*report.Run
	Sources []check.Source `json:"sources"`
}

// withSources returns results as they are printed as JSON: those of a dry run with what
// was found in their sources.
func (d dryRuns) withSources(results []*report.Run) any {
	if d == nil {
		return results
	}
	all := []drySources{}
	for _, r := range results {
		all = append(all, drySources{r, d[r.Interval]})
	}
	return all
}
