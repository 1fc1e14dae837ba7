package hold

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"

	"cdrmend/internal/ledger"
	"cdrmend/internal/object"
)

// Plan is what a call would do.
type Plan struct {
	Matter string
	Action string
	Lines  []Line // in the order of their objects, with the results that are to be expected
	Open   bool   // an earlier call was interrupted, which comes first

	out     *Output
	last    map[place]*held
	follows *ledger.HoldHead // the newest record that was read; nil: there was none
}

// Changes reports whether the plan has anything to do, or to say that no record says yet.
func (p *Plan) Changes() bool {
	return slices.ContainsFunc(p.Lines, func(l Line) bool {
		s := p.last[l.place()]
		switch {
		case s == nil, l.Result == Set:
			return true
		case !l.Result.Failed() && (p.Action == ledger.HoldRelease || len(without(l.Recordings, s.recordings)) > 0):
			return true
		case l.Result == Held:
			return false
		}
		return s.last != l.Result
	})
}

// PlanSet looks at the targets of a matter, and says what would become of each.
func (o *Output) PlanSet(ctx context.Context, matter string, targets iter.Seq2[Target, error]) (*Plan, error) {
	m, err := o.Matter(ctx, matter, o.ID)
	if err != nil {
		return nil, err
	}
	wanted, err := distinct(targets)
	if err != nil {
		return nil, err
	}

	lines := make([]Line, len(wanted))
	if err := o.each(ctx, "looking at holds", len(wanted), func(ctx context.Context, i int) (err error) {
		lines[i], err = o.look(ctx, &wanted[i])
		return err
	}); err != nil {
		return nil, err
	}

	p := &Plan{Matter: matter, Action: ledger.HoldSet, Lines: mergeLines(lines), Open: m.Open() != nil, out: o, follows: m.Newest()}
	if p.last, err = o.read(ctx, m, placesOf(p.Lines)); err != nil {
		return nil, err
	}
	other, err := o.readOthers(ctx, matter, placesOf(p.Lines))
	if err != nil {
		return nil, err
	}
	for i := range p.Lines {
		l := &p.Lines[i]
		expectSet(l, p.last[l.place()], other[l.place()])
	}
	return p, nil
}

// expectSet says what becomes of an object that was looked at.
func expectSet(l *Line, own *held, other *others) {
	l.Matters = other.names()
	switch {
	case l.Result.Failed():
	case l.Before == On && own != nil && own.holds && own.ours:
		l.Result = Held // a release of another matter sees that
	case other != nil && other.releasing:
		l.Result = Busy
	case l.Before == Off, own != nil && own.tried:
		l.Result = Set
	case own != nil && own.holds:
		l.Result = Foreign
	case other != nil && other.ours:
		l.Result = Shared
	default:
		l.Result = Foreign
	}
}

// PlanRelease says what would become of the objects that a matter holds, or of those of
// them that targets name; nil names all.
func (o *Output) PlanRelease(ctx context.Context, matter string, targets iter.Seq2[Target, error]) (*Plan, error) {
	m, err := o.Matter(ctx, matter, o.ID)
	if err != nil {
		return nil, err
	}
	chosen, err := recordingsOf(targets)
	if err != nil {
		return nil, err
	}

	p := &Plan{Matter: matter, Action: ledger.HoldRelease, Open: m.Open() != nil, out: o, follows: m.Newest()}
	if p.last, err = o.read(ctx, m, func(p place) bool { _, named := chosen[p.unversioned()]; return targets == nil || named }); err != nil {
		return nil, err
	}
	for at, s := range p.last {
		left := without(s.recordings, chosen[at.unversioned()])
		if !s.holds && !s.tried || targets != nil && len(left) > 0 && len(left) == len(s.recordings) {
			continue
		}
		l := *s.line
		if l.Recordings = s.recordings; targets != nil && len(left) > 0 {
			l.Recordings = left
		}
		p.Lines = append(p.Lines, l)
	}
	slices.SortFunc(p.Lines, compareLines)
	other, err := o.readOthers(ctx, matter, placesOf(p.Lines))
	if err != nil {
		return nil, err
	}
	return p, o.each(ctx, "looking at holds", len(p.Lines), func(ctx context.Context, i int) error {
		l := &p.Lines[i]
		own := p.last[l.place()]
		l.After, l.Code = "", ""
		if err := o.ask(ctx, l); err != nil {
			return err
		}
		expectRelease(l, own, other[l.place()])
		return nil
	})
}

// recordingsOf returns the recordings of targets by the place of their object, sorted.
func recordingsOf(targets iter.Seq2[Target, error]) (map[place][]string, error) {
	all := map[place][]string{}
	if targets == nil {
		return all, nil
	}
	for t, err := range targets {
		if err != nil {
			return nil, err
		}
		at := place{url: t.URL, key: t.Key}
		all[at] = append(all[at], t.Recordings...)
	}
	for _, list := range all {
		slices.Sort(list)
	}
	return all, nil
}

