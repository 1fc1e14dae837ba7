package intake

import (
	"context"
	"errors"
	"io/fs"

	"cdrmend/internal/object"
	"cdrmend/internal/policy"
)

// Undelivered returns what the sources of an interval deliver last and have not delivered
// yet, in the configuration's order. It stops at the first document of each, and fails
// when a store cannot be asked.
func Undelivered(ctx context.Context, r Request, interval policy.Interval) (list []policy.Awaited, err error) {
	for i := range r.Config.Sources {
		s := &r.Config.Sources[i]
		a, ok := s.Awaited(interval.Span)
		if !ok {
			continue
		}
		there, err := isThere(ctx, r.Sources[i], s, &a)
		if err != nil {
			return nil, err
		}
		if !there {
			list = append(list, a)
		}
	}
	return list, nil
}

// isThere reports whether a partition has its marker, or a document.
func isThere(ctx context.Context, store object.Store, s *policy.Source, a *policy.Awaited) (bool, error) {
	for _, prefix := range a.Prefixes {
		if a.Marker != "" {
			_, body, err := store.Get(ctx, prefix+a.Marker)
			if err == nil {
				return true, body.Close()
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return false, err
			}
			continue
		}
		for info, err := range store.List(ctx, prefix) {
			if err != nil {
				return false, err
			}
			if IsDocument(s.Profile, &info) {
				return true, nil
			}
		}
	}
	return false, nil
}
