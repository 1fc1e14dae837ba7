// Package notify posts to a webhook when a commit has critical findings that
// the commit before did not have, and when a run stopped before its commit.
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
	"net/http"
	"time"

	"cdrmend/internal/policy"
	"cdrmend/internal/secreturl"
)

// The headers that are particular to these messages.
const (
	SignatureHeader   = "Cdrmend-Signature" // sha256= and the hexadecimal HMAC of the body
	IdempotencyHeader = "Idempotency-Key"
)

// patience is how long a receiver may take.
const patience = 10 * time.Second

// Send posts a notice. Its errors name at most the host of the URL, which may be a
// secret, and no redirect is followed.
func Send(ctx context.Context, to policy.Notify, n *Notice) error {
	body, err := json.Marshal(n)
	if err == nil {
		err = post(ctx, to, body, n.CommitSHA256)
	}
	if err != nil {
		return fmt.Errorf("notifying of interval %s: %w", n.Interval, err)
	}
	return nil
}

// post makes the one attempt to send a body.
func post(ctx context.Context, to policy.Notify, body []byte, idempotencyKey string) error {
	at, err := secreturl.Parse(to.URL)
	if err != nil {
		return fmt.Errorf("notify.url cannot be used: %w", err)
	}

	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), bytes.NewReader(body))
	if err != nil {
		return errors.New("notify.url cannot be used") // err quotes the URL
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "cdrmend")
	req.Header.Set(IdempotencyHeader, idempotencyKey)
	if to.Key != nil {
		req.Header.Set(SignatureHeader, Signature(to.Key, body))
	}

	return secreturl.Send(req)
}

// Signature returns the value of the signature's header.
func Signature(key, body []byte) string {
	sum := hmac.New(sha256.New, key)
	sum.Write(body)
	return "sha256=" + hex.EncodeToString(sum.Sum(nil))
}
