package bag

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"
)

// Each passes the files of a bag to a function, in any order, each with a reader that is
// valid until the function returns. What cannot be a file of a bag, or cannot be read to
// its end, is left out: [Validate] names it.
func Each(ctx context.Context, t Tree, see func(path string, r io.Reader) error) error {
	for m, err := range t.members(ctx) {
		var damaged *damage
		if errors.As(err, &damaged) {
			return nil
		}
		if err != nil {
			return err
		}
		if m.folder || m.odd != "" {
			continue
		}
		r, err := m.open(ctx)
		if err != nil {
			return err
		}
		if err := cmp.Or(see(m.path, r), r.Close()); err != nil && !errors.As(err, &damaged) {
			return err
		}
	}
	return nil
}

// Sums returns the checksums of a manifest that a Writer wrote, by path.
func Sums(manifest []byte) map[string]string {
	sums := map[string]string{}
	for l := range strings.Lines(string(manifest)) {
		sum, path, _ := strings.Cut(strings.TrimSuffix(l, "\n"), "  ")
		path, _ = decodePath(path, version{major: 1})
		sums[path] = sum
	}
	return sums
}
