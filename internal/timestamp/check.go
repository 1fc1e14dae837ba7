package timestamp

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"cdrmend/internal/object"

	"golang.org/x/sync/errgroup"
)

// Report is what the tokens of a journal show.
type Report struct {
	Tokens    int64     // that are sound
	Newest    Entry     // the newest entry that a sound token vouches for
	Time      time.Time // of its token: the entry, and all before it, existed then
	Bare      []int64   // entries without a token after the first that has one, in order
	Problems  []Problem
	Unchecked []error // tokens that could not be read
}

// Problem is what is wrong with one token.
type Problem struct {
	Key    string // of the token in the store
	Number int64
	Detail string // begins with "it"
}

// Check holds every token in the folder of a journal against the entries that were
// found in it, in order, and against trusted roots. It names everything that is wrong,
// and fails only when the folder cannot be listed.
func Check(ctx context.Context, store object.Store, folder string, entries []Entry, roots *Roots) (*Report, error) {
	c := check{store: store, roots: roots, entries: map[int64]string{}, numbers: map[string]int64{}}
	for _, e := range entries {
		c.entries[e.Number] = e.SHA256
		c.numbers[e.SHA256] = e.Number
	}

	found, err := c.readAll(ctx, folder)
	if err != nil {
		return nil, err
	}
	return c.report(found, entries), nil
}

type check struct {
	store   object.Store
	roots   *Roots
	entries map[int64]string // SHA-256 by number
	numbers map[string]int64 // the reverse
}

// found is one token as it was read.
type found struct {
	key    string
	number int64
	time   time.Time
	wrong  string // why it is refused; empty when it is sound
	err    error  // it could not be read
}

// readers is how many tokens are read at once.
const readers = 32

// readAll reads all tokens, in the order of their numbers.
func (c *check) readAll(ctx context.Context, folder string) ([]found, error) {
	var list []found
	var lock sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	var failed error
	for info, err := range c.store.List(ctx, folder) {
		if err != nil {
			failed = fmt.Errorf("looking for timestamps: %w", err)
			break
		}
		number, ok := Number(strings.TrimPrefix(info.Key, folder))
		if !ok {
			continue
		}
		g.Go(func() error {
			f := c.read(gctx, info, number)
			lock.Lock()
			defer lock.Unlock()
			list = append(list, f)
			return gctx.Err()
		})
	}
	if err := errors.Join(failed, g.Wait()); err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b found) int { return int(a.number - b.number) })
	return list, nil
}

func (c *check) read(ctx context.Context, info object.Info, number int64) found {
	f := found{key: info.Key, number: number}
	if info.Size > maxAnswer { // a sparse file of any size is not read
		f.wrong = fmt.Sprintf("it has %d bytes, and no token has more than %d", info.Size, maxAnswer)
		return f
	}
	raw, err := read(ctx, c.store, info.Key, maxAnswer)
	if err != nil {
		f.err = err
		return f
	}

	t, err := Parse(raw)
	if err == nil {
		f.time = t.Time
		err = errors.Join(c.belongs(t, number), t.Trusted(c.roots))
	}
	if err != nil {
		f.wrong = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return f
}

// belongs checks that a token is over the entry that it lies beside.
func (c *check) belongs(t *Token, number int64) error {
	sum := hex.EncodeToString(t.SHA256[:])
	want, there := c.entries[number]
	other := c.numbers[sum]
	switch {
	case !there:
		return errors.New("it vouches for an entry that is not there, though a token is made only after its entry")
	case want == "":
		return errors.New("its entry could not be read")
	case sum == want:
		return nil
	case other != 0:
		return fmt.Errorf("it is the token of entry %d", other)
	}
	return fmt.Errorf("it is over other bytes, of SHA-256 %s; those of the entry have %s", sum, want)
}

// report compares the times of tokens in the order of their entries.
func (c *check) report(all []found, entries []Entry) *Report {
	r := &Report{}
	there := map[int64]bool{}
	var before found // the newest sound one
	for _, f := range all {
		there[f.number] = true
		switch {
		case f.err != nil:
			r.Unchecked = append(r.Unchecked, f.err)
			continue
		case f.wrong == "" && f.time.Before(before.time):
			f.wrong = fmt.Sprintf("it is of %s, older than the token of entry %d before it, which is of %s", stamp(f.time), before.number, stamp(before.time))
		}
		if f.wrong != "" {
			r.Problems = append(r.Problems, Problem{Key: f.key, Number: f.number, Detail: f.wrong})
			continue
		}

		before = f
		r.Tokens++
		r.Newest, r.Time = Entry{f.number, c.entries[f.number]}, f.time
	}

	for _, e := range entries {
		if len(all) > 0 && e.Number > all[0].number && !there[e.Number] {
			r.Bare = append(r.Bare, e.Number)
		}
	}
	return r
}

func stamp(t time.Time) string { return t.Format(time.RFC3339Nano) }
