package object

import (
	"context"
	"time"
)

// OpenQuick opens a store that waits little and sends parts early.
func OpenQuick(ctx context.Context, loc Location, opts Options) (Store, error) {
	opts.Patience = Patience{Attempts: 5, Backoff: 5 * time.Millisecond, Idle: time.Second}
	return open(ctx, loc, opts, tuning{multipartAbove: 8 << 20, partSize: 6 << 20})
}

// Limit returns how many requests may be in flight now.
func (l *Limiter) Limit() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.limit)
}