// expectRelease says what becomes of an object that a matter holds and releases for some
// recordings or all.
func expectRelease(l *Line, own *held, other *others) {
	l.Matters = other.names()
	switch {
	case len(l.Recordings) < len(own.recordings):
		l.Result = Needed
	case l.Result == Gone, l.Result == Changed:
		l.Result = Lifted // with its version
	case l.Result.Failed():
	case other != nil && other.releasing:
		l.Result = Busy
	case !own.ours && !own.tried:
		l.Result = Foreign
	case l.Before == Off:
		l.Result = Lifted
	case len(l.Matters) > 0:
		l.Result = Kept
	default:
		l.Result = Released
	}
}

// distinct returns the targets, equal ones once with all of their recordings.
func distinct(targets iter.Seq2[Target, error]) ([]Target, error) {
	type pinned struct {
		place
		etag string
	}
	at := map[pinned]int{}
	var list []Target
	for t, err := range targets {
		if err != nil {
			return nil, err
		}
		p := pinned{place{t.URL, t.Key, t.VersionID}, t.ETag}
		i, known := at[p]
		if !known {
			i = len(list)
			at[p] = i
			list = append(list, t)
			list[i].Recordings = nil
		}
		list[i].Recordings = append(list[i].Recordings, t.Recordings...)
	}
	return list, nil
}

// mergeLines puts lines in order. Several targets may have led to one version.
func mergeLines(lines []Line) []Line {
	slices.SortStableFunc(lines, compareLines)
	merged := lines[:0]
	for _, l := range lines {
		if n := len(merged); n > 0 && merged[n-1].place() == l.place() && merged[n-1].Result == l.Result {
			merged[n-1].Recordings = append(merged[n-1].Recordings, l.Recordings...)
			continue
		}
		merged = append(merged, l)
	}
	for i := range merged {
		slices.Sort(merged[i].Recordings)
		merged[i].Recordings = append([]string{}, slices.Compact(merged[i].Recordings)...)
	}
	return merged
}

// look finds the version that a target means, and asks for its hold.
func (o *Output) look(ctx context.Context, t *Target) (Line, error) {
	l := Line{
		Source: t.Source, Kind: t.Kind, URL: t.URL, Key: t.Key, VersionID: t.VersionID, ETag: t.ETag,
		Unlisted: !t.Listed, Recordings: t.Recordings, Before: Unknown, Matters: []string{},
	}
	h, err := o.holder(ctx, &l)
	if err != nil {
		return l, err
	}
	version, result, err := pin(ctx, h, t)
	if err != nil {
		return l, l.refused(err)
	}
	if l.Result = result; result != "" {
		return l, nil
	}
	l.VersionID, l.ETag, l.Covered = version.VersionID, version.ETag, !version.Latest
	return l, o.ask(ctx, &l)
}

// pin returns the version that a target means: the one of its id, else the newest with its
// ETag, else the newest. The result says why there is none.
func pin(ctx context.Context, h object.Holder, t *Target) (object.Version, Result, error) {
	there := false
	for v, err := range h.Versions(ctx, t.Key) {
		if err != nil {
			return v, "", err
		}
		if v.Marker {
			continue
		}
		there = true
		if cmp.Or(t.VersionID, v.VersionID) == v.VersionID && cmp.Or(t.ETag, v.ETag) == v.ETag {
			return v, "", nil
		}
	}
	if there {
		return object.Version{}, Changed, nil
	}
	return object.Version{}, Gone, nil
}

// ask sets the present state of a line.
func (o *Output) ask(ctx context.Context, l *Line) error {
	h, err := o.holder(ctx, l)
	if err != nil {
		return err
	}
	on, err := h.LegalHold(ctx, l.info())
	if l.Before = Unknown; err != nil {
		return l.refused(err)
	}
	l.Before, l.Result = stateOf(on), ""
	return nil
}

func (l *Line) info() object.Info { return object.Info{Key: l.Key, VersionID: l.VersionID} }

func (o *Output) holder(ctx context.Context, l *Line) (object.Holder, error) {
	store, err := o.Open(ctx, l.Source, l.URL)
	if err != nil {
		return nil, fmt.Errorf("opening %s for source %s: %w", l.URL, l.Source, err)
	}
	h, ok := store.(object.Holder)
	if !ok {
		return nil, fmt.Errorf("opening %s for source %s: it holds nothing: %w", l.URL, l.Source, errors.ErrUnsupported)
	}
	return h, nil
}

// refused sets the result of a line after an error that says something of its object. It
// returns any other error: then nothing is known of the object.
func (l *Line) refused(err error) error {
	code, _, _ := object.Unreadable(err)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		l.Result, l.Code = Unsupported, ""
	case errors.Is(err, object.ErrChanged):
		l.Result, l.Code = Gone, ""
	case errors.Is(err, fs.ErrPermission):
		l.Result, l.Code = Denied, code
	default:
		return err
	}
	return nil
}
