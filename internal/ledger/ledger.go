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
	"slices"
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
	Output     string         `json:"output,omitempty"`    // id of the output; records of earlier versions have none
	Journal    *Mark          `json:"journal,omitempty"`   // the end of the journal when the record was made; nil: it was empty
	Adopted    []string       `json:"adopted,omitempty"`   // SHA-256 of untrusted files that a person decided to build on
	Disowned   []string       `json:"disowned,omitempty"`  // SHA-256 of those that a person called forgeries
	Evidence   []Pack         `json:"evidence,omitempty"`  // packs that hold inputs of the run
	Night      *File          `json:"night,omitempty"`     // what holds for all rows of the run, below the output; nil: nothing is kept
	Media      *File          `json:"media,omitempty"`     // what is in the media objects of the run, below the output; nil: nobody looked
	Blocks     *File          `json:"blocks,omitempty"`    // sums of the blocks of tables, below the output; nil: no table is in Parquet, or an earlier version wrote it
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
	*Output
	Label string // 2026-11-20 or 2026-11-20T08
	Known *Known // identity of the output, which records are checked against; nil for a reader
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
	SHA256 string // of the file

	Adopted  []string // the file itself, if only a decision makes it count
	Disowned []string // files with higher numbers that do not count

	own   bool                   // this process has just created it
	last  int64                  // highest number of a record, also of one that does not count
	files map[string]object.Info // below log/, as listed when the commit was read
}

// Number returns the number of the record, 0 for none.
func (h Head) Number() int64 {
	if h.Record == nil {
		return 0
	}
	return h.Record.Number
}

