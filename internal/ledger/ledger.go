// Package ledger commits runs to an output. A run's files are below
// runs/<run-id>/, and only a commit record below log/ makes them count: it is
// written last, created only if its number is free, and names its predecessor
// by hash. A run without a commit record does not exist.
//
// A crash at any point leaves earlier commits as they were. What it wrote under
// runs/ is left over: the next run finds it equal, or nothing names it.
package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"cdrmend/internal/object"
	"cdrmend/internal/policy"
	"cdrmend/internal/token"
)

// FormatVersion is the format of everything that a run writes. It is part of
// every run id.
const FormatVersion = "cdrmend.run/1"

// RecordFormat is the format of a commit record.
const RecordFormat = "cdrmend.commit/1"

// Record is one commit record: log/<number>.json.
type Record struct {
	Format     string         `json:"format"`
	Number     int64          `json:"number"`
	Name       string         `json:"name"`     // of the configuration
	Interval   string         `json:"interval"` // as in the folder's name
	RunID      string         `json:"run_id"`
	RunSHA256  string         `json:"run_sha256"` // of runs/<run_id>/run.json
	History    []File         `json:"history"`
	Time       time.Time      `json:"time"`
	Tool       string         `json:"tool"`
	Previous   string         `json:"previous"` // SHA-256 of the record before, empty for the first
	Neighbours []Neighbour    `json:"neighbours"`
	Outcome    policy.Outcome `json:"outcome"`
	Retention  *Retention     `json:"retention,omitempty"` // of everything that the record accounts for; nil: none was asked for
}

// Retention is how long S3 Object Lock was asked to keep objects.
type Retention struct {
	Mode  string    `json:"mode"` // governance or compliance
	Until time.Time `json:"until"`
}

// Neighbour is the newest record of an earlier interval at the time of the
// commit.
type Neighbour struct {
	Interval string `json:"interval"`
	Number   int64  `json:"number"`
	SHA256   string `json:"sha256"`
}

// File is one file of a run, by its path below the interval's or the run's
// folder.
type File struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Interval is the ledger of one interval.
type Interval struct {
	Store object.Store
	Root  string // prefix of the output, empty or ending in a slash
	Label string // 2026-11-20 or 2026-11-20T08
	Name  string // of the configuration; empty: any name will do, as for a reader

	Signer *token.Signer // of new records; nil: they are not signed
	Keys   *token.Keys   // that may have signed records; nil: signatures are not checked
}

// Prefix returns the key of the interval's folder, with its slash.
func (l *Interval) Prefix() string { return l.Root + "interval=" + l.Label + "/" }

// RunPrefix returns the key of a run's folder, with its slash.
func (l *Interval) RunPrefix(runID string) string { return l.Prefix() + "runs/" + runID + "/" }

// Head is a commit of an interval as it was read. The zero value means that
// there is no commit.
type Head struct {
	Record *Record
	Seal   Seal
	SHA256 string                 // of the file
	files  map[string]object.Info // below log/, as listed when the commit was read
}

// Number returns the number of the record, 0 for none.
func (h Head) Number() int64 {
	if h.Record == nil {
		return 0
	}
	return h.Record.Number
}

// Newest is like Latest, and also checks the commit's history files by their
// hashes.
func (l *Interval) Newest(ctx context.Context) (Head, error) {
	head, err := l.Latest(ctx)
	if err != nil || head.Record == nil {
		return head, err
	}

	for _, f := range head.Record.History {
		if err := l.checkHistory(ctx, head, f); err != nil {
			return head, err
		}
	}
	return head, nil
}

// NameError says that an output belongs to another configuration.
type NameError struct{ Store, Interval, Found, Wanted string }

func (e *NameError) Error() string {
	return fmt.Sprintf("interval %s in %s belongs to the configuration named %q, not to %q: choose another output, or give this configuration that name",
		e.Interval, e.Store, e.Found, e.Wanted)
}

// Latest reads the newest commit record, and checks that it has the
// configuration's name and that its signature is trusted.
func (l *Interval) Latest(ctx context.Context) (Head, error) {
	head := Head{files: map[string]object.Info{}}
	newest := int64(0)
	prefix := l.logPrefix()
	for info, err := range l.Store.List(ctx, prefix) {
		if err != nil {
			return Head{}, fmt.Errorf("listing the commit records of interval %s: %w", l.Label, err)
		}
		base := strings.TrimPrefix(info.Key, prefix)
		head.files[base] = info
		if n, ok := RecordNumber(base); ok {
			newest = max(newest, n)
		}
	}

	if newest == 0 {
		return head, nil
	}

	record, err := l.record(ctx, head.files[RecordName(newest)], newest)
	if err != nil {
		return Head{}, err
	}

	// The listing goes with the head: history files and older records are
	// opened from it.
	record.files = head.files
	return record, nil
}

func (l *Interval) logPrefix() string { return l.Prefix() + "log/" }

// RecordName is the name of a commit record below log/.
func RecordName(number int64) string { return fmt.Sprintf("%08d.json", number) }

