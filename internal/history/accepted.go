package history

import (
	"context"
	"slices"

	"cdrmend/internal/committed"
	"cdrmend/internal/policy"
	"cdrmend/internal/table"
)

// accepted is the state of a finding that somebody accepted.
const accepted = "accepted"

// Acceptance returns what the run of a commit accepts, and on what grounds.
func Acceptance(ctx context.Context, c *committed.Commit) (*policy.Acceptance, error) {
	// A summary may be large; only this part of it is kept.
	var summary struct {
		Configuration struct {
			Policy policy.PolicyIdentity `json:"policy"`
		} `json:"configuration"`
	}
	if err := c.Decode(ctx, "summary.json", &summary); err != nil {
		return nil, err
	}
	return summary.Configuration.Policy.Acceptance(), nil
}

// Grounds returns on what grounds a finding is accepted.
func Grounds(a *policy.Acceptance, f *table.Finding) *policy.Grounds {
	g, _ := a.Grounds(f.ID, policy.Subject[string]{Class: f.Class, Org: f.Org, Conversation: f.Conversation, Recording: f.Recording})
	return &g
}

// grounds notes for the findings that a commit accepts by whom and why. The summary is
// read only when there are such.
func grounds(ctx context.Context, c *committed.Commit, events []Event) error {
	if !slices.ContainsFunc(events, func(e Event) bool { return e.State == accepted }) {
		return nil
	}
	a, err := Acceptance(ctx, c)
	if err != nil {
		return err
	}

	for i := range events {
		if e := &events[i]; e.State == accepted {
			e.Accepted = Grounds(a, &table.Finding{ID: e.Finding, Class: e.Class, Org: e.Org, Conversation: e.Conversation, Recording: e.Recording})
		}
	}
	return nil
}
