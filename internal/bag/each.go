package bag

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Each passes the files of a bag that are wanted to a function, in any order, each with a
// reader that is valid until the function returns. Others are not opened. What cannot be a
// file of a bag, or cannot be read to its end, is left out: [Validate] names it.
func Each(ctx context.Context, t Tree, wanted func(path string, size int64) bool, see func(path string, r io.Reader) error) error {
	for m, err := range t.members(ctx) {
		var damaged *damage
		if errors.As(err, &damaged) {
			return nil
		}
		if err != nil {
			return err
		}
		if m.folder || m.odd != "" || !wanted(m.path, m.size) {
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

// Sums returns the checksums of a manifest that a Writer wrote, by path. The error names the
// first line that a Writer does not write: every byte of it has a meaning to some reader.
func Sums(manifest []byte) (map[string]string, error) {
	sums, folded := map[string]string{}, map[string]string{}
	number, last := 0, ""
	var wrong error
	for l := range strings.Lines(string(manifest)) {
		number++
		sum, text, _ := strings.Cut(strings.TrimSuffix(l, "\n"), "  ")
		path, bare := decodePath(text, version{major: 1})
		digits, err := hex.DecodeString(sum)
		twin, twice := folded[fold(path)]
		what := ""
		switch {
		case err != nil || len(digits) != 32 || sum != strings.ToLower(sum), bare, !strings.HasSuffix(l, "\n"), encoder.Replace(path) != text, !payloadPath(path):
			what = "it is not written as a production writes it: SHA-256, two spaces, and a path below data/"
		case checkPath(path) != nil:
			what = checkPath(path).Error()
		case twice && twin != path:
			what = fmt.Sprintf("%q differs from %q only in case, or in the form of Unicode", path, twin)
		case path <= last:
			what = fmt.Sprintf("%q comes after %q: the lines are out of order, or one is there twice", path, last)
		}
		if what != "" && wrong == nil {
			wrong = fmt.Errorf("line %d: %s", number, what)
		}
		sums[path], folded[fold(path)], last = sum, path, path
	}
	return sums, wrong
}
