package notify

import (
	"context"
	"iter"

	"cdrmend/internal/committed"
	"cdrmend/internal/table"
)

// Format is the format of a message.
const Format = "cdrmend.notice/1"

// listed is how many findings a notice names at most.
const listed = 100

// Notice is the body of a message.
type Notice struct {
	Format       string   `json:"format"`
	Name         string   `json:"name"` // of the configuration
	Interval     string   `json:"interval"`
	Commit       int64    `json:"commit"`
	CommitSHA256 string   `json:"commit_sha256"`
	RunID        string   `json:"run_id"`
	URL          string   `json:"url"`          // the run's folder
	NewCritical  int64    `json:"new_critical"` // findings
	Findings     []string `json:"findings"`     // ids of the first of them
	Journal      *Mark    `json:"journal,omitempty"`
}

// Mark is the newest journal entry. A receiver who keeps it can show with it that
// nothing that was committed until then was removed.
type Mark struct {
	Number int64  `json:"number"`
	SHA256 string `json:"sha256"`
}

// Compose returns the notice about the newest commit of an interval. It is nil
// when every open critical finding was already open in the commit before.
func Compose(ctx context.Context, output *committed.Output, interval string) (*Notice, error) {
	commits, err := output.Commits(ctx, interval)
	if err != nil || len(commits) == 0 {
		return nil, err
	}

	// Only the commit before counts: a finding that is absent from it and open
	// again is reported again.
	known := map[string]bool{}
	if len(commits) > 1 {
		for id, err := range critical(ctx, commits[len(commits)-2]) {
			if err != nil {
				return nil, err
			}
			known[id] = true
		}
	}

	newest := commits[len(commits)-1]
	n := &Notice{
		Format: Format, Name: newest.Record.Name, Interval: interval, Commit: newest.Number(), CommitSHA256: newest.SHA256,
		RunID: newest.Record.RunID, URL: newest.URL(), Findings: []string{},
	}

	for id, err := range critical(ctx, newest) {
		if err != nil {
			return nil, err
		}
		if known[id] {
			continue
		}
		n.NewCritical++
		if len(n.Findings) < listed {
			n.Findings = append(n.Findings, id)
		}
	}

	if n.NewCritical == 0 {
		return nil, nil
	}
	return n, nil
}

// critical yields the ids of the open critical findings of a commit.
func critical(ctx context.Context, c *committed.Commit) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for r, err := range c.Table(ctx, table.Findings) {
			if err != nil {
				yield("", err)
				return
			}

			f := table.FindingOf(r)
			if f.Severity == "critical" && f.Status == "open" && !yield(f.ID, nil) {
				return
			}
		}
	}
}
