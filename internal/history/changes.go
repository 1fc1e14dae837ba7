package history

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"

	"cdrmend/internal/committed"
	"cdrmend/internal/ledger"
)

// Changes says how the inputs of two runs differ.
type Changes struct {
	New     int64    `json:"new"`     // objects
	Changed int64    `json:"changed"` // objects with other bytes
	Gone    int64    `json:"gone"`
	Config  bool     `json:"configuration"` // the part that counts for results
	Tool    bool     `json:"tool"`
	First   []Object `json:"first"` // a few of the new and changed ones

	fresh map[place]string // the new and changed ones: which of the two they are
	list  []Object         // the same, by source and key
}

// Object is an input that is new or was changed.
type Object struct {
	Source string `json:"source"`
	Key    string `json:"object_key"`
	What   string `json:"what"` // new or changed
}

// place identifies an object.
type place struct{ source, key string }

// shown is how many changes are named when none of them is known to matter.
const shown = 3

// changes compares what two runs were computed from.
func changes(ctx context.Context, before, after *committed.Commit) (*Changes, error) {
	c := &Changes{First: []Object{}, fresh: map[place]string{}, Tool: before.Record.Tool != after.Record.Tool}
	err := c.compare(before.Inputs(ctx), after.Inputs(ctx))

	if err == nil {
		c.Config, err = otherConfig(ctx, before, after)
	}
	return c, err
}

// compare merges two lists of inputs, both sorted by order.
func (c *Changes) compare(before, after iter.Seq2[ledger.Input, error]) error {
	old, stop := iter.Pull2(before)
	defer stop()
	was, err, more := old()

	for now, failed := range after {
		if failed != nil {
			return failed
		}
		// What sorts before the current input is in the old list only.
		for more && err == nil && order(&was, &now) < 0 {
			c.Gone++
			was, err, more = old()
		}
		if err != nil {
			return err
		}

		switch {
		case !more || order(&was, &now) != 0:
			c.New++
			c.add(&now, "new")
			// Keep was: it is compared with the next input.
			continue
		case differs(&was, &now):
			c.Changed++
			c.add(&now, "changed")
		}
		was, err, more = old()
	}
	// What is left of the old list has no counterpart.
	for more && err == nil {
		c.Gone++
		_, err, more = old()
	}
	return err
}

// order compares inputs as the list sorts them: by source and key, media last.
func order(a, b *ledger.Input) int {
	media := func(in *ledger.Input) int {
		if in.Source == ledger.MediaSource {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(media(a), media(b)), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Key, b.Key))
}

// differs reports whether an object holds other bytes. Of an object that was
// not read, such as audio, only the size and the ETag are known.
func differs(a, b *ledger.Input) bool {
	if a.SHA256 != "" && b.SHA256 != "" {
		return a.SHA256 != b.SHA256
	}
	return a.Size != b.Size || a.ETag != b.ETag
}

func (c *Changes) add(in *ledger.Input, what string) {
	c.fresh[place{in.Source, in.Key}] = what
	c.list = append(c.list, Object{in.Source, in.Key, what})
	// First shares the array of list, which only grows.
	c.First = c.list[:min(shown, len(c.list))]
}

// otherConfig reports whether the runs had different configurations.
func otherConfig(ctx context.Context, before, after *committed.Commit) (bool, error) {
	var configs [2]struct {
		Configuration json.RawMessage `json:"configuration"`
	}
	for i, c := range []*committed.Commit{before, after} {
		if err := c.Decode(ctx, "summary.json", &configs[i]); err != nil {
			return false, err
		}
	}

	// The summary has only the part of the configuration that counts for
	// results.
	return string(configs[0].Configuration) != string(configs[1].Configuration), nil
}
