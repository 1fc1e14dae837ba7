package verify

import (
	"context"
	"fmt"

	"cdrmend/internal/ledger"
	"cdrmend/internal/timestamp"
	"cdrmend/internal/wording"
)

// checkTimestamps checks the tokens of the journal, if roots are given.
func (v journalCheck) checkTimestamps(ctx context.Context) error {
	if v.out.Roots == nil {
		if v.tokens > 0 {
			v.note("the journal has %s, not checked: give the roots of their authorities with --timestamp-roots", wording.Count(v.tokens, "timestamp"))
		}
		return nil
	}

	entries := make([]timestamp.Entry, 0, len(v.pages))
	for _, p := range v.pages {
		entries = append(entries, timestamp.Entry{Number: p.number, SHA256: p.sum})
	}
	r, err := timestamp.Check(ctx, v.out.Store, v.out.Root+ledger.JournalFolder, entries, v.out.Roots)
	if err != nil {
		return v.unchecked(ctx, err)
	}

	v.report.Timestamps = &Timestamps{Tokens: r.Tokens, Number: r.Newest.Number, Time: r.Time}
	for _, p := range r.Problems {
		v.broken(v.root, TimestampLink, p.Key, "%s", p.Detail)
	}
	for _, err := range r.Unchecked {
		if err := v.unchecked(ctx, err); err != nil {
			return err
		}
	}
	if n := len(r.Bare); n > 0 {
		which := fmt.Sprintf("journal entry %d has no timestamp of its own", r.Bare[0])
		if n > 1 {
			which = fmt.Sprintf("%s from %d to %d have no timestamp of their own", wording.Count(n, "journal entry"), r.Bare[0], r.Bare[n-1])
		}
		v.note("%s; that of a later entry vouches for those before it", which)
	}
	if r.Tokens == 0 {
		v.note("no timestamp vouches for the journal")
	}
	return nil
}
