package timestamp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"cdrmend/internal/object"
)

// Entry is a journal entry.
type Entry struct {
	Number int64
	SHA256 string // of its bytes, in hexadecimal
}

// Name returns the name of the token of an entry in the folder of the journal.
func Name(number int64) string { return fmt.Sprintf("%08d.tsr", number) }

// Number returns the number of the entry whose token has a name.
func Number(name string) (int64, bool) {
	digits, found := strings.CutSuffix(name, ".tsr")
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, found && err == nil && n > 0 && Name(n) == name
}

// block is how many entries are completed at once at most.
const block = 32

// Complete gets the tokens of a journal's newest entry and of the entries before it
// that lack one, at most 32, and stores them in the folder of the journal. It returns
// how many it stored. A nil authority does nothing, and neither does one that failed
// before: no interval of a long backfill waits for a server that does not answer.
//
// Tokens are in the order of their entries, also when several runs get them at the
// same time: a token is asked for only when that of the entry before is stored. A
// crash leaves entries without a token, which the next run gets.
func (a *Authority) Complete(ctx context.Context, store object.Store, folder string, newest Entry) (stored int, err error) {
	if a == nil || a.failed {
		return 0, nil
	}

	number, last, err := missing(ctx, store, folder, newest.Number)
	if err != nil {
		return 0, err
	}

	for number <= newest.Number {
		sum, err := sumOf(ctx, store, folder, number, newest)
		if err != nil {
			return stored, err
		}
		raw, t, err := a.Get(ctx, sum)
		if err != nil {
			a.failed = ctx.Err() == nil
			return stored, fmt.Errorf("getting a token for journal entry %d: %w", number, err)
		}
		if last != nil && t.Time.Before(last.Time) {
			return stored, fmt.Errorf("getting a token for journal entry %d: the authority says %s, which is before the token of the entry before, %s: is its clock right?",
				number, t.Time, last.Time)
		}

		// Another run got ahead: its tokens vouch for this entry. It may end before the
		// newest entry of this run, so this one goes on behind them.
		later, err := stamped(ctx, store, folder, number+1)
		if err == nil && later {
			number, last, err = missing(ctx, store, folder, newest.Number)
		}
		switch {
		case err != nil:
			return stored, err
		case later:
			continue
		}
		err = store.Create(ctx, folder+Name(number), object.ContentOf(raw))
		switch {
		case err == nil:
			stored, last = stored+1, t
		case errors.Is(err, object.ErrTaken): // another run stored one
			last = nil
		default:
			return stored, fmt.Errorf("storing the token of journal entry %d: %w", number, err)
		}
		number++
	}
	return stored, nil
}

// missing returns the first entry up to newest that lacks a token, and the token
// before it, nil when there is none or when it cannot be read. Without any token
// nearby it is the first of the entries that runs at the same time also begin with.
func missing(ctx context.Context, store object.Store, folder string, newest int64) (int64, *Token, error) {
	begin := (newest-1)/block*block + 1
	for number := newest; number > max(newest-block, 0); number-- {
		raw, err := read(ctx, store, folder+Name(number), maxAnswer)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return 0, nil, err
		}
		t, err := Parse(raw)
		if err != nil { // verify tells; here it is no reason to stop
			t = nil
		}
		return number + 1, t, nil
	}
	return begin, nil, nil
}

// stamped reports whether an entry has a token.
func stamped(ctx context.Context, store object.Store, folder string, number int64) (bool, error) {
	_, body, err := store.Get(ctx, folder+Name(number))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, body.Close()
}

// maxEntry is how many bytes of an entry are read.
const maxEntry = 1 << 20

// sumOf returns the hash of an entry. That of the newest is known; it is what the run
// that asks has written.
func sumOf(ctx context.Context, store object.Store, folder string, number int64, newest Entry) (sum [sha256.Size]byte, err error) {
	if number == newest.Number {
		if len(newest.SHA256) != 2*len(sum) {
			return sum, fmt.Errorf("%q is no SHA-256", newest.SHA256)
		}
		_, err := hex.Decode(sum[:], []byte(newest.SHA256))
		return sum, err
	}
	raw, err := read(ctx, store, fmt.Sprintf("%s%08d.json", folder, number), maxEntry)
	return sha256.Sum256(raw), err
}

// read reads a small object. It is an error when the object is larger than limit, and
// one that wraps fs.ErrNotExist when it is not there.
func read(ctx context.Context, store object.Store, key string, limit int64) ([]byte, error) {
	_, body, err := store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", key, err)
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("%q has more than %d bytes", key, limit)
	}
	return raw, nil
}
