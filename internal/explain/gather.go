package explain

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"cdrmend/internal/committed"
	"cdrmend/internal/history"
	"cdrmend/internal/policy"
	"cdrmend/internal/redact"
	"cdrmend/internal/table"
)

// maxRows is how many recordings, legs and findings a story shows.
const maxRows = 100

// Tell gathers the story of an id from the newest commit of an interval. It returns nil
// if the id is in no table of that commit. Personal values are masked unless clear is set.
//
// That commit keeps its checked tables, for [Story.Rows], until the caller closes it.
func Tell(ctx context.Context, commits []*committed.Commit, id string, clear bool) (*Story, error) {
	stories, err := TellEach(ctx, commits, []Asked{{ID: id}}, clear)
	if err != nil {
		return nil, err
	}
	return stories[0], nil
}

// TellEach is [Tell] for several things. It searches each table once for all of them.
func TellEach(ctx context.Context, commits []*committed.Commit, asked []Asked, clear bool) ([]*Story, error) {
	c := commits[len(commits)-1]
	hits, err := find(ctx, c, asked)
	if err != nil {
		return nil, err
	}

	b := &batch{commit: c}
	stories := make([]*Story, len(hits))
	for i, m := range hits {
		if len(m.kinds) == 0 {
			continue
		}
		stories[i] = &Story{
			Format: Format, ID: m.id, Names: m.names(), Interval: c.Record.Interval, Masked: !clear, Commit: commitOf(c),
			Recordings: []*Recording{}, Calls: []*Call{}, Outages: []*Outage{}, Findings: []*Finding{},
		}
		b.list = append(b.list, &gathering{hit: m, show: redactor(!clear), story: stories[i]})
	}
	if len(b.list) == 0 {
		return stories, nil
	}

	// The order matters: findings look at the recordings, and outages at the findings and
	// calls.
	if err := together(ctx, b.recordings, b.calls); err != nil {
		return nil, err
	}
	if err := together(ctx, b.findings, b.repairs, b.objects, b.copies); err != nil {
		return nil, err
	}
	for _, g := range b.list {
		g.attach()
	}
	return stories, together(ctx, b.grounds, b.outages, func(ctx context.Context) error { return b.histories(ctx, commits) })
}

// histories adds the history of the findings of each story.
func (b *batch) histories(ctx context.Context, commits []*committed.Commit) error {
	ids, all := make([][]string, len(b.list)), map[string]bool{}
	for i, g := range b.list {
		for _, f := range g.story.Findings {
			ids[i], all[f.row.ID] = append(ids[i], f.row.ID), true
		}
	}
	h, err := history.Of(ctx, commits, append([]string{}, slices.Sorted(maps.Keys(all))...))
	if err != nil {
		return err
	}

	for i, part := range h.Split(ids) {
		g := b.list[i]
		g.story.History = part
		// The history is made from the tables, which are not masked.
		for n := range part.Commits {
			g.mask(part.Commits[n].Events)
		}
	}
	return nil
}

// redactor returns what shows values, with or without telephone numbers.
func redactor(masked bool) *redact.Redactor {
	if masked {
		return redact.New(policy.Report{Redact: policy.RedactNumbers})
	}
	return redact.New(policy.Report{Redact: policy.RedactNothing})
}

// mask masks personal values in events.
func (g *gathering) mask(events []history.Event) {
	for i := range events {
		e := &events[i]
		e.ObjectKey, e.Detail, e.WasDetail = g.show.Key(e.ObjectKey), g.show.Key(e.Detail), g.show.Key(e.WasDetail)
		// The detail of such a finding may hold the value itself.
		if g.story.Masked && e.Detail != "" && slices.Contains([]string{"ani", "dnis", "user_ids"}, e.Field) {
			e.Detail, e.WasDetail = masked, ""
		}
		if e.Accepted != nil {
			shown := g.show.Grounds(*e.Accepted)
			e.Accepted = &shown
		}
		for n := range e.ClosedBy {
			e.ClosedBy[n].Key = g.show.Key(e.ClosedBy[n].Key)
		}
	}
}

func commitOf(c *committed.Commit) Commit {
	return Commit{
		Number: c.Number(), Time: c.Record.Time, RunID: c.Record.RunID, URL: c.URL(), Tool: c.Record.Tool, RecordSum: c.SHA256,
		Signed: c.Seal.Signed, KeyID: c.Seal.KeyID, Verified: c.Verified(),
	}
}

