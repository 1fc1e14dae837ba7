package intern_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

// manyTexts returns different texts of every sort: UUIDs, which are packed,
// what only looks like them, short, long, binary.
const upperUUID = "2ABE7C04-63D1-AB47-4182-6E2653F37546"

func manyTexts(n int) []string {
	rng := rand.New(rand.NewPCG(5, 6))
	all := []string{"", "\x00", "a", strings.Repeat("x", 254), strings.Repeat("y", 255), strings.Repeat("z", 2<<20), upperUUID, strings.ToLower(upperUUID)}
	for i := range n {
		uuid := fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", rng.Uint32(), i&0xffff, i>>16, rng.IntN(1<<16), rng.Int64N(1<<48))
		all = append(all, uuid, strings.ToUpper(uuid), uuid[1:], fmt.Sprint(i), uuid+uuid)
	}
	return all
}

func TestATextReadsBackAsItWasInterned(t *testing.T) {
	texts := intern.NewTable()
	all := manyTexts(2000)
	numbers := map[intern.Text]string{}
	for _, v := range all {
		x := texts.OfString(v)
		if other, taken := numbers[x]; taken && other != v {
			t.Fatalf("%q and %q have one number", v, other)
		}
		numbers[x] = v
	}
	for _, v := range all {
		x := texts.OfString(v)
		if numbers[x] != v || texts.String(x) != v || string(texts.AppendTo([]byte("before "), x)) != "before "+v {
			t.Fatalf("got %q, want %q", texts.String(x), v)
		}
	}
	if texts.OfString("") != intern.None || texts.String(intern.None) != "" {
		t.Error("the empty text is not the missing one")
	}
}

func TestATextIsNotTakenForThePackedUUIDOfEqualBytes(t *testing.T) {
	texts := intern.NewTable()
	uuid := texts.OfString("61616161-6161-6161-6161-616161616161")
	text := texts.OfString(strings.Repeat("a", 16))
	if uuid == text || texts.String(text) != strings.Repeat("a", 16) || texts.String(uuid) != "61616161-6161-6161-6161-616161616161" {
		t.Errorf("got %q and %q", texts.String(uuid), texts.String(text))
	}
}

func TestTextsOrderByTheirBytes(t *testing.T) {
	texts := intern.NewTable()
	all := manyTexts(300)
	rng := rand.New(rand.NewPCG(7, 8))
	for range 20_000 {
		a, b := all[rng.IntN(len(all))], all[rng.IntN(len(all))]
		x, y := texts.OfString(a), texts.OfString(b)
		if got, want := texts.Compare(x, y), strings.Compare(a, b); got != want {
			t.Fatalf("comparing %.50q with %.50q gives %d, want %d", a, b, got, want)
		}
		if by := cmp.Compare(texts.Prefix(x), texts.Prefix(y)); by != 0 && by != strings.Compare(a, b) {
			t.Fatalf("the prefixes of %.50q and %.50q are in another order", a, b)
		}
	}
}

func TestConcurrentInterningGivesOneNumberToEachText(t *testing.T) {
	texts := intern.NewTable()
	all := manyTexts(500)
	got := make([][]intern.Text, 8)
	var wg sync.WaitGroup
	for w := range got {
		got[w] = make([]intern.Text, len(all))
		wg.Go(func() {
			for _, i := range rand.New(rand.NewPCG(uint64(w), 0)).Perm(len(all)) {
				got[w][i] = texts.OfString(all[i])
				if back := texts.String(got[w][i]); back != all[i] {
					t.Errorf("got %.50q, want %.50q", back, all[i])
				}
			}
		})
	}
	wg.Wait()
	for w := range got {
		for i := range all {
			if got[w][i] != got[0][i] {
				t.Fatalf("%.50q has two numbers", all[i])
			}
		}
	}
}

func TestEveryFieldIsFoundByItsName(t *testing.T) {
	for _, fields := range [][]record.Field{record.EntryFields, record.LegFields, record.EventFields} {
		set := record.Of(fields...)
		for _, f := range fields {
			if got, ok := record.FieldByName(f.String()); !ok || got != f || !set.Has(f) {
				t.Errorf("%s: got %s, %v", f, got, ok)
			}
		}
	}
	if f, ok := record.FieldByName("no_such_field"); ok {
		t.Errorf("got %s", f)
	}
}

func TestSpansAreHalfOpen(t *testing.T) {
	for _, c := range []struct {
		a, b record.Span
		want bool
	}{
		{record.Span{Start: 0, End: 10}, record.Span{Start: 10, End: 20}, false},
		{record.Span{Start: 0, End: 10}, record.Span{Start: 9, End: 20}, true},
		{record.Span{Start: 0, End: 10}, record.Span{Start: 3, End: 4}, true},
		{record.Span{Start: 5, End: 5}, record.Span{Start: 0, End: 5}, false},
		{record.Forever, record.Span{Start: 3, End: 4}, true},
	} {
		if c.a.Overlaps(c.b) != c.want || c.b.Overlaps(c.a) != c.want {
			t.Errorf("%v and %v: want %v", c.a, c.b, c.want)
		}
	}
	if s := (record.Span{Start: 1, End: 2}); !s.Contains(1) || s.Contains(2) || s.Contains(0) {
		t.Error("a span holds its start and not its end")
	}
}
