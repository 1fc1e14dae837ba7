package discover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strings"

	"cdrmend/internal/bag"
	"cdrmend/internal/committed"
	"cdrmend/internal/explain"
	"cdrmend/internal/job"
	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
	"cdrmend/internal/redact"
	"cdrmend/internal/replay"
	"cdrmend/internal/report"
	"cdrmend/internal/wording"
)

// Inputs are how the inputs of runs are opened.
type Inputs struct {
	Base        string            // that relative URLs of sources are relative to
	Open        replay.OpenSource // nil: only packs are read
	Concurrency int
	Scratch     string
	Watch       job.Watch
	Warn        func(pack string, err error) // about a pack that is not what was committed
}

// inputs are those of one commit's run, as the run saw them.
type inputs struct {
	how     *Inputs
	out     *ledger.Output
	commit  *committed.Commit
	summary *report.Summary
	packs   *replay.Packs
	run     *replay.Run
	stored  *replay.Run // the same without packs, which hold no media; nil: not opened yet
}

func openInputs(ctx context.Context, out *ledger.Output, commit *committed.Commit, summary *report.Summary, how *Inputs) (*inputs, error) {
	in := &inputs{how: how, out: out, commit: commit, summary: summary}
	var err error
	if in.packs, err = replay.OpenPacks(ctx, out, commit.Record, commit.Inputs(ctx), how.Scratch, how.Warn); err != nil {
		return nil, err
	}
	in.run, err = replay.PreparePart(ctx, summary, in.packs.Inputs(), how.Base, in.packs.Before(how.Open))
	return in, err
}

// source returns the source of a run with a name, as the run saw it; nil for none.
func source(run *replay.Run, name string) *replay.Pinned {
	for i := range run.Config.Sources {
		if run.Config.Sources[i].Name == name {
			return run.Sources[i]
		}
	}
	return nil
}

// document opens a manifest that the run read. It fails if it is another one today.
func (in *inputs) document(ctx context.Context, name, key string) (*ledger.Input, io.ReadCloser, error) {
	from := source(in.run, name)
	if from == nil {
		return nil, nil, fmt.Errorf("the run has no source %q", name)
	}
	return from.Read(ctx, key)
}

// media opens a media object of a source, or below media.url. It returns its URL, too.
func (in *inputs) media(ctx context.Context, name, key string) (link string, input *ledger.Input, body io.ReadCloser, err error) {
	places, err := in.places(ctx, name)
	if err != nil {
		return "", nil, nil, err
	}
	for _, from := range places {
		if input, body, err = from.Read(ctx, key); err == nil {
			return linkTo(from.Store.String(), key), input, body, nil
		}
	}
	return "", nil, nil, err
}

// notedDocument returns what the run noted of a manifest, nil when it did not list it.
func (in *inputs) notedDocument(name, key string) *ledger.Input {
	if from := source(in.run, name); from != nil {
		return from.Input(key)
	}
	return nil
}

// noted returns what the run noted of a media object, for each place in which it may lie.
func (in *inputs) noted(ctx context.Context, name, key string) (list []*ledger.Input, err error) {
	places, err := in.places(ctx, name)
	for _, from := range places {
		if input := from.Input(key); input != nil {
			list = append(list, input)
		}
	}
	return list, err
}

// linkTo returns the URL of an object of a store. A key may have spaces and line breaks, and a
// URL may not.
func linkTo(store, key string) string {
	scheme, rest, _ := strings.Cut(store, "://")
	host, path, _ := strings.Cut(rest, "/")
	return (&url.URL{Scheme: scheme, Host: host, Path: "/" + path + key}).String()
}

// places returns where the media of a source may lie.
func (in *inputs) places(ctx context.Context, name string) (list []*replay.Pinned, err error) {
	if in.stored == nil {
		if in.stored, err = replay.PreparePart(ctx, in.summary, in.packs.Inputs(), in.how.Base, in.how.Open); err != nil {
			return nil, fmt.Errorf("%w: %w", bag.ErrUnread, err)
		}
	}
	for _, p := range []*replay.Pinned{source(in.stored, name), in.stored.Media} {
		if p != nil {
			list = append(list, p)
		}
	}
	return list, nil
}

// ask asks the store of a media object whether it is held for a court, and whether older
// versions of it are there. That the store does not tell is an answer, too.
func (in *inputs) ask(ctx context.Context, e *Exception, show *redact.Redactor) error {
	defer func() { e.Hold = show.Reason(e.Hold) }() // it may quote a key
	if e.media == nil || e.media.Get("media_key") == "" {
		return nil
	}
	places, err := in.places(ctx, e.media.Get("source"))
	if err != nil {
		e.Hold = "not told: the source cannot be opened"
		return ctx.Err()
	}
	for _, from := range places {
		holder, ok := from.Store.(object.Holder)
		if !ok {
			e.Hold = "not told: the store holds nothing for a court"
			continue
		}
		if found, err := askHolder(ctx, holder, e); found || err != nil {
			return err
		}
	}
	return ctx.Err()
}

