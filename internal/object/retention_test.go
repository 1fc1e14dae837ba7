package object_test

import (
	"bytes"
	"testing"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
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
}
