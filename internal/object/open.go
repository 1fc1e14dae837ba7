package object

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Location is a bucket or a directory: exactly one of the two is set.
type Location struct {
	Bucket string
	Dir    string
}

// Options say how to reach a store and how to write to it. The zero value reads
// a directory, or a bucket with the environment's default credentials.
type Options struct {
	Region     string // empty: the environment's, else us-east-1
	Endpoint   string // URL; empty: the environment's, else that of AWS
	RoleARN    string // assumed with the environment's credentials
	ExternalID string // given when the role is assumed
	PathStyle  bool   // the bucket is in the path instead of the host name

	// Versions lists through ListObjectVersions, so that what Open reads is
	// pinned by version id and outlives an overwrite.
	Versions bool

	// Limiter bounds the requests of all stores that share it; nil: the store
	// gets a limiter of its own.
	Limiter *Limiter

	// Retention and SSEKMSKey apply to what Create writes. Directories have
	// neither.
	Retention Retention
	SSEKMSKey string

	// Patience says how long to keep trying a bucket that fails; the zero value
	// means DefaultPatience.
	Patience Patience

	// MakeRoot allows a directory that does not exist yet: the first Create
	// makes it.
	MakeRoot bool

	// Unsynced is for files that can be made again, as those of a synthetic night:
	// Create leaves it to the system when they reach the disk, which takes a third of
	// the time for small files. A crash of the machine may leave a key with a part of its bytes.
	Unsynced bool
}

// Retention is how long S3 Object Lock keeps what Create writes. An object that
// exists already with equal bytes keeps its mode, and its date is moved to
// Until, never back.
type Retention struct {
	Mode  string // governance or compliance; empty: none
	Until time.Time
}

// Open opens the store at loc. For a bucket it fetches the credentials at once,
// as missing credentials are the commonest failure and have a message of their
// own. Whether the bucket or the directory exists is found out at the first
// use.
func Open(ctx context.Context, loc Location, opts Options) (Store, error) {
	return open(ctx, loc, opts, defaultTuning)
}

func open(ctx context.Context, loc Location, opts Options, tune tuning) (Store, error) {
	if (loc.Bucket == "") == (loc.Dir == "") {
		return nil, fmt.Errorf("opening a store: name either a bucket or a directory, not %q and %q", loc.Bucket, loc.Dir)
	}
	if loc.Dir != "" {
		return openDirectory(loc.Dir, opts)
	}

	if err := opts.Retention.check(); err != nil {
		return nil, fmt.Errorf("opening bucket %q: %w", loc.Bucket, err)
	}

	c, err := newClient(ctx, loc.Bucket, opts, tune)
	if err != nil {
		return nil, fmt.Errorf("opening bucket %q: %w", loc.Bucket, err)
	}

	return &bucket{client: c, url: "s3://" + loc.Bucket + "/"}, nil
}

func (r Retention) check() error {
	switch r.Mode {
	case "":
		return nil
	case "governance", "compliance":
		if r.Until.IsZero() {
			return errors.New("a retention needs a date")
		}
		return nil
	}
	return fmt.Errorf("unknown retention mode %q: use governance or compliance", r.Mode)
}

// mode is the name that the API uses.
func (r Retention) mode() string { return strings.ToUpper(r.Mode) }

// date is Until in the whole seconds that every server keeps, never earlier.
func (r Retention) date() time.Time {
	return r.Until.UTC().Add(time.Second - 1).Truncate(time.Second)
}

// Patience says how long to keep trying a server that fails.
type Patience struct {
	Attempts int           // for each request
	Backoff  time.Duration // between two attempts, at most
	Idle     time.Duration // a request on which nothing moves for this long has broken off
}

// DefaultPatience outlasts the restart of a server and a minute of throttling.
var DefaultPatience = Patience{Attempts: 10, Backoff: 5 * time.Second, Idle: time.Minute}

// tuning holds sizes that tests set lower than production does.
type tuning struct {
	multipartAbove int64 // contents above this many bytes are sent in parts
	partSize       int64
}

// A single PutObject takes at most 5 GiB. Parts start far below that, as a
// request that breaks off is sent again from its beginning.
var defaultTuning = tuning{multipartAbove: 1 << 30, partSize: 64 << 20}
