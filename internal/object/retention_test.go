package object_test

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"

	"github.com/google/go-cmp/cmp"
)

func TestRetentionIsSetAndOnlyEverExtended(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "locked", objecttest.Locked)
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 10)
	create := func(mode string, until time.Time, key string, data []byte) {
		t.Helper()
		opts := object.Options{Retention: object.Retention{Mode: mode, Until: until}}
		store := mustOpen(t, object.OpenQuick, object.Location{Bucket: "locked"}, opts)
		if err := store.Create(t.Context(), key, object.ContentOf(data)); err != nil {
			t.Fatalf("Create with %s until %v: %v", mode, until, err)
		}
	}
	want := func(key, mode string, until time.Time) {
		t.Helper()
		if gotMode, got := server.Retention(t, "locked", key); gotMode != mode || !got.Equal(until) {
			t.Errorf("%q is kept by %s until %v, want %s until %v", key, gotMode, got, mode, until)
		}
		store := mustOpen(t, object.OpenQuick, object.Location{Bucket: "locked"}, object.Options{})
		if got, err := store.Retention(t.Context(), key); err != nil || got.Mode != strings.ToLower(mode) || !got.Until.Equal(until) {
			t.Errorf("the store says that %q is kept by %+v, %v, want %s until %v", key, got, err, mode, until)
		}
	}
	data := []byte("data")
	create("governance", day, "a", data)
	want("a", "GOVERNANCE", day)
	create("governance", day.AddDate(0, 0, 5), "a", data)
	want("a", "GOVERNANCE", day.AddDate(0, 0, 5))
	create("governance", day, "a", data)
	want("a", "GOVERNANCE", day.AddDate(0, 0, 5))
	create("compliance", day.AddDate(0, 0, 6), "a", data)
	want("a", "GOVERNANCE", day.AddDate(0, 0, 6))

	create("compliance", day.Add(time.Nanosecond), "b", data)
	want("b", "COMPLIANCE", day.Add(time.Second))

	create("", time.Time{}, "c", data)
	want("c", "", time.Time{})
	create("compliance", day, "c", data)
	want("c", "COMPLIANCE", day)

	parts := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	create("governance", day, "parts", parts)
	want("parts", "GOVERNANCE", day)
	create("governance", day.AddDate(0, 0, 1), "parts", parts)
	want("parts", "GOVERNANCE", day.AddDate(0, 0, 1))

	store := mustOpen(t, object.OpenQuick, object.Location{Bucket: "locked"}, object.Options{})
	if got, err := store.Retention(t.Context(), "absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of an object that is not there: got %+v, %v, want %v", got, err, fs.ErrNotExist)
	}
}

func TestWhereNothingCanBeRetainedTheStoreSaysSo(t *testing.T) {
	dir := mustOpen(t, object.Open, object.Location{Dir: t.TempDir()}, object.Options{})
	if _, err := dir.Retention(t.Context(), "a"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a directory: got %v, want %v", err, errors.ErrUnsupported)
	}
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	for name, kind := range map[string]objecttest.BucketKind{"plain": objecttest.Plain, "versioned": objecttest.Versioned} {
		server.Bucket(t, name, kind)
		server.Put(t, name, "a", []byte("data"))
		store := mustOpen(t, object.OpenQuick, object.Location{Bucket: name}, object.Options{})
		if got, err := store.Retention(t.Context(), "a"); err != nil || got != (object.Retention{}) {
			t.Errorf("a %s bucket: got %+v, %v, want none", name, got, err)
		}
	}
}

func TestWhatAListingHidesIsShown(t *testing.T) {
	server := objecttest.Gateway(t, objecttest.GatewayOptions{})
	server.Setenv(t)
	server.Bucket(t, "versioned", objecttest.Versioned)
	store := mustOpen(t, object.OpenQuick, object.Location{Bucket: "versioned"}, object.Options{})
	hidden := func(prefix string) map[string]int {
		t.Helper()
		found := map[string]int{}
		for h, err := range store.Hidden(t.Context(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			if h.VersionID == "" {
				t.Errorf("%+v has no version", h)
			}
			if h.Marker {
				h.Key += " removed"
			}
			found[h.Key]++
		}
		return found
	}
	for _, key := range []string{"log/once", "log/twice", "log/twice", "log/twice", "log/gone", "log/back ä+%", "other/twice", "other/twice"} {
		server.Put(t, "versioned", key, []byte(time.Now().String()))
	}
	server.Remove(t, "versioned", "log/gone")
	server.Remove(t, "versioned", "log/back ä+%")
	server.Put(t, "versioned", "log/back ä+%", []byte("again"))
	want := map[string]int{"log/twice": 2, "log/gone": 1, "log/gone removed": 1, "log/back ä+%": 1, "log/back ä+% removed": 1}
	if diff := cmp.Diff(want, hidden("log/")); diff != "" {
		t.Errorf("hidden below log/ (-want +got):\n%s", diff)
	}
}
