// Package prune forgets packs of inputs where the law asks for it. It deletes packs, and
// never records: an entry of the journal says first which packs are forgotten and what
// takes their place, so that what was forgotten on purpose can be told from what is gone.
package prune

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"cdrmend/internal/committed"
	"cdrmend/internal/ledger"
	"cdrmend/internal/pack"
	"cdrmend/internal/table"
)

// Selection says what is forgotten. All that one of its members names is.
type Selection struct {
	Before       string // label: packs in the folders of intervals before it
	Recording    string // documents that list this recording
	Conversation string // documents and call detail records of this conversation
}

// Item is a pack that holds something to be forgotten.
type Item struct {
	Interval string // in whose folder it lies
	Pack     ledger.Pack
	Inputs   int // that the pack holds
	Dropped  int // how many of them are forgotten
}

// Output is an output whose packs are looked through.
type Output struct {
	*ledger.Output
	Committed *committed.Output
	Scratch   string
}

// input names an input of any interval.
type input struct{ source, key string }

// Plan is what is forgotten of an output.
type Plan struct {
	Items []Item    // in the order of their paths
	Rest  []string  // files of packs that were forgotten before and lack their other file
	Now   time.Time // whatever is retained for longer is left

	out    *Output
	sel    Selection
	wanted map[input]bool
}

// NewPlan finds the packs that hold what a selection names. A pack that is no longer
// there, or that is not what was committed, is none of them; it goes to warn. Of a pack
// that was forgotten before and of which one file is still there, that file belongs to
// the plan, whatever the selection names: its index has keys of inputs, its frames have
// their bytes.
func NewPlan(ctx context.Context, out *Output, labels []string, sel Selection, now time.Time, warn func(pack string, err error)) (*Plan, error) {
	p := &Plan{Now: now, out: out, sel: sel, wanted: map[input]bool{}}
	packs := map[string]ledger.Pack{}
	for _, label := range labels {
		commits, err := out.Committed.Commits(ctx, label)
		if err != nil {
			return nil, err
		}
		for _, c := range commits {
			for _, named := range c.Record.Evidence {
				packs[named.Path] = named
			}
			if err := p.find(ctx, c); err != nil {
				return nil, err
			}
		}
	}

	// What was forgotten may still be there: its store retained it, or somebody was
	// killed.
	before, err := out.Forgotten(ctx, 1)
	if err != nil {
		return nil, err
	}
	forgotten := map[string]bool{}
	for _, f := range before {
		if forgotten[f.Path] = true; f.Instead != nil {
			packs[f.Instead.Path] = *f.Instead
		}
	}

	for _, path := range slices.Sorted(maps.Keys(packs)) {
		item, err := p.look(ctx, packs[path])
		switch {
		case err == nil && item.Dropped > 0:
			p.Items = append(p.Items, item)
		case forgotten[path] && errors.Is(err, ledger.ErrPackGone):
			if err := p.findRest(ctx, packs[path]); err != nil {
				return nil, err
			}
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			warn(path, err)
		}
	}
	return p, nil
}

