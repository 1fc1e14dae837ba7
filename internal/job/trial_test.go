package job_test

import (
	"strings"
	"testing"
	"time"

	"cdrmend/internal/intake"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/sample"

	"github.com/google/go-cmp/cmp"
)

// A trial keeps more in memory than a run, and writes the same files.
func TestATrialWritesTheFilesOfARunAndNoCommit(t *testing.T) {
	content := sampleFiles(sample.New(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)))
	n := newNight(t, content)
	r := n.run()
	want := n.tree(outputPrefix + "runs/" + r.RunID)

	other := newNight(t, content)
	seen := 0
	tried, err := other.job().Trial(t.Context(), interval, func(in *intake.Inputs, a *intake.Account, trace *reconcile.Trace) {
		seen++
		if len(in.Objects) == 0 || len(a.Objects) == 0 || len(trace.Legs) == 0 || len(trace.Particulars) != len(trace.Legs) {
			t.Error("the witness does not see what the decision rests on")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen != 1 || tried.RunID != r.RunID || tried.Summary == nil || tried.Outcome != r.Outcome {
		t.Errorf("the witness was asked %d times, and the trial is %+v", seen, tried)
	}
	if diff := cmp.Diff(want, other.tree(outputPrefix+"runs/"+tried.RunID)); diff != "" {
		t.Errorf("files differ (-run +trial):\n%s", diff)
	}
	for path := range other.tree("out") {
		if !strings.HasPrefix(path, "interval="+label+"/runs/"+tried.RunID+"/") {
			t.Errorf("the trial wrote %s", path)
		}
	}
}
