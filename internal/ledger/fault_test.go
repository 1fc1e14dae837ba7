package ledger_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
)

// creating is a store whose creations are in other hands.
type creating struct {
	object.Store
	create func(ctx context.Context, do func(context.Context) error) error
}

func (s creating) Create(ctx context.Context, key string, c object.Content) error {
	return s.create(ctx, func(ctx context.Context) error { return s.Store.Create(ctx, key, c) })
}

func TestFaultOfACommitIsToldByWhatIsStored(t *testing.T) {
	broken := errors.New("the connection is gone")
	for name, test := range map[string]struct {
		create func(ctx context.Context, do func(context.Context) error) error
		want   error
	}{
		"nothing arrived":       {func(context.Context, func(context.Context) error) error { return broken }, broken},
		"the answer was lost":   {func(ctx context.Context, do func(context.Context) error) error { return errors.Join(broken, do(ctx)) }, nil},
		"another run was there": {func(context.Context, func(context.Context) error) error { return object.ErrTaken }, ledger.ErrOvertaken},
	} {
		t.Run(name, func(t *testing.T) {
			l := newInterval(t)
			if test.want == ledger.ErrOvertaken {
				put(t, l, "log/00000001.json", encoded(t, record(1, "b")))
			}
			l.Store = creating{l.Store, test.create}
			if _, err := l.Commit(t.Context(), record(1, "a")); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			head, err := l.Newest(t.Context())
			if committed := head.Record != nil && head.Record.RunID == "a"; err != nil || committed != (test.want == nil) {
				t.Errorf("afterwards the newest record is %+v, %v", head.Record, err)
			}
		})
	}
}

func TestFaultOfBeingStoppedWhileCommittingLeavesNoDoubt(t *testing.T) {
	t.Run("before", func(t *testing.T) {
		l := newInterval(t)
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if _, err := l.Commit(ctx, record(1, "a")); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		if head, err := l.Newest(t.Context()); err != nil || head.Record != nil {
			t.Errorf("afterwards the newest record is %+v, %v", head.Record, err)
		}
	})
	t.Run("during", func(t *testing.T) {
		l := newInterval(t)
		ctx, stop := context.WithCancel(t.Context())
		l.Store = creating{l.Store, func(ctx context.Context, do func(context.Context) error) error {
			stop()
			return do(ctx)
		}}
		if _, err := l.Commit(ctx, record(1, "a")); err != nil {
			t.Errorf("got %v, want the commit", err)
		}
	})
	t.Run("during, and the store hangs", func(t *testing.T) {
		l := newInterval(t)
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			l.Store = creating{l.Store, func(ctx context.Context, _ func(context.Context) error) error {
				stop()
				<-ctx.Done()
				return ctx.Err()
			}}
			if _, err := l.Commit(ctx, record(1, "a")); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
		})
	})
}

// A named pipe or a folder with the name of the next entry takes its number for good.
func TestANumberOfTheJournalThatNoFileHasStopsARun(t *testing.T) {
	o, _ := newOutput(t, nil)
	taken := false
	o.Store = creating{o.Store, func(ctx context.Context, do func(context.Context) error) error {
		if taken {
			return object.ErrTaken
		}
		return do(ctx)
	}}
	j, known := begin(t, o)
	head := commitDay(t, o, j, known.ID, 0)

	taken = true
	synctest.Test(t, func(t *testing.T) {
		_, err := j.Enter(t.Context(), head)
		if err == nil || !strings.Contains(err.Error(), `"root/journal/00000001.json" is taken and no file is there`) {
			t.Errorf("got %v", err)
		}
	})

	taken = false
	if m := enter(t, j, head); m.Number != 1 {
		t.Errorf("once it is free the entry is %+v", m)
	}
}