// gathering is the state of gathering one story.
type gathering struct {
	*hit
	show  *redact.Redactor
	story *Story
}

// masked replaces a personal value that must not be shown.
const masked = "***"

// cells copies a row as it may be shown.
func (g *gathering) cells(r *table.Row) table.Cells {
	users := func(column string) bool {
		return column == "user_ids" || column == "detail" && r.Cell("field") == "user_ids"
	}
	var into table.Row
	return table.CellsOf(g.show.Row(&into, r)).Map(func(column, cell string) string {
		if g.story.Masked && users(column) {
			return masked
		}
		return cell
	})
}

// asked reports whether the id names what a row is about. A row of an object about which
// the id names something as a whole only belongs to it.
func (g *gathering) asked(r *table.Row, at place) bool {
	if g.places[place{at.source, at.key, -1}] {
		return false
	}
	return g.places[at] || g.kinds[ConversationID] && r.Cell("conversation_id") == g.id
}

// belonging returns which rows of a table belong to the story: those that the id names,
// those of the same conversations, and all of an object about which it names something
// as a whole.
//
// Conversations are found by filters. A place is found by the bounds of pages where a
// table is in the order of its objects, as that of recordings is. In the order of the
// history places are anywhere, so that the numbers of its entries are read in full, and
// of the pages with such an entry the keys.
func (g *gathering) belonging(s *table.Schema) []table.Match {
	whole := table.Match{Columns: []string{"source", "object_key"}}
	rows := table.Match{Columns: []string{"source", "object_key", rowColumn(s)}}
	for at := range g.places {
		if at.row < 0 {
			whole.Tuples = append(whole.Tuples, []string{at.source, at.key})
		} else {
			rows.Tuples = append(rows.Tuples, at.cells())
		}
	}

	conversations := table.Match{Columns: []string{"org_id", "conversation_id"}}
	for c := range g.conversations {
		conversations.Tuples = append(conversations.Tuples, []string{c.org, c.id})
	}
	any := []table.Match{whole, rows, conversations}
	if g.kinds[ConversationID] && g.hit.asked.Kind == "" { // in whatever organisation
		any = append(any, table.Having("conversation_id", g.id))
	}
	return any
}

// cells returns a place as the cells of source, object key and row.
func (p place) cells() []string { return []string{p.source, p.key, strconv.FormatInt(p.row, 10)} }

func (b *batch) recordings(ctx context.Context) error {
	query := func(g *gathering) []table.Match { return g.belonging(table.Recordings) }
	return b.search(ctx, table.Recordings, maxRows, query, func(g *gathering, r *table.Row) {
		at := placeOf(r)
		g.story.Recordings = append(g.story.Recordings, &Recording{
			Row: g.cells(r), Asked: g.asked(r, at), cells: table.CellsOf(r), place: at, Object: g.object(at), Repairs: []table.Cells{},
		})
	})
}

func (b *batch) calls(ctx context.Context) error {
	// The story of an outage has every leg that coincides with it.
	query := func(g *gathering) []table.Match {
		return append(g.belonging(table.Calls), having("outage_id", g.outageIDs))
	}
	return b.search(ctx, table.Calls, maxRows, query, func(g *gathering, r *table.Row) {
		at := placeOf(r)
		g.story.Calls = append(g.story.Calls, &Call{Row: g.cells(r), Asked: g.asked(r, at), cells: table.CellsOf(r), place: at, Object: g.object(at)})
	})
}

// having returns which rows have one of some ids in a column.
func having(column string, ids map[string]bool) table.Match {
	return table.Having(column, slices.Collect(maps.Keys(ids))...)
}

// findings gathers the findings about the gathered rows, and about their
// documents.
func (b *batch) findings(ctx context.Context) error {
	query := func(g *gathering) []table.Match {
		// A finding without an entry is about the whole document.
		documents := table.Match{Columns: []string{"source", "object_key", "entry"}}
		for _, r := range g.story.Recordings {
			documents.Tuples = append(documents.Tuples, []string{r.place.source, r.place.key, ""})
		}
		recordings := table.Match{Columns: []string{"org_id", "recording_id"}}
		for r := range g.recordingIDs {
			recordings.Tuples = append(recordings.Tuples, []string{r.org, r.id})
		}
		return append(g.belonging(table.History), documents, recordings, having("outage_id", g.outageIDs), having("finding_id", g.findingIDs))
	}
	return b.search(ctx, table.History, maxRows, query, func(g *gathering, r *table.Row) {
		f := table.HistoryOf(r)
		g.story.Findings = append(g.story.Findings, &Finding{Row: g.cells(r), Asked: f.ID == g.id, row: f})
	})
}

