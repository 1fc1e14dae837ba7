package object

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Retry is an attempt at a request that failed and will be repeated.
type Retry struct {
	Host    string        // of the endpoint, with its port; empty when no request was sent
	Attempt int           // its number, from 1 on
	Of      int           // after so many attempts the request has failed
	Wait    time.Duration // until the next attempt
	Reason  string        // in plain words; it quotes neither the server nor the request
}

// retryWatch is the key of a context's function.
type retryWatch struct{}

// WithRetryWatch returns a context with which [Open] opens stores that report each
// attempt that will be repeated. The function is called from many goroutines, and
// returns soon: the next attempt waits for it. A store waits up to a minute for a
// server that does not answer, and nothing else says so.
func WithRetryWatch(ctx context.Context, watch func(Retry)) context.Context {
	return context.WithValue(ctx, retryWatch{}, watch)
}

// watchedRetryer reports what it decides to repeat.
type watchedRetryer struct {
	*retry.Standard
	watch func(Retry)
}

// watched returns the retryer that reports to the function of a context, if it has one.
func watched(ctx context.Context, r *retry.Standard) aws.Retryer {
	watch, ok := ctx.Value(retryWatch{}).(func(Retry))
	if !ok {
		return r
	}
	return &watchedRetryer{r, watch}
}

// RetryDelay is called after an attempt that will be repeated, and after no other.
func (r *watchedRetryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	wait, delayErr := r.Standard.RetryDelay(attempt, err)
	if delayErr == nil {
		r.watch(Retry{Host: hostOf(err), Attempt: attempt, Of: r.MaxAttempts(), Wait: wait, Reason: reasonOf(err)})
	}
	return wait, delayErr
}

// hostOf returns the host to which a failed request was sent. User, path and query of
// the URL may be secrets.
func hostOf(err error) string {
	if resp, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && resp.Response != nil {
		if r := resp.HTTPResponse(); r != nil && r.Response != nil && r.Request != nil && r.Request.URL != nil {
			return r.Request.URL.Host
		}
	}
	if send, ok := errors.AsType[*url.Error](err); ok {
		if u, err := url.Parse(send.URL); err == nil {
			return u.Host
		}
	}
	return ""
}

// reasonOf says why an attempt failed.
func reasonOf(err error) string {
	if resp, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		if status := resp.HTTPStatusCode(); status != http.StatusOK && status != 0 {
			return answered(status, err)
		}
	}

	_, unresolved := errors.AsType[*net.DNSError](err)
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	network, isNetwork := errors.AsType[net.Error](err)
	switch {
	case unresolved:
		return "the name of the endpoint cannot be resolved"
	case noTLS:
		return "the endpoint does not speak TLS"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection is refused: nothing listens there"
	case errors.Is(err, errStalled) || isNetwork && network.Timeout():
		return "it did not answer in time"
	case errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || brokenOff(err):
		return "the connection broke off"
	case errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH):
		return "there is no way to it through the network"
	case isNetwork:
		return "it cannot be reached"
	}
	return "the request failed"
}

// answered says what an answer of a status means. The error's code names it more
// exactly.
func answered(status int, err error) string {
	name := fmt.Sprint(status)
	if api, ok := errors.AsType[smithy.APIError](err); ok && plain(api.ErrorCode()) {
		name += " " + api.ErrorCode()
	}
	switch {
	case status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
		return "it is too busy: it answered " + name
	case status == http.StatusConflict:
		return "somebody else is writing there: it answered " + name
	}
	return "it answered " + name
}

// plain reports whether a code is one word, as all codes of S3 are. Anything else may
// repeat the request.
func plain(code string) bool {
	return code != "" && len(code) <= 40 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}
