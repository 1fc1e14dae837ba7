package accept

import (
	"context"
	"slices"

	"cdrmend/internal/committed"
	"cdrmend/internal/policy"
	"cdrmend/internal/table"
)

// Concern is a committed interval with findings that decisions are about.
type Concern struct {
	Interval string
	Findings int
}

// Concerned returns the intervals with findings that have one of some ids or are about
// one of some subjects, in their order, and the ids and subjects that no history has.
// Every finding that any commit ever had is in a history.
func Concerned(ctx context.Context, out *committed.Output, labels, ids []string, subjects []policy.AcceptedSubject) (list []Concern, strangers []string, unused []policy.AcceptedSubject, err error) {
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = false
	}
	numbered := slices.Clone(subjects)
	for i := range numbered {
		numbered[i].Row = i + 1
	}
	wantedSubjects, _ := policy.Written(numbered)
	used := make([]bool, len(subjects))

	for _, label := range labels {
		commit, err := out.Newest(ctx, label)
		if err != nil {
			return nil, nil, nil, err
		}
		if commit == nil {
			continue
		}

		n := 0
		for row, err := range commit.Table(ctx, table.History) {
			if err != nil {
				return nil, nil, nil, err
			}
			f := table.FindingOf(row)
			_, about := wanted[f.ID]
			if about {
				wanted[f.ID] = true
			}
			if row, ok := wantedSubjects.Row(policy.Subject[string]{Class: f.Class, Org: f.Org, Conversation: f.Conversation, Recording: f.Recording}); ok {
				used[row-1], about = true, true
			}
			if about {
				n++
			}
		}
		if n > 0 {
			list = append(list, Concern{label, n})
		}
	}

	for _, id := range ids {
		if !wanted[id] {
			strangers = append(strangers, id)
		}
	}
	for i, ok := range used {
		if !ok {
			unused = append(unused, subjects[i])
		}
	}
	return list, strangers, unused, nil
}
