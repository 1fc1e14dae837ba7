package objecttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"cdrmend/internal/object"
)

func createsEqualTwice(t *testing.T, p Place) {
	create(t, p.Store, "d/a", "data")
	first := only(t, p.Store)
	create(t, p.Store, "d/a", "data")
	if again := only(t, p.Store); again != first {
		t.Errorf("creating again made %+v of %+v", again, first)
	}
}

func refusesOther(t *testing.T, p Place) {
	create(t, p.Store, "d/a", "data")
	first := only(t, p.Store)
	for _, other := range []string{"dato", "dat", "data and more", ""} {
		if err := p.Store.Create(t.Context(), "d/a", object.ContentOf([]byte(other))); !errors.Is(err, object.ErrTaken) {
			t.Errorf("creating %q over %q: %v, want ErrTaken", other, "data", err)
		}
	}
	if again := only(t, p.Store); again != first {
		t.Errorf("refused creates made %+v of %+v", again, first)
	}
	wantBytes(t, p.Store, first, 0, []byte("data"))
}

// oneWriterWins lets sixteen writers of four contents race for each of some
// keys, in a directory that nobody has made yet.
func oneWriterWins(t *testing.T, p Place) {
	const writers, contents = 16, 4
	for round := range 5 {
		key := fmt.Sprintf("race/%d/key", round)
		errs := make([]error, writers)
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range writers {
			wg.Go(func() {
				<-start
				errs[i] = p.Store.Create(t.Context(), key, object.ContentOf(raceContent(i%contents)))
			})
		}
		close(start)
		wg.Wait()
		infos := list(t, p.Store, fmt.Sprintf("race/%d/", round))
		if len(infos) != 1 {
			t.Fatalf("after the race there are %v", infos)
		}
		won, err := read(t.Context(), p.Store, infos[0], 0)
		if err != nil {
			t.Fatal(err)
		}
		wantOneWinner(t, errs, contents, string(won))
	}
}

func raceContent(i int) []byte { return fmt.Appendf(nil, "content %d", i) }

func wantOneWinner(t *testing.T, errs []error, contents int, won string) {
	t.Helper()
	winners := 0
	for i, err := range errs {
		mine := string(raceContent(i%contents)) == won
		if mine {
			winners++
		}
		if mine && err != nil {
			t.Errorf("writer %d wrote what the key holds: %v, want nil", i, err)
		}
		if !mine && !errors.Is(err, object.ErrTaken) {
			t.Errorf("writer %d wrote other bytes than %q: %v, want ErrTaken", i, won, err)
		}
	}
	if winners == 0 {
		t.Errorf("the key holds %q, which nobody wrote", won)
	}
}

func refusesUnannounced(t *testing.T, p Place) {
	c := object.ContentOf([]byte("announced"))
	c.Open = object.ContentOf([]byte("delivered")).Open
	if err := p.Store.Create(t.Context(), "d/a", c); err == nil {
		t.Errorf("creating %q announced as %q succeeds", "delivered", "announced")
	}
	wantKeys(t, p.Store, "")
}

func cancelledLeavesNothing(t *testing.T, p Place) {
	ctx, cancel := context.WithCancel(t.Context())
	c := object.ContentOf(twentyMegabytes())
	whole := c.Open
	c.Open = func() (io.ReadSeekCloser, error) {
		r, err := whole()
		return hooked{r, func() error { cancel(); return nil }}, err
	}
	if err := p.Store.Create(ctx, "d/a", c); !errors.Is(err, context.Canceled) {
		t.Errorf("a create that is cancelled midway: %v, want context.Canceled", err)
	}
	if err := p.Store.Create(ctx, "d/b", object.ContentOf([]byte("data"))); !errors.Is(err, context.Canceled) {
		t.Errorf("a create that is cancelled before: %v, want context.Canceled", err)
	}
	wantKeys(t, p.Store, "")
}

func failingLeavesNothing(t *testing.T, p Place) {
	broken := errors.New("disk on fire")
	c := object.ContentOf([]byte("data"))
	whole := c.Open
	c.Open = func() (io.ReadSeekCloser, error) {
		r, err := whole()
		return hooked{r, func() error { return broken }}, err
	}
	if err := p.Store.Create(t.Context(), "d/a", c); !errors.Is(err, broken) {
		t.Errorf("a create whose content cannot be read: %v, want %v", err, broken)
	}
	c.Open = func() (io.ReadSeekCloser, error) { return nil, broken }
	if err := p.Store.Create(t.Context(), "d/b", c); !errors.Is(err, broken) {
		t.Errorf("a create whose content cannot be opened: %v, want %v", err, broken)
	}
	wantKeys(t, p.Store, "")
}

// hooked asks before each read.
type hooked struct {
	io.ReadSeekCloser
	before func() error
}

func (h hooked) Read(p []byte) (int, error) {
	if err := h.before(); err != nil {
		return 0, err
	}
	return h.ReadSeekCloser.Read(p)
}
