package object_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// retries collects what a store reports.
type retries struct {
	mu   sync.Mutex
	seen []object.Retry
}

func (r *retries) watch(one object.Retry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, one)
}

func (r *retries) context(t *testing.T) context.Context {
	return object.WithRetryWatch(t.Context(), r.watch)
}

// wait is not compared: the delay is random.
var withoutWait = cmpopts.IgnoreFields(object.Retry{}, "Wait")

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestEachAttemptThatIsRepeatedIsReportedWithoutSecrets(t *testing.T) {
	for _, kv := range (&objecttest.Server{AccessKey: "a", SecretKey: "b"}).Env() {
		key, value, _ := strings.Cut(kv, "=")
		t.Setenv(key, value)
	}
	host := closedPort(t)
	var got retries
	store, err := object.OpenQuick(got.context(t), object.Location{Bucket: "bucket"}, object.Options{Endpoint: "http://user:sesame@" + host, PathStyle: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range store.List(t.Context(), "secret-prefix/") {
		if err == nil {
			t.Fatal("a port where nothing listens lists objects")
		}
	}

	// The fifth attempt is the last: the error says that it failed.
	var want []object.Retry
	for attempt := 1; attempt < 5; attempt++ {
		want = append(want, object.Retry{Host: host, Attempt: attempt, Of: 5, Reason: "the connection is refused: nothing listens there"})
	}
	if diff := cmp.Diff(want, got.seen, withoutWait); diff != "" {
		t.Errorf("reports of a port where nothing listens (-want +got):\n%s", diff)
	}
}

func TestReportsSayInPlainWordsWhyAnAttemptFailed(t *testing.T) {
	var got retries
	f := openFaulty(t, http.MethodGet)
	endpoint := f.server.Proxy(t, f.intercept)
	store, err := object.OpenQuick(got.context(t), object.Location{Bucket: "bucket"}, object.Options{Endpoint: endpoint, Limiter: f.limit})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		fault fault
		want  string
	}{
		{answer(503, "SlowDown"), "it is too busy: it answered 503 SlowDown"},
		{answer(429, "TooManyRequests"), "it is too busy: it answered 429 TooManyRequests"},
		{answer(500, "InternalError"), "it answered 500 InternalError"},
		{answer(500, "eyJhbGciOiJub25lIn0.secret"), "it answered 500"},
		{cut(10), "the connection broke off"},
		{stall(0), "it did not answer in time"},
	} {
		got.seen = nil
		f.arm(test.fault)
		if _, err := listKeys(t, store, ""); err != nil {
			t.Errorf("%s: %v", test.want, err)
		}
		want := []object.Retry{{Host: strings.TrimPrefix(endpoint, "http://"), Attempt: 1, Of: 5, Reason: test.want}}
		if diff := cmp.Diff(want, got.seen, withoutWait); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.want, diff)
		}
	}
}

func TestWhatIsNotRepeatedIsNotReported(t *testing.T) {
	var got retries
	f := openFaulty(t, http.MethodGet)
	store, err := object.OpenQuick(got.context(t), object.Location{Bucket: "bucket"}, object.Options{Endpoint: f.server.Proxy(t, f.intercept), Limiter: f.limit})
	if err != nil {
		t.Fatal(err)
	}
	f.arm(answer(403, "AccessDenied"))
	if _, err := listKeys(t, store, ""); err == nil {
		t.Error("a refused listing succeeds")
	}
	if got.seen != nil {
		t.Errorf("reported: %+v", got.seen)
	}
}
