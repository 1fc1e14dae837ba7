package job

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"cdrmend/internal/intake"
	"cdrmend/internal/ledger"
	"cdrmend/internal/pack"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/scratch"
)

// packs are those that serve a run, and the new one that it writes. No byte of the run
// depends on them.
type packs struct {
	out    *ledger.Output
	policy *policy.Evidence
	inputs *intake.Inputs
	set    *pack.Set
	serve  []ledger.Pack // that hold inputs of the run
	merge  bool          // what they hold goes into the new one
	writer *pack.Writer  // nil when nothing is kept
	ended  chan struct{} // closed when the new packs are written, or err says why not
	err    error
	stop   context.CancelFunc // ends writing them
	added  []ledger.Pack
	night  *ledger.File // nil when nothing is kept
}

// mostPacks is how many packs serve a run before it writes one for all that they hold:
// every check of an interval may add one, and its record names them all.
const mostPacks = 32

// openPacks finds the packs that hold inputs of a run: those of the newest commit, and
// of the intervals that read partitions of this one, too.
func (a *attempt) openPacks(ctx context.Context, b *base, inputs *intake.Inputs) *packs {
	warn := func(name string, err error) {
		a.Log.Warn("a pack of inputs is not what was committed: its inputs are requested from their sources", "pack", name, "error", err)
	}
	p := &packs{out: a.out, policy: &a.Config.Evidence, inputs: inputs, set: inputs.Opener.NewPacks(warn)}

	heads := a.packed(ctx, b)
	forgotten, err := a.forgotten(ctx, heads)
	if err != nil {
		a.Log.Warn("packs of inputs are not used: nobody can tell which of them were forgotten on purpose", "error", err)
		heads = nil
	}
	var list []ledger.Pack
	seen := map[string]bool{}
	for _, head := range heads {
		for _, named := range head.Record.Evidence {
			if there := ledger.Remains(named, forgotten); there != nil && !seen[there.Index.SHA256] {
				seen[there.Index.SHA256] = true
				list = append(list, *there)
			}
		}
	}
	p.set.AddAll(ctx, a.out, list, inputs.Opener.Described, func(i, found int, err error) {
		switch named := list[i]; {
		case err != nil:
			warn(named.Path, err)
		case found > 0:
			named.Objects = int64(found)
			p.serve = append(p.serve, named)
		}
	})
	p.merge = len(p.serve) > mostPacks
	inputs.Opener.ServeFrom(p.set)
	return p
}

// packed returns the newest commits that name packs: those of the interval, and of the
// intervals that read partitions of this one, too.
func (a *attempt) packed(ctx context.Context, b *base) []ledger.Head {
	if b.packed == nil {
		b.packed = slices.DeleteFunc(slices.Concat([]ledger.Head{b.head}, b.neighbours, a.later(ctx, b)), func(h ledger.Head) bool {
			return h.Record == nil || len(h.Record.Evidence) == 0
		})
	}
	return b.packed
}

// ahead says what may be read while other objects are still listed, nil for nothing. A
// run that lists what its newest commit lists requests no object, so an interval with a
// commit is never read ahead; nor is a dry run, or one that was computed already.
func (a *attempt) ahead(ctx context.Context, b *base) *intake.Ahead {
	if b.head.Record != nil || a.Dry != nil || a.done != nil {
		return nil
	}

	// A pack holds nothing that is newer than the commit that names it. A clock that is
	// wrong costs requests, or what reading ahead gains, and changes no byte.
	how := &intake.Ahead{}
	for _, h := range a.packed(ctx, b) {
		if h.Record.Time.After(how.Packed) {
			how.Packed = h.Record.Time
		}
	}
	return how
}

// forgotten returns the packs that were forgotten on purpose since records named them. A
// record must not name them again: where a store retains one, that would keep it longer.
func (a *attempt) forgotten(ctx context.Context, heads []ledger.Head) (map[string]ledger.Forgotten, error) {
	if len(heads) == 0 {
		return nil, nil
	}
	from := int64(math.MaxInt64)
	for _, h := range heads {
		seen := int64(0)
		if h.Record.Journal != nil {
			seen = h.Record.Journal.Number
		}
		from = min(from, seen+1)
	}
	list, err := a.out.Forgotten(ctx, from)
	all := map[string]ledger.Forgotten{}
	for _, f := range list {
		all[f.Path] = f
	}
	return all, err
}

