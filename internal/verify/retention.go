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
)

// checkVersions reports records, entries and identities that were replaced or removed, if the
// store keeps versions: nothing there may ever change.
func (v fileCheck) checkVersions(ctx context.Context) error {
	for _, c := range v.chains {
		if err := v.checkHidden(ctx, c, c.prefix+"log/"); err != nil {
			return err
		}
	}
	for _, name := range []string{ledger.IdentityFile, ledger.JournalFolder} {
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

// wantedRetention returns the wanted retention by path, the longest of all
// records, and at least until the given time.
func wantedRetention(c *chain, atLeast time.Time) map[string]ledger.Retention {
	wanted := map[string]ledger.Retention{}
	for _, e := range c.entries {
		if e.record == nil || e.disowned {
			continue
		}

		want := ledger.Retention{Until: atLeast}
		if r := e.record.Retention; r != nil {
			want.Mode = r.Mode
			if r.Until.After(want.Until) {
				want.Until = r.Until
			}
		}
		if want.Until.IsZero() {
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
