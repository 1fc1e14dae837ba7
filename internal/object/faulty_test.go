package object_test

import (
	"io"
	"net/http"
	"sync"
	"testing"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
)

type fault = objecttest.Fault

var (
	answer = objecttest.Answer
	lost   = objecttest.Lost
	reset  = objecttest.Reset
	cut    = objecttest.Cut
	stall  = objecttest.Stall
)

// faulty is a bucket behind a proxy that answers each request of the method
// with the next fault, until there is none left.
type faulty struct {
	t      *testing.T
	server *objecttest.Server
	store  object.Store
	limit  *object.Limiter

	mu     sync.Mutex
	method string
	faults []fault
}

func openFaulty(t *testing.T, method string, faults ...fault) *faulty {
	t.Helper()
	f := &faulty{t: t, server: objecttest.Gateway(t, objecttest.GatewayOptions{}), limit: object.NewLimiter(16)}
	f.server.Setenv(t)
	f.server.Bucket(t, "bucket", objecttest.Plain)
	endpoint := f.server.Proxy(t, f.intercept)
	f.store = mustOpen(t, object.OpenQuick, object.Location{Bucket: "bucket"}, object.Options{Endpoint: endpoint, Limiter: f.limit})
	f.method, f.faults = method, faults
	return f
}

func (f *faulty) intercept(w http.ResponseWriter, r *http.Request, server http.Handler) {
	if fault := f.next(r.Method); fault != nil {
		fault(w, r, server)
		return
	}
	server.ServeHTTP(w, r)
}

func (f *faulty) next(method string) fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if method != f.method || len(f.faults) == 0 {
		return nil
	}
	next := f.faults[0]
	f.faults = f.faults[1:]
	return next
}

func (f *faulty) wantFaultsMet() {
	f.t.Helper()
	if len(f.faults) > 0 {
		f.t.Errorf("%d faults were never met", len(f.faults))
	}
}

// put writes past the proxy and returns what the store lists.
func (f *faulty) put(data []byte) object.Info {
	f.t.Helper()
	f.server.Put(f.t, "bucket", "key", data)
	for info, err := range f.store.List(f.t.Context(), "") {
		if err != nil {
			f.t.Fatal(err)
		}
		return info
	}
	f.t.Fatal("the bucket is empty")
	return object.Info{}
}

func (f *faulty) read(info object.Info) ([]byte, error) {
	r, err := f.store.Open(f.t.Context(), info, 0)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func (f *faulty) arm(faults ...fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = faults
}
