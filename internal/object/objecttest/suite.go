// Package objecttest holds the conformance suite of object stores, and the
// real S3 server that it and other tests run against.
package objecttest

import (
	"bytes"
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"cdrmend/internal/object"

	"github.com/google/go-cmp/cmp"
)

// Place is an empty store, and the hands of another who changes it.
type Place struct {
	Store  object.Store
	Put    func(key string, data []byte) // over another object if need be
	Remove func(key string)
	Pinned bool // what was listed can be read though it was overwritten or removed
}

// Run holds a store to its contract. Each test opens a place of its own.
func Run(t *testing.T, open func(t *testing.T) Place) {
	tests := map[string]func(*testing.T, Place){
		"a list holds every key in byte order":            listsInByteOrder,
		"a list has more than a page":                     listsManyPages,
		"a prefix isolates":                               prefixIsolates,
		"a list of nothing is empty":                      listsNothing,
		"children are objects and folders in byte order":  childrenAreOneLevel,
		"children have more than a page":                  childrenHaveManyPages,
		"children of nothing are none":                    childrenOfNothing,
		"a list can be left and ranged over again":        listsAnew,
		"an info tells size and time":                     infoTells,
		"a read starts at any byte":                       readsFrom,
		"a part of an object is read by itself":           readsParts,
		"a big object comes back whole":                   readsBig,
		"a changed object is never read as the listed":    readsOnlyListed,
		"a removed object is never read as something":     readsNothingElse,
		"equal bytes are created twice":                   createsEqualTwice,
		"other bytes are refused":                         refusesOther,
		"of many writers one wins":                        oneWriterWins,
		"content other than announced leaves nothing":     refusesUnannounced,
		"a cancelled create leaves nothing":               cancelledLeavesNothing,
		"a failing content leaves nothing":                failingLeavesNothing,
		"a cancelled context ends a list and a read":      cancelledEnds,
		"an empty object is an object":                    holdsEmpty,
		"a key is read without a list":                    getsByKey,
		"a list begins after a name":                      listsAfter,
		"the origin of an object tells when":              originTells,
		"an object is removed with all its versions":      removesAll,
		"keys that cannot be told apart by eye are apart": keepsKeysApart,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func create(t *testing.T, s object.Store, key, data string) {
	t.Helper()
	if err := s.Create(t.Context(), key, object.ContentOf([]byte(data))); err != nil {
		t.Fatalf("Create(%q): %v", key, err)
	}
}

func list(t *testing.T, s object.Store, prefix string) []object.Info {
	t.Helper()
	var infos []object.Info
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("List(%q): %v", prefix, err)
		}
		infos = append(infos, info)
	}
	return infos
}

func only(t *testing.T, s object.Store) object.Info {
	t.Helper()
	infos := list(t, s, "")
	if len(infos) != 1 {
		t.Fatalf("the store lists %v, want one object", infos)
	}
	return infos[0]
}

func keys(infos []object.Info) []string {
	names := []string{}
	for _, info := range infos {
		names = append(names, info.Key)
	}
	return names
}

func wantKeys(t *testing.T, s object.Store, prefix string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(append([]string{}, want...), keys(list(t, s, prefix))); diff != "" {
		t.Errorf("List(%q) (-want +got):\n%s", prefix, diff)
	}
}

func read(ctx context.Context, s object.Store, info object.Info, from int64) ([]byte, error) {
	r, err := s.Open(ctx, info, from)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func wantBytes(t *testing.T, s object.Store, info object.Info, from int64, want []byte) {
	t.Helper()
	got, err := read(t.Context(), s, info, from)
	if err != nil {
		t.Fatalf("reading %q from byte %d: %v", info.Key, from, err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%q from byte %d has %d bytes %.60q, want %d bytes %.60q", info.Key, from, len(got), got, len(want), want)
	}
}

func isMicroseconds(at time.Time) bool {
	return at.Location() == time.UTC && at.Equal(at.Truncate(time.Microsecond)) && !at.IsZero()
}
