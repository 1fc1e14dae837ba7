package match

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cdrmend/internal/evidence"
	"cdrmend/internal/intern"
	"cdrmend/internal/record"
)

func TestTheSmallestAreThoseThatASortPutsFirst(t *testing.T) {
	for range 500 {
		list := make([]int, rand.IntN(40))
		for i := range list {
			list[i] = rand.IntN(20)
		}
		sorted := slices.Sorted(slices.Values(list))
		k := rand.IntN(12)
		want := sorted[:min(k, len(sorted))]
		if k == 0 {
			want = nil
		}
		got := smallest(slices.Clone(list), max(k, 1), cmp.Compare[int])
		if k > 0 && !slices.Equal(got, want) {
			t.Fatalf("the %d smallest of %v are %v, want %v", k, list, got, want)
		}
	}
}

// evidenceOf returns objects of two sources, of which one key begins like another.
func evidenceOf() *evidence.Evidence {
	return &evidence.Evidence{
		Sources: []evidence.Source{{Name: "b"}, {Name: "a"}},
		Objects: []evidence.Object{{Source: 0, Key: "k"}, {Source: 1, Key: "k#1"}, {Source: 1, Key: "k"}},
	}
}

// A repair keeps only the rows that its row of the table names, however many there
// are, and what it names is what a sort of all would give.
func TestARepairKeepsNoMoreRowsThanItNames(t *testing.T) {
	ev := evidenceOf()
	for _, n := range []int{0, 1, 8, 9, 30, 2000} {
		refs := make([]record.Ref, n)
		names := make([]string, n)
		for i := range refs {
			refs[i] = record.Ref{Object: uint32(rand.IntN(len(ev.Objects))), Row: rand.Uint32N(300)}
			names[i] = nameOfRow(ev, refs[i])
		}
		slices.Sort(names)
		want := strings.Join(names[:min(n, 8)], ";")
		if n > 8 {
			want += map[int]string{9: ";+1", 30: ";+22", 2000: ";+1992"}[n]
		}

		all := []record.Ref{{Object: 7, Row: 7}} // of an earlier repair
		given := slices.Clone(refs)
		run := cite(ev, &all, refs)
		if got := NameRows(ev, record.SectionOf(run, all)); got != want {
			t.Errorf("%d rows are named %q, want %q", n, got, want)
		}
		if run.At != 1 || len(all) > 10 || all[0] != (record.Ref{Object: 7, Row: 7}) {
			t.Errorf("%d rows are kept as %d, from %d on", n, len(all), run.At)
		}
		if !slices.Equal(refs, given) {
			t.Errorf("the order of %d rows has changed", n)
		}
	}
}

func TestManyValuesAreNamedInByteOrderAndCounted(t *testing.T) {
	texts := intern.NewTable()
	var v values
	for i := range 40 {
		id := texts.OfString(string(rune('a' + 39 - i)))
		v.add(id, record.Ref{Row: uint32(i)})
		v.add(id, record.Ref{Row: uint32(i)})
		v.add(intern.None, record.Ref{})
	}
	if len(v.ids) != 40 || len(v.refs) != 80 {
		t.Fatalf("%d values in %d rows, want 40 in 80", len(v.ids), len(v.refs))
	}
	if got, want := texts.String(nameSome(texts, v.ids)), "a;b;c;d;e;f;g;h;+32"; got != want {
		t.Errorf("named %q, want %q", got, want)
	}
}
