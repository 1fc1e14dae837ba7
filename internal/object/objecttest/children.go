package objecttest

import (
	"fmt"
	"slices"
	"testing"

	"cdrmend/internal/object"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
)

func wantChildren(t *testing.T, s object.Store, prefix string, want ...string) {
	t.Helper()
	var got []string
	for info, err := range s.Children(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("Children(%q): %v", prefix, err)
		}
		got = append(got, info.Key)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("Children(%q) (-want +got):\n%s", prefix, diff)
	}
}

func childrenAreOneLevel(t *testing.T, p Place) {
	for _, key := range []string{"p/a", "p/b.c", "p/b/c", "p/b/d/e", "p/b0", "p/d e+%/f", "q/a"} {
		create(t, p.Store, key, "data of "+key)
	}
	wantChildren(t, p.Store, "", "p/", "q/")
	wantChildren(t, p.Store, "p/", "p/a", "p/b.c", "p/b/", "p/b0", "p/d e+%/")
	wantChildren(t, p.Store, "p/b/", "p/b/c", "p/b/d/")
	for info, err := range p.Store.Children(t.Context(), "p/b/") {
		if err != nil {
			t.Fatal(err)
		}
		wantBytes(t, p.Store, info, 0, []byte("data of p/b/c"))
		break
	}
}

func childrenHaveManyPages(t *testing.T, p Place) {
	const children = 1101
	var want []string
	var g errgroup.Group
	g.SetLimit(16)
	for i := range children {
		key := fmt.Sprintf("many/%04d", i)
		want = append(want, key)
		if i%2 == 0 {
			want[i] += "/"
			key += "/a"
		}
		g.Go(func() error { return p.Store.Create(t.Context(), key, object.ContentOf([]byte(key))) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	wantChildren(t, p.Store, "many/", want...)
}

func childrenOfNothing(t *testing.T, p Place) {
	wantChildren(t, p.Store, "")
	wantChildren(t, p.Store, "no/such/")
}
