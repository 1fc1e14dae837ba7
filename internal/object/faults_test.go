package object_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
)

func TestBrokenBodyIsResumedWhereItBroke(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for name, faults := range map[string][]fault{
		"cut":               {cut(1000)},
		"cut often":         {cut(70_000), cut(70_000), cut(70_000), cut(70_000), cut(70_000), cut(70_000), cut(70_000), cut(70_000)},
		"cut at the end":    {cut(len(data) - 1)},
		"stalled":           {stall(100_000)},
		"reset, then cut":   {reset, cut(5)},
		"cut, then busy":    {cut(5), answer(503, "SlowDown"), answer(500, "InternalError")},
		"cut without bytes": {cut(0), cut(0), cut(0)},
	} {
		t.Run(name, func(t *testing.T) {
			f := openFaulty(t, http.MethodGet)
			info := f.put(data)
			f.arm(faults...)
			got, err := f.read(info)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("read %d bytes, %v, want the %d bytes of the object", len(got), err, len(data))
			}
			f.wantFaultsMet()
		})
	}
}

func TestBodyThatNeverGetsOnFails(t *testing.T) {
	f := openFaulty(t, http.MethodGet)
	info := f.put(bytes.Repeat([]byte("x"), 10_000))
	f.arm(cut(100), cut(0), cut(0), cut(0), cut(0), cut(0), cut(0), cut(0))
	got, err := f.read(info)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "byte 100 of 10000") {
		t.Errorf("read %d bytes, %v, want an unexpected end at byte 100", len(got), err)
	}
}

func TestObjectThatChangesWhileItIsResumedIsNotMixed(t *testing.T) {
	f := openFaulty(t, http.MethodGet)
	info := f.put(bytes.Repeat([]byte("old!"), 1<<16))
	f.arm(objecttest.CutThen(1000, func(*http.Request) {
		f.server.Put(t, "bucket", "key", bytes.Repeat([]byte("new!"), 1<<16))
	}))
	got, err := f.read(info)
	if !errors.Is(err, object.ErrChanged) || bytes.Contains(got, []byte("new")) {
		t.Errorf("read %d bytes, %v, want ErrChanged and no byte of the new object", len(got), err)
	}
}

func TestCreateSurvivesFaults(t *testing.T) {
	for name, faults := range map[string][]fault{
		"answer lost":                 {lost},
		"answer lost twice":           {lost, lost},
		"connection reset":            {reset, reset},
		"slow down":                   {answer(503, "SlowDown"), answer(503, "SlowDown")},
		"internal error":              {answer(500, "InternalError")},
		"conflict with another write": {answer(409, "ConditionalRequestConflict"), answer(409, "ConditionalRequestConflict")},
		"aborted":                     {answer(409, "OperationAborted")},
		"answer lost, then conflict":  {lost, answer(409, "ConditionalRequestConflict")},
	} {
		t.Run(name, func(t *testing.T) {
			f := openFaulty(t, http.MethodPut, faults...)
			if err := f.store.Create(t.Context(), "key", object.ContentOf([]byte("data"))); err != nil {
				t.Errorf("Create: %v", err)
			}
			f.wantFaultsMet()
			if err := f.store.Create(t.Context(), "key", object.ContentOf([]byte("dato"))); !errors.Is(err, object.ErrTaken) {
				t.Errorf("Create with other bytes: %v, want ErrTaken", err)
			}
		})
	}
}

func TestCreateInPartsSurvivesLostCompletion(t *testing.T) {
	f := openFaulty(t, http.MethodPost)
	first := true
	f.arm(func(w http.ResponseWriter, r *http.Request, server http.Handler) { server.ServeHTTP(w, r) }, // begins the upload
		func(w http.ResponseWriter, r *http.Request, server http.Handler) { first = false; lost(w, r, server) })
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	if err := f.store.Create(t.Context(), "key", object.ContentOf(data)); err != nil {
		t.Errorf("Create: %v", err)
	}
	if first {
		t.Error("the completion was never asked for, so the content was not sent in parts")
	}
}

func TestThrottledRequestShrinksTheSharedLimit(t *testing.T) {
	f := openFaulty(t, http.MethodPut, answer(503, "SlowDown"))
	if err := f.store.Create(t.Context(), "key", object.ContentOf([]byte("data"))); err != nil {
		t.Fatal(err)
	}
	if got := f.limit.Limit(); got != 8 {
		t.Errorf("after a request that was throttled and retried the limit is %d, want half of 16", got)
	}
}

func TestServerThatAllowsFewRequestsIsSatisfied(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{MaxRequests: 2})
	server.Setenv(t)
	server.Bucket(t, "bucket", objecttest.Plain)
	limit := object.NewLimiter(16)
	store := mustOpen(t, object.Open, object.Location{Bucket: "bucket"}, object.Options{Limiter: limit})
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			if err := store.Create(t.Context(), fmt.Sprintf("key %d", i), object.ContentOf([]byte("data"))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestListSurvivesFaults(t *testing.T) {
	f := openFaulty(t, http.MethodGet)
	f.put([]byte("data"))
	f.arm(reset, answer(503, "SlowDown"), cut(100), answer(500, "InternalError"))
	wantListed(t, f.store, "", "key")
	f.arm(stall(100), cut(0))
	wantListed(t, f.store, "", "key")
	f.wantFaultsMet()
}

func TestServerThatRestartsIsWaitedFor(t *testing.T) {
	f := openFaulty(t, http.MethodPut)
	f.arm(func(http.ResponseWriter, *http.Request, http.Handler) {
		f.server.Restart(t)
		panic(http.ErrAbortHandler)
	})
	if err := f.store.Create(t.Context(), "key", object.ContentOf([]byte("data"))); err != nil {
		t.Errorf("Create: %v", err)
	}
}

// A server may refuse a key before the object of another writer can be seen.
func TestAKeyThatIsRefusedBeforeItsObjectIsVisibleIsTriedAgain(t *testing.T) {
	refuse := answer(http.StatusPreconditionFailed, "PreconditionFailed")
	f := openFaulty(t, http.MethodPut, refuse, refuse)
	if err := f.store.Create(t.Context(), "k", object.ContentOf([]byte("data"))); err != nil {
		t.Error(err)
	}
	f.wantFaultsMet()

	f.arm(slices.Repeat([]fault{refuse}, 20)...)
	if err := f.store.Create(t.Context(), "other", object.ContentOf([]byte("data"))); err == nil || !strings.Contains(err.Error(), "delete marker") {
		t.Errorf("a key that stays refused: got %v, want an error that names delete markers", err)
	}
}
