package job

import (
	"context"
	"fmt"

	"cdrmend/internal/budget"
	"cdrmend/internal/evidence"
	"cdrmend/internal/intake"
	"cdrmend/internal/ledger"
	"cdrmend/internal/match"
	"cdrmend/internal/mediacheck"
	"cdrmend/internal/policy"
	"cdrmend/internal/reconcile"
	"cdrmend/internal/scratch"
)

// Heard returns what is known of media objects from a run that was committed, for a run
// that is computed again. All reports that nothing else is to be asked for.
type Heard func(*intake.Inputs) (known *mediacheck.Findings, all bool, err error)

// listed is the inputs of an interval, and what is known of their media objects.
type listed struct {
	*intake.Inputs
	media *mediacheck.Findings // nil: nothing is known
	all   bool                 // nothing else is to be asked for
}

// recall adds what the newest commit knows of media objects. The store may let those be
// read today that it did not let be read then, so they are asked for again: the run id
// that follows says whether anything changed.
func (a *attempt) recall(ctx context.Context, b *base, in *listed) error {
	if a.Config.Media.Check < policy.MediaHeader || b.head.Record == nil || b.head.Record.Media == nil {
		return nil
	}
	known, err := mediacheck.Open(ctx, a.out, b.head.Record.Media, in.Inputs, a.Config.Scratch)
	if err != nil {
		a.Log.Warn("what the newest commit knows of media is not what was committed: all media objects are asked for again", "error", err)
		return nil
	}

	asked, err := a.ask(ctx, in.Inputs, known.Unreadable())
	if err != nil {
		return err
	}
	in.media = known.Readable().With(asked)
	return in.Deny(in.media.Denials(in.Inputs))
}

func (j *Job) ask(ctx context.Context, in *intake.Inputs, numbers []uint32) (*mediacheck.Findings, error) {
	return mediacheck.Ask(ctx, in, numbers, j.how(), func(done, total int64) { j.Watch("looking into media", done, total) })
}

// how says how media objects are looked into.
func (j *Job) how() mediacheck.How {
	return mediacheck.How{Concurrency: j.Config.Concurrency, Decode: j.Config.Media.Check >= policy.MediaDecode}
}

// hear looks into the media objects that are not known yet, and adds what is in each
// object to the evidence. Those that could not be read become a part of the run id.
func (j *Job) hear(ctx context.Context, in *listed, ev *evidence.Evidence) error {
	if err := j.hearPart(ctx, in, ev); err != nil || ev.Media == nil || in.media == nil {
		return err
	}
	return in.Deny(in.media.Only(ev.Media.Heard).Denials(in.Inputs))
}

// hearPart is hear for a part of the inputs, of which the run id is known.
func (j *Job) hearPart(ctx context.Context, in *listed, ev *evidence.Evidence) error {
	wanted := match.ToHear(ev)
	if len(wanted) == 0 {
		return nil
	}
	if in.all {
		ev.Media.Heard = in.media.Of(wanted, ev.Texts)
		return nil
	}
	if share := j.Config.Media.Sample; share < 1 {
		suspects, err := interruptible(ctx, budget.New(in.Memory(), j.OwnGC), func(s evidence.Spread) []uint32 { return reconcile.Suspects(ev, s) })
		if err != nil {
			return err
		}
		wanted = mediacheck.Sample(in.Inputs, wanted, share, suspects)
	}

	known := in.media.OrNothing().Without(j.how())
	asked, err := j.ask(ctx, in.Inputs, known.Lacks(wanted))
	if err != nil {
		return err
	}
	if denied := asked.Denials(in.Inputs); j.Heard != nil && len(denied) > 0 {
		return fmt.Errorf("the run looked into media object %q of source %s, which cannot be read here (%s): allow reading it, or take what the run kept with --offline", denied[0].Key, denied[0].Source, denied[0].Code)
	}
	j.Log.Info("looked into media", "objects", len(wanted), "requests", asked.Requests())
	in.media = known.With(asked)
	ev.Media.Heard = in.media.Of(wanted, ev.Texts)
	return nil
}

// keepMedia writes what is in the media objects that the decision rests on; nil when
// there are none.
func (j *Job) keepMedia(ctx context.Context, to *ledger.Interval, in *listed, ev *evidence.Evidence) (*ledger.File, error) {
	if ev.Media == nil || len(ev.Media.Heard) == 0 {
		return nil, nil
	}
	spool := scratch.NewSpool(j.Config.Scratch)
	defer spool.Close()
	if err := in.media.Only(ev.Media.Heard).Write(in.Inputs, spool); err != nil {
		return nil, fmt.Errorf("writing what is in media: %w", err)
	}
	return to.PutMedia(ctx, spool)
}
