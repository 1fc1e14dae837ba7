package job_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync"

	"cdrmend/internal/object"
)

// watched is a store that tells before it does something. What a hook returns
// as error is returned instead of doing it.
type watched struct {
	object.Store
	list   func()
	open   func(object.Info)
	create func(ctx context.Context, key string, do func() error) error
	part   func(object.Info) error
}

func (s *watched) List(ctx context.Context, prefix string) iter.Seq2[object.Info, error] {
	if s.list != nil {
		s.list()
	}
	return s.Store.List(ctx, prefix)
}

func (s *watched) Open(ctx context.Context, info object.Info, from int64) (io.ReadCloser, error) {
	if s.open != nil {
		s.open(info)
	}
	return s.Store.Open(ctx, info, from)
}

func (s *watched) Part(ctx context.Context, info object.Info, from int64, n int) ([]byte, error) {
	if s.part != nil {
		if err := s.part(info); err != nil {
			return nil, err
		}
	}
	return s.Store.Part(ctx, info, from, n)
}

func (s *watched) Create(ctx context.Context, key string, c object.Content) error {
	do := func() error { return s.Store.Create(ctx, key, c) }
	if s.create == nil {
		return do()
	}
	return s.create(ctx, key, do)
}

var errLost = errors.New("the connection is gone")

// crash is how the n-th write goes wrong.
type crash struct {
	name string
	do   func(stop context.CancelFunc, write func() error) error
}

var crashes = []crash{
	{"failed", func(_ context.CancelFunc, _ func() error) error { return errLost }},
	{"failed but persisted", func(_ context.CancelFunc, write func() error) error {
		return errors.Join(errLost, write())
	}},
	{"cancelled", func(stop context.CancelFunc, write func() error) error {
		stop()
		return errors.Join(context.Canceled, write())
	}},
}

// counter numbers calls that come from several goroutines.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.n
}