// numbers returns the numbers of the records that the listing showed, the highest
// first. There may be gaps: whoever may create files chooses their numbers.
func (h Head) numbers() []int64 {
	var list []int64
	for name := range h.files {
		if n, ok := RecordNumber(name); ok {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	slices.Reverse(list)
	return list
}

// Next returns the number of the record after this one.
func (h Head) Next() int64 { return max(h.last, h.Number()) + 1 }

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
type NameError struct{ Store, Interval, Found, Wanted string } // Interval is empty for output.json

func (e *NameError) Error() string {
	if e.Interval == "" {
		return fmt.Sprintf("the output in %s belongs to the configuration named %q, not to %q: choose another output, or give this configuration that name",
			e.Store, e.Found, e.Wanted)
	}
	return fmt.Sprintf("interval %s in %s belongs to the configuration named %q, not to %q: choose another output, or give this configuration that name; if only this interval says so and no run wrote it, remove its commit record",
		e.Interval, e.Store, e.Found, e.Wanted)
}

// Latest reads the newest commit record that counts, and checks that it has the
// configuration's name and that its signature is trusted. Records that are disowned
// do not count.
func (l *Interval) Latest(ctx context.Context) (Head, error) {
	head := Head{files: map[string]object.Info{}}
	prefix := l.logPrefix()
	for info, err := range l.Store.List(ctx, prefix) {
		if err != nil {
			return Head{}, fmt.Errorf("listing the commit records of interval %s: %w", l.Label, err)
		}
		base := strings.TrimPrefix(info.Key, prefix)
		head.files[base] = info
		if n, ok := RecordNumber(base); ok {
			head.last = max(head.last, n)
		}
	}

	for _, number := range head.numbers() {
		found, disowned, err := l.record(ctx, head.files[RecordName(number)], number)
		if err != nil {
			return Head{}, err
		}
		if disowned {
			head.Disowned = append(head.Disowned, found.SHA256)
			continue
		}

		// The listing goes with the head: history files and older records are
		// opened from it.
		found.files, found.last, found.Disowned = head.files, head.last, head.Disowned
		return found, nil
	}
	return head, nil
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

// record reads a commit record, and checks that it belongs to this configuration and
// output and that it is trusted. It reports whether the record is disowned; then
// nothing else of it counts.
func (l *Interval) record(ctx context.Context, info object.Info, number int64) (head Head, disowned bool, err error) {
	f, err := l.open(ctx, info)
	if err != nil {
		return Head{}, false, err
	}

	r, seal, openErr := OpenRecord(f.raw, l.Keys)
	if openErr == nil {
		if err := l.endLate(ctx, r, &seal, f.sha256); err != nil {
			return Head{}, false, err
		}
	}
	head = Head{Record: r, Seal: seal, SHA256: f.sha256}

	// Doubts come before the name: who can only create objects must not be able to
	// stop the nights with a name. Only what is doubted can be disowned, as the history
	// of a genuine record would go with it.
	doubt := l.doubt(seal, openErr)
	disowns := l.strict() && l.Decisions.Disown[f.sha256]
	if doubt != "" && disowns {
		return head, true, nil
	}
	adoptable := openErr == nil
	if openErr == nil {
		more, foreign, err := l.misplaced(ctx, r, &head, number)
		if err != nil {
			return Head{}, false, err
		}
		if more != "" {
			doubt, adoptable = more, adoptable && !foreign
		}
	}

	switch {
	case doubt == "":
	case disowns:
		return head, true, nil
	case l.strict() && adoptable && l.Decisions.Adopt[f.sha256]:
		head.Adopted = []string{f.sha256}
	case l.strict():
		return Head{}, false, l.untrusted(ctx, f, doubt, adoptable)
	default:
		return Head{}, false, &BrokenError{Key: l.Store.String() + info.Key, Detail: "the commit record is not to be trusted: " + doubt + "; remove it if no run wrote it"}
	}

	if l.Name != "" && r.Name != l.Name {
		return Head{}, false, &NameError{Store: l.Store.String(), Interval: l.Label, Found: r.Name, Wanted: l.Name}
	}
	return head, false, nil
}

// endLate takes back the signature of a record that came after the end of its key: no
// entry up to that end names the record.
func (l *Interval) endLate(ctx context.Context, r *Record, seal *Seal, sum string) error {
	if seal.Check != token.Verified || !l.Keys.Ended(seal.Key) {
		return nil
	}
	output := r.Output
	if output == "" { // of an earlier version
		known, err := l.Identity(ctx)
		if err != nil {
			return err
		}
		output = known.ID
	}
	until := seal.until(l.Keys, output)
	if until == nil {
		return nil
	}

	j := &Journal{out: l.Output, from: until.Number + 1, named: map[string]Mark{}}
	_, err := j.find(ctx, recordName(Head{Record: r, SHA256: sum}), r.Journal)
	if errors.Is(err, errNotNamed) {
		seal.Check, err = token.Ended, nil
	}
	return err
}

// misplaced says why a record does not belong where it is; empty when it does. A
// foreign one cannot be adopted either.
func (l *Interval) misplaced(ctx context.Context, r *Record, head *Head, number int64) (doubt string, foreign bool, err error) {
	// A record that was copied or renamed says another number or interval.
	if r.Number != number || r.Interval != l.Label || r.Format != RecordFormat {
		return fmt.Sprintf("it does not describe itself: it says number %d of interval %s in format %q", r.Number, r.Interval, r.Format), true, nil
	}
	if l.Known == nil {
		return "", false, nil
	}

	switch {
	case r.Output != "" && l.Known.ID == "":
		return "", false, &BrokenError{Key: l.Store.String() + l.Root + IdentityFile, Detail: fmt.Sprintf("it is not there, though record %d of interval %s names it", number, l.Label)}
	case r.Output != l.Known.ID && r.Output != "":
		return fmt.Sprintf("it belongs to another output, of id %s; this one has %s", r.Output, l.Known.ID), true, nil
	case r.Output == "" && l.Known.ID != "" && l.strict():
		early, err := l.isEarlier(ctx, l.Known, r, head.SHA256)
		if err == nil && !early {
			doubt = "it names no output, and is none of those that were there when the output got its id"
		}
		return doubt, false, err
	}
	return "", false, nil
}

// open reads a small file that a listing showed.
func (l *Interval) open(ctx context.Context, info object.Info) (*file, error) {
	body, err := l.Store.Open(ctx, info, 0)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", info.Key, err)
	}
	defer body.Close()
	return readFile(info, body)
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
		return l.broken(f.Path, "it is not the history that commit record %d names: its SHA-256 is %s instead of %s", head.Number(), got, f.SHA256)
	}
	return nil
}

// Stored returns a file of the log that the record names as it was listed.
func (h Head) Stored(f File) (object.Info, bool) {
	info, ok := h.files[strings.TrimPrefix(f.Path, "log/")]
	return info, ok
}

// OpenHistory opens a history file that the record of head names.
func (l *Interval) OpenHistory(ctx context.Context, head Head, f File) (io.ReadCloser, error) {
	info, ok := head.Stored(f)
	if !ok {
		return nil, l.broken(f.Path, "it is not there, though commit record %d names it", head.Number())
	}

	body, err := l.Store.Open(ctx, info, 0)
	if err != nil {
		return nil, fmt.Errorf("reading history %q: %w", f.Path, err)
	}
	return body, nil
}

// broken describes a committed file of the interval that is missing or changed.
func (l *Interval) broken(path, format string, args ...any) error {
	return &BrokenError{Key: l.Store.String() + l.Prefix() + path, Detail: fmt.Sprintf(format, args...)}
}

// ErrOvertaken is returned when another run committed first.
var ErrOvertaken = errors.New("another run committed first")

// Commit creates the record that makes a run count, and returns it. If its number is
// taken by a record of the same run, another process did the same work, and Commit
// returns that record; any other record there is ErrOvertaken.
//
// A crash before that leaves leftovers; a crash after it leaves a commit. A
// caller who is canceled waits, at most for grace, until it is known which.
func (l *Interval) Commit(ctx context.Context, r Record) (Head, error) {
	if err := ctx.Err(); err != nil {
		return Head{}, err
	}

	// From here on the caller's cancellation must not break off the request:
	// nobody would know whether the run is committed.
	ctx, done := withGrace(ctx)
	defer done()

	raw, err := r.Seal(l.Signer)
	if err != nil {
		return Head{}, err
	}

	key := l.logPrefix() + RecordName(r.Number)
	createErr := l.Store.Create(ctx, key, object.ContentOf(raw))
	if createErr == nil {
		return Head{Record: &r, SHA256: hexSum(raw), own: true}, nil
	}

	// The record may be there though the answer was lost.
	head, err := l.winner(ctx, r)
	if err == nil || errors.Is(createErr, object.ErrTaken) {
		return head, err
	}
	return Head{}, fmt.Errorf("creating commit record %q: %w", key, createErr)
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

// winner returns the record that has the number of r if it is of the same run, and
// ErrOvertaken for another.
func (l *Interval) winner(ctx context.Context, r Record) (Head, error) {
	head, err := l.Latest(ctx)
	if err != nil {
		return Head{}, err
	}

	info, ok := head.files[RecordName(r.Number)]
	if !ok {
		return Head{}, fmt.Errorf("commit record %d of interval %s is taken and no file is there: remove what has its name, then run again", r.Number, l.Label)
	}

	taken, disowned, err := l.record(ctx, info, r.Number)
	if err != nil {
		return Head{}, err
	}

	if !disowned && taken.Record.RunID == r.RunID {
		return taken, nil
	}
	return Head{}, ErrOvertaken
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
