// Package notify posts to a webhook when a commit has critical findings that
// the commit before did not have.
//
// It is best effort: it makes one attempt, and nothing of the run depends on
// it. The commit and the metrics hold everything that must not be missed. The
// body is signed with a shared key. The hash of the commit record is the
// idempotency key, so that a receiver can detect a repeated message.
package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"cdrmend/internal/policy"
)

// The headers that are particular to these messages.
const (
	SignatureHeader   = "Cdrmend-Signature" // sha256= and the hexadecimal HMAC of the body
	IdempotencyHeader = "Idempotency-Key"
)

// patience is how long a receiver may take.
const patience = 10 * time.Second

// Send posts a notice. Its errors never hold the URL, which may be a secret.
func Send(ctx context.Context, to policy.Notify, n *Notice) error {
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		// err quotes the URL and is therefore not wrapped.
		return fmt.Errorf("notifying of interval %s: notify.url is no URL", n.Interval)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "cdrmend")
	req.Header.Set(IdempotencyHeader, n.CommitSHA256)
	if to.Key != nil {
		req.Header.Set(SignatureHeader, Signature(to.Key, body))
	}

	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("notifying of interval %s: %w", n.Interval, withoutURL(err))
	}
	defer resp.Body.Close()

	// The answer's text is of no interest. It is read so that the receiver can
	// finish sending, but not without a bound.
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("notifying of interval %s: the receiver answered %s", n.Interval, resp.Status)
	}
	return nil
}

// client follows no redirect: a signed body must reach only the configured URL.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// Signature returns the value of the signature's header.
func Signature(key, body []byte) string {
	sum := hmac.New(sha256.New, key)
	sum.Write(body)
	return "sha256=" + hex.EncodeToString(sum.Sum(nil))
}

// withoutURL removes the URL that net/http adds to its errors.
func withoutURL(err error) error {
	if send, ok := errors.AsType[*url.Error](err); ok {
		return send.Err
	}
	return err
}
