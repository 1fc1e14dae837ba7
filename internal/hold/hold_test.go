package hold_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/hold"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"

	"github.com/google/go-cmp/cmp"
)

const (
	set     = ledger.HoldSet
	release = ledger.HoldRelease
)

func TestHoldsAreSetOnceAndReleased(t *testing.T) {
	w := newWorld(t)
	a, b := w.put("a", "1"), w.put("b", "2")
	if p := w.plan("m", set, b, a, a); !p.Changes() || p.Open {
		t.Errorf("the plan is %+v, want one that changes something", p)
	}
	w.wantHeld("", "a", "b") // a plan changes nothing
	w.want(w.apply("m", set, b, a, a), "a=set", "b=set")
	w.wantHeld("ab", "a", "b")

	again := w.plan("m", set, a, b)
	w.want(results(again.Lines), "a=held", "b=held")
	if again.Changes() {
		t.Errorf("what is held already is to be set again: %+v", again.Lines)
	}
	c := w.put("c", "3")
	w.want(w.apply("m", set, a, b, c), "a=held", "b=held", "c=set")

	w.want(w.apply("m", release, b), "b=released")
	w.wantHeld("ac", "a", "b", "c")
	w.want(w.apply("m", release), "a=released", "c=released")
	w.wantHeld("", "a", "b", "c")
	if p := w.plan("m", release); len(p.Lines) != 0 || p.Changes() {
		t.Errorf("after a release there is still %+v to release", p.Lines)
	}
	w.want(w.apply("m", set, a), "a=set")
}

func TestAHoldStaysWhileAnotherRecordingOfTheMatterNeedsIt(t *testing.T) {
	w := newWorld(t)
	one := w.put("a", "1") // a manifest of three recordings
	two, three := one, one
	one.Recordings, two.Recordings, three.Recordings = []string{"r1"}, []string{"r2"}, []string{"r3"}
	w.want(w.apply("m", set, one, two), "a=set")
	if p := w.plan("m", set, two, three); !p.Changes() {
		t.Errorf("that r3 needs it, too, is nothing to say: %v", results(p.Lines))
	}
	w.want(w.apply("m", set, two, three), "a=held")
	if p := w.plan("m", set, one, three); p.Changes() {
		t.Errorf("what is known is to be said again: %v", results(p.Lines))
	}

	w.want(w.apply("m", release, one), "a=needed")
	p := w.plan("m", release, two, one)
	w.want(results(p.Lines), "a=needed")
	if diff := cmp.Diff([]string{"r3"}, p.Lines[0].Recordings); diff != "" {
		t.Errorf("left is (-want +got):\n%s", diff)
	}
	if p := w.plan("m", release, one); len(p.Lines) != 0 {
		t.Errorf("what was released is released again: %v", results(p.Lines))
	}
	w.wantHeld("a", "a")
	w.want(w.apply("m", release, two, three), "a=released")
	w.wantHeld("", "a")
}

func TestAHoldStaysWhileAnotherMatterNeedsIt(t *testing.T) {
	w := newWorld(t)
	a, b := w.put("a", "1"), w.put("b", "2")
	w.want(w.apply("one", set, a, b), "a=set", "b=set")
	w.want(w.apply("two", set, a), "a=shared[one]")
	w.want(w.apply("one", release), "a=kept[two]", "b=released")
	w.wantHeld("a", "a", "b")

	// The last one lifts it, though another matter had set it.
	w.want(w.apply("two", release), "a=released")
	w.wantHeld("", "a", "b")
}

func TestAHoldOfSomebodyElseIsNeverLifted(t *testing.T) {
	w := newWorld(t)
	a := w.put("a", "1")
	w.server.Hold(t, "rec", "a")
	w.want(w.apply("one", set, a), "a=foreign")
	w.want(w.apply("two", set, a), "a=foreign[one]")
	if p := w.plan("one", set, a); p.Changes() {
		t.Errorf("the same is to be said again: %v", results(p.Lines))
	}
	if p := w.plan("one", release); !p.Changes() {
		t.Errorf("that the matter ends is nothing to say: %v", results(p.Lines))
	}
	w.want(w.apply("one", release), "a=foreign[two]")
	if p := w.plan("one", release); len(p.Lines) != 0 {
		t.Errorf("after its release the matter has %v", results(p.Lines))
	}
	w.want(w.apply("two", release), "a=foreign")
	w.wantHeld("a", "a")
}