// askHolder asks one store. It reports whether the object, or a version of it, is there.
func askHolder(ctx context.Context, store object.Holder, e *Exception) (found bool, err error) {
	var latest *object.Version
	old := 0
	for v, err := range store.Versions(ctx, e.media.Get("media_key")) {
		if err != nil {
			e.Hold = "not told: " + whyNot(err)
			return false, ctx.Err()
		}
		switch {
		case v.Latest && !v.Marker:
			latest = &v
		case !v.Marker:
			old++
			if latest == nil {
				latest = &v // the newest one that still has bytes
			}
		}
	}
	if old > 0 {
		e.Versions = wording.Count(old, "older version") + " there"
	}
	if latest == nil {
		e.Hold = "there is no object"
		return false, nil
	}

	held, err := store.LegalHold(ctx, latest.Info)
	switch {
	case err != nil:
		e.Hold = "not told: " + whyNot(err)
	case held:
		e.Hold = "held"
	default:
		e.Hold = "not held"
	}
	return true, ctx.Err()
}

// whyNot says in words why a store does not tell about holds.
func whyNot(err error) string {
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return "the store keeps no holds"
	case errors.Is(err, fs.ErrPermission):
		return "access is denied"
	}
	return err.Error()
}

// rowsAtOnce is how many covered rows have their stories told from one reading of the
// inputs.
const rowsAtOnce = 10_000

// explain tells the stories, in their order. Where inputs cannot be read, or show another
// decision, a story is told from the tables alone, and says so.
func (in *inputs) explain(ctx context.Context, commits []*committed.Commit, stories []storyOf, clear bool, tell func(of explain.Asked, text string) error) error {
	for len(stories) > 0 {
		var some []explain.Asked
		for rows := 0; rows < rowsAtOnce && len(some) < len(stories); {
			s := stories[len(some)]
			some, rows = append(some, s.of), rows+s.rows
		}
		stories = stories[len(some):]
		if err := in.explainSome(ctx, commits, some, clear, tell); err != nil {
			return err
		}
	}
	return nil
}

func (in *inputs) explainSome(ctx context.Context, commits []*committed.Commit, asked []explain.Asked, clear bool, tell func(of explain.Asked, text string) error) error {
	stories, err := explain.TellEach(ctx, commits, asked, clear)
	if err != nil {
		return err
	}
	part := &job.Part{}
	for _, story := range stories {
		if story != nil {
			rows := story.Rows(in.commit)
			part.Places, part.IDs, part.Find = append(part.Places, rows.Places...), append(part.IDs, rows.IDs...), rows.Find
		}
	}

	reading, unread := in.read(ctx, part)
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, story := range stories {
		if story == nil {
			continue
		}
		err := unread
		if err == nil {
			err = story.Deepen(reading)
		}
		if err != nil {
			story.Unread = err.Error()
		}
		if err := tell(asked[i], explain.Text(story)); err != nil {
			return err
		}
	}
	return nil
}

// read reads what decides about rows.
func (in *inputs) read(ctx context.Context, part *job.Part) (*job.Reading, error) {
	if in.commit.Record.Night == nil {
		return nil, errors.New("the run kept no facts of its night, so that only all of its inputs could show more: see cdrmend explain")
	}
	night, err := in.out.ReadNight(ctx, in.commit.Record)
	if err != nil {
		return nil, err
	}

	// The configuration in the summary knows nothing of this machine.
	in.run.Config.Concurrency, in.run.Config.Scratch = in.how.Concurrency, in.how.Scratch
	j := in.run.Job(in.commit.Record.Tool, nil, in.how.Watch)
	j.Heard = replay.Heard(ctx, in.out, in.commit.Record, in.how.Scratch, true)
	return j.ExplainPart(ctx, in.run.Interval, night, func(context.Context) (*job.Part, error) { return part, nil })
}

// unread reports whether an error says that one object could not be read, and not that
// the production could not be written.
func unread(err error) bool {
	_, _, denied := object.Unreadable(err)
	return gone(err) || denied || errors.Is(err, bag.ErrUnread)
}

// gone reports whether an error says that an object is not what the run read, or not there.
func gone(err error) bool {
	var changed *replay.ChangedError
	return errors.As(err, &changed) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, object.ErrChanged)
}
