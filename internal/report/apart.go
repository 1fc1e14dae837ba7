package report

import (
	"errors"
	"fmt"
)

// ErrOverlap says that intervals share calls, so that their sums would count them twice.
var ErrOverlap = errors.New("intervals overlap")

// Apart makes sure that intervals do not overlap, as days and hours of one output do when
// somebody changed the interval of a configuration and ran it again for the same time.
type Apart struct{ label, end string }

// Add takes the next interval, in the order of starts.
func (a *Apart) Add(label string, s *Summary) error {
	if s.Start < a.end {
		return fmt.Errorf("%w: %s and %s were committed for the same time, and each call would count twice; "+
			"choose a span with --from and --to that has only one of them, and keep hours and days in outputs of their own", ErrOverlap, a.label, label)
	}
	a.label, a.end = label, s.End
	return nil
}
