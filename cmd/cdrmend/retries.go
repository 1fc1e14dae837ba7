package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"cdrmend/internal/object"
)

// retryPause is the time between two lines about one endpoint. Many requests fail at
// once when it is down, and each is repeated for up to a minute.
const retryPause = 5 * time.Second

// retryLog logs that requests are repeated: the first failed attempt at each endpoint
// at once, then one in each pause, and the others only when everything is logged.
type retryLog struct {
	log *slog.Logger
	now func() time.Time

	mu   sync.Mutex
	last map[string]time.Time // of the last line, by host
}

// watchRetries returns a context whose stores log what they repeat.
func (w *world) watchRetries(ctx context.Context) context.Context {
	l := &retryLog{log: w.logger(false), now: w.now, last: map[string]time.Time{}}
	return object.WithRetryWatch(ctx, l.retry)
}

func (l *retryLog) retry(r object.Retry) {
	level := slog.LevelDebug
	if l.due(r.Host) {
		level = slog.LevelWarn
	}
	l.log.Log(context.Background(), level, "retrying", "endpoint", r.Host, "failed_attempt", r.Attempt, "of", r.Of, "reason", r.Reason, "wait_ms", r.Wait.Milliseconds())
}

// due reports whether a line about a host may be logged now, and takes it as logged.
func (l *retryLog) due(host string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()

	now := l.now()
	if last, ok := l.last[host]; ok && now.Sub(last) < retryPause {
		return false
	}
	l.last[host] = now
	return true
}
