package object

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// Version is one version of an object, or a delete marker.
type Version struct {
	Info
	Latest bool // nothing covers it
	Marker bool // it has no bytes: the object was deleted
}

// Holder is a store that keeps versions, and that may hold a version for a court: it
// cannot be deleted until the hold is lifted, however long it is retained. No method
// reads bytes of an object, so archived ones can be held, too.
//
// An error wraps errors.ErrUnsupported where nothing can be held: in a directory, or in a
// bucket without Object Lock. It wraps ErrChanged when the version is not there, and
// fs.ErrPermission when access is denied; [Unreadable] has the store's code. Any other
// error is a failure. All methods retry as those of [Store] do.
type Holder interface {
	// Versions yields the versions of one key and its delete markers, the newest first.
	// A key that never held anything yields nothing. A bucket without versions has one,
	// named null.
	Versions(ctx context.Context, key string) iter.Seq2[Version, error]

	// LegalHold reports whether the version that an Info of Versions names is under
	// legal hold.
	LegalHold(ctx context.Context, info Info) (bool, error)

	// SetLegalHold sets the legal hold of a version, or lifts it. It changes nothing
	// else. A version that is in this state already stays in it.
	SetLegalHold(ctx context.Context, info Info, on bool) error
}

// A directory keeps no versions, and holds nothing.

func (d *directory) Versions(context.Context, string) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) { yield(Version{}, d.holdsNothing()) }
}

func (d *directory) LegalHold(context.Context, Info) (bool, error) { return false, d.holdsNothing() }

func (d *directory) SetLegalHold(context.Context, Info, bool) error { return d.holdsNothing() }

func (d *directory) holdsNothing() error {
	return fmt.Errorf("%s is a directory, which holds nothing for a court: %w", d, errors.ErrUnsupported)
}
