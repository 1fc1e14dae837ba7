package history

import (
	"errors"
	"iter"
	"testing"

	"cdrmend/internal/ledger"

	"github.com/google/go-cmp/cmp"
)

func inputs(list ...ledger.Input) iter.Seq2[ledger.Input, error] {
	return func(yield func(ledger.Input, error) bool) {
		for _, in := range list {
			if !yield(in, nil) {
				return
			}
		}
	}
}

func in(source, key, sum string, size int64) ledger.Input {
	return ledger.Input{Source: source, Key: key, SHA256: sum, Size: size}
}

// Media stand last in a list of inputs, whatever the sources are called.
func TestChangesAreWhatIsNewChangedOrGone(t *testing.T) {
	media := ledger.MediaSource
	before := inputs(
		in("c", "a", "1", 1), in("c", "b", "1", 1), in("m", "x", "1", 1), in("registrar", "l", "1", 1),
		in(media, "1.wav", "", 5), in(media, "2.wav", "", 5))
	after := inputs(
		in("c", "a", "1", 1), in("c", "aa", "2", 1), in("m", "x", "2", 1), in("registrar", "l", "1", 1),
		in(media, "1.wav", "", 6), in(media, "3.wav", "", 5))
	c := &Changes{fresh: map[place]string{}}
	if err := c.compare(before, after); err != nil {
		t.Fatal(err)
	}
	want := []Object{{"c", "aa", "new"}, {"m", "x", "changed"}, {media, "1.wav", "changed"}, {media, "3.wav", "new"}}
	if diff := cmp.Diff(want, c.list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c.New != 2 || c.Changed != 2 || c.Gone != 2 {
		t.Errorf("%d new, %d changed, %d gone; want 2 of each", c.New, c.Changed, c.Gone)
	}
}

func TestAListThatCannotBeReadIsNoChange(t *testing.T) {
	broken := errors.New("broken")
	fails := func(yield func(ledger.Input, error) bool) {
		if yield(in("c", "a", "1", 1), nil) {
			yield(ledger.Input{}, broken)
		}
	}
	whole := inputs(in("c", "a", "1", 1), in("c", "b", "1", 1))
	for name, lists := range map[string][2]iter.Seq2[ledger.Input, error]{"before": {fails, whole}, "after": {whole, fails}} {
		c := &Changes{fresh: map[place]string{}}
		if err := c.compare(lists[0], lists[1]); !errors.Is(err, broken) {
			t.Errorf("%s: got %v, want %v", name, err, broken)
		}
	}
}
