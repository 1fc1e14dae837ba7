package object

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// errStalled ends a request on which nothing moves any more. It is a timeout,
// so the SDK retries the request.
var errStalled error = stalledError{}

type stalledError struct{}

func (stalledError) Error() string   { return "the connection stands still" }
func (stalledError) Timeout() bool   { return true }
func (stalledError) Temporary() bool { return true }

// impatientClient ends requests on which nothing has moved for the idle time:
// no byte of a body either way, and no header. The SDK has no such limit while
// it sends, nor once a header has arrived.
type impatientClient struct {
	next doer
	idle time.Duration
}

func (c impatientClient) Do(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	w := &watch{idle: c.idle, cancel: cancel}
	w.timer = time.AfterFunc(c.idle, func() { cancel(errStalled) })
	w.wait(true)

	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = sent{r.Body, w}
	}

	resp, err := c.next.Do(r)
	w.wait(false)
	if err != nil {
		cancel(nil)
		// The transport reports a cancellation, which the SDK does not retry:
		// put the stall in its place.
		if send, ok := errors.AsType[*url.Error](err); ok && context.Cause(ctx) == errStalled {
			send.Err = errStalled
		}
		return resp, err
	}

	resp.Body = &received{resp.Body, ctx, w}
	return resp, nil
}

// watch cancels a request when nothing moves for the idle time while it is
// waiting.
type watch struct {
	idle   time.Duration
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	waiting bool
	timer   *time.Timer
}

func (w *watch) wait(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = on
	if on {
		w.timer.Reset(w.idle)
	} else {
		w.timer.Stop()
	}
}

// moved restarts the idle time. It may be called after the wait has ended: some
// servers answer before they have read the whole request.
func (w *watch) moved() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting {
		w.timer.Reset(w.idle)
	}
}

// sent is the body of a request.
type sent struct {
	io.ReadCloser
	watch *watch
}

func (s sent) Read(p []byte) (int, error) {
	s.watch.moved()
	return s.ReadCloser.Read(p)
}

// received is the body of an answer. Its idle time runs only while a read
// waits: a slow reader is not a slow server.
type received struct {
	io.ReadCloser
	ctx   context.Context
	watch *watch
}

func (r *received) Read(p []byte) (int, error) {
	r.watch.wait(true)
	n, err := r.ReadCloser.Read(p)
	r.watch.wait(false)
	// The read fails with the cancellation: report the stall instead.
	if err != nil && context.Cause(r.ctx) == errStalled {
		err = errStalled
	}
	return n, err
}

func (r *received) Close() error {
	r.watch.cancel(nil)
	return r.ReadCloser.Close()
}
