package job_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"cdrmend/internal/job"
)

// A table is put where it belongs while others are made. When that fails, what is
// under way is ended: the error tells of the table, not of what it ended.
func TestATableThatCannotBePutIsNamed(t *testing.T) {
	for _, name := range []string{"calls.csv", "repairs.csv", "outages.csv", "recordings.csv"} {
		n := small(t)
		_, err := n.job(func(j *job.Job) {
			j.Stores.Output = &watched{Store: j.Stores.Output, create: func(ctx context.Context, key string, do func() error) error {
				switch {
				case strings.HasSuffix(key, "/"+name):
					return fmt.Errorf("creating %q: %w", key, errLost)
				case strings.Contains(key, ".history."):
					<-ctx.Done()
					return ctx.Err()
				}
				return do()
			}}
		}).Run(t.Context(), interval)
		if !errors.Is(err, errLost) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s cannot be put: %v", name, err)
		}
		n.checkCommits()
	}
}
