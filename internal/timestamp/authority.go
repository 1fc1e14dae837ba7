package timestamp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"net/url"
	"time"

	tsp "github.com/digitorus/timestamp"
)

// Authority is a time-stamping authority that answers RFC 3161 over HTTP. It belongs
// to one goroutine.
type Authority struct {
	url    string // may hold a password
	failed bool   // it did not answer, and is not asked again by this process
}

// NewAuthority returns the authority at a URL; nil for an empty URL, which gets no
// tokens.
func NewAuthority(url string) *Authority {
	if url == "" {
		return nil
	}
	return &Authority{url: url}
}

// patience is how long an authority may take for one token.
const patience = 10 * time.Second

// The media types of RFC 3161.
const (
	queryType = "application/timestamp-query"
	replyType = "application/timestamp-reply"
)

// Get returns the authority's answer about a hash, and the token in it. The token
// answers this very request, and passes [Parse]. Errors never hold the URL.
func (a *Authority) Get(ctx context.Context, sum [sha256.Size]byte) ([]byte, *Token, error) {
	nonce, query, err := request(sum)
	if err != nil {
		return nil, nil, err
	}
	raw, err := a.post(ctx, query)
	if err != nil {
		return nil, nil, err
	}

	t, err := Parse(raw)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("the answer is of no use: %w", err)
	case t.SHA256 != sum:
		return nil, nil, errors.New("the answer is of no use: it is over another hash than the request")
	case t.Nonce == nil || t.Nonce.Cmp(nonce) != 0:
		return nil, nil, errors.New("the answer is of no use: it does not repeat the nonce of the request, so it may be an old one")
	}
	return raw, t, nil
}

// request makes a request for a token over a hash, with the certificates in it.
func request(sum [sha256.Size]byte) (nonce *big.Int, query []byte, err error) {
	// The highest bit is set so that all nonces have the same length.
	nonce, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, nil, err
	}
	nonce.SetBit(nonce, 63, 1)
	query, err = (&tsp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Certificates: true, Nonce: nonce}).Marshal()
	return nonce, query, err
}

// client follows no redirect: what is asked must reach only the configured URL.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (a *Authority) post(ctx context.Context, query []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(query))
	if err != nil {
		return nil, errors.New("timestamp.url is no URL") // err quotes it
	}
	req.Header.Set("Content-Type", queryType)
	req.Header.Set("Accept", replyType)
	req.Header.Set("User-Agent", "cdrmend")

	resp, err := client.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer resp.Body.Close()

	// The words of a status line are the server's, so they are not repeated.
	switch code := resp.StatusCode; {
	case code >= 300 && code <= 399:
		return nil, fmt.Errorf("it answers %d %s: redirects are not followed, so configure the URL that they lead to", code, http.StatusText(code))
	case code != http.StatusOK:
		return nil, fmt.Errorf("it answers %d %s", code, http.StatusText(code))
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind != replyType {
		return nil, errors.New("its answer is not of type " + replyType + ": is this the URL of a time-stamping authority?")
	}

	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("its answer broke off: %w", withoutURL(err))
	}
	if len(raw) > maxAnswer {
		return nil, fmt.Errorf("its answer has more than %d bytes", maxAnswer)
	}
	return raw, nil
}

// withoutURL removes the URL that net/http adds to its errors.
func withoutURL(err error) error {
	if send, ok := errors.AsType[*url.Error](err); ok {
		return send.Err
	}
	return err
}
