// Package secreturl sends requests to URLs that are secrets.
//
// The URL of a webhook or a Pushgateway may hold a password, or a token in its path
// or query. It is configured in a file that few may read, but errors end in logs that
// many read. Errors of this package name at most the host. It follows no redirect:
// what is sent may be signed or personal, and must reach only the configured server.
package secreturl

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// answerBytes is how much of an answer is read.
const answerBytes = 64 << 10

// ErrInvalid is returned for a text that is no URL. It quotes nothing of it.
var ErrInvalid = errors.New("it is no http or https URL")

// Parse parses a URL of a web server.
func Parse(text string) (*url.URL, error) {
	// The error of url.Parse quotes the text, so it is not wrapped.
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, ErrInvalid
	}
	return u, nil
}

// Send sends a request once and returns nil when its status is one of success (2xx).
// User and password of its URL are sent as basic authentication.
func Send(r *http.Request) error {
	// The transport's error for a proxy that is no URL quotes the proxy's password.
	if _, err := http.ProxyFromEnvironment(r); err != nil {
		return errors.New("the proxy that the environment names is no URL: correct HTTP_PROXY and HTTPS_PROXY")
	}

	if user := r.URL.User; user != nil {
		password, _ := user.Password()
		r.SetBasicAuth(user.Username(), password)
	}

	// The transport itself neither follows redirects nor quotes URLs, also not the
	// target of a redirect, which a server may build from the path that it was sent.
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()

	// The text of the answer may repeat the request, so it goes into no error. It is
	// read so that the server can finish sending, but not without a bound.
	_, _ = io.CopyN(io.Discard, resp.Body, answerBytes)

	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		return nil
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return fmt.Errorf("it answered %s, and redirects are not followed: configure the URL to which it leads", status(resp.StatusCode))
	}
	return fmt.Errorf("it answered %s", status(resp.StatusCode))
}

// status is a code in words that are ours: those of the server may repeat the request.
func status(code int) string {
	if text := http.StatusText(code); text != "" {
		return fmt.Sprintf("%d %s", code, text)
	}
	return fmt.Sprint(code)
}