// RecordNumber returns the number of the commit record of a name. A file with
// another name is no record, even if it is the same number written differently.
func RecordNumber(name string) (int64, bool) {
	digits, found := strings.CutSuffix(name, ".json")
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, found && err == nil && n > 0 && RecordName(n) == name
}

// record reads a commit record, and checks that it belongs to this
// configuration and that its signature is trusted.
func (l *Interval) record(ctx context.Context, info object.Info, number int64) (Head, error) {
	raw, err := l.read(ctx, info)
	if err != nil {
		return Head{}, err
	}

	r, seal, err := OpenRecord(raw, l.Keys)
	if err != nil {
		return Head{}, fmt.Errorf("reading commit record %q: %w", info.Key, err)
	}

	// A record that was copied or renamed says another number or interval.
	if r.Number != number || r.Interval != l.Label || r.Format != RecordFormat {
		return Head{}, fmt.Errorf("commit record %q does not describe itself: it says number %d of interval %s in format %q", info.Key, r.Number, r.Interval, r.Format)
	}
	if l.Name != "" && r.Name != l.Name {
		return Head{}, &NameError{Store: l.Store.String(), Interval: l.Label, Found: r.Name, Wanted: l.Name}
	}
	if !seal.Trusted() {
		return Head{}, fmt.Errorf("commit record %q is not to be trusted: it says that key %q signed it, but %s; if that key is yours, add its public half to signing.keys", info.Key, seal.KeyID, seal.Check.Sentence())
	}

	return Head{Record: r, Seal: seal, SHA256: hexSum(raw)}, nil
}

func (l *Interval) read(ctx context.Context, info object.Info) ([]byte, error) {
	body, err := l.Store.Open(ctx, info, 0)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", info.Key, err)
	}
	defer body.Close()

	b, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", info.Key, err)
	}
	return b, nil
}

func (l *Interval) checkHistory(ctx context.Context, head Head, f File) error {
	body, err := l.OpenHistory(ctx, head, f)
	if err != nil {
		return err
	}
	defer body.Close()

	sum := sha256.New()
	if _, err := io.Copy(sum, body); err != nil {
		return fmt.Errorf("reading history %q: %w", f.Path, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
		return fmt.Errorf("history %q of interval %s is not the one that commit record %d names: its SHA-256 is %s instead of %s; restore it before running again", f.Path, l.Label, head.Number(), got, f.SHA256)
	}
	return nil
}

// OpenHistory opens a history file that the record of head names.
func (l *Interval) OpenHistory(ctx context.Context, head Head, f File) (io.ReadCloser, error) {
	info, ok := head.files[strings.TrimPrefix(f.Path, "log/")]
	if !ok {
		return nil, fmt.Errorf("history %q of interval %s, which commit record %d names, is not there; restore it before running again", f.Path, l.Label, head.Number())
	}

	body, err := l.Store.Open(ctx, info, 0)
	if err != nil {
		return nil, fmt.Errorf("reading history %q: %w", f.Path, err)
	}
	return body, nil
}

// ErrOvertaken is returned when another run committed first.
var ErrOvertaken = errors.New("another run committed first")

// Commit creates the record that makes a run count. If its number is taken by a
// record of the same run, another process did the same work, and Commit
// succeeds; any other record there is ErrOvertaken.
//
// A crash before that leaves leftovers; a crash after it leaves a commit. A
// caller who is canceled waits, at most for grace, until it is known which.
func (l *Interval) Commit(ctx context.Context, r Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}

	// From here on the caller's cancellation must not break off the request:
	// nobody would know whether the run is committed.
	ctx, done := withGrace(ctx)
	defer done()

	raw, err := r.Seal(l.Signer)
	if err != nil {
		return err
	}

	key := l.logPrefix() + RecordName(r.Number)
	err = l.Store.Create(ctx, key, object.ContentOf(raw))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, object.ErrTaken):
		return l.lost(ctx, r)
	case l.lost(ctx, r) == nil: // the record is there: only the answer was lost
		return nil
	}
	return fmt.Errorf("creating commit record %q: %w", key, err)
}

// grace is how long a commit may go on after its caller was canceled: less than
// the half minute that Kubernetes grants.
const grace = 10 * time.Second

// withGrace returns a context that outlives ctx by grace.
func withGrace(ctx context.Context) (context.Context, func()) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, func() {
		stop()
		cancel()
	}
}

// lost finds out who took the number of a record: nil for the same run,
// ErrOvertaken for another.
func (l *Interval) lost(ctx context.Context, r Record) error {
	head, err := l.Latest(ctx)
	if err != nil {
		return err
	}

	info, ok := head.files[RecordName(r.Number)]
	if !ok {
		return fmt.Errorf("commit record %d of interval %s is taken and not there; run again", r.Number, l.Label)
	}

	taken, err := l.record(ctx, info, r.Number)
	if err != nil {
		return err
	}

	if taken.Record.RunID == r.RunID {
		return nil
	}
	return ErrOvertaken
}

// Encode returns the canonical JSON of anything that a run or a commit writes.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