func TestAHoldThatSomebodyLiftedIsSetAgain(t *testing.T) {
	w := newWorld(t)
	a := w.put("a", "1")
	w.want(w.apply("m", set, a), "a=set")
	lift(w, a)
	w.want(w.apply("m", set, a), "a=set")
	lift(w, a)
	w.want(w.apply("m", release), "a=lifted")
}

// lift lifts a hold as somebody else does.
func lift(w *world, t hold.Target) {
	w.Helper()
	if err := w.store.(object.Holder).SetLegalHold(w.Context(), object.Info{Key: t.Key}, false); err != nil {
		w.Fatal(err)
	}
}

func TestTheVersionThatWasListedIsHeld(t *testing.T) {
	w := newWorld(t)
	replaced, gone, other := w.put("a", "old"), w.put("b", "1"), w.put("c", "1")
	w.put("a", "new")
	w.server.Remove(t, "rec", "b") // leaves a delete marker
	other.ETag = "00000000000000000000000000000000"
	never := hold.Target{Source: "rec", Kind: hold.Media, URL: "s3://rec/", Key: "d", ETag: "1", Listed: true, Recordings: []string{"r"}}
	unlisted := w.put("e", "1")
	unlisted.ETag, unlisted.Listed = "", false

	p := w.plan("m", set, replaced, gone, other, never, unlisted)
	w.want(results(p.Lines), "a=set", "b=set", "c=changed", "d=gone", "e=set")
	for i, covered := range []bool{true, true, false, false, false} {
		if l := p.Lines[i]; l.Covered != covered || l.Unlisted != (l.Key == "e") {
			t.Errorf("the line is %+v, want covered %t", l, covered)
		}
	}
	w.want(w.apply("m", set, replaced, gone, other, never, unlisted), "a=set", "b=set", "c=changed", "d=gone", "e=set")
	w.wantHeld("e", "a", "c", "e") // not the newer versions
	if !w.server.Held(t, "rec", "a", p.Lines[0].VersionID) || !w.server.Held(t, "rec", "b", p.Lines[1].VersionID) {
		t.Errorf("the versions that were listed are not held: %+v", p.Lines)
	}

	// The same says nothing new.
	if p := w.plan("m", set, replaced, gone, other, never, unlisted); p.Changes() {
		t.Errorf("a repetition changes something: %v", results(p.Lines))
	}
}