// grounds notes for findings that are accepted by whom and why.
func (b *batch) grounds(ctx context.Context) error {
	accepted := func(g *gathering) bool { return slices.ContainsFunc(g.story.Findings, (*Finding).accepted) }
	if !slices.ContainsFunc(b.list, accepted) {
		return nil
	}
	a, err := history.Acceptance(ctx, b.commit)
	if err != nil {
		return err
	}

	for _, g := range b.list {
		for _, f := range g.story.Findings {
			if f.accepted() {
				shown := g.show.Grounds(*history.Grounds(a, &f.row.Finding))
				f.Accepted = &shown
			}
		}
	}
	return nil
}

func (b *batch) repairs(ctx context.Context) error {
	query := func(g *gathering) []table.Match {
		places := table.Match{Columns: []string{"source", "object_key", "entry"}}
		for _, rec := range g.story.Recordings {
			places.Tuples = append(places.Tuples, rec.place.cells())
		}
		return []table.Match{places}
	}
	return b.search(ctx, table.Repairs, 0, query, func(g *gathering, r *table.Row) {
		at := placeOf(r)
		for _, rec := range g.story.Recordings {
			if rec.place == at {
				rec.Repairs = append(rec.Repairs, g.cells(r))
			}
		}
	})
}

// outages gathers the outages that the gathered rows coincide with.
func (b *batch) outages(ctx context.Context) error {
	query := func(g *gathering) []table.Match {
		wanted := maps.Clone(g.outageIDs)
		for _, f := range g.story.Findings {
			wanted[f.row.OutageID] = true
		}
		for _, c := range g.story.Calls {
			wanted[c.Row.Get("outage_id")] = true
		}
		delete(wanted, "") // most coincide with none
		return []table.Match{having("outage_id", wanted)}
	}
	return b.search(ctx, table.Outages, 0, query, func(g *gathering, r *table.Row) {
		g.story.Outages = append(g.story.Outages, &Outage{Row: g.cells(r), Asked: r.Cell("outage_id") == g.id, Failures: []Row{}})
	})
}

// objects notes for every input that the stories name what the run read.
func (b *batch) objects(ctx context.Context) error {
	wanted, objects := map[committed.InputKey]bool{}, map[committed.InputKey][]*Object{}
	want := func(at place, o *Object) {
		key := committed.InputKey{Source: at.source, Key: at.key}
		wanted[key], objects[key] = true, append(objects[key], o)
	}
	for _, g := range b.list {
		for _, r := range g.story.Recordings {
			want(r.place, &r.Object)
		}
		for _, c := range g.story.Calls {
			want(c.place, &c.Object)
		}
	}
	if len(wanted) == 0 {
		return nil
	}

	// A document that should have been there is in no list, and stays unlisted.
	for in, err := range b.commit.InputsOf(ctx, wanted) {
		if err != nil {
			return err
		}
		for _, o := range objects[committed.InputKey{Source: in.Source, Key: in.Key}] {
			o.VersionID, o.ETag, o.Size, o.SHA256, o.Listed = in.VersionID, in.ETag, in.Size, in.SHA256, true
		}
	}
	return nil
}

func (g *gathering) object(at place) Object {
	return Object{Source: at.source, Key: g.show.Key(at.key)}
}

// copies finds the documents that were written for the recordings.
func (b *batch) copies(ctx context.Context) error {
	for _, g := range b.list {
		for _, r := range g.story.Recordings {
			f, ok, err := b.commit.Copy(ctx, r.place.source, r.place.key)
			if err != nil {
				return err
			}
			if ok {
				r.Copy = &Copy{Path: g.show.Key(f.Path), SHA256: f.SHA256}
			}
		}
	}
	return nil
}

// attach adds to every recording and every leg its open findings.
func (g *gathering) attach() {
	for _, f := range g.story.Findings {
		// Closed findings are only in the history.
		if f.row.State == table.Closed {
			continue
		}
		for _, r := range g.story.Recordings {
			if r.place.source == f.row.Source && r.place.key == f.row.ObjectKey && (f.row.Entry < 0 || f.row.Entry == r.place.row) {
				r.findings = append(r.findings, f)
			}
		}
		for _, c := range g.story.Calls {
			if c.place == (place{f.row.Source, f.row.ObjectKey, f.row.Entry}) {
				c.findings = append(c.findings, f)
			}
		}
	}
}
