package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"cdrmend/internal/policy"
)

// StoppedFormat is the format of a message about a run that stopped.
const StoppedFormat = "cdrmend.stopped/1"

// Stopped is the body of a message about a run that ended before it committed
// everything.
type Stopped struct {
	Format    string    `json:"format"`
	Name      string    `json:"name"` // of the configuration
	Time      time.Time `json:"time"` // when it stopped
	Stopped   Stop      `json:"stopped"`
	Intervals []string  `json:"intervals"` // that were not committed, the oldest first; the first hundred
	Missing   int       `json:"missing"`   // how many these are in all
}

// Stop is why a run stopped.
type Stop struct {
	ExitCode int    `json:"exit_code"`
	Reason   string `json:"reason"` // class of the error
}

// SendStopped posts that a run stopped. Its errors are those of [Send]. Two stops differ
// in their time, so the hash of the body is the idempotency key.
func SendStopped(ctx context.Context, to policy.Notify, s Stopped) error {
	s.Format, s.Missing = StoppedFormat, len(s.Intervals)
	s.Intervals = s.Intervals[:min(len(s.Intervals), listed)]

	body, err := json.Marshal(s)
	if err == nil {
		sum := sha256.Sum256(body)
		err = post(ctx, to, body, hex.EncodeToString(sum[:]))
	}
	if err != nil {
		return fmt.Errorf("notifying of a run that stopped: %w", err)
	}
	return nil
}
