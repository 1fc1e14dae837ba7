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

// maxRows is how many rows of one table a story shows.
const maxRows = 100

// Tell gathers the story of an id from the newest commit of an interval. It
// returns nil if the id is in no table of that commit. Personal values are masked
// unless clear is set.
//
// That commit keeps its checked tables, for [Story.Rows], until the caller closes it.
func Tell(ctx context.Context, commits []*committed.Commit, id string, clear bool) (*Story, error) {
	c := commits[len(commits)-1]
	m, err := find(ctx, c, id)
	if m == nil {
		return nil, err
	}

	g := &gathering{hit: m, commit: c, show: redactor(!clear), story: &Story{
		Format: Format, ID: id, Names: m.names(), Interval: c.Record.Interval, Masked: !clear, Commit: commitOf(c),
		Recordings: []*Recording{}, Calls: []*Call{}, Outages: []*Outage{}, Findings: []*Finding{},
	}}

	// The order matters: findings look at the recordings, outages at the
	// findings and calls, and all later steps at what was gathered.
	for _, step := range []func(context.Context) error{g.recordings, g.calls, g.findings, g.grounds, g.repairs, g.coinciding, g.objects, g.copies} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}

	g.attach()
	ids := []string{}
	for _, f := range g.story.Findings {
		ids = append(ids, f.row.ID)
	}
	if g.story.History, err = history.Of(ctx, commits, ids); err != nil {
		return nil, err
	}

	// The history is made from the tables, which are not masked.
	for i := range g.story.History.Commits {
		g.mask(g.story.History.Commits[i].Events)
	}

	return g.story, nil
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

// gathering is the state of gathering a story.
type gathering struct {
	*hit
	commit *committed.Commit
	show   *redact.Redactor
	story  *Story
	into   table.Row
}

// masked replaces a personal value that must not be shown.
const masked = "***"

// cells copies a row as it may be shown.
func (g *gathering) cells(r *table.Row) table.Cells {
	users := func(column string) bool {
		return column == "user_ids" || column == "detail" && r.Cell("field") == "user_ids"
	}
	return table.CellsOf(g.show.Row(&g.into, r)).Map(func(column, cell string) string {
		if g.story.Masked && users(column) {
			return masked
		}
		return cell
	})
}

// rows yields the rows of a table that fit one of some matches, no more of them than a
// story shows. It counts the others.
func (g *gathering) rows(ctx context.Context, s *table.Schema, any []table.Match) table.Rows {
	return func(yield func(*table.Row, error) bool) {
		search := &table.Search{Any: any, Limit: maxRows}
		g.commit.Find(ctx, s, search)(yield)
		g.story.More += search.Beyond
	}
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
	if g.kinds[ConversationID] { // in whatever organisation
		any = append(any, table.Having("conversation_id", g.id))
	}
	return any
}

// cells returns a place as the cells of source, object key and row.
func (p place) cells() []string { return []string{p.source, p.key, strconv.FormatInt(p.row, 10)} }

func (g *gathering) recordings(ctx context.Context) error {
	for r, err := range g.rows(ctx, table.Recordings, g.belonging(table.Recordings)) {
		if err != nil {
			return err
		}
		at := placeOf(r)
		g.story.Recordings = append(g.story.Recordings, &Recording{
			Row: g.cells(r), Asked: g.asked(r, at), cells: table.CellsOf(r), place: at, Object: g.object(at), Repairs: []table.Cells{},
		})
	}
	return nil
}

func (g *gathering) calls(ctx context.Context) error {
	// The story of an outage has every leg that coincides with it.
	any := append(g.belonging(table.Calls), having("outage_id", g.outageIDs))
	for r, err := range g.rows(ctx, table.Calls, any) {
		if err != nil {
			return err
		}
		at := placeOf(r)
		g.story.Calls = append(g.story.Calls, &Call{Row: g.cells(r), Asked: g.asked(r, at), cells: table.CellsOf(r), place: at, Object: g.object(at)})
	}
	return nil
}

// having returns which rows have one of some ids in a column.
func having(column string, ids map[string]bool) table.Match {
	return table.Having(column, slices.Collect(maps.Keys(ids))...)
}

