package match

import (
	"testing"

	"cdrmend/internal/manifest"
)

func TestEachFieldOfAnEntryHasARuleOfItsOwn(t *testing.T) {
	var st EntryState
	var want [manifest.NumRepairable]Rule
	for round := range NumRules {
		for i, f := range manifest.Repairable {
			want[i] = (Rule(i) + round) % NumRules
			st.fill(f, want[i], true)
			st.fill(f, NumRules-1, false)
			for k := range want {
				if got := st.rule(k); got != want[k] {
					t.Fatalf("after %v was filled by %v, %v is filled by %v, want %v", f, want[i], manifest.Repairable[k], got, want[k])
				}
			}
		}
	}
}
