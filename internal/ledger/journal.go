package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"cdrmend/internal/object"

	"golang.org/x/sync/errgroup"
)

// Journal is the journal of an output, as far as this process has read it. It belongs
// to one goroutine.
type Journal struct {
	out   *Output
	known Known // without an id while the output has none

	from int64 // every entry from this number to the last was read
	last int64 // number of the last entry that there is

	// trusted is the newest entry that may be built on; after it come untrusted ones.
	trusted Mark
	doubted []doubted

	named map[string]Mark // entries of records that were read, by path and SHA-256
}

// doubted is an entry that a signer does not trust.
type doubted struct {
	file      *file
	doubt     string
	adoptable bool
}

// Open finds the end of the journal. Hints are entries that records saw; the newest
// of them is where reading begins, so that its cost does not grow with the journal.
func (o *Output) Open(ctx context.Context, known Known, hints ...*Mark) (*Journal, error) {
	j := &Journal{out: o, known: known, from: 1, named: map[string]Mark{}}
	for _, hint := range hints {
		if hint != nil && hint.Number > j.last {
			j.last, j.from, j.trusted = hint.Number, hint.Number+1, *hint
		}
	}

	// What a record saw must still be there: else new entries would be a second
	// chain beside the one that was removed.
	if j.last > 0 {
		f, err := o.get(ctx, o.entryKey(j.last))
		switch {
		case err != nil:
			return nil, err
		case f == nil:
			return nil, &BrokenError{Key: o.Store.String() + o.entryKey(j.last), Detail: "it is not there, though a commit record saw it"}
		case f.sha256 != j.trusted.SHA256:
			return nil, &BrokenError{Key: o.Store.String() + f.key, Detail: fmt.Sprintf("its SHA-256 is %s, and a commit record saw it with %s", f.sha256, j.trusted.SHA256)}
		}
	}

	if j.last == 0 {
		if err := j.approach(ctx); err != nil {
			return nil, err
		}
	}
	if err := j.Skim(ctx); err != nil {
		return nil, err
	}
	if known.ID == "" && j.trusted.Number > 0 {
		return nil, &BrokenError{Key: o.Store.String() + o.Root + IdentityFile, Detail: "it is not there, though the output has a journal"}
	}
	return j, nil
}

// near is how many entries are read one after the other before the end is looked for
// in larger steps.
const near = 8

// approach moves a journal of which nothing is known close to its end, in a number of
// requests that grows with the number of digits of its length.
func (j *Journal) approach(ctx context.Context) error {
	present := func(number int64) (bool, error) {
		f, err := j.out.get(ctx, j.out.entryKey(number))
		return f != nil, err
	}

	// The last entry lies from low on and before high.
	low, step := j.last, int64(near)
	for {
		there, err := present(low + step)
		if err != nil {
			return err
		}
		if !there {
			break
		}
		low, step = low+step, step*2
	}
	for high := low + step; high-low > near; {
		middle := low + (high-low)/2
		there, err := present(middle)
		switch {
		case err != nil:
			return err
		case there:
			low = middle
		default:
			high = middle
		}
	}
	return j.jump(ctx, low)
}

// jump passes over entries to one that may be built on. If it is not, reading goes on
// from what is known.
func (j *Journal) jump(ctx context.Context, to int64) error {
	if to-j.last < 2 {
		return nil
	}
	f, err := j.out.get(ctx, j.out.entryKey(to))
	if err != nil || f == nil {
		return err
	}

	e, seal, openErr := OpenEntry(f.raw, j.out.Keys)
	if j.out.doubt(seal, openErr) == "" && e.Misplaced(to, j.known.ID) == "" {
		j.last, j.from, j.trusted, j.doubted = to, to+1, Mark{to, f.sha256}, nil
		j.note(e, j.trusted)
	}
	return nil
}

// window is how many entries are read at once at most.
const window = 32

// Skim finds the end of the journal. It does not read all entries that came after the
// last one that is known: none of them can name a record that is yet to be made.
func (j *Journal) Skim(ctx context.Context) error {
	last, err := j.present(ctx)
	if err != nil {
		return err
	}
	if err := j.jump(ctx, last); err != nil {
		return err
	}
	return j.readTo(ctx, last)
}

