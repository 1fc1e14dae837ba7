package policy_test

import (
	"testing"

	"cdrmend/internal/policy"
)

func TestAFindingIsAcceptedByTheRowThatNamesIt(t *testing.T) {
	p := policy.Policy{
		Accepted: map[string]bool{"fnd-1": true}, AcceptedRows: map[string]int{"fnd-1": 4},
		AcceptedSubjects: []policy.AcceptedSubject{
			{Conversation: "3C9E1A74-52D8-4E0B-8F16-A97D403BE215", Row: 1}, {Class: "conflict", Recording: "r1", Row: 2}, {Org: "o1", Conversation: "c2", Recording: "r2", Row: 3},
		},
	}
	p.AcceptedGrounds = []policy.Grounds{{Row: 2, Reason: "line test"}, {Row: 4, Reason: "known", By: "J. Doe", Basis: "retention ended"}}
	restored := policy.PolicyIdentity{Accepted: []string{"fnd-1"}, AcceptedRows: p.AcceptedRows, AcceptedSubjects: p.AcceptedSubjects, AcceptedGrounds: p.AcceptedGrounds}
	for name, a := range map[string]*policy.Acceptance{"configured": p.Acceptance(), "of a run": restored.Acceptance()} {
		for _, test := range []struct {
			id    string
			about policy.Subject[string]
			row   int
		}{
			{"fnd-1", policy.Subject[string]{}, 4},
			{"fnd-2", policy.Subject[string]{}, 0},
			{"fnd-2", policy.Subject[string]{Class: "no_cdr", Conversation: "3c9e1a74-52d8-4e0b-8f16-a97d403be215", Recording: "r9"}, 1},
			{"fnd-2", policy.Subject[string]{Class: "conflict", Conversation: "c9", Recording: "r1"}, 2},
			{"fnd-2", policy.Subject[string]{Class: "no_cdr", Conversation: "c9", Recording: "r1"}, 0},
			{"fnd-2", policy.Subject[string]{Org: "o1", Conversation: "c2", Recording: "r2"}, 3},
			{"fnd-2", policy.Subject[string]{Org: "o2", Conversation: "c2", Recording: "r2"}, 0},
			{"fnd-2", policy.Subject[string]{Org: "o1", Conversation: "c2"}, 0},
		} {
			if row, ok := a.Row(test.id, test.about); row != test.row || ok != (test.row > 0) {
				t.Errorf("%s: %s %+v is accepted by row %d, want %d", name, test.id, test.about, row, test.row)
			}

			want := policy.Grounds{Row: test.row}
			switch test.row {
			case 2:
				want = p.AcceptedGrounds[0]
			case 4:
				want = p.AcceptedGrounds[1]
			}
			if g, ok := a.Grounds(test.id, test.about); g != want || ok != (test.row > 0) {
				t.Errorf("%s: %s %+v is accepted on the grounds %+v, want %+v", name, test.id, test.about, g, want)
			}
		}
	}
}
