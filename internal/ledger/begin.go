package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"cdrmend/internal/object"
	"cdrmend/internal/token"

	"golang.org/x/sync/errgroup"
)

// Begin makes sure that the output has an identity, and that the journal names every
// record that was there before. An output of an earlier version is so continued: its
// records are entered in the order of their time, and output.json says how many there
// were.
//
// After a crash output.json may be there and the journal may be shorter than it says:
// then the entries that are missing are created.
func (o *Output) Begin(ctx context.Context, known Known, j *Journal) (Known, error) {
	if _, last := known.earlier(); known.ID != "" && j.last >= last {
		return known, o.retain(ctx, known)
	}

	records, err := o.records(ctx)
	if err != nil {
		return known, err
	}
	if known.ID == "" {
		// Another run may have begun the output meanwhile: its records name it.
		records = slices.DeleteFunc(records, func(h Head) bool { return h.Record.Output != "" })
		if known, err = o.identify(ctx, known, j, int64(len(records))); err != nil {
			return known, err
		}
	}

	for _, head := range records {
		if head.Record.Output != "" {
			continue
		}
		_, err := j.find(ctx, recordName(head), head.Record.Journal)
		if errors.Is(err, errNotNamed) {
			_, err = j.enter(ctx, entryOf(head), head.own)
		}
		if err != nil {
			return known, err
		}
	}
	return known, o.retain(ctx, known)
}

// retain moves the retention of output.json to that of what is created now: it has to
// last as long as the newest record.
func (o *Output) retain(ctx context.Context, known Known) error {
	if !o.Retained || known.raw == nil {
		return nil
	}
	return o.Store.Create(ctx, o.Root+IdentityFile, object.ContentOf(known.raw))
}

// identify gives the output its id. If output.json is disowned, the first entry of
// the journal states it.
func (o *Output) identify(ctx context.Context, known Known, j *Journal, earlier int64) (Known, error) {
	id, err := o.newIdentity(earlier)
	if err != nil {
		return known, err
	}

	if len(known.Disowned) > 0 {
		j.known.Identity = id
		_, err := j.append(ctx, Entry{Kind: IdentityEntry, Name: o.Name, Earlier: earlier, Disowned: known.Disowned})
		if err != nil && !errors.Is(err, object.ErrTaken) {
			return known, err
		}
	} else if err := o.create(ctx, id); err != nil {
		return known, err
	}

	// Whoever came first chose the id.
	if known, err = o.Identity(ctx); err != nil {
		return known, err
	}
	if known.ID == "" {
		return known, fmt.Errorf("%q is taken and no file is there: remove what has its name, then run again", o.Root+IdentityFile)
	}
	j.known = known
	return known, j.ReadOn(ctx)
}

func (o *Output) create(ctx context.Context, id Identity) error {
	raw, err := id.Seal(o.Signer)
	if err != nil {
		return err
	}
	err = o.Store.Create(ctx, o.Root+IdentityFile, object.ContentOf(raw))
	if err != nil && !errors.Is(err, object.ErrTaken) {
		return fmt.Errorf("creating %q: %w", o.Root+IdentityFile, err)
	}
	return nil
}

// records returns the records of all intervals in the order of their time, without
// those that a signer does not trust because they came after signed ones.
func (o *Output) records(ctx context.Context) ([]Head, error) {
	labels, err := Labels(ctx, o.Store, o.Root)
	if err != nil {
		return nil, err
	}

	var mu sync.Mutex
	var all []Head
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(window)
	for _, label := range labels {
		g.Go(func() error {
			heads, err := o.Interval(label).all(gctx)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, heads...)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}

	slices.SortFunc(all, func(a, b Head) int {
		return cmp.Or(a.Record.Time.Compare(b.Record.Time), cmp.Compare(recordName(a), recordName(b)))
	})

	signed := false
	return slices.DeleteFunc(all, func(h Head) bool {
		signed = signed || h.Seal.Check == token.Verified
		return o.strict() && signed && h.Seal.Check != token.Verified
	}), nil
}

// all returns every record of an interval that describes itself. What is not a record
// is for the runs of that interval, and for a verification, to name.
func (l *Interval) all(ctx context.Context) ([]Head, error) {
	var heads []Head
	for info, err := range l.Store.List(ctx, l.logPrefix()) {
		if err != nil {
			return nil, fmt.Errorf("listing the commit records of interval %s: %w", l.Label, err)
		}
		number, ok := RecordNumber(info.Key[len(l.logPrefix()):])
		if !ok {
			continue
		}

		f, err := l.open(ctx, info)
		if err != nil {
			return nil, err
		}
		r, seal, err := OpenRecord(f.raw, l.Keys)
		if err != nil || r.Number != number || r.Interval != l.Label || r.Format != RecordFormat || l.Decisions.Disown[f.sha256] {
			continue
		}
		if r.Name != l.Name {
			return nil, &NameError{Store: l.Store.String(), Interval: l.Label, Found: r.Name, Wanted: l.Name}
		}
		heads = append(heads, Head{Record: r, Seal: seal, SHA256: f.sha256})
	}
	return heads, nil
}

// isEarlier reports whether a record without an output's id is one of those with which
// the journal begins. They are in the order of their time, so a few entries are read.
func (o *Output) isEarlier(ctx context.Context, known *Known, r *Record, sum string) (bool, error) {
	head := Head{Record: r, SHA256: sum}
	name := recordName(head)
	low, high := known.earlier()
	for low <= high {
		middle := low + (high-low)/2
		f, err := o.get(ctx, o.entryKey(middle))
		if err != nil {
			return false, err
		}
		if f == nil {
			return true, nil // they are still being entered
		}

		e, _, err := OpenEntry(f.raw, o.Keys)
		if err != nil || e.Kind != RecordEntry || e.Time == nil {
			low = middle + 1 // one that is not trusted, which Open judges
			continue
		}
		switch order := cmp.Or(r.Time.Compare(*e.Time), cmp.Compare(name, e.Path+" "+e.SHA256)); {
		case order == 0:
			return true, nil
		case order < 0:
			high = middle - 1
		default:
			low = middle + 1
		}
	}
	return false, nil
}
