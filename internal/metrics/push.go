package metrics

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"cdrmend/internal/secreturl"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/push"
)

// Push replaces all metrics of this configuration on a Pushgateway. Errors name at most
// the host of the URL, and no redirect is followed.
func Push(ctx context.Context, gateway string, n *Night) error {
	p, err := newPusher(gateway, n.Name, n.registry(nil))
	if err == nil {
		err = p.PushContext(ctx)
	}
	if err != nil {
		return fmt.Errorf("pushing the metrics: %w", err)
	}
	return nil
}

// newPusher returns what pushes the metrics of a configuration.
func newPusher(gateway, name string, from prometheus.Gatherer) (*push.Pusher, error) {
	at, err := secreturl.Parse(gateway)
	if err != nil {
		return nil, fmt.Errorf("metrics.pushgateway cannot be used: %w", err)
	}

	// The pusher appends its path to a text and quotes the result in errors. So it
	// gets no secret: the sender adds user and query to each request.
	s := sender{user: at.User, query: at.RawQuery}
	at.User, at.RawQuery, at.ForceQuery, at.Fragment, at.RawFragment = nil, "", false, "", ""
	return push.New(at.String(), "cdrmend").Grouping(nameLabel, name).Gatherer(from).Client(s), nil
}

// sender makes the requests of a pusher.
type sender struct {
	user  *url.Userinfo
	query string
}

// Do turns every answer but success into an error: the pusher's own would quote the path
// of the URL and the answer's text, of any length.
func (s sender) Do(r *http.Request) (*http.Response, error) {
	r.URL.User, r.URL.RawQuery = s.user, s.query
	if err := secreturl.Send(r); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}
