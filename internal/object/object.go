// Package object is the only package that knows where objects live: an S3
// bucket or a directory. It lists objects, reads exactly what was listed, and
// creates objects without ever replacing one.
package object

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Info is one object as a listing showed it. It pins what Open reads.
type Info struct {
	Key       string // UTF-8, also when the store's name is not; see Alias
	Size      int64
	ETag      string    // without quotes; empty in a directory
	VersionID string    // only when the store was opened with Versions
	Modified  time.Time // UTC, microseconds at most
	Archived  bool      // in a storage class that has to be restored before it can be read
	Alias     *Alias    // nil when the store's name is the key
}

// Origin is what a store knows of who wrote an object. A field that the store
// does not know is empty.
type Origin struct {
	Owner     string // account in a bucket, user in a directory
	Modified  time.Time
	VersionID string // in a bucket that keeps versions
}

// Hidden is a version of an object that a listing does not show, or a delete
// marker.
type Hidden struct {
	Key       string
	VersionID string
	Marker    bool
}

// Content is what Create writes. Open may be called several times, as after a
// lost connection everything is sent again.
type Content struct {
	Size   int64
	SHA256 [32]byte
	Open   func() (io.ReadSeekCloser, error)

	// File names the file below the store's Temp that holds exactly this
	// content, empty when there is none. Create may make it the object instead
	// of copying it, so it must not be written to afterwards.
	File string
}

// Store is a bucket or a directory. Keys are whole keys in a bucket, and
// slash-separated paths below the root in a directory. All methods are safe
// for concurrent use, and retry what can be retried before they return.
type Store interface {
	// List yields the objects whose names begin with prefix, in byte order of
	// their names. The prefix is empty or ends in a slash. A prefix without objects
	// yields nothing; a store that does not exist yields an error that wraps
	// fs.ErrNotExist. The error is the last element. Each range over the
	// sequence lists anew.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]

	// Children yields what is directly below prefix, under the rules of List:
	// the objects, and for everything deeper one Info for each folder, with
	// nothing but its key, which ends in a slash. It costs as many requests as
	// there are pages of children, however much is below them. In a directory,
	// a folder may be empty.
	Children(ctx context.Context, prefix string) iter.Seq2[Info, error]

	// After yields the objects directly below prefix whose names come after a name, in
	// byte order, under the rules of List. It costs as many requests as there are
	// pages of such objects, however many come before.
	After(ctx context.Context, prefix, name string) iter.Seq2[Info, error]

	// Open streams the object exactly as info describes it, from the given
	// byte to its end. A body that breaks off is resumed where it broke.
	// If the object changed or vanished since it was listed, the error wraps
	// ErrChanged, from Open or from a later Read.
	Open(ctx context.Context, info Info, from int64) (io.ReadCloser, error)

	// Part returns n bytes of the object from the given byte on, fewer at its end, in one
	// request. It is pinned as Open is.
	Part(ctx context.Context, info Info, from int64, n int) ([]byte, error)

	// Get streams the object that a key holds now, which no listing showed. The Info
	// describes it; the error wraps fs.ErrNotExist when the key holds nothing.
	Get(ctx context.Context, key string) (Info, io.ReadCloser, error)

	// Create makes the object durable under key unless the key is taken. It
	// returns nil when the key now holds exactly these bytes, whether this
	// call wrote them or an earlier one, and an error that wraps ErrTaken
	// when it holds others. Nobody ever sees a part of an object.
	Create(ctx context.Context, key string, c Content) error

	// Temp returns the directory in which to prepare content that Create takes
	// over without copying; empty when it always copies. Files in it have the
	// names of [TempName].
	Temp() (string, error)

	// Hidden yields what List does not show of the keys that begin with
	// prefix: versions that another one replaced, and delete markers. A store
	// without versions yields nothing.
	Hidden(ctx context.Context, prefix string) iter.Seq2[Hidden, error]

	// Retention returns what keeps an object from being removed, the zero
	// value when nothing does. The error wraps fs.ErrNotExist when a bucket that
	// can retain objects holds none under the key. A directory cannot retain
	// anything: the error wraps errors.ErrUnsupported.
	Retention(ctx context.Context, key string) (Retention, error)

	// Extend gives an object that is there the retention that Create would give it now,
	// if that is longer. In a directory it does nothing.
	Extend(ctx context.Context, key string) error

	// Remove deletes an object with all its versions. One that is not there is no error.
	// Only what forgets on purpose calls it; a run never does.
	Remove(ctx context.Context, key string) error

	// Origin returns what the store knows of who wrote an object and when.
	Origin(ctx context.Context, key string) (Origin, error)

	// String returns the URL of the root, for messages.
	String() string
}

// Remote is a store whose requests take a round trip through a network, however little
// they ask for: many at once take no longer than one. A directory is none.
type Remote interface{ Remote() }

var (
	// ErrChanged is returned for an object that is not what was listed.
	ErrChanged = errors.New("the object changed or vanished since it was listed")
	// ErrTaken is returned for a key that holds other bytes.
	ErrTaken = errors.New("the key holds other bytes already")
	// ErrCorrupt is returned for bytes that do not match the checksum that the
	// store keeps of them.
	ErrCorrupt = errors.New("the bytes do not match their checksum in the store")
	// ErrArchived is returned for an object that has to be restored first.
	ErrArchived = errors.New("the object is archived")
)
