package main

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/sample"
)

// requestCounts counts the requests of an S3 server, by what they ask for.
type requestCounts struct {
	mu       sync.Mutex
	requests map[string]int
}

// before returns the endpoint of a proxy that counts the requests of a server.
func (c *requestCounts) before(t *testing.T, endpoint string) string {
	t.Helper()
	server, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(server)
		r.Out.Host = r.In.Host // it is signed
		what := r.In.Method + " " + r.In.URL.Path
		if q := r.In.URL.Query(); q.Has("prefix") {
			what = "LIST " + r.In.URL.Path + "/" + q.Get("prefix")
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.requests[what]++
	}})
	t.Cleanup(proxy.Close)
	return proxy.URL
}

// Over a network each request takes its time.
func TestExplainRequestsNothingTwiceAndListsNoMoreThanItMust(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	for _, bucket := range append(nightBuckets, "out") {
		server.Bucket(t, bucket, objecttest.Plain)
	}
	upload(t, hoursOfNight())
	config := filepath.Join(t.TempDir(), "cdrmend.yaml")
	write(t, config, fmt.Appendf(nil, nightConfig, "s3://", sample.Org, false))
	if code, out := cdrmend(t, "run", "--config", config, "--interval", "2026-11-20T10", "--as-of", "2026-11-25T00:00:00Z"); code != exitFindings {
		t.Fatalf("running exits with %d, want %d: %s", code, exitFindings, out)
	}
	findings := tablesOf(stored(t, "out"))["findings.csv"]
	lost, _, _ := strings.Cut(findings[strings.Index(findings, "\nfnd-")+1:], ",")

	c := requestCounts{requests: map[string]int{}}
	t.Setenv("AWS_ENDPOINT_URL_S3", c.before(t, server.Endpoint))
	if code, out := cdrmend(t, "explain", lost, "s3://out/"); code != exitDone || !strings.Contains(out, "the same decision came of them") {
		t.Fatalf("explaining %s exits with %d and says\n%s", lost, code, out)
	}

	var listed, got []string
	for what, n := range c.requests {
		if n > 1 && !strings.HasSuffix(what, ".zst") { // what a pack is, and a frame of it
			t.Errorf("%d requests are %q", n, what)
		}
		if strings.HasPrefix(what, "LIST") {
			listed = append(listed, what)
		} else {
			got = append(got, what)
		}
	}
	// The intervals, the commits of the one that there is, and the files of its run.
	if len(listed) != 3 || len(got) < 8 {
		t.Errorf("the requests are %q", slices.Sorted(maps.Keys(c.requests)))
	}
}