// findings gathers the findings about the gathered rows, and about their
// documents.
func (g *gathering) findings(ctx context.Context) error {
	// A finding without an entry is about the whole document.
	documents := table.Match{Columns: []string{"source", "object_key", "entry"}}
	for _, r := range g.story.Recordings {
		documents.Tuples = append(documents.Tuples, []string{r.place.source, r.place.key, ""})
	}
	recordings := table.Match{Columns: []string{"org_id", "recording_id"}}
	for r := range g.recordingIDs {
		recordings.Tuples = append(recordings.Tuples, []string{r.org, r.id})
	}

	any := append(g.belonging(table.History), documents, recordings, having("outage_id", g.outageIDs), having("finding_id", g.findingIDs))
	for r, err := range g.rows(ctx, table.History, any) {
		if err != nil {
			return err
		}
		f := table.HistoryOf(r)
		g.story.Findings = append(g.story.Findings, &Finding{Row: g.cells(r), Asked: f.ID == g.id, row: f})
	}
	return nil
}

// grounds notes for findings that are accepted by whom and why.
func (g *gathering) grounds(ctx context.Context) error {
	if !slices.ContainsFunc(g.story.Findings, (*Finding).accepted) {
		return nil
	}
	a, err := history.Acceptance(ctx, g.commit)
	if err != nil {
		return err
	}

	for _, f := range g.story.Findings {
		if f.accepted() {
			shown := g.show.Grounds(*history.Grounds(a, &f.row.Finding))
			f.Accepted = &shown
		}
	}
	return nil
}

func (g *gathering) repairs(ctx context.Context) error {
	places := table.Match{Columns: []string{"source", "object_key", "entry"}}
	for _, rec := range g.story.Recordings {
		places.Tuples = append(places.Tuples, rec.place.cells())
	}
	if len(places.Tuples) == 0 {
		return nil
	}

	for r, err := range g.commit.Find(ctx, table.Repairs, &table.Search{Any: []table.Match{places}}) {
		if err != nil {
			return err
		}
		at := placeOf(r)
		for _, rec := range g.story.Recordings {
			if rec.place == at {
				rec.Repairs = append(rec.Repairs, g.cells(r))
			}
		}
	}
	return nil
}

// coinciding gathers the outages that the gathered rows coincide with.
func (g *gathering) coinciding(ctx context.Context) error {
	wanted := maps.Clone(g.outageIDs)
	for _, f := range g.story.Findings {
		wanted[f.row.OutageID] = true
	}
	for _, c := range g.story.Calls {
		wanted[c.Row.Get("outage_id")] = true
	}
	delete(wanted, "") // most coincide with none

	for r, err := range g.commit.Find(ctx, table.Outages, &table.Search{Any: []table.Match{having("outage_id", wanted)}}) {
		if err != nil {
			return err
		}
		g.story.Outages = append(g.story.Outages, &Outage{Row: g.cells(r), Asked: r.Cell("outage_id") == g.id, Failures: []Row{}})
	}
	return nil
}

// objects notes for every input that the story names what the run read.
func (g *gathering) objects(ctx context.Context) error {
	wanted, objects := map[committed.InputKey]bool{}, map[committed.InputKey][]*Object{}
	want := func(at place, o *Object) {
		key := committed.InputKey{Source: at.source, Key: at.key}
		wanted[key], objects[key] = true, append(objects[key], o)
	}
	for _, r := range g.story.Recordings {
		want(r.place, &r.Object)
	}
	for _, c := range g.story.Calls {
		want(c.place, &c.Object)
	}
	if len(wanted) == 0 {
		return nil
	}

	// A document that should have been there is in no list, and stays unlisted.
	for in, err := range g.commit.InputsOf(ctx, wanted) {
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
func (g *gathering) copies(ctx context.Context) error {
	for _, r := range g.story.Recordings {
		f, ok, err := g.commit.Copy(ctx, r.place.source, r.place.key)
		if err != nil {
			return err
		}
		if ok {
			r.Copy = &Copy{Path: g.show.Key(f.Path), SHA256: f.SHA256}
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
