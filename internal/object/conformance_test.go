package object_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/object/objecttest"
	"cdrmend/internal/tempdir"
)

var _ = tempdir.DiskInCI()

func TestDirectoryObeysTheContract(t *testing.T) {
	objecttest.Run(t, func(t *testing.T) objecttest.Place { return directoryPlace(t, t.TempDir(), object.Options{}) })
}

func TestDirectoryThatIsYetToBeMadeObeysTheContract(t *testing.T) {
	objecttest.Run(t, func(t *testing.T) objecttest.Place {
		return directoryPlace(t, filepath.Join(t.TempDir(), "not", "yet"), object.Options{MakeRoot: true})
	})
}

func TestDirectoryThatIsNotSyncedObeysTheContract(t *testing.T) {
	objecttest.Run(t, func(t *testing.T) objecttest.Place {
		return directoryPlace(t, t.TempDir(), object.Options{Unsynced: true})
	})
}

func directoryPlace(t *testing.T, dir string, opts object.Options) objecttest.Place {
	store := mustOpen(t, object.Open, object.Location{Dir: dir}, opts)
	puts := 0
	return objecttest.Place{
		Store: store,
		Put: func(key string, data []byte) {
			puts++
			put(t, filepath.Join(dir, key), data, puts)
		},
		Remove: func(key string) {
			if err := os.Remove(filepath.Join(dir, key)); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// put gives each file a time of its own: two writes within one tick of the
// kernel's clock would share theirs.
func put(t *testing.T, file string, data []byte, second int) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 20, 0, 0, second, 123_456_789, time.UTC)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestS3ObeysTheContract(t *testing.T) {
	for _, secure := range []bool{false, true} {
		for _, kind := range []objecttest.BucketKind{objecttest.Plain, objecttest.Versioned} {
			t.Run(fmt.Sprintf("tls=%t,kind=%d", secure, kind), func(t *testing.T) { conformS3(t, secure, kind) })
		}
	}
}

// conformS3 sends big objects in parts over one protocol and in one request
// over the other.
func conformS3(t *testing.T, secure bool, kind objecttest.BucketKind) {
	if testing.Short() && (secure || kind != objecttest.Plain) {
		t.Skip("one kind of server is enough for a short test")
	}
	t.Setenv("TMPDIR", tempdir.Quick()) // on what the server writes is its own matter
	server := objecttest.Gateway(t, objecttest.GatewayOptions{TLS: secure})
	server.Setenv(t)
	open := object.Open
	if secure {
		open = object.OpenQuick
	}
	buckets := 0
	objecttest.Run(t, func(t *testing.T) objecttest.Place {
		buckets++
		bucket := fmt.Sprintf("bucket-%d", buckets)
		server.Bucket(t, bucket, kind)
		pinned := kind == objecttest.Versioned
		return objecttest.Place{
			Store:  mustOpen(t, open, object.Location{Bucket: bucket}, object.Options{Versions: pinned}),
			Put:    func(key string, data []byte) { server.Put(t, bucket, key, data) },
			Remove: func(key string) { server.Remove(t, bucket, key) },
			Pinned: pinned,
		}
	})
}

type opener func(context.Context, object.Location, object.Options) (object.Store, error)

func mustOpen(t *testing.T, open opener, loc object.Location, opts object.Options) object.Store {
	t.Helper()
	store, err := open(t.Context(), loc, opts)
	if err != nil {
		t.Fatalf("opening %+v: %v", loc, err)
	}
	return store
}
