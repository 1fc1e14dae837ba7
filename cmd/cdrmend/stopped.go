package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"cdrmend/internal/backfill"
	"cdrmend/internal/ledger"
	"cdrmend/internal/metrics"
	"cdrmend/internal/notify"
	"cdrmend/internal/object"
	"cdrmend/internal/policy"
)

// failureCode returns the exit code of a command that failed.
func failureCode(err error) int {
	var usage usageError
	var name *ledger.NameError
	_, refused := errors.AsType[*backfill.RefusedError](err)
	switch {
	case needsPerson(err):
		return exitStopped
	case refused:
		return exitRefused
	case errors.As(err, &usage) || errors.As(err, &name) || errors.Is(err, ledger.ErrSigned):
		return exitUsage
	}
	return exitFailed
}

// needsPerson reports whether a person has to do something before a repetition can
// succeed: decide about a file that is not trusted, or restore something.
func needsPerson(err error) bool {
	_, untrusted := errors.AsType[*ledger.UntrustedError](err)
	_, broken := errors.AsType[*ledger.BrokenError](err)
	return untrusted || broken || errors.Is(err, object.ErrArchived)
}

// reasonOf returns the class of an error, which others may see: it holds no name, no
// path and no word of a server. Of several errors the first class of the list counts.
func reasonOf(ctx context.Context, err error) string {
	var name *ledger.NameError
	var untrusted *ledger.UntrustedError
	var broken *ledger.BrokenError
	switch {
	case errors.As(err, &untrusted):
		return "untrusted_file"
	case errors.As(err, &broken):
		return "broken_ledger"
	case errors.As(err, &name):
		return "other_name"
	case errors.Is(err, ledger.ErrSigned):
		return "signing_key_missing"
	case failureCode(err) == exitRefused:
		return "other_plan"
	case failureCode(err) == exitUsage:
		return "configuration"
	case ctx.Err() != nil:
		return "signal"
	}

	for _, c := range []struct {
		is     error
		reason string
	}{
		{object.ErrArchived, "archived"},
		{object.ErrCorrupt, "checksum_mismatch"},
		{object.ErrTaken, "key_taken"},
		{ledger.ErrOvertaken, "overtaken"},
		{object.ErrChanged, "inputs_changed"},
		{syscall.ENOSPC, "disk_full"},
		{syscall.EDQUOT, "disk_full"},
		{syscall.EROFS, "read_only"},
		{fs.ErrPermission, "access_denied"},
		{fs.ErrNotExist, "not_found"},
		{context.DeadlineExceeded, "network"},
	} {
		if errors.Is(err, c.is) {
			return c.reason
		}
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return "network"
	}
	return "other"
}

// lastWords is how long a run that got a signal may still talk to others. It must end
// soon, and the supervisor kills it if it does not.
const lastWords = time.Second

// afterwards returns the context in which a run sends what it did. A run that got a
// signal sends it too, but has less time.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), lastWords)
}

// stopped is a run that ended before it committed everything.
type stopped struct {
	config    *policy.Config
	intervals []string // that were not committed
	code      int
	reason    string
	time      time.Time
}

// announce sends the stop to Prometheus and the webhook, where they are configured. Nothing
// depends on it, so a failure is only logged. The ways are independent: a webhook that
// does not answer takes no time from the others. The context is one of afterwards.
func (s *stopped) announce(ctx context.Context, log *slog.Logger) {
	var wait sync.WaitGroup
	defer wait.Wait()
	try := func(way string, configured bool, send func() error) {
		if !configured {
			return
		}
		wait.Go(func() {
			if err := send(); err != nil {
				log.Warn("the message that the run stopped was not sent", "by", way, "error", err)
			}
		})
	}

	m := &metrics.Stop{Name: s.config.Name, ExitCode: s.code, Reason: s.reason}
	to := s.config.Metrics
	try("metrics.textfile", to.Textfile != "", func() error { return metrics.WriteStopped(to.Textfile, m) })
	try("metrics.pushgateway", to.Pushgateway != "", func() error { return metrics.PushStopped(ctx, to.Pushgateway, m) })
	try("notify", s.config.Notify.URL != "", func() error {
		return notify.SendStopped(ctx, s.config.Notify, notify.Stopped{
			Name: s.config.Name, Time: s.time.UTC().Truncate(time.Second), Intervals: s.intervals,
			Stopped: notify.Stop{ExitCode: s.code, Reason: s.reason},
		})
	})
}