// ReadOn reads the entries that came after the last one that is known.
func (j *Journal) ReadOn(ctx context.Context) error {
	last, err := j.present(ctx)
	if err != nil {
		return err
	}
	return j.readTo(ctx, last)
}

// present returns the number of the last entry that there is without a gap after the
// last one that is known.
func (j *Journal) present(ctx context.Context) (int64, error) {
	last := j.last
	for info, err := range j.out.Store.After(ctx, j.out.Root+JournalFolder, EntryName(last)) {
		if err != nil {
			return 0, fmt.Errorf("listing the journal: %w", err)
		}
		number, ok := EntryNumber(info.Key[len(j.out.Root+JournalFolder):])
		if ok && number > last+1 {
			break
		}
		if ok {
			last = number
		}
	}
	return last, nil
}

// readTo reads the entries up to a number.
func (j *Journal) readTo(ctx context.Context, last int64) error {
	for j.last < last {
		files, err := j.fetch(ctx, j.last+1, int(min(window, last-j.last)))
		if err != nil {
			return err
		}
		for _, f := range files {
			if f == nil {
				return nil
			}
			if err := j.take(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// fetch reads some entries from a number on. An entry that is not there is nil.
func (j *Journal) fetch(ctx context.Context, from int64, count int) ([]*file, error) {
	files := make([]*file, count)
	g, gctx := errgroup.WithContext(ctx)
	for i := range files {
		g.Go(func() (err error) {
			files[i], err = j.out.get(gctx, j.out.entryKey(from+int64(i)))
			return err
		})
	}
	return files, g.Wait()
}

// take adds the entry after the last one.
func (j *Journal) take(f *file) error {
	number := j.last + 1
	e, seal, err := OpenEntry(f.raw, j.out.Keys)
	doubt, adoptable := j.out.doubt(seal, err), err == nil
	if err == nil {
		if wrong := e.Misplaced(number, j.known.ID); wrong != "" {
			doubt, adoptable = wrong, false
		}
	}

	j.last = number
	if doubt != "" {
		d := doubted{file: f, doubt: doubt, adoptable: adoptable}
		if adoptable {
			j.note(e, Mark{number, f.sha256})
		}
		j.doubted = append(j.doubted, d)
		return nil
	}

	if err := j.follows(f, e); err != nil {
		return err
	}
	j.trusted, j.doubted = Mark{number, f.sha256}, nil
	j.note(e, j.trusted)
	return nil
}

// follows checks that a trusted entry follows the newest entry before it that it does
// not disown.
func (j *Journal) follows(f *file, e *Entry) error {
	before := j.trusted.SHA256
	for _, d := range j.doubted {
		if !slices.Contains(e.Disowned, d.file.sha256) {
			before = d.file.sha256
		}
	}
	if e.Previous != before {
		return &BrokenError{Key: j.out.Store.String() + f.key, Detail: fmt.Sprintf("it follows an entry with SHA-256 %s, and the entry before it has %s", e.Previous, before)}
	}
	return nil
}

func (j *Journal) note(e *Entry, m Mark) {
	if e.Kind == RecordEntry || e.Kind == HoldEntry {
		j.named[e.names()] = m
	}
}

// end is what the next entry is built on.
type end struct {
	base     Mark
	adopted  []string
	disowned []string
}

// end decides what the next entry is built on: the newest entry that is trusted or
// adopted. All after it must be disowned. Those before an adopted one are fixed by its
// hash.
func (j *Journal) end(ctx context.Context) (end, error) {
	e := end{base: j.trusted}
	for i, d := range slices.Backward(j.doubted) {
		switch {
		case j.out.Decisions.Disown[d.file.sha256]:
			e.disowned = append(e.disowned, d.file.sha256)
		case d.adoptable && j.out.Decisions.Adopt[d.file.sha256]:
			e.base = Mark{j.last - int64(len(j.doubted)-1-i), d.file.sha256}
			e.adopted = []string{d.file.sha256}
			return e, nil
		case j.out.strict():
			return e, j.out.untrusted(ctx, d.file, d.doubt, d.adoptable)
		default:
			return e, &BrokenError{Key: j.out.Store.String() + d.file.key, Detail: d.doubt}
		}
	}
	return e, nil
}

// Head returns the newest entry that counts, nil for an empty journal. It fails when a
// person has to decide about entries first.
func (j *Journal) Head(ctx context.Context) (*Mark, error) {
	e, err := j.end(ctx)
	if err != nil || e.base.Number == 0 {
		return nil, err
	}
	return &e.base, nil
}

// Find returns the entry of a hash, nil when no entry that is trusted has it.
func (j *Journal) Find(ctx context.Context, sha256 string) (*Mark, error) {
	for number := int64(1); number <= j.last; number += window {
		files, err := j.fetch(ctx, number, int(min(window, j.last-number+1)))
		if err != nil {
			return nil, err
		}
		for i, f := range files {
			if f == nil || f.sha256 != sha256 {
				continue
			}
			if _, seal, err := OpenEntry(f.raw, j.out.Keys); j.out.doubt(seal, err) == "" {
				return &Mark{number + int64(i), f.sha256}, nil
			}
		}
	}
	return nil, nil
}

// Last returns the number of the last entry, also of one that does not count.
func (j *Journal) Last() int64 { return j.last }

// Enter enters a record that was just committed, and returns its entry. A caller who
// is canceled waits, at most for grace.
//
// A crash before its end leaves a record that the next run of the interval enters.
func (j *Journal) Enter(ctx context.Context, head Head) (*Mark, error) {
	ctx, done := withGrace(ctx)
	defer done()
	return j.enter(ctx, entryOf(head), head.own)
}

// EnterFound enters a record that was found, unless an entry names it. Reading begins
// where the record says that the journal ended.
func (j *Journal) EnterFound(ctx context.Context, head Head) error {
	if head.Record == nil {
		return nil
	}
	if head.Record.Output == "" {
		early, err := j.out.isEarlier(ctx, &j.known, head.Record, head.SHA256)
		if early || err != nil {
			return err
		}
	}

	_, err := j.find(ctx, recordName(head), head.Record.Journal)
	if errors.Is(err, errNotNamed) {
		_, err = j.enter(ctx, entryOf(head), head.own)
	}
	return err
}

var errNotNamed = errors.New("no entry names the record")

// find returns the entry of a record that saw the journal up to an entry, nil for an
// empty one.
func (j *Journal) find(ctx context.Context, name string, saw *Mark) (Mark, error) {
	if m, ok := j.named[name]; ok {
		return m, nil
	}

	// No entry before the one that the record saw can name it.
	number := int64(1)
	if saw != nil {
		number = saw.Number + 1
	}
	for count := 1; number < j.from; count = min(2*count, window) {
		files, err := j.fetch(ctx, number, int(min(int64(count), j.from-number)))
		if err != nil {
			return Mark{}, err
		}
		for _, f := range files {
			if f != nil {
				if e, _, err := OpenEntry(f.raw, j.out.Keys); err == nil {
					j.note(e, Mark{number, f.sha256})
				}
			}
			number++
		}
		if m, ok := j.named[name]; ok {
			return m, nil
		}
	}
	return Mark{}, errNotNamed
}

// entryOf returns the entry that names a record.
func entryOf(head Head) Entry {
	return Entry{Kind: RecordEntry, Path: RecordPath(head.Record.Interval, head.Number()), SHA256: head.SHA256, Time: &head.Record.Time}
}

func recordName(head Head) string { e := entryOf(head); return e.names() }

// patience is how often in a row the next number may be taken without an entry there.
const patience = 5

// enter creates the entry of a record that no entry up to the last one names. It is the
// caller's own when nobody else can have found it before.
func (j *Journal) enter(ctx context.Context, e Entry, own bool) (*Mark, error) {
	for lost, stuck := 0, 0; ; lost++ {
		if m, ok := j.named[e.names()]; ok {
			return &m, nil
		}

		m, err := j.append(ctx, e)
		if err == nil {
			return m, nil
		}

		if errors.Is(err, object.ErrTaken) {
			if err := pause(ctx, lost); err != nil {
				return nil, err
			}
			before := j.last
			if err := j.catchUp(ctx, own); err != nil {
				return nil, err
			}

			// Whoever won a race left an entry. What is no file, such as a named
			// pipe, takes the number and leaves none.
			if stuck++; j.last > before {
				stuck = 0
			}
			if stuck == patience {
				return nil, fmt.Errorf("journal entry %q is taken and no file is there: remove what has its name, then run again", j.out.entryKey(before+1))
			}
			continue
		}

		// The entry may be there though the answer was lost.
		readErr := j.ReadOn(ctx)
		if m, there := j.named[e.names()]; there {
			return &m, nil
		}
		return nil, errors.Join(err, readErr)
	}
}

// catchUp reads on after a lost race. Beside many others that enter records of theirs,
// a run does not read all of these: that would cost each of them the work of all. Its
// own record could be among them only if somebody found it in these moments, or at the
// number that was refused: a server may refuse what it stored by an earlier request.
func (j *Journal) catchUp(ctx context.Context, own bool) error {
	last, err := j.present(ctx)
	if err != nil {
		return err
	}
	if own && last-j.last > near {
		if err := j.readTo(ctx, j.last+1); err != nil {
			return err
		}
		if err := j.jump(ctx, last); err != nil {
			return err
		}
	}
	return j.readTo(ctx, last)
}

// append creates the next entry. The error wraps object.ErrTaken when another took
// its number.
func (j *Journal) append(ctx context.Context, e Entry) (*Mark, error) {
	on, err := j.end(ctx)
	if err != nil {
		return nil, err
	}

	e.Format, e.Number, e.Output, e.Previous = EntryFormat, j.last+1, j.known.ID, on.base.SHA256
	e.Adopted, e.Disowned = on.adopted, append(on.disowned, e.Disowned...)
	raw, err := e.Seal(j.out.Signer)
	if err != nil {
		return nil, err
	}

	key := j.out.entryKey(e.Number)
	if err := j.out.Store.Create(ctx, key, object.ContentOf(raw)); err != nil {
		return nil, fmt.Errorf("creating journal entry %q: %w", key, err)
	}

	j.last, j.trusted, j.doubted = e.Number, Mark{e.Number, hexSum(raw)}, nil
	j.note(&e, j.trusted)
	return &j.trusted, nil
}

// Forgotten returns what the entries from a number on forget on purpose, in their order.
// It reads all of these. Entries that cannot be trusted do not count.
func (o *Output) Forgotten(ctx context.Context, from int64) (list []Forgotten, err error) {
	j := &Journal{out: o}
	for ; ; from += window {
		files, err := j.fetch(ctx, from, window)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if f == nil {
				return list, nil
			}
			e, seal, err := OpenEntry(f.raw, o.Keys)
			if o.doubt(seal, err) == "" && e.Kind == PruneEntry {
				list = append(list, e.Forgotten...)
			}
		}
	}
}

// Forget enters packs that are forgotten on purpose. They are deleted after it.
func (j *Journal) Forget(ctx context.Context, packs []Forgotten, reason, by string) (*Mark, error) {
	if j.known.ID == "" {
		return nil, errors.New("the output has no journal yet: nothing can be forgotten in it")
	}
	for lost := 0; ; lost++ {
		m, err := j.append(ctx, Entry{Kind: PruneEntry, Forgotten: packs, Reason: reason, By: by})
		if err == nil || !errors.Is(err, object.ErrTaken) || lost == patience {
			return m, err
		}
		if err := pause(ctx, lost); err != nil {
			return nil, err
		}
		if err := j.ReadOn(ctx); err != nil {
			return nil, err
		}
	}
}

// pause lets others go first after a lost race. The time is random, and on average as
// long as so many entries take, so that the number of attempts of all grows no faster
// than their number.
func pause(ctx context.Context, lost int) error {
	const shortest, longest = 32 * time.Millisecond, 2 * time.Second
	limit := min(shortest<<min(lost, 10), longest)
	select {
	case <-time.After(rand.N(limit)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