func TestWhatCannotBeHeldIsNamed(t *testing.T) {
	w := newWorld(t)
	a := w.put("a", "1")
	w.server.Bucket(t, "unlocked", objecttest.Versioned)
	w.server.Put(t, "unlocked", "b", []byte("1"))
	locked := w.store
	unlocked, err := object.Open(t.Context(), object.Location{Bucket: "unlocked"}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := object.Open(t.Context(), object.Location{Dir: t.TempDir()}, object.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.out.Open = openAll(map[string]object.Store{"s3://rec/": locked, "s3://unlocked/": unlocked, "file:///c/": dir})
	b := hold.Target{Source: "rec", Kind: hold.Media, URL: "s3://unlocked/", Key: "b"}
	c := hold.Target{Source: "rec", Kind: hold.Media, URL: "file:///c/", Key: "c"}
	w.want(w.apply("m", set, a, b, c), "c=unsupported", "a=set", "b=unsupported")

	// Who may look and may not hold.
	w.server.User(t, "clerk")
	w.server.Allow(t, "rec", "clerk", "s3:ListBucketVersions", "s3:ListBucket", "s3:GetObjectLegalHold")
	w.through(object.Options{})
	w.want(w.apply("m", release), "a=denied")
	if p := w.plan("m", release); len(p.Lines) != 1 {
		t.Errorf("after a release that was denied %v is left, want a", results(p.Lines))
	}
	w.server.Setenv(t)
	w.through(object.Options{})
	w.wantHeld("a", "a")
	w.want(w.apply("m", release), "a=released")
}

// TestAnInterruptedCallIsCompleted at each of its requests that change a hold.
func TestAnInterruptedCallIsCompleted(t *testing.T) {
	w := newWorld(t)
	list := []hold.Target{w.put("a", "1"), w.put("b", "2"), w.put("c", "3")}
	w.server.Hold(t, "rec", "c")
	for after := range 2 {
		w.failing(after)
		if _, err := w.plan("m", set, list...).Apply(t.Context(), w.journal(), why); err == nil {
			t.Fatalf("after %d holds: no error", after)
		}
		w.through(object.Options{})
		if p := w.plan("m", set, list...); !p.Open {
			t.Errorf("after %d holds: the plan does not say that a call was interrupted", after)
		}
		// The hold of a is its own though it stands already; that of c is not.
		done, err := w.out.Complete(t.Context(), w.journal(), "m")
		if err != nil {
			t.Fatal(err)
		}
		w.want(results(done.Lines), "a=set", "b=set", "c=foreign")
		w.wantHeld("abc", "a", "b", "c")

		w.failing(after)
		if _, err := w.plan("m", release).Apply(t.Context(), w.journal(), why); err == nil {
			t.Fatalf("after %d releases: no error", after)
		}
		w.through(object.Options{})
		if done, err = w.out.Complete(t.Context(), w.journal(), "m"); err != nil {
			t.Fatal(err)
		}
		w.want(results(done.Lines), "a=released", "b=released", "c=foreign")
		w.wantHeld("c", "a", "b", "c")
	}
	if done, err := w.out.Complete(t.Context(), w.journal(), "m"); done != nil || err != nil {
		t.Errorf("completing what is complete gives %+v, %v", done, err)
	}
}

func TestACallThatNobodyCompletedCountsForOtherMatters(t *testing.T) {
	w := newWorld(t)
	a, b := w.put("a", "1"), w.put("b", "2")
	w.want(w.apply("one", set, a, b), "a=set", "b=set")

	// An intention to set: the release of the other leaves the hold.
	w.failing(0)
	c := w.put("c", "3")
	if _, err := w.plan("two", set, a, c).Apply(t.Context(), w.journal(), why); err == nil {
		t.Fatal("no error")
	}
	w.through(object.Options{})
	w.want(w.apply("one", release, a), "a=kept[two]")

	// An intention to release: what it is about cannot be relied on.
	w.failing(0)
	if _, err := w.plan("one", release, b).Apply(t.Context(), w.journal(), why); err == nil {
		t.Fatal("no error")
	}
	w.through(object.Options{})
	w.want(w.apply("two", set, b), "b=busy[one]")
	if _, err := w.out.Complete(t.Context(), w.journal(), "one"); err != nil {
		t.Fatal(err)
	}
	w.want(w.apply("two", set, b), "b=set")
}

func TestTwoCallsForOneMatterDoNotMix(t *testing.T) {
	w := newWorld(t)
	a, b := w.put("a", "1"), w.put("b", "2")
	first, second := w.plan("m", set, a), w.plan("m", set, b)
	w.failing(0)
	if _, err := first.Apply(t.Context(), w.journal(), why); err == nil {
		t.Fatal("no error")
	}
	if _, err := second.Apply(t.Context(), w.journal(), why); !errors.Is(err, hold.ErrOvertaken) {
		t.Errorf("the second call gives %v, want %v", err, hold.ErrOvertaken)
	}
}

// TestNothingButTheHoldIsWritten to an input's bucket.
func TestNothingButTheHoldIsWritten(t *testing.T) {
	w := newWorld(t)
	a := w.put("a", "1")
	requests := map[string]bool{}
	w.through(object.Options{Endpoint: w.server.Proxy(t, recording(requests))})
	w.want(w.apply("m", set, a), "a=set")
	w.want(w.apply("m", release), "a=released")
	for r := range requests {
		if !strings.HasPrefix(r, "GET ") && r != "PUT legal-hold" || r == "GET " {
			t.Errorf("request %q, want none but those about versions and holds", r)
		}
	}
	if !requests["PUT legal-hold"] {
		t.Errorf("the requests are %v, want one that sets the hold", requests)
	}
}

func TestALostListIsAnError(t *testing.T) {
	w := newWorld(t)
	a := w.put("a", "1")
	w.apply("m", set, a)
	file := strings.TrimPrefix(w.out.Store.String(), "file://") + "holds/m/00000002.jsonl"
	if err := os.WriteFile(file, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.out.PlanRelease(t.Context(), "m", nil); err == nil || !strings.Contains(err.Error(), "00000002.jsonl") {
		t.Errorf("with a changed list the release gives %v, want an error that names it", err)
	}
}

// A plan says what is left for other recordings. It counts only for the records that it was
// made from; a call goes on with another one.
func TestAPlanOfOlderRecordsIsNotCarriedOut(t *testing.T) {
	w := newWorld(t)
	one := w.put("a", "1")
	more := one
	one.Recordings, more.Recordings = []string{"r1", "r2"}, []string{"r3"}
	w.want(w.apply("m", ledger.HoldSet, one), "a=set")

	first := one
	first.Recordings = []string{"r1"}
	old := w.plan("m", ledger.HoldRelease, first)
	w.want(w.apply("m", ledger.HoldSet, more), "a=held")
	if _, err := old.Apply(t.Context(), w.journal(), why); !errors.Is(err, hold.ErrOvertaken) {
		t.Fatalf("a plan of older records gives %v", err)
	}

	turns := 0
	out, err := w.out.Run(t.Context(), w.journal(), "m", why, func(ctx context.Context) (*hold.Plan, error) {
		if turns++; turns == 1 {
			return old, nil
		}
		return w.out.PlanRelease(ctx, "m", targets(first))
	})
	if err != nil || turns != 2 || out.Done == nil {
		t.Fatalf("after %d turns: %+v, %v", turns, out, err)
	}
	w.want(results(out.Done.Lines), "a=needed")
	if left := out.Done.Lines[0].Recordings; !slices.Equal(left, []string{"r2", "r3"}) {
		t.Errorf("the object is held for %v, want r2 and r3", left)
	}
	w.wantHeld("a", "a")
}

// A matter sets a hold while another one, which has lifted it just now, is still being
// released. Neither record holds the object, and the hold is no other's all the same.
func TestAHoldThatWasSetTooEarlyIsTheMatters(t *testing.T) {
	for _, again := range []string{set, release} {
		w := newWorld(t)
		b, c := w.put("b", "2"), w.put("c", "3")
		w.want(w.apply("one", set, b, c), "b=set", "c=set")
		direct, store := *w.out, w.store
		direct.Open = func(context.Context, string, string) (object.Store, error) { return store, nil }
		early, err := direct.PlanSet(t.Context(), "two", targets(b))
		if err != nil {
			t.Fatal(err)
		}

		w.out.Concurrency = 1
		journal := w.journal()
		w.through(object.Options{Endpoint: w.server.Proxy(t, func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
			if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/c") {
				done, err := early.Apply(t.Context(), journal, why)
				if err != nil {
					t.Error(err)
				} else {
					w.want(results(done.Lines), "b=busy[one]")
				}
			}
			server.ServeHTTP(rw, r)
		})})
		w.want(w.apply("one", release), "b=released", "c=released")
		w.wantHeld("b", "b", "c")

		w.through(object.Options{})
		if again == set {
			w.want(w.apply("two", set, b), "b=set")
		}
		p := w.plan("two", release)
		if len(p.Lines) != 1 || !slices.Equal(p.Lines[0].Recordings, []string{"r-b"}) {
			t.Errorf("the release is about %+v, want b for its recording", p.Lines)
		}
		w.want(w.apply("two", release), "b=released")
		w.wantHeld("", "b", "c")
	}
}
