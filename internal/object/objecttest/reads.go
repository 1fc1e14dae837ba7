package objecttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"testing"
	"time"

	"cdrmend/internal/object"

	"golang.org/x/sync/errgroup"
)

// awkward keys: none is the parent of another, which a directory cannot hold.
var awkward = []string{
	"a.b", "a/b", "a/b c", "a-b/c", "a0", "a b", "a+b", "a%20b", "a%2Fb", "a&b=c", "a'b\"c", "a<b>", "a*b", "a~b", "a;b", "a:b", "a?b", "a#b",
	"A/b", "ä", "a\u0308", "日本/語.json", "🙂", "org=1/year=2026/month=3/_call_metadata.json", ".hidden", "z/.hidden/x", "-dash", "z/..b", "z/b..",
}

func listsInByteOrder(t *testing.T, p Place) {
	for _, key := range awkward {
		create(t, p.Store, key, "data of "+key)
	}
	wantKeys(t, p.Store, "", slices.Clone(awkward)...)
	for _, info := range list(t, p.Store, "") {
		wantBytes(t, p.Store, info, 0, []byte("data of "+info.Key))
	}
}

func listsManyPages(t *testing.T, p Place) {
	const objects = 1101
	want := make([]string, objects)
	var g errgroup.Group
	g.SetLimit(16)
	for i := range objects {
		want[i] = fmt.Sprintf("many/%d/%04d.json", i%7, i)
		g.Go(func() error { return p.Store.Create(t.Context(), want[i], object.ContentOf([]byte(want[i]))) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, p.Store, "many/", want...)
}

func prefixIsolates(t *testing.T, p Place) {
	for _, key := range []string{"p/a", "p/b/c", "p2/a", "p.a", "q/p/a"} {
		create(t, p.Store, key, key)
	}
	wantKeys(t, p.Store, "p/", "p/a", "p/b/c")
	wantKeys(t, p.Store, "p/b/", "p/b/c")
	wantKeys(t, p.Store, "p.a/")
}

func listsNothing(t *testing.T, p Place) {
	wantKeys(t, p.Store, "")
	wantKeys(t, p.Store, "no/such/")
}

func listsAnew(t *testing.T, p Place) {
	create(t, p.Store, "a", "1")
	create(t, p.Store, "b", "2")
	objects := p.Store.List(t.Context(), "")
	for info, err := range objects {
		if err != nil || info.Key != "a" {
			t.Fatalf("the first object is %v, %v, want %q", info, err, "a")
		}
		break
	}
	create(t, p.Store, "0", "3")
	for info, err := range objects {
		if err != nil || info.Key != "0" {
			t.Fatalf("the first object of the second range is %v, %v, want %q", info, err, "0")
		}
		break
	}
}

func infoTells(t *testing.T, p Place) {
	create(t, p.Store, "a/b", "12345")
	info := only(t, p.Store)
	if info.Key != "a/b" || info.Size != 5 || info.Archived || !isMicroseconds(info.Modified) {
		t.Errorf("info is %+v, want key a/b, size 5, not archived, modified in UTC microseconds", info)
	}
	if url := p.Store.String(); url[len(url)-1] != '/' {
		t.Errorf("the store calls itself %q, want a URL that ends in a slash", url)
	}
}

func readsFrom(t *testing.T, p Place) {
	create(t, p.Store, "a", "0123456789")
	info := only(t, p.Store)
	for _, from := range []int64{0, 1, 9, 10} {
		wantBytes(t, p.Store, info, from, []byte("0123456789")[from:])
	}
	for _, from := range []int64{-1, 11} {
		if got, err := read(t.Context(), p.Store, info, from); err == nil {
			t.Errorf("reading from byte %d of 10 gives %q, want an error", from, got)
		}
	}
}

func readsParts(t *testing.T, p Place) {
	p.Put("a", []byte("0123456789"))
	info := only(t, p.Store)
	for _, part := range []struct {
		from int64
		n    int
		want string
	}{{0, 10, "0123456789"}, {0, 64, "0123456789"}, {0, 3, "012"}, {4, 1, "4"}, {7, 3, "789"}, {7, 64, "789"}, {10, 5, ""}} {
		if got, err := p.Store.Part(t.Context(), info, part.from, part.n); err != nil || string(got) != part.want {
			t.Errorf("%d bytes from byte %d of 10 are %q, %v, want %q", part.n, part.from, got, err, part.want)
		}
	}
	if got, err := p.Store.Part(t.Context(), info, 11, 1); err == nil {
		t.Errorf("from byte 11 of 10 come %q, want an error", got)
	}

	p.Put("a", []byte("as it is!!"))
	if got, err := p.Store.Part(t.Context(), info, 2, 3); p.Pinned && string(got) != "234" || !p.Pinned && !errors.Is(err, object.ErrChanged) {
		t.Errorf("of what was changed come %q, %v", got, err)
	}
}

func readsBig(t *testing.T, p Place) {
	data := twentyMegabytes()
	if err := p.Store.Create(t.Context(), "big", object.ContentOf(data)); err != nil {
		t.Fatal(err)
	}
	info := only(t, p.Store)
	wantBytes(t, p.Store, info, 0, data)
	wantBytes(t, p.Store, info, 12_345_678, data[12_345_678:])
	if err := p.Store.Create(t.Context(), "big", object.ContentOf(data)); err != nil {
		t.Errorf("creating a big object again with equal bytes: %v", err)
	}
	data[len(data)-1]++
	if err := p.Store.Create(t.Context(), "big", object.ContentOf(data)); !errors.Is(err, object.ErrTaken) {
		t.Errorf("creating a big object again with another last byte: %v, want ErrTaken", err)
	}
}

// twentyMegabytes returns 20 MB in which no two places look alike.
func twentyMegabytes() []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < 20_000_000; i++ {
		fmt.Fprintf(&b, "%08x", uint32(i)*2654435761)
	}
	return b.Bytes()
}

func readsOnlyListed(t *testing.T, p Place) {
	p.Put("a", []byte("as it was"))
	info := only(t, p.Store)
	p.Put("a", []byte("as it is!"))
	wantOld(t, p, info, []byte("as it was"))
	p.Put("a", []byte("as it is, and longer"))
	wantOld(t, p, info, []byte("as it was"))
}

func readsNothingElse(t *testing.T, p Place) {
	p.Put("a/b", []byte("as it was"))
	info := only(t, p.Store)
	p.Remove("a/b")
	wantOld(t, p, info, []byte("as it was"))
	wantKeys(t, p.Store, "")
}

func wantOld(t *testing.T, p Place, info object.Info, old []byte) {
	t.Helper()
	for _, from := range []int64{0, 3, info.Size} {
		if p.Pinned {
			wantBytes(t, p.Store, info, from, old[from:])
			continue
		}
		if got, err := read(t.Context(), p.Store, info, from); !errors.Is(err, object.ErrChanged) {
			t.Errorf("reading what was changed from byte %d gives %q, %v, want ErrChanged", from, got, err)
		}
	}
}

func cancelledEnds(t *testing.T, p Place) {
	create(t, p.Store, "a", "data")
	info := only(t, p.Store)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := p.Store.Open(ctx, info, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cancel()
	if _, err := io.ReadAll(r); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("reading with a cancelled context: %v, want context.Canceled", err)
	}
	if _, err := read(ctx, p.Store, info, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("opening with a cancelled context: %v, want context.Canceled", err)
	}
	var last error
	for _, err := range p.Store.List(ctx, "") {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("listing with a cancelled context: %v, want context.Canceled", last)
	}
}

func holdsEmpty(t *testing.T, p Place) {
	create(t, p.Store, "empty", "")
	info := only(t, p.Store)
	if info.Size != 0 {
		t.Errorf("an empty object has size %d", info.Size)
	}
	wantBytes(t, p.Store, info, 0, nil)
	create(t, p.Store, "empty", "")
	if err := p.Store.Create(t.Context(), "empty", object.ContentOf([]byte("x"))); !errors.Is(err, object.ErrTaken) {
		t.Errorf("creating a byte over an empty object: %v, want ErrTaken", err)
	}
}

func keepsKeysApart(t *testing.T, p Place) {
	for _, key := range []string{"ä", "a\u0308", "a b", "a+b", "a%20b"} {
		create(t, p.Store, key, "data of "+key)
	}
	for _, info := range list(t, p.Store, "") {
		wantBytes(t, p.Store, info, 0, []byte("data of "+info.Key))
	}
}

func getsByKey(t *testing.T, p Place) {
	if _, _, err := p.Store.Get(t.Context(), "a/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key of an empty store gives %v, want one that wraps %v", err, fs.ErrNotExist)
	}
	create(t, p.Store, "a/b", "12345")
	create(t, p.Store, "a/empty", "")
	for _, key := range []string{"a", "a/b/c", "a/bc", "b"} { // in a directory "a" is there, and no file
		if _, _, err := p.Store.Get(t.Context(), key); key != "a" && !errors.Is(err, fs.ErrNotExist) || err == nil {
			t.Errorf("key %q gives %v, want one that wraps %v", key, err, fs.ErrNotExist)
		}
	}
	for key, want := range map[string]string{"a/b": "12345", "a/empty": ""} {
		info, body, err := p.Store.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if err != nil || string(got) != want || info.Key != key || info.Size != int64(len(want)) || body.Close() != nil {
			t.Errorf("got %q of %+v, %v, want %q", got, info, err, want)
		}
		wantBytes(t, p.Store, info, 0, []byte(want)) // the info pins the object
	}
	p.Put("a/b", []byte("longer than before"))
	_, body, err := p.Store.Get(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(body); err != nil || string(got) != "longer than before" {
		t.Errorf("got %q, %v, want what the key holds now", got, err)
	}
	body.Close()
}

func originTells(t *testing.T, p Place) {
	create(t, p.Store, "a/b", "12345")
	create(t, p.Store, "a/b0", "other")
	info, body, err := p.Store.Get(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	body.Close()
	o, err := p.Store.Origin(t.Context(), "a/b")
	if err != nil || o.Modified.Sub(info.Modified).Abs() > time.Second || o.Owner == "" {
		t.Errorf("got %+v, %v, want an owner, and the time %v", o, err, info.Modified)
	}
	if o, err := p.Store.Origin(t.Context(), "a/x"); err == nil {
		t.Errorf("a key that holds nothing has the origin %+v", o)
	}
}

func removesAll(t *testing.T, p Place) {
	p.Put("a/b", []byte("first"))
	p.Put("a/b", []byte("second"))
	p.Put("a/b0", []byte("other"))
	for range 2 { // one that is not there is no error
		if err := p.Store.Remove(t.Context(), "a/b"); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Store.Extend(t.Context(), "a/b0"); err != nil {
		t.Errorf("nothing is retained, and extending that fails: %v", err)
	}
	var keys []string
	for info, err := range p.Store.List(t.Context(), "a/") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	if !slices.Equal(keys, []string{"a/b0"}) {
		t.Errorf("%q is left, want the other object", keys)
	}
	for h, err := range p.Store.Hidden(t.Context(), "a/") {
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("%+v is left", h)
	}
}

func listsAfter(t *testing.T, p Place) {
	keys := func(prefix, name string) []string {
		t.Helper()
		found := []string{}
		for info, err := range p.Store.After(t.Context(), prefix, name) {
			if err != nil {
				t.Fatal(err)
			}
			wantBytes(t, p.Store, info, 0, []byte(info.Key))
			found = append(found, info.Key)
		}
		return found
	}
	if got := keys("j/", "1"); len(got) > 0 {
		t.Errorf("of nothing: %q", got)
	}
	for _, key := range []string{"j/1", "j/2", "j/3/x", "j/4", "k/5", "j0"} {
		create(t, p.Store, key, key)
	}
	for name, want := range map[string][]string{"0": {"j/1", "j/2", "j/4"}, "1": {"j/2", "j/4"}, "10": {"j/2", "j/4"}, "4": {}, "9": {}} {
		if got := keys("j/", name); !slices.Equal(got, want) {
			t.Errorf("after %q: %q, want %q", name, got, want)
		}
	}
	for i := range 1002 {
		key := fmt.Sprintf("many/%04d", i)
		create(t, p.Store, key, key)
	}
	if got := keys("many/", "0000"); len(got) != 1001 {
		t.Errorf("%d of 1001 keys", len(got))
	}
}