// later returns the newest commits of the intervals after this one whose partitions it
// reads. They are of no account for the run itself, so one that cannot be read or
// trusted is passed over.
func (a *attempt) later(ctx context.Context, b *base) (heads []ledger.Head) {
	var ahead time.Duration
	for i := range a.Config.Sources {
		ahead = max(ahead, a.Config.Sources[i].Lookahead)
	}
	for n := 1; n <= a.Config.Recheck && time.Duration(n-1)*a.Config.Interval < ahead; n++ {
		start := a.interval.Start.Add(time.Duration(n) * a.Config.Interval)
		l := a.out.Interval(policy.IntervalAt(start, a.Config.Interval).Label)
		l.Known = b.ledger.Known
		head, err := l.Latest(ctx)
		if err != nil {
			a.Log.Info("packs of a later interval are not used", "of", l.Label, "error", err)
			continue
		}
		heads = append(heads, head)
	}
	return heads
}

// keep returns what keeps bytes while the inputs are read; nil when nothing is kept. The
// new packs are written once all inputs have been read. Only the record needs them, so the
// run goes on meanwhile.
func (p *packs) keep(ctx context.Context, to *ledger.Interval, scratch string) (*intake.Keep, error) {
	if p == nil || p.policy.Keep == policy.KeepNothing {
		return nil, nil
	}
	var err error
	if p.writer, err = pack.NewWriter(to, scratch); err != nil {
		return nil, err
	}
	ctx, p.stop = context.WithCancel(ctx)
	p.ended = make(chan struct{})
	filled := intake.NewKeep(ctx, p.wants, p.writer)
	go func() {
		defer close(p.ended)
		if p.err = filled.Wait(); p.err == nil {
			p.err = p.write(ctx, to)
		}
	}()
	return filled, nil
}

// wait returns when the new packs are written.
func (p *packs) wait() error {
	if p == nil || p.writer == nil {
		return nil
	}
	<-p.ended
	return p.err
}

// wants reports whether the bytes of an input are kept, and no pack that goes on
// serving has them.
func (p *packs) wants(n uint32) bool {
	o := &p.inputs.Objects[n]
	small := p.inputs.Sources[o.Source].Kind == policy.Manifests && o.Size <= p.policy.ObjectBytes
	return (small || p.policy.Keep == policy.KeepEverything) && (p.merge || !p.set.Has(n))
}

// write writes the new packs. They count once a record names them.
func (p *packs) write(ctx context.Context, to *ledger.Interval) error {
	written, err := p.writer.Finish(func(n uint32) pack.Input {
		source, info := p.inputs.Opener.Described(int(n))
		return pack.Input{Source: source, Info: *info}
	})
	if err != nil {
		return err
	}
	for _, w := range written {
		named, err := to.PutPack(ctx, w.Bytes, w.Index)
		if err != nil {
			return err
		}
		named.Objects = int64(w.Inputs)
		p.added = append(p.added, named)
	}
	return nil
}

// writeNight writes what holds for all rows of the run.
func (p *packs) writeNight(ctx context.Context, to *ledger.Interval, night *reconcile.Night, scratchDir string) error {
	if p == nil || p.writer == nil {
		return nil
	}
	spool := scratch.NewSpool(scratchDir)
	defer spool.Close()
	if err := night.Write(spool); err != nil {
		return fmt.Errorf("writing the facts of the night: %w", err)
	}
	var err error
	p.night, err = to.PutNight(ctx, spool)
	return err
}

// close ends what is still being written, and deletes temporary files.
func (p *packs) close() {
	if p == nil || p.writer == nil {
		return
	}
	p.stop()
	_ = p.wait() // whoever needs the packs has waited before
	p.writer.Close()
}

// named returns the packs that the record names. Those that it goes on using are
// retained as long as the record.
func (p *packs) named(ctx context.Context) ([]ledger.Pack, error) {
	if p == nil {
		return nil, nil
	}
	var list []ledger.Pack
	for _, s := range p.serve {
		if p.merge || !p.set.Sound(p.out.Root+s.Path) {
			continue
		}
		for _, f := range []ledger.File{s.File, s.Index} {
			if err := p.out.Store.Extend(ctx, p.out.Root+f.Path); err != nil {
				return nil, err
			}
		}
		list = append(list, s)
	}
	return append(list, p.added...), nil
}