// findRest adds the files that are still there of a pack that was forgotten before and is
// no longer whole.
func (p *Plan) findRest(ctx context.Context, named ledger.Pack) error {
	for _, f := range []ledger.File{named.File, named.Index} {
		_, body, err := p.out.Store.Get(ctx, p.out.Root+f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		_ = body.Close() // nothing was read
		p.Rest = append(p.Rest, f.Path)
	}
	return nil
}

// find adds the inputs in which a commit found what the selection names.
func (p *Plan) find(ctx context.Context, c *committed.Commit) error {
	sel := &p.sel
	if sel.Recording == "" && sel.Conversation == "" {
		return nil
	}
	schemas := []*table.Schema{table.Recordings}
	if sel.Conversation != "" {
		schemas = append(schemas, table.Calls)
	}
	for _, s := range schemas {
		conversation, source, key := s.Index("conversation_id"), s.Index("source"), s.Index("object_key")
		for row, err := range c.Table(ctx, s) {
			if err != nil {
				return err
			}
			found := sel.Conversation != "" && row.Text(conversation) == sel.Conversation
			if s == table.Recordings && sel.Recording != "" && row.Text(s.Index("recording_id")) == sel.Recording {
				found = true
			}
			if found {
				p.wanted[input{row.Text(source), row.Text(key)}] = true
			}
		}
	}
	return nil
}

// look counts what is forgotten of a pack.
func (p *Plan) look(ctx context.Context, named ledger.Pack) (Item, error) {
	label, _, _ := strings.Cut(strings.TrimPrefix(named.Path, "interval="), "/")
	item := Item{Interval: label, Pack: named}
	for in, err := range pack.Inputs(ctx, p.out.Output, &named, p.out.Scratch) {
		if err != nil {
			return item, err
		}
		item.Inputs++
		if p.drops(label, in) {
			item.Dropped++
		}
	}
	return item, nil
}

// drops reports whether an input in a pack of an interval is forgotten.
func (p *Plan) drops(label string, in *pack.Input) bool {
	return p.sel.Before != "" && label < p.sel.Before || p.wanted[input{in.Source, in.Key}]
}

// Why says who forgets packs, and for what reason. It stands in the journal, so it names
// nobody who is to be forgotten.
type Why struct{ Reason, By string }

// Done is what Apply did.
type Done struct {
	Entries  []ledger.Mark // of the journal
	Deleted  int           // files: packs and their indexes
	Replaced int           // packs that were written anew without some of their inputs
	Left     []Left        // files that could not be deleted, in the order of their names
}

// Left is a file that is to be forgotten and could not be deleted.
type Left struct {
	Path  string
	Until time.Time // up to which the store retains it; zero when it is not that
	Err   error     // nil for one that is retained
}

// mostForgotten is how many packs one entry names: an entry is a small file.
const mostForgotten = 500

// Apply forgets what the plan names. Packs that lose some of their inputs are written
// anew first. Then an entry of the journal names all, and only then anything is deleted:
// a crash leaves packs, or one of their two files, that are there though an entry forgets
// them. The next call with the same selection deletes the packs, each call the files.
func (p *Plan) Apply(ctx context.Context, journal *ledger.Journal, why Why) (*Done, error) {
	done := &Done{}
	for _, path := range p.Rest { // an entry names their packs already
		if err := p.remove(ctx, path, done); err != nil {
			return done, err
		}
	}
	for items := range slices.Chunk(p.Items, mostForgotten) {
		var forgotten []ledger.Forgotten
		for _, item := range items {
			f := ledger.Forgotten{Path: item.Pack.Path, SHA256: item.Pack.SHA256}
			if item.Dropped < item.Inputs {
				instead, err := p.rewrite(ctx, item)
				if err != nil {
					return done, err
				}
				f.Instead = instead
				done.Replaced++
			}
			forgotten = append(forgotten, f)
		}

		mark, err := journal.Forget(ctx, forgotten, why.Reason, why.By)
		if err != nil {
			return done, err
		}
		done.Entries = append(done.Entries, *mark)
		for _, item := range items {
			for _, f := range []ledger.File{item.Pack.File, item.Pack.Index} {
				if err := p.remove(ctx, f.Path, done); err != nil {
					return done, err
				}
			}
		}
	}
	return done, nil
}

// rewrite writes a pack anew without what is forgotten of it.
func (p *Plan) rewrite(ctx context.Context, item Item) (*ledger.Pack, error) {
	to := p.out.Interval(item.Interval)
	w, err := pack.Rewrite(ctx, p.out.Output, &item.Pack, to, p.out.Scratch, func(in *pack.Input) bool { return p.drops(item.Interval, in) })
	if err != nil {
		return nil, fmt.Errorf("writing %q anew: %w", item.Pack.Path, err)
	}
	defer w.Close()
	packs := w.Packs()
	if len(packs) != 1 {
		return nil, fmt.Errorf("writing %q anew made %d packs", item.Pack.Path, len(packs))
	}
	named, err := to.PutPack(ctx, packs[0].Bytes, packs[0].Index)
	named.Objects = int64(packs[0].Inputs)
	return &named, err
}

// remove deletes a file unless the store retains it.
func (p *Plan) remove(ctx context.Context, path string, done *Done) error {
	key := p.out.Root + path
	kept, err := p.out.Store.Retention(ctx, key)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if kept.Mode != "" && kept.Until.After(p.Now) {
		done.Left = append(done.Left, Left{Path: path, Until: kept.Until})
		return nil
	}
	if err := p.out.Store.Remove(ctx, key); err != nil {
		if ctx.Err() != nil {
			return err
		}
		done.Left = append(done.Left, Left{Path: path, Err: err})
		return nil
	}
	done.Deleted++
	return nil
}
