package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/ledger"
	"cdrmend/internal/timestamp"
)

// checkVersions reports records, entries and identities that were replaced or removed, if the
// store keeps versions: nothing there may ever change.
func (v fileCheck) checkVersions(ctx context.Context) error {
	for _, c := range v.chains {
		if err := v.checkHidden(ctx, c, c.prefix+"log/"); err != nil {
			return err
		}
	}
	for _, name := range []string{ledger.IdentityFile, ledger.JournalFolder, ledger.HoldsFolder} {
		if err := v.checkHidden(ctx, v.journal.root, v.out.Root+name); err != nil {
			return err
		}
	}
	return nil
}

func (v fileCheck) checkHidden(ctx context.Context, c *chain, below string) error {
	for h, err := range v.out.Store.Hidden(ctx, below) {
		if err != nil {
			return v.unchecked(ctx, err)
		}

		what := "another version was replaced"
		if h.Marker {
			what = "a delete marker was set"
		}
		v.broken(c, VersionLink, h.Key, "%s (version %s), though nothing there is ever changed", what, h.VersionID)
	}
	return nil
}

// checkRetention checks that every object that a record accounts for is
// retained as the record asked.
func (v fileCheck) checkRetention(ctx context.Context) error {
	var work []func(context.Context) error
	for _, c := range v.chains {
		wanted := wantedRetention(c, v.out.RetainUntil)
		for _, path := range slices.Sorted(maps.Keys(wanted)) {
			// A missing object is reported already.
			if _, there := c.objects[path]; there {
				work = append(work, func(ctx context.Context) error { return v.checkRetained(ctx, c, path, wanted[path]) })
			}
		}
	}
	root := v.journal.root
	wanted := v.journal.wantedRetention(v.out.RetainUntil, v.all)
	for _, path := range slices.Sorted(maps.Keys(wanted)) {
		work = append(work, func(ctx context.Context) error { return v.checkRetained(ctx, root, path, wanted[path]) })
	}
	return v.out.each(ctx, "verifying retention", work)
}

// retentionOf returns the retention that a record asks for, at least until the given
// time; false when nothing asks for any.
func retentionOf(r *ledger.Record, atLeast time.Time) (want ledger.Retention, ok bool) {
	want.Until = atLeast
	if asked := r.Retention; asked != nil {
		want.Mode = asked.Mode
		if asked.Until.After(want.Until) {
			want.Until = asked.Until
		}
	}
	return want, !want.Until.IsZero()
}

// wantedRetention returns the wanted retention by path, the longest of all
// records, and at least until the given time.
func wantedRetention(c *chain, atLeast time.Time) map[string]ledger.Retention {
	wanted := map[string]ledger.Retention{}
	for _, e := range c.entries {
		if e.record == nil || e.disowned {
			continue
		}

		want, ok := retentionOf(e.record, atLeast)
		if !ok {
			continue
		}

		// A run's files and the histories may belong to several records.
		add := func(path string) {
			if want.Until.After(wanted[path].Until) {
				wanted[path] = want
			}
		}

		add(strings.TrimPrefix(e.key, c.prefix))
		for _, f := range e.record.History {
			add(f.Path)
		}
		for _, f := range e.record.EvidenceFiles() {
			if path, own := strings.CutPrefix(f.Path, "interval="+c.label+"/"); own {
				add(path)
			}
		}
		for path := range c.objects {
			if strings.HasPrefix(path, "runs/"+e.record.RunID+"/") {
				add(path)
			}
		}
	}
	return wanted
}

func (v fileCheck) checkRetained(ctx context.Context, c *chain, path string, want ledger.Retention) error {
	got, err := v.out.Store.Retention(ctx, c.prefix+path)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		v.note("the output is a directory, in which nothing is retained: retention was not checked")
	case err != nil:
		return v.unchecked(ctx, err)
	case got.Mode == "":
		v.broken(c, RetentionLink, c.prefix+path, "nothing retains it, want %s", describe(want))
	// S3 keeps whole seconds.
	case got.Until.Before(want.Until.Truncate(time.Second)):
		v.broken(c, RetentionLink, c.prefix+path, "it is retained until %s, want %s", got.Until.Format(time.RFC3339), describe(want))
	case want.Mode == "compliance" && got.Mode != "compliance":
		v.broken(c, RetentionLink, c.prefix+path, "it is retained by mode %s, want %s", got.Mode, describe(want))
	default:
		v.count(func(r *Report) { r.Retained++ })
	}
	return nil
}

func describe(r ledger.Retention) string {
	return strings.TrimSpace(fmt.Sprintf("%s until %s", r.Mode, r.Until.UTC().Format(time.RFC3339)))
}

// wantedRetention returns the wanted retention by path: an entry and its token are kept
// as long as the record that the entry names, and output.json as long as the last of
// all.
func (j *journal) wantedRetention(atLeast time.Time, chains map[string]*chain) map[string]ledger.Retention {
	wanted := map[string]ledger.Retention{}
	add := func(path string, want ledger.Retention) {
		if _, there := j.root.objects[path]; there && want.Until.After(wanted[path].Until) {
			wanted[path] = want
		}
	}

	for path := range j.root.objects {
		if strings.HasPrefix(path, ledger.HoldsFolder) && !atLeast.IsZero() {
			add(path, ledger.Retention{Until: atLeast})
		}
	}
	for _, c := range chains {
		for _, e := range c.entries {
			if e.record == nil || e.disowned {
				continue
			}
			want, ok := retentionOf(e.record, atLeast)
			if !ok {
				continue
			}
			if id := j.identity; id != nil && !id.disowned {
				add(ledger.IdentityFile, want)
			}
			if e.entered > 0 {
				add(ledger.JournalFolder+ledger.EntryName(e.entered), want)
				add(ledger.JournalFolder+timestamp.Name(e.entered), want)
			}
		}
	}
	return wanted
}
